"""One client and its room: the state machine that programs and pages run, in a shell that takes thousands of them.

What the machine is not needed for it does not see: events that everybody gets are recognised by their bytes once one
client has read them, and only the place in the log is told to the machine, before anything else is.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import orjson

from reconvene.load.client_socket import Wire
from reconvene.load.expected_events import Deeds, Event, Letters, Log, Stretch
from reconvene.load.statistics import Tally
from reconvene.load.target import Target
from signalling.client.actions import Action, Drop, Emit, Open, Send
from signalling.client.place import Place
from signalling.client.state_machine import SignallingClient

EVENTS = frozenset(
    ("participant_joined", "participant_rejoined", "participant_updated", "participant_left", "meeting_ended")
)
"""What everybody in a room is sent."""

_FOR_THE_MACHINE = (b'{"type":"ack"', b'{"type":"joined"', b'{"type":"resumed"')
"""Need not be taken apart here. Whatever looks otherwise is."""

_NONE: Mapping[bytes, Event] = {}

clock = time.monotonic_ns


class Watcher(Protocol):
    """What clients report to. `delays`: microseconds of what was delivered since it was last looked at."""

    target: Target
    tally: Tally
    delays: list[int]
    wires: set[Wire]

    def settled(self, member: Member) -> None:
        """It has joined for the first time, or was refused for good."""


class Room:
    """A meeting, its clients, and its logs by their epochs; `latest` is the one that began last."""

    def __init__(self, meeting: str) -> None:
        self.meeting = meeting
        self.members: list[Member] = []
        self.people: dict[str, Deeds] = {}
        self.logs: dict[str, Log] = {}
        self.latest: Log | None = None
        self._turn = 0

    def log(self, epoch: str, seq: int, participants: Iterable[Mapping[str, Any]]) -> Log:
        if (log := self.logs.get(epoch)) is None:
            log = self.logs[epoch] = self.latest = Log(epoch, seq, participants, self.people)
        else:
            log.meet(seq, participants, self.people)
        return log

    def speaker(self) -> Member | None:
        """Whose turn it is, of those who are connected."""
        for _ in self.members:
            self._turn = (self._turn + 1) % len(self.members)
            if (member := self.members[self._turn]).is_connected:
                return member
        return None

    def forget(self) -> None:
        """Frames that everybody who is connected has seen."""
        for log in self.logs.values():
            reading = [
                member.stretch.last
                for member in self.members
                if member.is_connected and member.stretch is not None and member.stretch.log is log
            ]
            log.forget(min(reading, default=log.head))


class Member:
    """`following` is the one in its room that it signals to; `letters` are those signals, `inbox` the ones it gets."""

    __slots__ = (
        "_due",
        "_heard_at",
        "_replaying",
        "_room",
        "_started_at",
        "_timer",
        "_watcher",
        "_wire",
        "deeds",
        "ended",
        "following",
        "inbox",
        "known",
        "letters",
        "machine",
        "stretch",
        "was_in",
    )

    def __init__(self, watcher: Watcher, room: Room, number: int) -> None:
        place = Place(room.meeting, f"Load {number}", secrets.token_hex(8), kind="bot")
        self.machine = SignallingClient(place, random.random)
        self.deeds = Deeds()
        self.letters = self.inbox = Letters()
        self.following = self
        self.stretch: Stretch | None = None
        self.ended: list[Stretch] = []
        self.known: Mapping[bytes, Event] = _NONE
        self.was_in = False
        """It has joined, at some time."""
        self._room = room
        self._watcher = watcher
        self._wire: Wire | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = float("inf")
        self._heard_at = self._started_at = self._replaying = 0

    @property
    def is_connected(self) -> bool:
        return self.machine.phase == "joined" and self._wire is not None and self._wire.is_writable

    @property
    def is_over(self) -> bool:
        """It will not come back."""
        return self.machine.phase == "over"

    def start(self) -> None:
        self._started_at = clock()
        self._run(self.machine.start(_seconds()))

    def stop(self) -> None:
        """As when a page is closed."""
        self._run(self.machine.suspend())
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """Leave nothing open."""
        if self._timer is not None:
            self._timer.cancel()
        if self._wire is not None:
            self._wire.abort()
            self._wire = None

    def change(self) -> bool:
        """Of its status."""
        media, hand = self.deeds.make(clock())
        self._run(self.machine.status(media, hand))
        return True

    def signal(self, padding: str) -> bool:
        """Answers whether there is somebody to signal to."""
        if not self.following.was_in or self.following.is_over:
            return False
        self.letters.sent += 1
        data = {"n": self.letters.sent, "at": clock(), "pad": padding}
        self._run(self.machine.signal(self.following.machine.membership.my_id, data))
        return True

    # What the wire reports.

    def took(self, event: Event) -> None:
        """One for everybody, that is known. This is what costs: it is done for every delivery."""
        stretch, watcher = self.stretch, self._watcher
        if stretch is None:
            return
        self._heard_at = now = clock()
        is_new = stretch.take(event.seq)
        if not is_new or event.repeated:
            watcher.tally.doubled += 1
        if self._replaying:
            self._replaying -= 1
            if event.numbered and is_new:
                watcher.tally.late += 1
                watcher.tally.events += 1
        elif not is_new:
            pass
        elif event.made_at:
            watcher.delays.append((now - event.made_at) // 1000)
        elif event.numbered:
            watcher.tally.events += 1

    def received(self, raw: bytes, payload: bytes) -> None:
        if (event := self.known.get(raw)) is not None:
            self.took(event)
        elif payload.startswith(_FOR_THE_MACHINE):
            self._feed(payload)
        elif self.stretch is not None and (batch := self.stretch.log.batches.get(raw)) is not None:
            for event in batch:
                self.took(event)
        else:
            try:
                self._read(raw, payload)
            except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
                self._watcher.tally.errors["not understood"] += 1

    def opened(self) -> None:
        self._run(self.machine.opened(_seconds()))

    def unopened(self, why: str) -> None:
        self._watcher.tally.unconnected[why] += 1
        self._lost(1006)

    def closed(self, code: int) -> None:
        if self.machine.phase == "joined":
            self._watcher.tally.closed[code] += 1
        else:
            self._watcher.tally.unconnected[f"closed with {code} before it was in"] += 1
        self._lost(code)

    def _lost(self, code: int) -> None:
        self._wire = None
        self._tell_machine()
        self._run(self.machine.closed(code, _seconds()))

    def _read(self, raw: bytes, payload: bytes) -> None:
        message = orjson.loads(payload)
        kind = message.get("type")
        if kind == "signal":
            self._signalled(message)
        elif kind in EVENTS and isinstance(message["seq"], int):
            if self.stretch is not None:
                self.took(self.stretch.log.sight(raw, message, self._room.people))
        elif kind == "batch":
            self._read_batch(raw, message["events"])
        else:
            if kind == "error":
                self._watcher.tally.errors[message["code"]] += 1
            self._feed(payload)

    def _read_batch(self, raw: bytes, messages: Sequence[Mapping[str, Any]]) -> None:
        if self.stretch is None:
            return
        if all(message["type"] in EVENTS for message in messages):
            for event in self.stretch.log.sight_all(raw, messages, self._room.people):
                self.took(event)
            return
        # A replay, with signals among what was missed.
        for message in messages:
            if message["type"] == "signal":
                self._signalled(message)
            else:
                self.took(self.stretch.log.see(message, self._room.people))

    def _signalled(self, message: Mapping[str, Any]) -> None:
        if self.stretch is None:
            return
        self._heard_at = now = clock()
        tally, data = self._watcher.tally, message["data"]
        is_new = self.stretch.skip(message["seq"])
        is_new = self.inbox.take(data["n"]) and is_new
        if self._replaying:
            self._replaying -= 1
            tally.late += is_new
            tally.events += is_new
        elif is_new:
            self._watcher.delays.append((now - data["at"]) // 1000)
        if not is_new:
            tally.doubled += 1

    # The machine.

    def _feed(self, payload: bytes) -> None:
        self._tell_machine()
        self._run(self.machine.received(payload, _seconds()))

    def _tell_machine(self) -> None:
        if self.stretch is not None and self.machine.membership.epoch == self.stretch.log.epoch:
            self.machine.passed(self.stretch.last, self._heard_at / 1e9)

    def _run(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Send():
                    if self._wire is not None:
                        self._wire.send(orjson.dumps(action.message))
                case Emit():
                    self._heard(action.name, action.detail)
                case Open():
                    self._wire = Wire(self, self._watcher.target, self._watcher.wires)
                case Drop():
                    if self._wire is not None:
                        self._wire.drop(action.code)
                        self._wire = None
        if (wake_at := self.machine.wake_at) < self._due:
            # A later one is found when this one is due.
            if self._timer is not None:
                self._timer.cancel()
            self._due = wake_at
            delay = max(0.0, wake_at - _seconds())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer, self._due = None, float("inf")
        self._tell_machine()
        self._run(self.machine.tick(_seconds()))

    def _heard(self, name: str, detail: Mapping[str, Any]) -> None:
        tally = self._watcher.tally
        match name:
            case "joined":
                self._begin(detail["seq"], detail["participants"])
                if self.was_in:
                    tally.anew += 1
                    self.inbox.excuse()
                    self.letters.excuse()
                else:
                    self.was_in = True
                    tally.join_delays.add([(clock() - self._started_at) // 1000])
                    self._watcher.settled(self)
            case "resumed" if "snapshot" in detail:
                tally.snapshots += 1
                self._begin(
                    self.machine.membership.seq,
                    detail["snapshot"]["participants"],
                    restarted=detail["restarted"],
                )
                self.inbox.excuse()
                if detail["restarted"]:
                    self.letters.excuse()
            case "resumed":
                tally.replayed += 1
                self._replaying = detail["replayed"]
            case "refused":
                tally.refused[detail["code"]] += 1
                self._watcher.settled(self)
            case "closed":
                tally.refused[f"closed with {detail['code']}"] += 1
                self._watcher.settled(self)

    def _begin(self, seq: int, participants: Iterable[Mapping[str, Any]], *, restarted: bool = True) -> None:
        """The whole truth came: what was before it is not asked for."""
        room = self._room
        room.people[self.machine.membership.my_id] = self.deeds
        log = room.log(self.machine.membership.epoch, seq, participants)
        if restarted:
            self.deeds.came_in(log)
        if self.stretch is not None:
            self.ended.append(self.stretch)
        self.stretch = Stretch(log, seq, seq)
        self.known = log.known
        self._replaying = 0


def _seconds() -> float:
    return clock() / 1e9
