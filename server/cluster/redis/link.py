"""One connection to the engine: commands are written once per iteration of the loop, answers come in their order.

A bare protocol, since it carries every event of a node: through a client library a commit costs five times as much.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

import hiredis

from server.cluster.engine.errors import EngineError, EngineRefused, EngineUnavailable
from server.cluster.redis.refusals import code, error

Reply = Any
"""What hiredis makes of an answer: bytes, int, None, lists of them."""

Waiting = tuple[asyncio.Future[Any], Callable[[Reply], Any] | None, float, int]
"""Who waits for an answer, what makes a result of it, the time by which it is due, the bytes of the command."""

MOST_UNANSWERED = 16 * 2**20
"""Bytes of commands without an answer. Beyond this the engine counts as away, except for a single large command."""
MOST_ANSWERED = 64 * 2**20
"""Bytes of a single answer."""


Result = TypeVar("Result")


class NoScript(EngineUnavailable):
    """The engine does not know a script: it was started again, or its scripts were flushed. Nothing happened."""


class Link(asyncio.Protocol):
    """`timeout`: seconds until an answer is due; one that is late ends the connection. `on_lost` is called once.

    `keeps_order`: commands count on those before them, so that one whose script is unknown ends the connection, too.
    """

    def __init__(self, timeout: float, on_lost: Callable[[str], None], *, keeps_order: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout
        self._on_lost = on_lost
        # With the first two, somebody else is the primary now.
        self._ending = {"READONLY", "MASTERDOWN", *(["NOSCRIPT"] if keeps_order else [])}
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._outgoing: list[bytes] = []
        self._waiting: deque[Waiting] = deque()
        self._unanswered = 0
        self._partial = 0
        self._timer: asyncio.TimerHandle | None = None
        self._lost: EngineError | None = None

    @property
    def is_lost(self) -> bool:
        return self._lost is not None

    @overload
    def call(
        self, *command: bytes | str | int, into: Callable[[Reply], Result], patience: float = 0.0
    ) -> asyncio.Future[Result]: ...

    @overload
    def call(self, *command: bytes | str | int, patience: float = 0.0) -> asyncio.Future[Any]: ...

    def call(
        self,
        *command: bytes | str | int,
        into: Callable[[Reply], Any] | None = None,
        patience: float = 0.0,
    ) -> asyncio.Future[Any]:
        """The answer, made by `into`. `patience`: seconds that the command itself may wait.

        The future raises `EngineUnavailable`, `EngineRefused`.
        """
        future = self._loop.create_future()
        # Its stub takes tuples of one.
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]
        if self._lost is not None:
            future.set_exception(self._lost)
            return future
        if self._waiting and self._unanswered + len(packed) > MOST_UNANSWERED:
            future.set_exception(EngineUnavailable("too much is on its way to the engine"))
            return future
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(packed)
        self._unanswered += len(packed)
        due = self._loop.time() + self._timeout + patience
        self._waiting.append((future, into, due, len(packed)))
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)
        return future

    def lose(self, reason: str, *, is_none: bool = False) -> None:
        """End the connection. Whoever waits hears that it may have happened; `is_none`: that this is no engine."""
        if self._lost is not None:
            return
        kind = EngineRefused if is_none else EngineUnavailable
        self._lost = kind(reason)
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
        waiting, self._waiting = self._waiting, deque()
        for future, *_ in waiting:
            if not future.done():
                future.set_exception(
                    self._lost if is_none else EngineUnavailable(reason, may_have_happened=True)
                )
        self._on_lost(reason)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lose(f"the connection broke: {exc}" if exc else "the engine closed the connection")

    def data_received(self, data: bytes) -> None:
        self._partial += len(data)
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                self._partial = 0
                self._answered(reply)
        except hiredis.ProtocolError as unreadable:
            self.lose(f"it is neither Redis nor Valkey: {unreadable}", is_none=True)
        if self._partial > MOST_ANSWERED:
            self.lose("an answer is too long")

    def _answered(self, reply: Reply) -> None:
        if not self._waiting:
            self.lose("an answer to nothing")
            return
        future, into, _, size = self._waiting.popleft()
        self._unanswered -= size
        if isinstance(reply, hiredis.ReplyError):
            self._failed(future, str(reply))
        elif not future.done():
            try:
                future.set_result(reply if into is None else into(reply))
            except (TypeError, ValueError, LookupError) as unreadable:
                future.set_exception(
                    EngineRefused(f"somebody else has written into our keys: {unreadable!r}")
                )

    def _failed(self, future: asyncio.Future[Any], text: str) -> None:
        word = code(text)
        told: EngineError = NoScript(str(error(text))) if word == "NOSCRIPT" else error(text)
        if not future.done():
            future.set_exception(told)
        if word in self._ending:
            self.lose(str(told))

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if self._lost is None and self._transport is not None:
            self._transport.writelines(outgoing)

    def _look(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        due = self._waiting[0][2]
        if due <= self._loop.time():
            self.lose(f"the engine did not answer in {self._timeout:g} s")
        else:
            self._timer = self._loop.call_at(due, self._look)
