"""What everybody in a room has to see, and whether they did. Pure: no sockets, no clock.

The server numbers the events of a room (`seq`), and everyone there gets all of them. So whatever one client was sent
belongs to the room's *log*; a client that was sent fewer of it than the log holds, between where it began and where it
is, has lost some. What does not rise is doubled. A *stretch* is what one client sees of one log without a break: a
replay goes on with it, a snapshot, which stands for everything before, begins another.

Status changes are numbered by who makes them: the four flags of a participant are the lowest bits of their number. So
each change is told from the one before, and it is seen when the server carried one out twice or never. Only after a
restart of the server, or when somebody's place was given up, the latest state alone is told, as the protocol has it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_KNOWN = 4096
"""Frames of a log that are recognised by their bytes. More than a server keeps for a replay is never under way."""

MOST_BATCHES = 64

NUMBERS = 16
"""States that four flags tell apart."""

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
    """The status changes that one client has made.

    `made_at`: when (nanoseconds), of those no one has seen yet. `came_with`: how many there were when the place was
    last taken in `log` by something else than a replay.
    """

    made: int = 0
    made_at: dict[int, int] = field(default_factory=dict)
    log: Log | None = None
    came_with: int = 0

    def make(self, now: int) -> tuple[dict[str, bool], bool | None]:
        """The next one: the media that change, and the hand if it does."""
        (media, hand), self.made = flags(self.made), self.made + 1
        new_media, new_hand = flags(self.made)
        self.made_at[self.made] = now
        changed = {name: value for name, value in new_media.items() if value is not media[name]}
        return changed, new_hand if new_hand is not hand else None

    def came_in(self, log: Log) -> None:
        """By a join, or by a resume that found another log."""
        self.log = log
        self.came_with = self.made

    def latest_with(self, state: int) -> int | None:
        """The number of the last change that led to this state; 0 is how everybody begins."""
        number = self.made - (self.made - state) % NUMBERS
        return number if number >= 0 else None


class Event:
    """One that everybody is sent. `made_at` (nanoseconds): of a status change whose maker is known, otherwise 0.
    `repeated`: the server has carried it out before."""

    __slots__ = ("made_at", "numbered", "repeated", "seq")

    def __init__(self, seq: int, *, numbered: bool = False, made_at: int = 0, repeated: bool = False) -> None:
        self.seq = seq
        self.numbered = numbered
        self.made_at = made_at
        self.repeated = repeated


@dataclass(slots=True)
class Shown:
    """How a log shows a participant as of `seq`: in what state, and after which change. `settled`: the next one has to
    be the one after that; otherwise, what is told is the latest state."""

    seq: int
    state: int
    number: int
    settled: bool
    missing: dict[int, int] = field(default_factory=dict)
    """Numbers that were passed over, each with the moment it was made."""


class Log:
    """What is known of a room's events under one `epoch`. `known` has the frames that were read before, `batches` those
    of several events."""

    def __init__(
        self, epoch: str, seq: int, participants: Iterable[Message], people: Mapping[str, Changes]
    ) -> None:
        self.epoch = epoch
        self.known: dict[bytes, Event] = {}
        self.batches: dict[bytes, tuple[Event, ...]] = {}
        self.shown: dict[str, Shown] = {}
        self._seqs = array("Q")
        self.meet(seq, participants, people)

    def meet(self, seq: int, participants: Iterable[Message], people: Mapping[str, Changes]) -> None:
        """A list of who is there as of `seq`. Of those who are known, the log itself knows better."""
        for participant in participants:
            if participant["id"] not in self.shown:
                self._show(participant, seq, people)

    @property
    def head(self) -> int:
        """The last event that anybody saw."""
        return self._seqs[-1] if self._seqs else 0

    def between(self, after: int, until: int) -> int:
        """How many events there are with a higher number than the one, up to the other."""
        return max(0, bisect_right(self._seqs, until) - bisect_right(self._seqs, after))

    def sight(self, frame: bytes, message: Message, people: Mapping[str, Changes]) -> Event:
        """Of an event whose frame is not known. The log knows it from now on."""
        if len(self.known) >= MOST_KNOWN:
            self.known.clear()
        self.known[frame] = event = self.see(message, people)
        return event

    def sight_all(
        self, frame: bytes, messages: Iterable[Message], people: Mapping[str, Changes]
    ) -> tuple[Event, ...]:
        """The same of a frame of several."""
        if len(self.batches) >= MOST_BATCHES:
            self.batches.clear()
        self.batches[frame] = events = tuple(self.see(message, people) for message in messages)
        return events

    def forget(self, until: int) -> None:
        """Frames of events that everybody has seen."""
        for frame, event in list(self.known.items()):
            if event.seq > until:
                break
            del self.known[frame]
        for frame, events in list(self.batches.items()):
            if events[-1].seq <= until:
                del self.batches[frame]

    def see(self, message: Message, people: Mapping[str, Changes]) -> Event:
        """Of an event in whatever frame."""
        seq: int = message["seq"]
        place = bisect_right(self._seqs, seq)
        if place and self._seqs[place - 1] == seq:
            # Seen before, and forgotten, or in other bytes.
            return Event(seq, numbered=_is_change(message))
        insort(self._seqs, seq)
        return self._first(seq, message, people)

    def _first(self, seq: int, message: Message, people: Mapping[str, Changes]) -> Event:
        participant = message.get("participant", {})
        match message["type"]:
            case "participant_joined" | "participant_rejoined":
                self._show(participant, seq, people)
            case "participant_left":
                self.shown.pop(participant["id"], None)
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
            # A straggler: others were sent what came later, and not this.
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
            # Nothing that was made leads there: one of those before, once more. From here on, only the state is known.
            shown.settled = False
            return Event(seq, numbered=True, repeated=True)
        for skipped in range(shown.number + 1, shown.number + step):
            shown.missing[skipped] = changes.made_at.get(skipped, 0)
        shown.number += step
        made_at = changes.made_at.get(shown.number, 0)
        _passed(changes, shown.number)
        return Event(seq, numbered=True, made_at=made_at)

    def outstanding(self, participant: str, changes: Changes) -> int:
        """How many of the changes that were made nobody was told of yet; those that were passed over apart."""
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
    """What one client saw of a log without a break: `count` events after `base`, the last of them `last`."""

    log: Log
    base: int
    last: int
    count: int = 0

    def take(self, seq: int) -> bool:
        """An event for everybody. Answers whether it is new; one that is not is doubled, or comes too late."""
        if seq <= self.last:
            return False
        self.last = seq
        self.count += 1
        return True

    def skip(self, seq: int) -> bool:
        """An event for this client alone, likewise."""
        if seq <= self.last:
            return False
        self.last = seq
        return True

    def lost(self, until: int | None = None) -> int:
        """How many are missing, as far as anybody knows. `until`: it should have got that far."""
        return self.log.between(self.base, max(self.last, until or 0)) - self.count


@dataclass(slots=True)
class Signals:
    """The signals from one client to another: how many were `sent`, and the last that was `got`.

    `excused`: those up to this one may be lost, as the addressee was given a snapshot, or the sender's server was
    restarted, with them under way.
    """

    sent: int = 0
    got: int = 0
    excused: int = 0
    lost: int = 0
    dropped: int = 0

    def excuse(self) -> None:
        self.excused = self.sent

    def take(self, number: int) -> bool:
        """It has arrived. Answers whether it is new."""
        if number <= self.got:
            return False
        self._miss(number - 1)
        self.got = number
        return True

    def close(self) -> None:
        """Nothing more will come."""
        self._miss(self.sent)
        self.got = self.sent

    def _miss(self, until: int) -> None:
        """Those after the last that came, up to this one, did not come."""
        dropped = max(0, min(until, self.excused) - self.got)
        self.dropped += dropped
        self.lost += until - self.got - dropped
