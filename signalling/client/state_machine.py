"""The client's side of the protocol as a state machine without I/O, clock or randomness.

Each method takes what happened and its time (seconds), and returns a list of actions to carry out. `wake_at` is when
to call `tick`:

    idle --start--> connecting --opened--> joining --joined, resumed--> joined
                        ^                     |                            ^
                        |                     +--waiting--> knocking ------+ joined: somebody let this client in
                        +----due--- waiting <-+  closed, no answer, no pong: from each of these three

From anywhere: a final close code, a permanent refusal, or `leave` -> over. Where an application's token is refused,
`token_needed` is emitted, and the client is waiting for `renew` or `no_token`. The page's `static/sdk/state-machine.js`
is its twin; `tests/vectors` tests both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from signalling.client.actions import Action, Drop, Emit, Open, Send, away, too_late
from signalling.client.back_off import BackOff
from signalling.client.heartbeat import Heartbeat
from signalling.client.membership import Membership
from signalling.client.outbox import Message
from signalling.client.parsing import parsed
from signalling.client.place import Place
from signalling.client.renewal import CLOSED_FOR, Renewal
from signalling.protocol.errors import CloseCode

CONNECT_TIMEOUT = 10.0
PONG_TIMEOUT = 8.0
PROBE_TIMEOUT = 2.5
"""Seconds to wait for an answer when the network may just have changed."""

PASSING = frozenset({"unavailable", "rate_limited"})
"""Temporary errors to a join or resume: the client tries again."""

Phase = Literal["idle", "connecting", "joining", "knocking", "joined", "waiting", "over"]
"""`waiting`: to connect again; `knocking`: to be let in."""

ANSWERED = frozenset({"knocking", "joined"})
"""Phases in which the server has answered on this socket, and is asked for a sign of life."""


class SignallingClient:
    """`random` returns numbers in [0, 1)."""

    def __init__(self, place: Place, random: Callable[[], float]) -> None:
        self.phase: Phase = "idle"
        self.wake_at = math.inf
        self.membership = Membership(place)
        self._back_off = BackOff(random)
        self._heartbeat = Heartbeat()
        self._renewal = Renewal(place)
        # The id of the last join or resume; 0 once a temporary error has answered it.
        self._asked_with = 0
        self._leaving = False
        self._not_before = -math.inf

    def start(self, now: float) -> list[Action]:
        return self._connect(now) if self.phase == "idle" else []

    def opened(self, now: float) -> list[Action]:
        """The socket is open."""
        if self.phase != "connecting":
            return []
        self.phase = "joining"
        return self._ask(now)

    def received(self, text: str | bytes, now: float) -> list[Action]:
        """A text frame. Anything but a protocol message is ignored."""
        if self.phase not in {"joining", "knocking", "joined"}:
            return []
        if self.phase in ANSWERED:
            self._alive(now)
        message = parsed(text)
        match message.get("type"):
            case "joined" | "resumed" | "waiting":
                return self._come_in(message, now)
            case "ack" | "chat_page":
                return [*self.membership.answer(message), *self._send_due(now)]
            case "going_away":
                self._not_before = now + message["delay"]
            case "ice_servers" | "token_expiring" as kind:
                return [Emit(kind, message)]
            case "authenticated":
                self._renewal.shown()
                return self.membership.authenticated(message)
            case "error":
                return self._error(message, now)
            case "batch":
                return [action for event in message["events"] for action in self._event(event)]
            case _:
                return self._event(message)
        return []

    def passed(self, seq: int, now: float) -> None:
        """The shell itself handled the events up to `seq`, the last at `now`: they do not change the roster."""
        if self.phase == "joined" and seq > self.membership.seq:
            self.membership.seq = seq
            self._alive(now)

    def closed(self, code: int, now: float) -> list[Action]:
        """The socket is closed, or could not be opened (1006)."""
        if self.phase in {"idle", "waiting", "over"}:
            return []
        why = CLOSED_FOR.get(code, "")
        if self._renewal.asks(why):
            return self._need_token({"code": why, "message": ""}, now)
        if 4000 <= code <= 4099:
            return self._over(Emit("closed", {"code": code}))
        return self._lost(now)

    def tick(self, now: float) -> list[Action]:
        """`wake_at` has come."""
        if now < self.wake_at:
            return []
        match self.phase:
            case "waiting" if self._renewal.needed is not None:
                self.wake_at = math.inf
                return [Emit("token_needed", self._renewal.needed)]
            case "waiting":
                return self._connect(now)
            case "joining" if not self._asked_with:
                # The wait after a temporary error is over.
                return self._ask(now)
            case "joined" | "knocking":
                return self._look(now)
            case "connecting" | "joining":
                return self._give_up(now)
            case _:
                return []

    def hurry(self, now: float) -> list[Action]:
        """The network or the page came back: cut the wait short, and probe an open socket."""
        match self.phase:
            case "waiting" if self._renewal.needed is None:
                if now >= self._not_before:
                    return self._connect(now)
                self.wake_at = self._not_before
            case "joined" | "knocking":
                return self._ping(now, PROBE_TIMEOUT)
            case "connecting" | "joining" if self.phase == "connecting" or self._asked_with:
                self.wake_at = min(self.wake_at, now + PROBE_TIMEOUT)
        return []

    def suspend(self) -> list[Action]:
        """The page is suspended; `hurry` resumes it."""
        if self.phase in {"idle", "over"}:
            return []
        self._renewal.needed = None
        goodbye = self.membership.goodbye()
        if self._leaving:
            return self._over(*goodbye)
        was_answered = self.phase in ANSWERED
        self.phase = "waiting"
        self.wake_at = math.inf
        return [Drop(CloseCode.NORMAL), *goodbye, *away(was_answered)]

    def status(self, media: dict[str, bool] | None = None, hand: bool | None = None) -> list[Action]:
        """Report what changed."""
        if self.phase == "over":
            return []
        return self.membership.status(media, hand, connected=self.phase == "joined")

    def signal(self, to: str, data: Any) -> list[Action]:
        if self.phase == "over":
            return []
        return self.membership.signal(to, data, connected=self.phase == "joined")

    def renew(self, token: str, now: float) -> list[Action]:
        """A newer token of the application: shown to the server now, or with the next join or resume."""
        if self.phase == "over":
            return []
        waited = self._renewal.came(token)
        if self.phase in ANSWERED:
            return [self.membership.authenticate()]
        return self.hurry(now) if waited else []

    def no_token(self) -> list[Action]:
        """The application gives no newer token."""
        return self._over(Emit("refused", why)) if (why := self._renewal.needed) else []

    def order(self, command: Message, now: float) -> list[Action]:
        """Give an order of those in charge, such as `{"type": "mute", …}`. One that lasts has a `key`."""
        if self.phase == "over":
            return []
        given = self.membership.order(command, now, connected=self.phase == "joined")
        self._set_wake()
        return given

    def leave(self) -> list[Action]:
        """Leave for good."""
        if self.phase in ANSWERED:
            return self._farewell()
        if self.phase == "over":
            return []
        if not self.membership.epoch:
            return self._over()
        # While the client is away, the server keeps its place: connect once more, to leave.
        self._leaving = True
        self._renewal.needed = None
        if self.phase == "waiting":
            self.wake_at = 0.0
        return []

    def _farewell(self) -> list[Action]:
        return [Send({"type": "leave", "id": self.membership.next_id()}), *self._over()]

    def _connect(self, now: float) -> list[Action]:
        self.phase = "connecting"
        self.wake_at = now + CONNECT_TIMEOUT
        return [Open()]

    def _ask(self, now: float) -> list[Action]:
        """Join or resume."""
        message = self.membership.ask()
        self._renewal.shown()
        self._asked_with = message["id"]
        self.wake_at = now + CONNECT_TIMEOUT
        return [Send(message)]

    def _come_in(self, message: Message, now: float) -> list[Action]:
        """The place is there, or somebody has to let this client in, or what those who wait are told has changed."""
        if self.phase not in {"joining", "knocking"}:
            return []
        if self._leaving:
            return self._farewell()
        # It has come while the answer was on its way.
        is_late = self.phase == "joining" and self._renewal.fresh
        self.phase = "knocking" if message["type"] == "waiting" else "joined"
        self._heartbeat.interval = message.get("heartbeat", self._heartbeat.interval)
        self._renewal.accepted()
        self._back_off.succeeded()
        self._not_before = -math.inf
        actions = self.membership.came_in(message, now)
        self._alive(now)
        return [*actions, self.membership.authenticate()] if is_late else actions

    def _error(self, message: Message, now: float) -> list[Action]:
        detail = {"code": message["code"], "message": message["message"]}
        asks = self.phase in {"joining", "knocking"}
        if not asks or message.get("id", self._asked_with) != self._asked_with:
            held = self.membership.hold(message, now)
            return [*([] if held else self.membership.answer(message)), *self._send_due(now)]
        if self._leaving:
            return self._over()
        if self._renewal.asks(message["code"]):
            return [Drop(CloseCode.HEARTBEAT_MISSED), *self._need_token(detail, now)]
        if message["code"] not in PASSING:
            return self._over(Emit("refused", detail))
        self.phase = "joining"
        self._asked_with = 0
        wait = max(message.get("retry_after", 1.0), self._back_off.failed())
        # If the error also closes the socket, the wait applies to the next connection.
        self._not_before = self.wake_at = now + wait
        return []

    def _event(self, message: Message) -> list[Action]:
        return self.membership.event(message) if self.phase == "joined" else []

    def _send_due(self, now: float) -> list[Action]:
        """Send again the commands that were answered with `busy` and are due."""
        if self.phase != "joined":
            return []
        outbox = self.membership.outbox
        due = [*too_late(*outbox.too_late(now)), *(Send(command) for command in outbox.due(now))]
        self._set_wake()
        return due

    def _give_up(self, now: float) -> list[Action]:
        """The server does not answer. Not code 1000: if the close still arrives, it must not count as a goodbye."""
        return [Drop(CloseCode.HEARTBEAT_MISSED), *self._lost(now)]

    def _lost(self, now: float) -> list[Action]:
        if self._leaving:
            return self._over()
        was_answered = self.phase in ANSWERED
        self.phase = "waiting"
        self.wake_at = max(now + self._back_off.failed(), self._not_before)
        return away(was_answered)

    def _need_token(self, why: Message, now: float) -> list[Action]:
        """The token is refused: the application is asked for a newer one, unless that has come meanwhile."""
        if self._leaving or self._renewal.fresh:
            return self._lost(now)
        was_joined = self.phase == "joined"
        self.phase = "waiting"
        again = self._renewal.need(why)
        # Asked after the wait, not before it: a token is not to grow old meanwhile.
        self.wake_at = now + self._back_off.failed() if again else math.inf
        return [*away(was_joined), *([] if again else [Emit("token_needed", why)])]

    def _look(self, now: float) -> list[Action]:
        due = self._send_due(now)
        if now < self._heartbeat.due_at:
            return due
        return due + (self._give_up(now) if self._heartbeat.is_missed(now) else self._ping(now, PONG_TIMEOUT))

    def _alive(self, now: float) -> None:
        self._heartbeat.heard(now)
        self._set_wake()

    def _set_wake(self) -> None:
        # What is held back waits for a place, too.
        held = self.membership.outbox.due_at if self.phase == "joined" else math.inf
        if self.phase in ANSWERED:
            self.wake_at = min(self._heartbeat.due_at, held)

    def _ping(self, now: float, patience: float) -> list[Action]:
        self._heartbeat.pinged(now, patience)
        self._set_wake()
        return [Send({"type": "ping", "t": now})]

    def _over(self, *actions: Action) -> list[Action]:
        self.phase = "over"
        self.wake_at = math.inf
        return [Drop(CloseCode.NORMAL), *actions]
