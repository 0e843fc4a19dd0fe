"""A page: the real client, its socket, and a note of everything it was told."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from websockets.frames import CloseCode

from signalling.client.actions import Action, Drop, Emit, Goodbye, Open, Send
from signalling.client.place import Place
from signalling.client.roster import FLAGS
from signalling.client.sleep import LOOK_EVERY, SleepWatch
from signalling.client.state_machine import SignallingClient
from signalling.protocol.features import BATCH
from tests.simulation.browser_socket import Socket
from tests.simulation.internet import Internet
from tests.simulation.network import Link
from tests.simulation.notes import Interval, Order, Said, Sent, Waited, Whole


class Page:
    """One document in one tab, from its loading until it is unloaded.

    `surely`: when it was in the meeting over a connection that worked; `maybe`: when it may have had a place there.
    `closes_with`: what its browser closes sockets with at the end; 1001 is said before the page is told.
    `back_in`: what it believes a reload to take. `batches`: whether it takes several events in a frame, or is old.
    """

    def __init__(
        self,
        internet: Internet,
        user_id: str,
        name: str,
        place: Place,
        chance: Callable[[], float],
        *,
        closes_with: int = CloseCode.NORMAL_CLOSURE,
        back_in: float = 3.0,
        batches: bool = True,
    ) -> None:
        self.user_id = user_id
        self.name = name
        self.participant = ""
        self.place = place
        self.client = SignallingClient(place, chance)
        self._sleep = SleepWatch()
        self.closes_with = closes_with
        self.back_in = back_in
        self._batches = batches
        self.goodbyes: list[Said] = []
        self.sessions: dict[str, str] = {}
        """Credentials, by the instance that they are for."""
        self.held: set[str] = set()  # the sessions that it was given
        self.dismissed: list[float] = []
        """When the server closed its socket as if it had left."""
        self.unloaded = False
        self.final, self.final_at = "", 0.0
        """The refusal or close code after which it does not come back."""
        self.heard: list[Whole | tuple[str, dict[str, Any]]] = []
        self.acked: set[int] = set()
        self.orders: dict[int, Order] = {}
        """Commands that it gave as somebody in charge, by the id of the message."""
        self.position = 0
        self.waited: Waited | None = None  # when it began to wait to be let in, if it does
        self.doubled: list[tuple[float, dict[str, Any]]] = []
        self.malformed: list[str] = []
        """What is wrong in frames that it sent or was sent."""
        self.surely: list[Interval] = []
        self.maybe: list[Interval] = []
        self.media = dict(place.media)
        self.hand: bool | None = None
        self.raised_at: list[float] = []
        self.turned_on: list[tuple[float, str, float]] = []
        """When it turned what on, or said so when it was back; and when it had asked for its seat, if it said so."""
        self.sent: dict[int, Sent] = {}
        """Signals it gave the client, by their number."""
        self.acted_at: list[float] = []
        """When it was left, closed, reloaded or put away, on purpose."""
        self.seated_at = math.inf  # when it was first given the place
        self._asked: list[tuple[float, Link | None]] = []
        self._refused: set[float] = set()
        self.errors: list[tuple[float, dict[str, Any]]] = []
        self._internet = internet
        self.now = internet.now
        self._loop = internet.loop
        self._socket: Socket | None = None
        self._people: set[str] = set()
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._todo: deque[Action] = deque()
        self._running = False

    @property
    def in_at(self) -> float:
        """When it first heard that it is in."""
        return next((heard.at for heard in self.heard if isinstance(heard, Whole)), math.inf)

    @property
    def is_live(self) -> bool:
        return not self.unloaded and self.client.phase != "over"

    @property
    def asked_at(self) -> float:
        """When it last asked for a seat."""
        return self._asked[-1][0]

    @property
    def is_knocking(self) -> bool:
        return self.client.phase == "knocking"

    @property
    def is_put_away(self) -> bool:
        return self.client.phase == "waiting" and self.client.wake_at == math.inf

    @property
    def link(self) -> Link | None:
        return self._socket.link if self._socket is not None else None

    def turns_on(self) -> list[str]:
        """What statuses turn on that are not answered yet."""
        return [flag for flag in FLAGS if self.client.membership.outbox.turns_on(flag)]

    def asked(self, at: float) -> Interval:
        """Between when and when the server heard it ask for a seat, the last time before that."""
        times = [(asked, link) for asked, link in self._asked if asked <= at]
        asked, link = times[-1] if times else (-math.inf, None)
        return Interval(asked, asked if link is not None and link.faulty_at > at else math.inf)

    def asked_first(self, at: float) -> float:
        """When it asked, the first time that may have got it the place then: a connection that it has given up since
        may have been answered later."""
        return min(asked for asked, _ in self._asked if asked <= at and asked not in self._refused)

    def load(self) -> None:
        self._happened(self.client.start)

    def unload(self) -> None:
        """Reloaded, closed, or navigated away from: the page says goodbye."""
        self.put_away()
        self.unloaded = True
        self._forget()

    def put_away(self) -> None:
        """Out of sight, perhaps to be brought back."""
        if self.client.phase == "over":
            return
        if self.closes_with != CloseCode.NORMAL_CLOSURE and self._socket is not None:
            self._gone()
            self._socket.drop(self.closes_with)
            self._socket = None
        self.run(self.client.suspend())

    def came_back_after(self, at: float) -> bool:
        return any(asked > at for asked, _ in self._asked)

    def crash(self, *, heard: bool) -> None:
        """The tab is gone without a word."""
        socket = self._socket
        self.unloaded = True
        self._gone()
        if socket is not None:
            self._socket = None
            socket.abort(heard=heard)
        self._forget()

    def run(self, actions: Iterable[Action]) -> None:
        self._todo.extend(actions)
        if self._running:
            return
        self._running = True
        while self._todo:
            self._do(self._todo.popleft())
        self._running = False
        self.wake()

    def _happened(self, happen: Callable[[float], list[Action]]) -> None:
        now = self.now()
        self.run(happen(now))
        if self._sleep.slept(now, self._internet.wall()):
            self.run(self.client.hurry(now))

    # What its socket reports; only the current one is listened to.

    def opened(self, socket: Socket) -> None:
        if socket is self._socket:
            self._happened(self.client.opened)

    def received(self, socket: Socket, data: bytes) -> None:
        if socket is not self._socket:
            return
        message = orjson.loads(data)
        kind = message["type"]
        if kind == "ack":
            self.acked.add(message["id"])
        elif kind == "error" and self.client.phase == "joining":
            self._refused.add(self.asked_at)
        elif kind not in {"joined", "resumed"}:
            told = message["events"] if kind == "batch" else [message]
            seen = self.client.membership.seq
            self.doubled += [(self._loop.time(), each) for each in told if each.get("seq", seen + 1) <= seen]
        self._happened(lambda now: self.client.received(data, now))

    def closed(self, socket: Socket, code: int) -> None:
        if socket is self._socket:
            self._gone()
            self._socket = None
            if code == CloseCode.NORMAL_CLOSURE:
                self.dismissed.append(self._loop.time())
            self._happened(lambda now: self.client.closed(code, now))

    def _do(self, action: Action) -> None:
        match action:
            case Open():
                self._socket = Socket(self, self._loop)
                self._internet.connect(self._socket)
            case Send():
                message = action.message
                if message["type"] in {"join", "resume"}:
                    self._asked.append((self._loop.time(), self.link))
                    if not self._batches:
                        message = {**message, "features": [f for f in message["features"] if f != BATCH]}
                if self._socket is not None:
                    self._socket.send(orjson.dumps(message).decode())
            case Drop():
                self._gone()
                if self._socket is not None:
                    self._socket.drop(action.code)
                    self._socket = None
            case Goodbye():
                self._internet.goodbye(self, action)
            case Emit():
                self._hear(action.name, action.detail)
                self._internet.told(self, action)

    def _hear(self, name: str, detail: dict[str, Any]) -> None:
        now = self._loop.time()
        client = self.client
        if name == "joined":
            self.waited = None
            self._since = now
            self.participant = detail["you"]["id"]
            self.held.add(detail["session"])
            missing = self._people - client.membership.roster.keys()
            self.heard.append(Whole(now, detail["epoch"], detail["seq"], missing, joined=True))
        elif name == "resumed":
            self._since = now
            if "snapshot" in detail:
                missing = self._people - client.membership.roster.keys()
                self.heard.append(
                    Whole(now, client.membership.epoch, client.membership.seq, missing, joined=False)
                )
        elif name == "event":
            # `again` is what the client adds.
            event = {key: value for key, value in detail.items() if key != "again"}
            self.heard.append((client.membership.epoch, event))
        elif name in {"refused", "closed"}:
            self.final, self.final_at = str(detail["code"]), now
        elif name == "error":
            self.errors.append((now, detail))
        elif name in {"token_expiring", "token_needed"}:
            self._internet.get_token(self)
        elif name == "waiting":
            self.position = detail["position"]
            self.waited = self.waited or Waited(self.asked_at, now)
        elif name == "answered" and (order := self.orders.get(detail["order"]["id"])) is not None:
            order.answered_at, order.answer = now, detail["error"]["code"] if "error" in detail else "ack"
            order.again = "again" in detail
            order.epoch = client.membership.epoch
            roster = client.membership.roster.values()
            order.others = frozenset(each["id"] for each in roster if each["role"] == "participant")
        elif name == "muted":
            self.media |= detail["media"]
        if name in {"joined", "resumed"}:
            self.turned_on += [(now, flag, self.asked_at) for flag in self.turns_on()]
        if self.hand and client.membership._hand is False:
            # Somebody in charge has lowered it.
            self.hand = False
        self._people = set(client.membership.roster)

    def _gone(self) -> None:
        """It has no connection any more, as far as it knows."""
        now = self._loop.time()
        link = self.link
        surely_until = maybe_until = now
        if link is not None:
            surely_until = min(now, link.faulty_at, link.closed_at)
            maybe_until = max(min(now, link.dead_at), link.late_until)
        if self._since is not None and self._since < surely_until:
            self.surely.append(Interval(self._since, surely_until))
        self._since = None
        if self._socket is not None:
            self.maybe.append(Interval(self._socket.since, maybe_until))

    def intervals(self) -> None:
        """Close the books at the end of a run."""
        if self._socket is not None:
            self._gone()

    def wake(self) -> None:
        """Set the timer anew."""
        self._forget()
        if self.client.wake_at < float("inf") and not self.unloaded:
            delay = min(LOOK_EVERY, max(0.0, self.client.wake_at - self._internet.now()))
            self._timer = self._loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if not self._internet.asleep:
            self._happened(self.client.tick)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
