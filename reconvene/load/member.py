"""One client, and what it saw. Thousands of these are in one process.

To save time, room events bypass the state machine: once one client has parsed an event, the others recognise it by its
bytes. The machine is told only the position in the log, before its next input.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import orjson

from reconvene.load.client import Client, clock
from reconvene.load.client_socket import ClientSocket
from reconvene.load.expected_events import Changes, Event, Signals, Stretch, flags
from reconvene.load.room import Room
from reconvene.load.statistics import Tally
from reconvene.load.target import Target
from signalling.client.place import Place
from signalling.client.state_machine import SignallingClient

EVENTS = frozenset(
    ("participant_joined", "participant_rejoined", "participant_updated", "participant_left", "meeting_ended")
)
"""Events that are sent to everybody in a room."""

_FOR_THE_MACHINE = (b'{"type":"ack"', b'{"type":"joined"', b'{"type":"resumed"')
"""Messages that start so go to the machine unparsed; all others are parsed here."""


class Watcher(Protocol):
    """What clients report to. `delays`: microseconds of each delivery since the list was last emptied."""

    target: Target
    tally: Tally
    delays: list[int]
    sockets: set[ClientSocket]

    def settled(self, member: Member) -> None:
        """The client has joined for the first time, or was refused for good."""


class Member(Client):
    """`following` is the client in its room that it signals to; `signals` are those it sends, `inbox` those it gets."""

    __slots__ = (
        "_heard_at",
        "_replaying",
        "_room",
        "_started_at",
        "_watcher",
        "changes",
        "ended",
        "following",
        "inbox",
        "signals",
        "stretch",
        "was_in",
    )

    def __init__(self, watcher: Watcher, room: Room, number: int, token: str | None = None) -> None:
        place = Place(room.meeting, f"Load {number}", secrets.token_hex(8), token, kind="bot")
        super().__init__(SignallingClient(place, random.random), watcher.target, watcher.sockets)
        self.changes = Changes()
        self.signals = self.inbox = Signals()
        self.following = self
        self.stretch: Stretch | None = None
        self.ended: list[Stretch] = []
        self.was_in = False
        """It has joined at least once."""
        self._room = room
        self._watcher = watcher
        self._heard_at = self._started_at = self._replaying = 0

    @property
    def is_connected(self) -> bool:
        return self.machine.phase == "joined" and self._socket is not None and self._socket.is_writable

    @property
    def is_over(self) -> bool:
        """It will not come back."""
        return self.machine.phase == "over"

    def start(self) -> None:
        self._started_at = clock()
        super().start()

    def change(self) -> bool:
        """Change its status."""
        media, hand = self.changes.make(clock())
        self.run(self.machine.status(media, hand))
        return True

    def signal(self, padding: str) -> bool:
        """Send a signal. Returns whether there is a client to signal to."""
        if not self.following.was_in or self.following.is_over:
            return False
        self.signals.sent += 1
        data = {"n": self.signals.sent, "at": clock(), "pad": padding}
        self.run(self.machine.signal(self.following.machine.membership.my_id, data))
        return True

    # Called by the socket.

    def took(self, event: Event) -> None:
        """A known room event. This is the hot path: it runs for every delivery."""
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
            self.feed(payload)
        elif self.stretch is not None and (batch := self.stretch.log.batches.get(raw)) is not None:
            for event in batch:
                self.took(event)
        else:
            try:
                self._read(raw, payload)
            except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
                self._watcher.tally.errors["not understood"] += 1

    def unopened(self, why: str) -> None:
        self._watcher.tally.unconnected[why] += 1
        super().unopened(why)

    def closed(self, code: int) -> None:
        if self.machine.phase == "joined":
            self._watcher.tally.closed[code] += 1
        else:
            self._watcher.tally.unconnected[f"closed with {code} before it was in"] += 1
        super().closed(code)

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
            self.feed(payload)

    def _read_batch(self, raw: bytes, messages: Sequence[Mapping[str, Any]]) -> None:
        if self.stretch is None:
            return
        if all(message["type"] in EVENTS for message in messages):
            for event in self.stretch.log.sight_all(raw, messages, self._room.people):
                self.took(event)
            return
        # A replay that contains missed signals.
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

    def before_machine(self) -> None:
        membership = self.machine.membership
        if self.stretch is not None and membership.epoch == self.stretch.log.epoch:
            self.machine.passed(self.stretch.last, self._heard_at / 1e9)
        if membership.me is not None:
            # Events are not applied to its roster, by which it would see its hand lowered by others. Nobody does that.
            _, membership.me["hand"] = flags(self.changes.made)

    def heard(self, name: str, detail: Mapping[str, Any]) -> None:
        tally = self._watcher.tally
        match name:
            case "joined":
                self._begin(detail["seq"], detail["participants"], has_come=True)
                if self.was_in:
                    tally.anew += 1
                    self.inbox.excuse()
                    self.signals.excuse()
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
                    self.signals.excuse()
            case "resumed":
                tally.replayed += 1
                self._replaying = detail["replayed"]
            case "waiting" if not self.was_in:
                # Nobody is there to let it in.
                tally.refused["waiting"] += 1
                self.run(self.machine.leave())
                self._watcher.settled(self)
            case "refused":
                tally.refused[detail["code"]] += 1
                self._watcher.settled(self)
            case "closed":
                tally.refused[f"closed with {detail['code']}"] += 1
                self._watcher.settled(self)

    def _begin(
        self,
        seq: int,
        participants: Iterable[Mapping[str, Any]],
        *,
        restarted: bool = True,
        has_come: bool = False,
    ) -> None:
        """A full roster came: a new stretch begins, and nothing before it is expected any more."""
        room = self._room
        me = self.machine.membership.my_id
        room.people[me] = self.changes
        log = room.log(self.machine.membership.epoch, seq, participants, me if has_come else "")
        if restarted:
            self.changes.came_in(log)
        if self.stretch is not None:
            self.ended.append(self.stretch)
        self.stretch = Stretch(log, seq, seq)
        self.known = log.known
        self._replaying = 0
