"""One client in one meeting of `reconvene conformance serve`: its sockets in turn, and what is found of it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from signalling.protocol import client_messages
from signalling.protocol import server_messages as messages
from signalling.protocol.client_messages import BadMessage, Join, Ping, Resume, Signal, Status
from signalling.protocol.errors import CLOSE_REASONS, ERRORS, CloseCode, ErrorCode
from signalling.protocol.features import FEATURES
from signalling.protocol.moderation import Command

HEARTBEAT = 15.0
GRACE = 30.0

State = Literal["running", "passed", "failed"]

First = Join | Resume
"""What a client begins with on a socket."""

Commands = Status | Signal | Command

Sent = messages.ServerMessage | dict[str, Any]
"""What it is sent: a message, or one that no server of this version sends."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` the client is to do, whether it does, and `found`: what it did."""

    what: str
    passed: bool
    found: str


class Over(Exception):  # noqa: N818 - named for what happened
    """The trial cannot go on: what comes next needs what was not done."""


@dataclass(slots=True)
class Arrival:
    """A socket of the client, with its first message."""

    socket: Socket
    first: First


class Socket:
    """One socket of the client. What is no valid message is a finding."""

    def __init__(self, trial: Trial | None, ws: ServerConnection) -> None:
        self.trial = trial
        self.done = asyncio.Event()
        self._ws = ws

    async def first(self) -> First | None:
        """The join or resume with which it begins; None: it closed, or sent something else."""
        message = await self.message()
        return message if isinstance(message, First) else None

    async def message(self) -> client_messages.ClientMessage | None:
        """The next message that is no command, or None at the end."""
        while isinstance(message := await self.read(), Commands):
            pass
        return message

    async def read(self) -> client_messages.ClientMessage | None:
        """The next message, or None at the end. Pings are answered by themselves, and commands acknowledged."""
        while True:
            try:
                frame = await self._ws.recv()
            except ConnectionClosed:
                return None
            if not isinstance(frame, str):
                self._wrong("sent a binary frame")
                await self.close(CloseCode.UNSUPPORTED_DATA)
                return None
            try:
                message = client_messages.decode(frame.encode())
            except BadMessage as error:
                self._wrong(f"sent {frame[:200]}: {error.text}")
                await self.refuse(ErrorCode.BAD_MESSAGE, error.message_id)
                continue
            if isinstance(message, Ping):
                t, number = message.t, message.id
                await self.send(messages.Pong(msgspec.UNSET if number is None else number, t))
                continue
            if isinstance(message, Commands) and message.id is not None:
                await self.send(messages.Ack(message.id))
                if self.trial is not None:
                    self.trial.command(message.id)
            return message

    async def send(self, *sent: Sent) -> None:
        try:
            for message in sent:
                await self._ws.send(msgspec.json.encode(message).decode())
        except ConnectionClosed:
            pass  # whoever reads next is told

    async def refuse(self, code: ErrorCode, number: int | None) -> None:
        await self.send(messages.Error(code, ERRORS[code].text, msgspec.UNSET if number is None else number))

    async def close(self, code: CloseCode) -> None:
        await self._ws.close(code, CLOSE_REASONS[code])
        self.done.set()

    def cut(self) -> None:
        """As a network does: without a close frame. What was sent before still arrives."""
        self._ws.transport.close()
        self.done.set()

    def _wrong(self, found: str) -> None:
        if self.trial is not None:
            self.trial.find("sends valid messages only", False, found)


@dataclass(slots=True)
class Trial:
    """`patience`: seconds within which a client has to come back; `quiet`: seconds in which one must not."""

    meeting: str
    mode: str
    patience: float
    quiet: float
    arrivals: asyncio.Queue[Arrival] = field(default_factory=asyncio.Queue)
    findings: list[Finding] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    token: str | None = None
    """The one shown last."""
    epoch: str = field(default_factory=lambda: f"e_{secrets.token_hex(6)}")
    seq: int = 1
    session: str = ""
    sessions: set[str] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    """Ids of commands that were received in an earlier epoch."""
    _commands: set[int] = field(default_factory=set)
    _name: str = ""
    _instance: str = field(default_factory=lambda: f"i_{secrets.token_hex(6)}")

    @property
    def state(self) -> State:
        if not self.over.is_set():
            return "running"
        return "passed" if all(finding.passed for finding in self.findings) else "failed"

    def verdict(self) -> dict[str, Any]:
        checks = [{"what": each.what, "passed": each.passed, "found": each.found} for each in self.findings]
        return {"meeting": self.meeting, "mode": self.mode, "state": self.state, "checks": checks}

    def find(self, what: str, passed: bool, found: str = "") -> bool:
        self.findings.append(Finding(what, passed, found))
        return passed

    def need(self, what: str, passed: bool, found: str = "") -> None:
        """As `find`; raises `Over` if it is not so."""
        if not self.find(what, passed, found):
            raise Over

    def command(self, number: int) -> None:
        if number in self.written:
            self.find(
                "does not repeat after a restart what it had sent before", False, f"sent {number} again"
            )
        self._commands.add(number)

    def start_anew(self) -> None:
        """The server is restarted: it has another epoch, and knows of no command."""
        self.epoch, self.seq = f"e_{secrets.token_hex(6)}", 1
        self.written |= self._commands

    # What the client does.

    async def joined(self) -> Socket:
        """It comes for the first time, and is in."""
        arrival = await self._arrival(self.patience)
        first = arrival.first
        if not isinstance(first, Join):
            raise Over
        self._name, self.token = first.name, first.token
        await arrival.socket.send(self._in(first.id))
        return arrival.socket

    async def comes_back(self) -> tuple[Socket, Resume]:
        """It comes with a resume by the latest session, as it is to after any loss."""
        arrival = await self._arrival(self.patience)
        first = arrival.first
        what = "comes back by resume, not by another join"
        if not isinstance(first, Resume):
            self.find(what, False, "joined anew")
            raise Over
        self.find(what, True)
        self.find("shows its latest session", first.session == self.session, _shown(first.session))
        self.find("names the epoch it knows", first.epoch == self.epoch, _shown(first.epoch))
        self.token = first.token or self.token
        return arrival.socket, first

    async def stays_away(self, why: str) -> None:
        try:
            arrival = await asyncio.wait_for(self.arrivals.get(), self.quiet)
        except TimeoutError:
            self.find(f"stays away {why}", True)
            return
        self.find(f"stays away {why}", False, f"came again with {type(arrival.first).__name__.lower()}")
        await arrival.socket.close(CloseCode.REMOVED)

    async def listens(self, socket: Socket, seconds: float) -> client_messages.ClientMessage | None:
        """What it sends within these seconds, if it is more than pings and commands."""
        try:
            return await asyncio.wait_for(socket.message(), seconds)
        except TimeoutError:
            return None

    async def is_quiet(self, socket: Socket) -> None:
        """It has time to give a command."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(socket.read(), self.quiet)

    async def _arrival(self, within: float) -> Arrival:
        try:
            arrival = await asyncio.wait_for(self.arrivals.get(), within)
        except TimeoutError:
            self.need("comes back", False, f"did not within {within:g} s")
            raise
        arrival.socket.trial = self
        return arrival

    # What it is told.

    def event(self, message: type[Any], **fields: Any) -> Any:
        """The next one."""
        self.seq += 1
        return message(seq=self.seq, **fields)

    def person(self, name: str, **fields: Any) -> messages.Participant:
        at = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
        media = messages.MediaState(audio=False, video=False, screen=False)
        told: dict[str, Any] = {"role": "participant", "media": media, "hand": False, "state": "connected"}
        told |= {"instance": f"i_{name}", "joined_at": at.replace("+00:00", "Z")}
        return messages.Participant(id=f"p_{name.lower()}", name=name, **(told | fields))

    def resumed(self, number: int, replayed: int) -> messages.Resumed:
        return messages.Resumed(number, self.epoch, self.seq, replayed, [])

    def snapshot(self, number: int, *others: messages.Participant) -> messages.Resumed:
        room = messages.Snapshot(self._meeting(), [self._you(), *others])
        return messages.Resumed(number, self.epoch, self.seq, 0, [], snapshot=room)

    def renewed_session(self) -> str:
        self.session = f"s_{secrets.token_hex(12)}"
        self.sessions.add(self.session)
        return self.session

    def _in(self, number: int) -> messages.Joined:
        you = self._you()
        return messages.Joined(
            id=number,
            meeting=self._meeting(),
            you=you,
            rejoined=False,
            session=self.renewed_session(),
            epoch=self.epoch,
            seq=self.seq,
            participants=[you],
            ice_servers=[],
            heartbeat=HEARTBEAT,
            grace=GRACE,
            features=FEATURES,
        )

    def _you(self) -> messages.Participant:
        you = self.person("you", instance=self._instance, role="host")
        return msgspec.structs.replace(you, name=self._name)

    def _meeting(self) -> messages.Meeting:
        return messages.Meeting(self.meeting, "Conformance", host=True, created=True)


def _shown(text: str) -> str:
    return f"says {text[:40]!r}"
