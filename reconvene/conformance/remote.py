"""A socket to a server that is checked. Every frame of the server is held against the protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, Self, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from reconvene.socket_link import LOST, MAX_SIZE, SUBPROTOCOL
from signalling.protocol import server_messages as messages

WITHIN = 10.0
"""Seconds for an answer."""

_decoder: msgspec.json.Decoder[messages.ServerMessage] = msgspec.json.Decoder(messages.ServerMessage)

M = TypeVar("M")


class Wrong(Exception):  # noqa: N818 - named for what happened
    """What the server did that the protocol does not say: one clause."""


class Remote:
    """`name`: of the participant. After `join`: `joined`, `id`, `session`, `epoch`, `seq`."""

    joined: messages.Joined

    def __init__(self, ws: ClientConnection, name: str) -> None:
        self.name = name
        self.id = self.session = self.epoch = ""
        self.seq = self.number = 0
        self.raw = ""
        """The last frame."""
        self._ws = ws

    @classmethod
    async def open(cls, url: str, name: str) -> Self:
        ws = await connect(
            url,
            subprotocols=[SUBPROTOCOL],
            open_timeout=WITHIN,
            close_timeout=2,
            ping_interval=None,
            compression=None,
            proxy=None,
            max_size=MAX_SIZE,
        )
        return cls(ws, name)

    @property
    def subprotocol(self) -> str | None:
        return self._ws.subprotocol

    async def send(self, kind: str, /, **fields: Any) -> int:
        """Returns the id of the message."""
        self.number += 1
        await self.say(json.dumps({"type": kind, "id": self.number} | fields))
        return self.number

    async def say(self, frame: str | bytes) -> None:
        # If it is closed, whoever reads next says so.
        with contextlib.suppress(ConnectionClosed):
            await self._ws.send(frame)

    async def join(self, meeting: str, **fields: Any) -> messages.Joined:
        number = await self.send("join", meeting=meeting, name=self.name, **fields)
        joined = await self.expect(messages.Joined)
        same("the id of the answer", joined.id, number)
        self.joined = joined
        self.id, self.session = joined.you.id, joined.session
        self.epoch, self.seq = joined.epoch, joined.seq
        return joined

    async def resume(self, place: Remote) -> messages.Resumed:
        """Go on in the place of another socket."""
        self.number = place.number
        self.id, self.session, self.joined = place.id, place.session, place.joined
        self.epoch, self.seq = place.epoch, place.seq
        known = {"session": self.session, "epoch": self.epoch, "seq": self.seq}
        number = await self.send("resume", **known)
        resumed = await self.expect(messages.Resumed)
        same("the id of the answer", resumed.id, number)
        return resumed

    async def expect(self, kind: type[M]) -> M:
        """The next message, which has to be of this kind. Raises `Wrong`."""
        message = await self.next()
        if not isinstance(message, kind):
            raise Wrong(f"{_name(kind)} was due, and {self.raw[:200]} came")
        return message

    async def event(self, kind: type[M]) -> M:
        """As `expect`, of an event, whose number has to be above the last one's."""
        message = await self.expect(kind)
        self._count(message)
        return message

    async def replayed(self) -> messages.ServerMessage:
        """The next event, whatever it is."""
        message = await self._next()
        self._count(message)
        return message

    def _count(self, event: Any) -> None:
        seq = getattr(event, "seq", None)
        if not isinstance(seq, int) or seq <= self.seq:
            raise Wrong(f"{self.raw[:200]} was due to have a number above {self.seq}")
        self.seq = seq

    async def refused(self, code: str, number: int | None = None) -> messages.Error:
        error = await self.expect(messages.Error)
        same("the code of the error", str(error.code), code)
        same("the id of the error", None if error.id is msgspec.UNSET else error.id, number)
        return error

    async def nothing(self) -> None:
        """No message is on its way: answers come in order, and a pong is next."""
        number = await self.send("ping")
        pong = await self.expect(messages.Pong)
        same("the id of the pong", pong.id, number)

    async def next(self) -> messages.ServerMessage:
        """The next message. That somebody's connection is lost for a moment may be told at any time."""
        while _is_state(message := await self._next()):
            self._count(message)
        return message

    async def _next(self) -> messages.ServerMessage:
        try:
            async with asyncio.timeout(WITHIN):
                frame = await self._ws.recv()
        except TimeoutError:
            raise Wrong(f"nothing came within {WITHIN:g} s") from None
        except ConnectionClosed as closed:
            raise Wrong(f"the server closed with {_code(closed)}") from None
        if not isinstance(frame, str):
            raise Wrong("a binary frame came")
        self.raw = frame
        try:
            return _decoder.decode(frame)
        except msgspec.DecodeError as error:
            raise Wrong(f"{frame[:200]} is no message: {error}") from None

    async def closed(self, code: int) -> None:
        """The server closes next, with this code; what it says before is not looked at."""
        try:
            async with asyncio.timeout(WITHIN):
                while True:
                    await self._ws.recv()
        except TimeoutError:
            raise Wrong(f"the socket was not closed within {WITHIN:g} s; {code} was due") from None
        except ConnectionClosed as closed:
            same("the close code", _code(closed), code)

    def cut(self) -> None:
        """As a network does: without a close frame."""
        self._ws.transport.abort()

    async def close(self) -> None:
        await self._ws.close()


def same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Wrong(f"{what} is {found!r}, and not {wanted!r}")


def _code(closed: ConnectionClosed) -> int:
    return closed.rcvd.code if closed.rcvd is not None else LOST


def _is_state(message: messages.ServerMessage) -> bool:
    return isinstance(message, messages.ParticipantUpdated) and message.participant.state is not msgspec.UNSET


def _name(kind: Any) -> str:
    return str(kind.__struct_config__.tag)
