"""Stories in which rooms move from hub to hub, as data, while people go on."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from signalling.rooms.change import Unsettled
from signalling.rooms.effects import Effect
from signalling.rooms.hands import Hands
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Arrival
from signalling.rooms.knock import Knocking
from signalling.rooms.member import Handle
from signalling.rooms.telling import FRAMES
from signalling.state.handover import Handover
from signalling.state.parts import Fresh, State
from tests.signalling.script import Stage
from tests.signalling.socket import Socket

LATER = 4096.0
"""Seconds by which the next hub's clock is ahead. Like all times in these stories exact in binary, so that nothing is
rounded."""


class Elsewhere(Hub):
    """A hub whose clock is ahead of the time of day in the story, which is that of the first hub."""

    ahead = 0.0

    def join(self, arrival: Arrival, now: float, *, soon: bool = False) -> list[Effect]:
        if arrival.joined_at == now:
            arrival = arrival._replace(joined_at=now - self.ahead)
        return super().join(arrival, now, soon=soon)

    def wait(self, asks: Knocking, now: float) -> list[Effect]:
        if asks.at == now:
            asks = asks._replace(at=now - self.ahead)
        return super().wait(asks, now)


class Copy:
    """What somebody else keeps of a room, by what is fresh each time."""

    def __init__(self) -> None:
        self.room = b""
        self.members: dict[str, bytes] = {}
        self.log: dict[int, bytes] = {}
        self.seq = 0

    def take(self, fresh: Fresh) -> None:
        if fresh.whole:
            self.members, self.log = {}, {}
        self.room = self.room if fresh.room is None else fresh.room
        for gone in fresh.gone:
            del self.members[gone]
        self.members |= fresh.members
        first = fresh.seq - len(fresh.log) + 1
        self.log |= dict(enumerate(fresh.log, first))
        for number in fresh.withdrawn:
            del self.log[number]
        self.log = {number: entry for number, entry in self.log.items() if number >= fresh.cut}
        self.seq = fresh.seq

    @property
    def state(self) -> State:
        return State(self.room, self.members, list(self.log.values()), self.seq)


class Roaming(Stage):
    """`hand_over`: all rooms go on in another hub, from here on or, if `copies`, as far as others have kept copies."""

    def __init__(self, grace: float, *, frames: float = FRAMES, copies: bool = False) -> None:
        super().__init__(grace=grace, frames=frames)
        self.every: list[Socket] = []
        self.ahead = 0.0
        self._frames = frames
        self._copies: dict[str, Copy] | None = {} if copies else None
        self._stirred: set[str] = set()
        self.hub = self._another()

    @property
    def time(self) -> float:
        """By a clock that all hubs share."""
        return self.now - self.ahead

    @property
    def handover(self) -> Handover:
        return Handover(self.hub, self.name, self.find, self._stirred.add)

    def name(self, socket: Handle) -> list[Any]:
        if socket not in self.every:
            self.every.append(socket)
        return ["edge", self.every.index(socket)]

    def find(self, name: Any) -> Handle | None:
        socket = self.every[name[1]]
        return None if socket.over else socket

    def copy(self) -> None:
        """Somebody else keeps what is new, and asks only for what has stirred."""
        assert self._copies is not None
        for room in list(self._copies):
            if room not in self.hub.rooms:
                del self._copies[room]
        stirred = set(self._stirred)
        self._stirred.clear()
        for room, found in self.hub.rooms.items():
            copy = self._copies.setdefault(room, Copy())
            # What of the room changes without stirring it goes along with what else does.
            if found.touched is None or found.touched.room or room in stirred:
                fresh = self.handover.fresh(room, self.now, self.time)
                assert fresh is not None
                copy.take(fresh)
            # A copy may reach back further; in these stories it does not.
            for number in set(copy.log) - {entry[0] for entry in found.log.after(-1)}:
                del copy.log[number]

    def states(self) -> dict[str, State]:
        if self._copies is not None:
            return {room: self._copies[room].state for room in self.hub.rooms}
        return {room: self.handover.state(room, self.now, self.time) for room in self.hub.rooms}

    def hand_over(self) -> list[Effect]:
        """Returns what the next hub wants done about the rooms that it has taken over."""
        states, asked = self.states(), self._asked()
        former, time = self.hub, self.time
        self.ahead += LATER
        self.now += LATER
        self.hub = self._another()
        # What a hub does every few seconds goes on at the same pace.
        self.hub.succession._next = former.succession._next + LATER
        self.hub.logs._looked_at = former.logs._looked_at + LATER
        copies = self._copies is not None
        effects = [
            effect
            for state in states.values()
            for effect in self.handover.adopt(state, self.now, time, is_copy=copies)
        ]
        if not copies:
            assert {room: self.handover.state(room, self.now, time) for room in self.hub.rooms} == states
        # They are recorded already.
        self.hub.hands.take()
        again = dict(zip(map(id, asked), self._asked(), strict=True))
        self.unsettled = [again.get(id(each), each) for each in self.unsettled]
        return effects

    def _asked(self) -> list[Unsettled]:
        """What the store was asked for those who are in a room."""
        asked = [each for room in self.hub.rooms for each in self.hub.orders.questions.of(room)]
        return [each for each in asked if isinstance(each, Unsettled)]

    def _another(self) -> Hub:
        hub = Elsewhere(
            grace=self.hub.grace,
            heartbeat=15.0,
            flow=self._flow,
            frames=self._frames,
            hands=Hands(partial(_back, self.ahead)),
        )
        hub.ahead = self.ahead
        return hub


def _back(ahead: float, moment: float) -> float:
    return moment - ahead


def assert_is_copied(stage: Roaming) -> None:
    """All but budgets, which fill again."""
    for room, copied in stage.states().items():
        whole = stage.handover.state(room, stage.now, stage.time)
        assert told(copied.room) == told(whole.room)
        assert {each: told(part) for each, part in copied.members.items()} == {
            each: told(part) for each, part in whole.members.items()
        }
        kept = [event for event in whole.log if b"\n" in event]
        assert list(map(head, copied.log)) == list(map(head, kept))


def head(event: bytes) -> dict[str, Any]:
    return told(event.partition(b"\n")[0])


def told(part: bytes) -> dict[str, Any]:
    """With times as they are by the clock that all share."""
    fields: dict[str, Any] = json.loads(part)
    at = fields.pop("at")
    fields.pop("budget", None)
    for name in ("away", "led", "began", "ago"):
        if fields.get(name) is not None:
            fields[name] = at - fields[name]
    for knock in fields.get("knocks", ()):
        if "away" in knock:
            knock["away"] = at - knock["away"]
    return fields
