"""Connects sockets and hub: decodes messages, has the hub's effects carried out, runs the timer.

Everything here runs on the event loop without waiting. Joins, which wait for the store, are in `joining`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from functools import partial
from typing import cast

import structlog

from server.network.limits import Limits
from server.realtime import liveness
from server.realtime.admission import Admission
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.carrier import Carrier
from server.realtime.change_writer import ChangeWriter
from server.realtime.connection import Connection
from server.realtime.connection_owner import Buffer
from server.realtime.hand_writer import HandWriter
from server.realtime.joining import Joining
from server.realtime.log_context import of_connection
from server.realtime.moderating import TAKEN, Moderating
from server.realtime.open_sockets import OpenSockets, room_for_sockets
from server.realtime.outside_commands import OutsideCommands
from server.realtime.overload import Overload, Rank
from server.realtime.timer import Timer
from server.runtime import clock
from server.runtime.metrics import Metrics
from server.runtime.retry_after import away_for
from server.settings.config import Config
from signalling.protocol.client_messages import Authenticate, BadMessage, ClientMessage, Join, Resume, decode
from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.protocol.moderation import Command, counts_for
from signalling.rooms import server_messages
from signalling.rooms.change import Unsettled
from signalling.rooms.effects import Close, EndMeeting, LetIn, PutRight, Send
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Goodbye
from storage.store import Store

log = structlog.get_logger()


class Gateway:
    """Owns the open connections, which see it as a `ConnectionOwner`."""

    def __init__(
        self,
        config: Config,
        hub: Hub,
        store: Store,
        admission: Admission,
        writer: AttendanceWriter,
        changes: ChangeWriter,
        metrics: Metrics,
    ) -> None:
        self.limits = Limits(config.limits, metrics)
        self.allowed_origins = config.allowed_origins
        self.proxies = config.trusted_proxies
        self.hosts = config.hosts
        self.base_path = config.base_path
        self.message_rate = config.message_rate
        self.draining = self.refuses_sockets = False
        self.overload = Overload(config.overload, metrics)
        self.sockets = OpenSockets(config.max_unjoined, metrics, room_for_sockets())
        self._heartbeat = config.heartbeat
        self._hub = hub
        self._admission = admission
        self._writer = writer
        self._changes = changes
        self._metrics = metrics
        self._connections: set[Connection] = set()
        self.hands = HandWriter(store, metrics, writer.guard)
        admission.pending.unrecorded_hand = self.hands.unrecorded
        self._carrier = self._make_carrier()
        self._joining = Joining(hub, admission, self.limits, self._carrier, metrics, self._answered)
        self._moderating = Moderating(
            hub, store, admission.pending, changes, self._carrier, admission.door.passwords, self.end_meeting
        )
        admission.hosts.tell = self._host_is
        passwords = admission.door.passwords
        self.outside = OutsideCommands(hub, store, changes, admission.pending, self._carrier, passwords)
        self._carrier.others = {
            Unsettled: self._moderating.unsettled,
            EndMeeting: self._moderating.end_meeting,
            PutRight: self._moderating.put_right,
            LetIn: self._joining.let_in,
        }
        self._timer = Timer(self._look, hub.stood_still)
        metrics.connections = lambda: self.connections
        metrics.rooms = lambda: len(hub.rooms)
        metrics.log_bytes = lambda: hub.logs.size

    def _make_carrier(self) -> Carrier:
        return Carrier(self._hub, self._admission.pending, self._writer, self.hands, self._metrics)

    def start(self) -> None:
        self._timer.start()

    @property
    def connections(self) -> int:
        return len(self._connections)

    @property
    def joins(self) -> int:
        return self._joining.under_way

    def drain(self) -> None:
        """From now on refuse joins and resumes."""
        self.draining = True

    def unready(self) -> Refused | None:
        """Why nobody new should come here."""
        return self.going() if self.draining else None

    async def hand_over(self, within: float) -> None:
        """Give the rooms to other processes that have the same meetings, if there are any."""

    def record_absent(self) -> None:
        """End the stays of members who are away, at the time they were lost: this process will not see them return."""
        for end in self._hub.stays.lost():
            self._admission.pending.stay_ended(end.room, end.user_id)
            self._writer.record(end)

    async def stop(self, within: float) -> int:
        """Stop the timer and wait for pending joins. Returns how many were unfinished after `within` seconds."""
        await self._timer.stop()
        return await self._joining.stop(within)

    def going(self) -> Refused:
        """The refusal for requests that this process, which is stopping, would not finish."""
        retry_after = round(1 + self._away_for(), 3)
        return Refused(ErrorCode.UNAVAILABLE, "The server is going away; try again.", retry_after=retry_after)

    def _away_for(self) -> float:
        return away_for(self.connections, self._hub.grace)

    def end_meeting(self, room: str) -> None:
        """Tell everyone in the room that the meeting has ended; the store has recorded it already."""
        self._admission.pending.meeting_changed(room)
        self._carrier.carry_out(self._hub.end(room, clock.monotonic()))

    def _host_is(self, room: str, user_id: str) -> None:
        if (found := self._hub.rooms.get(room)) is not None:
            self._carrier.carry_out(self._hub.changes.host_is(found, user_id, clock.monotonic()))

    def revoked(self, user_ids: Collection[str]) -> None:
        """The credentials of these users are void: remove them from every room, and refuse their pending joins and
        those who wait."""
        self._admission.pending.revoked(user_ids)
        hub, now = self._hub, clock.monotonic()
        self._carrier.carry_out(hub.waiting.revoked(user_ids, now))
        for room in tuple(hub.rooms.values()):
            for member in [each for each in room if each.user_id in user_ids]:
                self._carrier.carry_out(hub.departures.remove(room, member, CloseCode.REVOKED, now))

    def part_revoked(self, room: str) -> None:
        """Whoever was revoked while no process had the room has no place in it."""
        members = self._hub.rooms[room]
        gone = {each.user_id for each in members if self._admission.is_revoked(each.user_id, each.began_at)}
        # That looks through all rooms, which are taken over by hundreds.
        if gone:
            self.revoked(gone)

    async def written(self, user_id: str, within: float) -> None:
        """Wait until what the user did last is recorded; at most `within` seconds."""
        await self._changes.settle_all(within)
        await self._writer.settle_all_of(user_id, within)

    def goodbye(self, said: Goodbye) -> None:
        """A page announces over HTTP that it is going."""
        effects = self._hub.goodbye(said, clock.monotonic())
        if effects is None:
            return
        log.info("page said goodbye", meeting=said.room, instance=said.instance, back_in=said.back_in)
        self._carrier.carry_out(effects)

    # Called by connections.

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)
        if self.draining:
            # The round that notified everyone is over. A frame must wait, as the handshake's response is not written.
            asyncio.get_running_loop().call_soon(self.going_away, connection)
        log.debug("connection opened", connection=connection.number, remote=connection.client.address)

    def count(self, connection: Connection) -> None:
        refused = self.limits.opened(connection.client)
        if refused is not None:
            # A message, because browsers hide an HTTP status from pages, which need to know when to come back.
            self._carrier.refuse(connection, refused)

    def upgrade_refused(self, connection: Connection, status: int, why: str) -> None:
        self._metrics.upgrades_refused += 1
        log.info(
            "connection refused",
            connection=connection.number,
            remote=connection.client.address,
            status=status,
            why=why,
        )

    def received(self, connection: Connection, data: Buffer) -> None:
        try:
            message = decode(data)
        except BadMessage as error:
            self._carrier.refuse(connection, error, error.message_id)
            return
        self._metrics.received[type(message)] += 1
        try:
            self._take(connection, message)
        except Exception:
            log.exception(
                "message failed", type=type(message).__name__, **of_connection(self._hub, connection)
            )
            connection.close(CloseCode.INTERNAL_ERROR)

    def _take(self, connection: Connection, message: ClientMessage) -> None:
        if isinstance(message, Authenticate):
            if (task := self._joining.authenticate(connection, message)) is not None:
                self._works(connection, task)
        elif connection.joined or connection.waits or not isinstance(message, Join | Resume):
            # Not `isinstance`, which takes long for so many types: this is done for every message.
            if type(message) in TAKEN and self._is_command(connection, cast(Command, message)):
                return
            self._carrier.carry_out(self._hub.receive(connection, message, clock.monotonic()))
        elif not self._turned_away(connection, message):
            if isinstance(message, Join):
                self._joining.join(connection, message)
            else:
                self._joining.resume(connection, message)

    def _is_command(self, connection: Connection, command: Command) -> bool:
        """Whether it takes more than the hub."""
        connection.count_more(counts_for(command))
        task = self._moderating.takes(connection, command)
        if task is not None:
            self._works(connection, task)
        return task is not None

    def _works(self, connection: Connection, task: asyncio.Task[None]) -> None:
        """What the connection has asked for takes a while. Messages behind it do not wait."""

    def _turned_away(self, connection: Connection, message: Join | Resume) -> bool:
        """Refuse the message if the server is stopping or overloaded. Returns whether it did."""
        refused = self._refusal_of(connection, message)
        if refused is None:
            return False
        self._metrics.joins[ErrorCode.UNAVAILABLE] += 1
        self._carrier.refuse(connection, refused, message.id)
        return True

    def _refusal_of(self, connection: Connection, message: Join | Resume) -> Refused | None:
        if self.draining:
            log.info("join refused", code=ErrorCode.UNAVAILABLE, connection=connection.number)
            return self.going()
        return self.overload.refusal(rank_of(message))

    def flooded(self, connection: Connection) -> None:
        log.info("connection sends too much", **of_connection(self._hub, connection))
        self._carrier.refuse(connection, Refused(ErrorCode.RATE_LIMITED, retry_after=1.0))

    def behind(self, connection: Connection) -> None:
        log.info("connection reads too slowly", **of_connection(self._hub, connection))
        connection.close(CloseCode.TOO_SLOW)

    def _answered(self, connection: Connection) -> None:
        if self.draining:
            self.going_away(connection)

    def going_away(self, connection: Connection) -> None:
        if connection.is_held:
            # Its join is pending. It is told after the answer, which it needs to resume its place.
            return
        delay = round(self._away_for(), 3)
        self._carrier.carry_out(
            [Send(connection, server_messages.going_away(delay)), Close(connection, CloseCode.GOING_AWAY)]
        )

    def closing(self, connection: Connection) -> None:
        """The server closes the connection. The hub is told now: a vanished remote never finishes the handshake."""
        self._lost(connection)

    def lost(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._joining.lost(connection)
        self.limits.closed(connection.client)
        self._metrics.closed[connection.close_code] += 1
        self._lost(connection)

    def _lost(self, connection: Connection) -> None:
        goodbye = connection.goodbye
        if self._hub.seated(connection) is not None:
            text = "connection closed, place kept for a moment" if goodbye else "connection lost, place kept"
            log.info(text, code=connection.close_code, **of_connection(self._hub, connection))
        self._carrier.carry_out(self._hub.lost(connection, clock.monotonic(), goodbye=goodbye))

    def _look(self, now: float) -> None:
        self._tick(self._connections, now)
        liveness.check(
            self._connections,
            self._heartbeat,
            asyncio.get_running_loop().time(),
            partial(of_connection, self._hub),
        )

    def _tick(self, connections: Collection[Connection], now: float) -> None:
        self._carrier.carry_out(self._hub.tick(now))
        self._carrier.carry_out(self._admission.ice.due(connections, now))
        self._carrier.carry_out(self._admission.expiry.due(connections, now))


def rank_of(message: Join | Resume) -> Rank:
    return Rank.JOIN if isinstance(message, Join) else Rank.RESUME
