"""The shell around `signalling.client.state_machine.SignallingClient`: the WebSocket and the one timer. Its twin is
static/sdk/socket.js.

    async with MeetingSocket(url, place, heard) as socket:
        await socket.until(lambda: socket.client.phase == "joined")
        socket.status(hand=True)
        socket.leave()

It reconnects by itself. Leaving the block without `leave` looks to the meeting like a closed page.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Self

from reconvene.socket_link import SocketLink
from signalling.client.actions import Action, Drop, Emit, Goodbye, Open, Send
from signalling.client.outbox import KEYED
from signalling.client.place import Place
from signalling.client.sleep import LOOK_EVERY, SleepWatch
from signalling.client.state_machine import SignallingClient

ASK_AGAIN = 5.0
"""Seconds after which the application is asked again for a token, if it has failed to give one."""

GetToken = Callable[[], Awaitable[str | None]]

log = logging.getLogger(__name__)


class MeetingSocket:
    """`heard` is called with everything the client emits. Deadlines use the monotonic `clock`; `wall` only shows that
    the machine has slept. `get_token` asks the application for a newer token (None: it gives none; what it raises is
    logged, and it is asked again while the token counts); without it a token that has expired is a refusal."""

    def __init__(
        self,
        url: str,
        place: Place,
        heard: Callable[[Emit], None] | None = None,
        *,
        get_token: GetToken | None = None,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if get_token is not None:
            place.renewable = True
        self.client = SignallingClient(place, chance)
        self._get_token = get_token
        self._asking: asyncio.Task[None] | None = None
        self._ask_again: asyncio.TimerHandle | None = None
        self._url = url
        self._heard = heard
        self._clock = clock
        self._wall = wall
        self._sleep = SleepWatch()
        self._link: SocketLink | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._todo: deque[Action] = deque()
        self._waiting: list[asyncio.Future[None]] = []
        self.failure = ""
        """Why the last socket could not be opened, or broke off."""

    async def __aenter__(self) -> Self:
        self._happened(self.client.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # No listener is left.
        self._heard = None
        self._run(self.client.suspend())
        if self._timer is not None:
            self._timer.cancel()
        if self._asking is not None:
            self._asking.cancel()
        if self._ask_again is not None:
            self._ask_again.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._error is not None and error is None:
            raise self._error

    def status(self, **change: Any) -> None:
        """Send a status: `media` (only the changed flags), `hand`."""
        self._run(self.client.status(**change))

    def signal(self, to: str, data: Any) -> None:
        self._run(self.client.signal(to, data))

    def order(self, kind: str, **fields: Any) -> int:
        """Give an order, such as `order("mute", participants=["p_…"])`, or write in the chat. Its answer is heard as
        `answered`, with the id of the message, which is returned: 0 if it was not given, before the first join and once
        it is over."""
        key = {"key": secrets.token_urlsafe(12)} if kind in KEYED else {}
        before = self.client.membership.last_id
        actions = self.client.order({"type": kind, **key, **fields}, self._clock())
        given = self.client.membership.last_id
        self._run(actions)
        if given != before:
            return given
        # The history is asked for already: its answer is that of both.
        return self.client.membership.outbox.asks_for_history if kind == "chat_history" else 0

    def react(self, emoji: str) -> None:
        """Now, or not at all."""
        self._run(self.client.order({"type": "react", "emoji": emoji}, self._clock()))

    def leave(self) -> None:
        self._run(self.client.leave())

    def hurry(self) -> None:
        """The network may have changed: end a wait at once, and check the current socket."""
        self._run(self.client.hurry(self._clock()))

    def cut(self) -> None:
        """Lose the socket as a network failure does: without a close frame. It reconnects by itself."""
        if self._link is not None:
            self._link.cut()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is checked after every event of this client. Raises what a listener
        raised."""
        while not condition():
            if self._error is not None:
                raise self._error
            happened = asyncio.get_running_loop().create_future()
            self._waiting.append(happened)
            await happened

    @property
    def local_port(self) -> int | None:
        """The local port of the current socket, once it is open."""
        return self._link.local_port if self._link is not None else None

    # Called by links. A dropped link may still report; only the current one is heeded.

    def opened(self, link: SocketLink) -> None:
        if link is self._link:
            self._happened(self.client.opened)

    def received(self, link: SocketLink, text: str) -> None:
        if link is self._link:
            self._happened(lambda now: self.client.received(text, now))

    def closed(self, link: SocketLink, code: int) -> None:
        if link is self._link:
            self._link = None
            self._happened(lambda now: self.client.closed(code, now))

    def _happened(self, happen: Callable[[float], list[Action]]) -> None:
        now = self._clock()
        self._run(happen(now))
        if self._sleep.slept(now, self._wall()):
            self._run(self.client.hurry(now))

    def _run(self, actions: Iterable[Action]) -> None:
        # One queue for all actions: a listener may give a command at once, but actions decided earlier come first.
        self._todo.extend(actions)
        while self._todo:
            self._do(self._todo.popleft())
        self._set_timer()
        self.wake()

    def _do(self, action: Action) -> None:
        match action:
            case Open():
                self._link = SocketLink(self, self._url)
                self._tasks.add(self._link.task)
                self._link.task.add_done_callback(self._ended)
            case Send():
                if self._link is not None:
                    self._link.send(action.text)
            case Drop():
                if self._link is not None:
                    self._link.drop(action.code)
                    self._link = None
            case Goodbye():
                pass  # The close frame says so: unlike a browser, a program closes its socket itself, with 1000.
            case Emit():
                if action.name in {"token_expiring", "token_needed"}:
                    self._ask_for_token()
                if self._heard is not None:
                    self._heard(action)

    def _ask_for_token(self) -> None:
        """Once at a time, however often one is needed."""
        if self._ask_again is not None:
            self._ask_again.cancel()
        if self._get_token is not None and self._asking is None and self.client.phase != "over":
            self._asking = asyncio.create_task(self._renew(self._get_token))
            self._tasks.add(self._asking)
            self._asking.add_done_callback(self._ended)

    async def _renew(self, get_token: GetToken) -> None:
        token = None
        try:
            token = await get_token()
        except Exception:
            log.exception("get_token failed")
            # A program's token may still be good for a while.
            loop = asyncio.get_running_loop()
            self._ask_again = loop.call_later(ASK_AGAIN, self._ask_for_token)
        finally:
            self._asking = None
        if token is None:
            self._run(self.client.no_token())
        else:
            self._happened(lambda now: self.client.renew(token, now))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._error = error
            self.wake()

    def wake(self) -> None:
        """Check the conditions of `until` again."""
        for happened in self._waiting:
            if not happened.done():
                happened.set_result(None)
        self._waiting.clear()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.client.wake_at < float("inf"):
            delay = min(LOOK_EVERY, max(0.0, self.client.wake_at - self._clock()))
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._happened(self.client.tick)
