"""The sockets of this node: what they send goes to whoever owns their room, and what that one says is written to them.

Connections see it as a `ConnectionOwner`. What needs no room is done here: handshake and limits of an address, pings,
refusals of what cannot be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec
import structlog

from server.identity.tokens import Tokens
from server.network.client_address import Client
from server.realtime.connection import Connection
from server.realtime.connection_owner import Buffer
from server.realtime.frames import text_frame
from server.runtime.metrics import Metrics
from server.sharing.sealing import NotSealed, Seal
from signalling.nodes import edge as edges
from signalling.nodes import wire
from signalling.nodes.edge import Edge, EdgeEffect
from signalling.protocol.client_messages import BadMessage, Join, Ping, Resume, decode
from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.protocol.moderation import COMMANDS, counts_for
from signalling.rooms import server_messages

log = structlog.get_logger()

SOON = 0.1
"""Seconds after which it is asked again whose a room is."""


class _Head(msgspec.Struct):
    type: str = ""


_type_of = msgspec.json.Decoder(_Head).decode

PLAIN = {"status", "signal", "leave"}
"""What carries no credential, and is sent as it is."""


class EdgeSockets:
    """`take`, `received`: those of the rooms of this node. `post`: into inboxes of other nodes. `refuse`: answers with
    an error. `turned_away`: the refusal of a join or resume before its room is asked. `hears_reads`: whether a node
    wants to know how far a socket has read."""

    def __init__(
        self,
        node: str,
        tokens: Tokens,
        seal: Seal,
        metrics: Metrics,
        take: Callable[[str], Awaitable[tuple[str, int] | None]],
        received: Callable[[wire.ToOwner, bytes], None],
        post: Callable[[Sequence[str], bytes], None],
        hears_reads: Callable[[str], bool],
        refuse: Callable[[Connection, Refused, int | None], None],
        turned_away: Callable[[Connection, Join | Resume], bool],
        answered: Callable[[Connection], None],
    ) -> None:
        self.connections: dict[int, Connection] = {}
        self._edge = Edge(node)
        self._tokens = tokens
        self._seal = seal
        self._metrics = metrics
        self._take = take
        self._owner_received = received
        self._post = post
        self._hears_reads = hears_reads
        self._refuse = refuse
        self._turned_away = turned_away
        self._answered = answered
        self._finding: set[asyncio.Task[None]] = set()
        self._unread: dict[int, int] = {}
        """By connection, what its owner is to be told when it has read that."""

    @property
    def node(self) -> str:
        return self._edge.node

    @property
    def rooms(self) -> Iterable[str]:
        return self._edge.rooms

    def has(self, number: int, room_id: str) -> bool:
        return self._edge.has(number, room_id)

    # What clients do.

    def received(self, connection: Connection, data: Buffer) -> None:
        """Raises nothing that a client could cause."""
        data = bytes(data)
        try:
            kind = _type_of(data).type
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            kind = ""
        is_bound = self._edge.room_of(connection.number) is not None
        if is_bound and kind in PLAIN:
            self._do(self._edge.said(connection.number, data))
            return
        try:
            message = decode(data)
        except BadMessage as error:
            self._refuse(connection, error, error.message_id)
            return
        if isinstance(message, Ping):
            self._metrics.received[Ping] += 1
            connection.write(text_frame(server_messages.pong(message.t, message.id)))
        elif isinstance(message, Join | Resume) and not (connection.joined or connection.waits):
            if not self._turned_away(connection, message):
                self._asks_for_a_seat(connection, message, data)
        elif not is_bound:
            self._metrics.received[type(message)] += 1
            self._refuse(connection, Refused(ErrorCode.NOT_JOINED), message.id)
        else:
            if type(message) in COMMANDS:
                connection.count_more(counts_for(message))  # type: ignore[arg-type] # it is one of them
            self._do(self._edge.said(connection.number, data, sealed=True))

    def _asks_for_a_seat(self, connection: Connection, message: Join | Resume, data: bytes) -> None:
        room = message.meeting if isinstance(message, Join) else ""
        if isinstance(message, Resume):
            try:
                room = self._tokens.read_session(message.session).room
            except Refused as refused:
                self._refuse(connection, refused, message.id)
                return
        number = connection.number
        connection.hold()
        self._do(self._edge.opened(number, room))
        if self._edge.room_of(number) == room and not connection.closing:
            self._do(self._edge.said(number, data, sealed=True))

    def lost(self, connection: Connection) -> None:
        """It is closing, or gone. Idempotent."""
        self._do(self._edge.lost(connection.number, goodbye=connection.goodbye))

    def close_all(self, code: CloseCode) -> None:
        for connection in list(self.connections.values()):
            connection.close(code)

    # What is heard of owners.

    def heard(self, message: wire.ToEdge, payload: bytes) -> None:
        self._do(self._edge.received(message, payload))

    def gap(self) -> None:
        self._do(self._edge.gap())

    def gone(self, node: str) -> None:
        self._do(self._edge.gone(node))

    def ask_again(self) -> None:
        """What was sent to owners elsewhere may be lost."""
        for node in {room.owner for room in self._edge.rooms.values()} - {"", self.node}:
            self._do(self._edge.gone(node))

    def begin_anew(self, node: str) -> None:
        """Under another name, without connections."""
        self._edge = Edge(node)

    def _do(self, effects: Iterable[EdgeEffect]) -> None:
        for effect in effects:
            if isinstance(effect, edges.Post):
                self._send(effect)
            elif isinstance(effect, edges.Write):
                self._write(effect)
            elif isinstance(effect, edges.Find):
                self._find(effect.room)
            else:
                connection = self.connections.get(effect.conn)
                if connection is not None:
                    self._does(connection, effect)

    def _send(self, post: edges.Post) -> None:
        if post.node == self.node:
            self._owner_received(post.message, post.payload)
            return
        payload = post.payload
        message = post.message
        if isinstance(message, wire.Frame) and message.sealed:
            connection = self.connections.get(message.conn)
            where = b"[]" if connection is None else msgspec.json.encode(connection.client)
            payload = self._seal.seal(where + b"\n" + payload)
        self._post([post.node], wire.encode(message, payload))

    def _write(self, write: edges.Write) -> None:
        payload = write.payload
        if write.sealed:
            try:
                payload = self._seal.unseal(payload)
            except NotSealed as error:
                log.error("an answer cannot be read", reason=str(error))
                return
        frame = text_frame(payload)
        for number in write.to:
            connection = self.connections.get(number)
            if connection is not None:
                connection.tell(frame)
                if write.mark:
                    self._was_sent(connection, write.mark)
        self._metrics.delivered += len(write.to)

    def _was_sent(self, connection: Connection, mark: int) -> None:
        number = connection.number
        if connection.is_behind and number not in self._unread:
            self._tells_read(number, 0)
        self._unread[number] = mark
        self._look_at(number, mark)

    def look(self) -> None:
        """Tell the owners of those who were behind, and are not any more."""
        for number, mark in list(self._unread.items()):
            self._look_at(number, mark)

    def _look_at(self, number: int, mark: int) -> None:
        connection = self.connections.get(number)
        if connection is None or (not connection.is_behind and self._tells_read(number, mark)):
            del self._unread[number]

    def _tells_read(self, number: int, mark: int) -> bool:
        """False: whoever has the room now does not know what that is, or it is not known who has it."""
        posts = self._edge.read(number, mark)
        hears = bool(posts) and self._hears_reads(posts[0].node)
        if hears:
            self._do(posts)
        return hears

    def _does(self, connection: Connection, effect: EdgeEffect) -> None:
        if isinstance(effect, edges.Close):
            connection.close(effect.code)
        elif isinstance(effect, edges.Place):
            if effect.place == "seat":
                connection.seat()
            elif effect.place == "wait":
                connection.wait()
            else:
                connection.wait_no_more()
        elif isinstance(effect, edges.Answered):
            if connection.is_held:
                connection.since = asyncio.get_running_loop().time()
                connection.release()
                self._answered(connection)
        elif isinstance(effect, edges.Pause):
            connection.pause(is_over=effect.is_over)

    def _find(self, room: str) -> None:
        task = asyncio.get_running_loop().create_task(self._find_owner(room))
        self._finding.add(task)
        task.add_done_callback(self._finding.discard)

    async def _find_owner(self, room: str) -> None:
        edge = self._edge
        found = None
        try:
            found = await self._take(room)
        except Exception as error:
            log.debug("nobody can say whose a room is", meeting=room, error=str(error))
        if edge is not self._edge:
            return
        if found is not None:
            self._do(edge.found(room, *found))
        if found is None or (room in edge.rooms and not edge.rooms[room].owner):
            await asyncio.sleep(SOON)
            if edge is self._edge:
                self._do(edge.not_found(room))


def client_of(sealed: bytes) -> tuple[Client | None, bytes]:
    """Where a frame came from, and the frame. Raises `ValueError`."""
    where, _, data = sealed.partition(b"\n")
    told = msgspec.json.decode(where, type=list[str | bool])
    return (Client(str(told[0]), str(told[1]), bool(told[2])) if len(told) == 3 else None), data
