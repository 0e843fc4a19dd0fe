"""What every client in a room must see, and whether it did. Pure: no sockets, no clock.

The server numbers the events of a room (`seq`) and sends them all to every client there. So an event sent to any client
belongs to the room's *log*. A client has lost events if, between its first and its last `seq`, it received fewer than
the log holds. An event whose `seq` does not rise is doubled. A *stretch* is what one client sees of one log without a
break: a replay continues it; a snapshot, which replaces everything before, begins another.

Each client numbers its status changes: a participant's four flags are the lowest bits of the number. So each change
differs from the one before, and a change that the server applied twice or never shows. Only after a restart of the
server, or when a tab session was given up, is the latest state alone sent, as the protocol says.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_KNOWN = 4096
"""Most frames of a log recognised by their bytes; never more are under way than a server keeps for a replay."""

MOST_BATCHES = 64

NUMBERS = 16
"""The number of states of four flags."""

Message = Mapping[str, Any]


def flags(number: int) -> tuple[dict[str, bool], bool]:
    """Media and hand after so many changes."""
    return {"audio": bool(number & 1), "video": bool(number & 2), "screen": bool(number & 4)}, bool(
        number & 8
    )


def state_of(participant: Message, before: int = 0) -> int:
    """The flags as a number, 0 to 15; those that are not mentioned are as `before`."""
    state = before
    if (media := participant.get("media")) is not None:
        state = state & 8 | media["audio"] | media["video"] << 1 | media["screen"] << 2
    if (hand := participant.get("hand")) is not None:
        state = state & 7 | hand << 3
    return state


@dataclass(slots=True)
class Changes:
    """The status changes that one client made.

    `made_at`: when each change that nobody has seen yet was made (nanoseconds). `came_with`: how many changes had been
    made when the client last entered `log` other than by a replay.
    """

    made: int = 0
    made_at: dict[int, int] = field(default_factory=dict)
    log: Log | None = None
    came_with: int = 0

    def make(self, now: int) -> tuple[dict[str, bool], bool | None]:
        """Make the next change: returns the media that change, and the hand if it changes."""
        (media, hand), self.made = flags(self.made), self.made + 1
        new_media, new_hand = flags(self.made)
        self.made_at[self.made] = now
        changed = {name: value for name, value in new_media.items() if value is not media[name]}
        return changed, new_hand if new_hand is not hand else None

    def came_in(self, log: Log) -> None:
        """The client entered this log by a join, or by a resume after a restart."""
        self.log = log
        self.came_with = self.made

    def latest_with(self, state: int) -> int | None:
        """The number of the last change that led to this state; 0 is the initial state."""
        number = self.made - (self.made - state) % NUMBERS
        return number if number >= 0 else None


class Event:
    """An event sent to everybody. `made_at` (nanoseconds): when a status change was made, if its maker is known, else
    0. `repeated`: the server has applied the change before."""

    __slots__ = ("made_at", "numbered", "repeated", "seq")

    def __init__(self, seq: int, *, numbered: bool = False, made_at: int = 0, repeated: bool = False) -> None:
        self.seq = seq
        self.numbered = numbered
        self.made_at = made_at
        self.repeated = repeated


@dataclass(slots=True)
class Shown:
    """How a log shows a participant as of `seq`: the state, and the number of the change that led to it. `settled`: the
    number is certain, so the next change must follow it; otherwise only the state is known."""

    seq: int
    state: int
    number: int
    settled: bool
    missing: dict[int, int] = field(default_factory=dict)
    """Numbers that were passed over, each with the time its change was made."""


class Log:
    """A room's events under one `epoch`. `known` has the frames of one event that were already read, `batches` those of
    several."""

    def __init__(
        self, epoch: str, seq: int, participants: Iterable[Message], people: Mapping[str, Changes]
    ) -> None:
        self.epoch = epoch
        self.known: dict[bytes, Event] = {}
        self.batches: dict[bytes, tuple[Event, ...]] = {}
        self.shown: dict[str, Shown] = {}
        self._seqs = array("Q")
        self.meet(seq, participants, people)

    def meet(
        self, seq: int, participants: Iterable[Message], people: Mapping[str, Changes], came: str = ""
    ) -> None:
        """A list of the participants as of `seq`. For participants it already shows, the log keeps its own state, but
        for whoever `came`: the others may have been told before it was known who that is."""
        shown = self.shown.get(came)
        if shown is not None and shown.seq <= seq:
            del self.shown[came]
        for participant in participants:
            if participant["id"] not in self.shown:
                self._show(participant, seq, people)

    @property
    def head(self) -> int:
        """The `seq` of the last event that any client saw."""
        return self._seqs[-1] if self._seqs else 0

    def between(self, after: int, until: int) -> int:
        """How many events have a `seq` above `after` and up to `until`."""
        return max(0, bisect_right(self._seqs, until) - bisect_right(self._seqs, after))

    def sight(self, frame: bytes, message: Message, people: Mapping[str, Changes]) -> Event:
        """Read an event whose frame is not known, and remember the frame."""
        if len(self.known) >= MOST_KNOWN:
            self.known.clear()
        self.known[frame] = event = self.see(message, people)
        return event

    def sight_all(
        self, frame: bytes, messages: Iterable[Message], people: Mapping[str, Changes]
    ) -> tuple[Event, ...]:
        """As `sight`, for a frame of several events."""
        if len(self.batches) >= MOST_BATCHES:
            self.batches.clear()
        self.batches[frame] = events = tuple(self.see(message, people) for message in messages)
        return events

    def forget(self, until: int) -> None:
        """Forget the frames of events up to `until`, which everybody has seen."""
        for frame, event in list(self.known.items()):
            if event.seq > until:
                break
            del self.known[frame]
        for frame, events in list(self.batches.items()):
            if events[-1].seq <= until:
                del self.batches[frame]

    def see(self, message: Message, people: Mapping[str, Changes]) -> Event:
        """Read an event, whatever frame it came in."""
        seq: int = message["seq"]
        place = bisect_right(self._seqs, seq)
        if place and self._seqs[place - 1] == seq:
            # Seen before: its frame was forgotten, or had other bytes.
            return Event(seq, numbered=_is_change(message))
        insort(self._seqs, seq)
        return self._first(seq, message, people)

    def _first(self, seq: int, message: Message, people: Mapping[str, Changes]) -> Event:
        participant = message.get("participant", {})
        match message["type"]:
            case "participant_joined" | "participant_rejoined":
                self._show(participant, seq, people)
            case "participant_left":
                shown = self.shown.get(participant["id"])
                # Others may have been told already that they came again.
                if shown is not None and shown.seq < seq:
                    del self.shown[participant["id"]]
            case "participant_updated" if _is_change(message):
                return self._changed(seq, participant, people)
        return Event(seq)

    def _show(self, participant: Message, seq: int, people: Mapping[str, Changes]) -> None:
        state, changes = state_of(participant), people.get(participant["id"])
        number = None if changes is None else changes.latest_with(state)
        settled = changes is None or number == changes.made
        before = self.shown.get(participant["id"])
        if before is None or before.seq < seq:
            self.shown[participant["id"]] = Shown(seq, state, number or 0, settled)

    def _changed(self, seq: int, participant: Message, people: Mapping[str, Changes]) -> Event:
        shown, changes = self.shown.get(participant["id"]), people.get(participant["id"])
        if shown is None or changes is None:
            return Event(seq, numbered=True)
        state = state_of(participant, shown.state)
        if seq <= shown.seq:
            # A straggler: other clients received later events, but not this one.
            number = next((each for each in shown.missing if each % NUMBERS == state), None)
            return Event(seq, numbered=True, made_at=shown.missing.pop(number) if number else 0)
        number = changes.latest_with(state)
        step = (state - shown.state) % NUMBERS
        shown.seq, shown.state = seq, state
        if not shown.settled:
            if number is not None:
                shown.number = number
                shown.settled = changes.log is self and number >= changes.came_with
                _passed(changes, number)
            return Event(seq, numbered=True)
        if not step or shown.number + step > changes.made:
            # No change leads to this state, so an earlier one was repeated. From here on only the state is known.
            shown.settled = False
            return Event(seq, numbered=True, repeated=True)
        for skipped in range(shown.number + 1, shown.number + step):
            shown.missing[skipped] = changes.made_at.get(skipped, 0)
        shown.number += step
        made_at = changes.made_at.get(shown.number, 0)
        _passed(changes, shown.number)
        return Event(seq, numbered=True, made_at=made_at)

    def outstanding(self, participant: str, changes: Changes) -> int:
        """How many changes were made that nobody has received yet, without those that were passed over."""
        shown = self.shown.get(participant)
        if shown is None or (not shown.settled and changes.latest_with(shown.state) == changes.made):
            return 0
        return changes.made - shown.number


def _is_change(message: Message) -> bool:
    participant = message.get("participant", {})
    return message["type"] == "participant_updated" and ("media" in participant or "hand" in participant)


def _passed(changes: Changes, number: int) -> None:
    for each in [each for each in changes.made_at if each <= number]:
        del changes.made_at[each]


@dataclass(slots=True)
class Stretch:
    """What one client saw of a log without a break: `count` events after `base`, up to `last`."""

    log: Log
    base: int
    last: int
    count: int = 0

    def take(self, seq: int) -> bool:
        """Count an event for everybody. Returns whether it is new; otherwise it is doubled or out of order."""
        if seq <= self.last:
            return False
        self.last = seq
        self.count += 1
        return True

    def skip(self, seq: int) -> bool:
        """As `take`, for an event for this client alone, which is not counted."""
        if seq <= self.last:
            return False
        self.last = seq
        return True

    def lost(self, until: int | None = None) -> int:
        """How many events are missing, as far as the log shows. `until`: the `seq` it should have reached."""
        return self.log.between(self.base, max(self.last, until or 0)) - self.count


@dataclass(slots=True)
class Signals:
    """The signals from one client to another: how many were `sent`, and the number of the last that was `got`.

    `excused`: signals up to this number may be lost: they were under way when the addressee got a snapshot or the
    server was restarted.
    """

    sent: int = 0
    got: int = 0
    excused: int = 0
    lost: int = 0
    dropped: int = 0

    @property
    def awaited(self) -> bool:
        """Whether one has to come that has not."""
        return max(self.got, self.excused) < self.sent

    def excuse(self) -> None:
        self.excused = self.sent

    def take(self, number: int) -> bool:
        """A signal arrived. Returns whether it is new."""
        if number <= self.got:
            return False
        self._miss(number - 1)
        self.got = number
        return True

    def close(self) -> None:
        """No more signals will come."""
        self._miss(self.sent)
        self.got = self.sent

    def _miss(self, until: int) -> None:
        """The signals after the last that came, up to `until`, did not come."""
        dropped = max(0, min(until, self.excused) - self.got)
        self.dropped += dropped
        self.lost += until - self.got - dropped
