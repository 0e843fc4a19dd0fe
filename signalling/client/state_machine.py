"""The client's side of the protocol as a state machine without I/O, clock or randomness.

What happened goes in with the time it happened (seconds), what is to be done comes out as a list of actions, and
`wake_at` says when `tick` wants to be called:

    idle --start--> connecting --opened--> joining --joined, resumed--> joined
                        ^                     | closed, no answer          | closed, no pong
                        +----due--- waiting <-+----------------------------+

From anywhere: a final close code, a refusal that stays, or `leave` -> over. The page's `static/sdk/state-machine.js` is
the same machine; `tests/vectors` holds them together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import orjson

from signalling.client.actions import Action, Drop, Emit, Goodbye, Open, Send
from signalling.client.back_off import BackOff
from signalling.client.outbox import Message, Outbox
from signalling.client.place import Place as Place
from signalling.client.roster import Participant, applied, difference, roster_of
from signalling.protocol.errors import CloseCode
from signalling.protocol.features import BATCH, BUSY, ICE

CONNECT_TIMEOUT = 10.0
PONG_TIMEOUT = 8.0
PROBE_TIMEOUT = 2.5
"""Seconds of patience when the network may just have changed."""

PASSING = frozenset({"unavailable", "rate_limited"})
"""Errors to a join or resume that pass by themselves."""

FEATURES = [BATCH, BUSY, ICE]
"""What this client can do beyond the first version of the protocol."""

Phase = Literal["idle", "connecting", "joining", "joined", "waiting", "over"]


class SignallingClient:
    """`random` answers numbers in [0, 1)."""

    def __init__(self, place: Place, random: Callable[[], float]) -> None:
        self.phase: Phase = "idle"
        self.wake_at = math.inf
        self.epoch = ""
        self.seq = 0
        self.roster: dict[str, Participant] = {}
        self.meeting: Message = {}
        self.my_id = ""
        self._place = place
        # Unknown until the first join: the server remembers it over a reload.
        self._hand: bool | None = None
        self._outbox = Outbox()
        self._last_id = 0
        self._asked_with = 0
        self._attempt = 0
        self._leaving = False
        self._back_off = BackOff(random)
        self._heartbeat = 15.0
        self._pong_by = math.inf
        self._look_at = math.inf
        self._not_before = -math.inf

    @property
    def me(self) -> Participant | None:
        return self.roster.get(self.my_id)

    @property
    def session(self) -> str | None:
        """The credential for this place, to be kept where a reload finds it."""
        return self._place.session

    @property
    def token(self) -> str | None:
        return self._place.token

    @property
    def unanswered(self) -> int:
        """How many commands wait for their answer."""
        return len(self._outbox)

    # What happens.

    def start(self, now: float) -> list[Action]:
        return self._connect(now) if self.phase == "idle" else []

    def opened(self, now: float) -> list[Action]:
        """The socket is open."""
        if self.phase != "connecting":
            return []
        self.phase = "joining"
        return self._ask(now)

    def received(self, text: str | bytes, now: float) -> list[Action]:
        """A text frame. What is no message of the protocol is ignored."""
        if self.phase not in {"joining", "joined"}:
            return []
        if self.phase == "joined":
            # Any frame proves the connection alive, not just the pong.
            self._alive(now)
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            return []
        if not isinstance(message, dict):
            return []
        match message.get("type"):
            case "joined":
                return self._joined(message, now)
            case "resumed":
                return self._resumed(message, now)
            case "ack":
                self._outbox.answered(message.get("id"))
                return self._send_due(now)
            case "going_away":
                self._not_before = now + message["delay"]
            case "ice_servers":
                return [Emit("ice_servers", message)]
            case "error":
                return self._error(message, now)
            case "batch":
                return [action for event in message["events"] for action in self._event(event)]
            case _:
                return self._event(message)
        return []

    def passed(self, seq: int, now: float) -> None:
        """Events up to `seq` came, the last of them at `now`, and the shell has dealt with them itself: the roster
        knows nothing of them."""
        if self.phase == "joined" and seq > self.seq:
            self.seq = seq
            self._alive(now)

    def closed(self, code: int, now: float) -> list[Action]:
        """The socket is closed, or could not be opened (1006)."""
        if self.phase in {"idle", "waiting", "over"}:
            return []
        if 4000 <= code <= 4099:
            return self._over(Emit("closed", {"code": code}))
        return self._lost(now)

    def tick(self, now: float) -> list[Action]:
        """`wake_at` has come."""
        if now < self.wake_at:
            return []
        match self.phase:
            case "waiting":
                return self._connect(now)
            case "joining" if not self._asked_with:
                # The wait that a passing error asked for is over.
                return self._ask(now)
            case "joined":
                return self._look(now)
            case "connecting" | "joining":
                return self._give_up(now)
            case _:
                return []

    def hurry(self, now: float) -> list[Action]:
        """The network or the page came back: do not sit out a wait, do not trust an old socket."""
        match self.phase:
            case "waiting":
                if now >= self._not_before:
                    return self._connect(now)
                self.wake_at = self._not_before
            case "joined":
                return self._ping(now, PROBE_TIMEOUT)
            case "connecting" | "joining" if self.phase == "connecting" or self._asked_with:
                self.wake_at = min(self.wake_at, now + PROBE_TIMEOUT)
        return []

    def suspend(self) -> list[Action]:
        """The page is put away. `hurry` comes back from it."""
        if self.phase in {"idle", "over"}:
            return []
        # Before it was in, the session it knows is that of an earlier page.
        in_before = bool(self.epoch) and self._place.session is not None
        goodbye = [Goodbye(self._place.session or "", self._attempt)] if in_before else []
        if self._leaving:
            return self._over(*goodbye)
        was_joined = self.phase == "joined"
        self.phase = "waiting"
        self._pong_by = self.wake_at = math.inf
        return [Drop(CloseCode.NORMAL), *goodbye, *([Emit("away", {})] if was_joined else [])]

    # What the application wants.

    def status(self, media: dict[str, bool] | None = None, hand: bool | None = None) -> list[Action]:
        """What changed; kept until the server has answered, over as many connections as that takes."""
        if self.phase == "over":
            return []
        change: Message = {}
        if media:
            self._place.media.update(media)
            change["media"] = dict(media)
        if hand is not None:
            self._hand = hand
            change["hand"] = hand
        if not change or not self.epoch:
            # What has not joined yet says it when it does.
            return []
        if self._outbox.merge(change):
            return []
        return self._command({"type": "status", **change})

    def signal(self, to: str, data: Any) -> list[Action]:
        return self._command({"type": "signal", "to": to, "data": data}) if self.epoch else []

    def leave(self) -> list[Action]:
        """Leave for good."""
        if self.phase == "joined":
            return self._farewell()
        if self.phase == "over" or not self.epoch:
            return [] if self.phase == "over" else self._over()
        # The server keeps the place of who is only away: come back once, to say so.
        self._leaving = True
        if self.phase == "waiting":
            self.wake_at = 0.0
        return []

    def _farewell(self) -> list[Action]:
        return [Send({"type": "leave", "id": self._next_id()}), *self._over()]

    # Coming in.

    def _connect(self, now: float) -> list[Action]:
        self.phase = "connecting"
        self.wake_at = now + CONNECT_TIMEOUT
        return [Open()]

    def _ask(self, now: float) -> list[Action]:
        """Join, or resume when this page was here before."""
        self._asked_with = self._next_id()
        self._attempt += 1
        self.wake_at = now + CONNECT_TIMEOUT
        place = self._place
        message = place.join()
        if self.epoch:
            message = {"type": "resume", "session": place.session, "epoch": self.epoch, "seq": self.seq}
            message |= {"hand": self._hand} | ({"token": place.token} if place.token else {})
        message |= {"id": self._asked_with, "attempt": self._attempt, "media": dict(place.media)}
        message["features"] = FEATURES
        return [Send(message)]

    def _joined(self, message: Message, now: float) -> list[Action]:
        if self.phase != "joining":
            return []
        if self._leaving:
            return self._farewell()
        place = self._place
        place.session = message["session"]
        place.token = message.get("token", place.token)
        self._heartbeat = message["heartbeat"]
        self._outbox.clear()
        self._come_in(message["epoch"], now)
        self._look_around(message["seq"], message)
        self.my_id = message["you"]["id"]
        return [Emit("joined", message), *self._catch_up()]

    def _resumed(self, message: Message, now: float) -> list[Action]:
        if self.phase != "joining":
            return []
        if self._leaving:
            return self._farewell()
        restarted = message["epoch"] != self.epoch
        self._place.session = message.get("session", self._place.session)
        self._come_in(message["epoch"], now)
        snapshot = message.get("snapshot")
        if snapshot is not None:
            self._look_around(message["seq"], snapshot)
        if restarted:
            self._outbox.forget_what_may_have_happened()
        actions: list[Action] = [Send(command) for command in self._outbox.all()]
        if restarted:
            actions += self._catch_up()
        passed_on = ("replayed", "ice_servers", "session", "snapshot")
        detail = {"restarted": restarted} | {name: message[name] for name in passed_on if name in message}
        return [*actions, Emit("resumed", detail)]

    def _come_in(self, epoch: str, now: float) -> None:
        self.phase = "joined"
        self.epoch = epoch
        self._asked_with = 0
        self._back_off.succeeded()
        self._not_before = -math.inf
        self._alive(now)

    def _look_around(self, seq: int, whole: Message) -> None:
        self.seq = seq
        self.meeting = whole["meeting"]
        self.roster = roster_of(whole["participants"])

    def _catch_up(self) -> list[Action]:
        """Tell what the others see otherwise than it is."""
        me = self.me
        if me is None:
            return []
        if self._hand is None:
            self._hand = me["hand"]
        media, hand = difference(me, self._place.media, self._hand)
        return self.status(media, hand)

    def _error(self, message: Message, now: float) -> list[Action]:
        detail = {"code": message["code"], "message": message["message"]}
        asked = self.phase == "joining" and message.get("id", self._asked_with) == self._asked_with
        if not asked:
            again_at = now + message.get("retry_after", 1.0)
            if message["code"] == "busy" and self._outbox.hold(message.get("id"), again_at):
                return self._send_due(now)
            self._outbox.answered(message.get("id"))
            return [Emit("error", detail), *self._send_due(now)]
        if self._leaving:
            return self._over()
        if message["code"] not in PASSING:
            return self._over(Emit("refused", detail))
        self._asked_with = 0
        wait = max(message.get("retry_after", 1.0), self._back_off.failed())
        # Where the error also closes the socket, the wait holds for the next connection.
        self._not_before = self.wake_at = now + wait
        return []

    def _event(self, message: Message) -> list[Action]:
        seq = message.get("seq")
        if self.phase != "joined" or not isinstance(seq, int) or seq <= self.seq:
            return []
        self.seq = seq
        self.roster = applied(self.roster, message)
        if message["type"] == "meeting_updated":
            self.meeting = {**self.meeting, **message["meeting"]}
        return [Emit("event", message)]

    # Commands.

    def _command(self, message: Message) -> list[Action]:
        if self.phase == "over":
            return []
        command = {**message, "id": self._next_id()}
        may_go = self._outbox.add(command, written=self.phase == "joined")
        return [Send(command)] if may_go and self.phase == "joined" else []

    def _send_due(self, now: float) -> list[Action]:
        """Send again what the server was too busy for, as far as its time has come."""
        if self.phase != "joined":
            return []
        actions: list[Action] = [Send(command) for command in self._outbox.due(now)]
        self.wake_at = min(self._look_at, self._outbox.due_at)
        return actions

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    # The connection.

    def _give_up(self, now: float) -> list[Action]:
        """The server does not answer. Not 1000: should the close arrive after all, it is no goodbye."""
        return [Drop(CloseCode.HEARTBEAT_MISSED), *self._lost(now)]

    def _lost(self, now: float) -> list[Action]:
        if self._leaving:
            return self._over()
        was_joined = self.phase == "joined"
        self.phase = "waiting"
        self._asked_with = 0
        self._pong_by = math.inf
        self.wake_at = max(now + self._back_off.failed(), self._not_before)
        return [Emit("away", {})] if was_joined else []

    def _look(self, now: float) -> list[Action]:
        due = self._send_due(now)
        if now < self._look_at:
            return due
        return due + (self._ping(now, PONG_TIMEOUT) if now < self._pong_by else self._give_up(now))

    def _alive(self, now: float) -> None:
        self._pong_by = math.inf
        self._look_at = now + self._heartbeat
        self.wake_at = min(self._look_at, self._outbox.due_at)

    def _ping(self, now: float, patience: float) -> list[Action]:
        self._pong_by = self._look_at = min(self._pong_by, now + patience)
        self.wake_at = min(self._look_at, self._outbox.due_at)
        return [Send({"type": "ping", "t": now})]

    def _over(self, *actions: Action) -> list[Action]:
        self.phase = "over"
        self.wake_at = math.inf
        return [Drop(CloseCode.NORMAL), *actions]
