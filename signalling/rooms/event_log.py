"""A room's log: the recent events in order, each with its number.

`(epoch, seq)` is a client's position in it. This small type is where a cluster would differ: a deque in one process, a
stream across nodes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import takewhile

MAX_COUNT = 4096
MAX_BYTES = 4 * 1024 * 1024
MAX_AGE = 120.0

MAX_REPLAY = 512 * 1024
"""Most bytes of missed events to send one by one; beyond this, a snapshot is smaller and faster to read."""

ENTRY = 160
"""Bytes that an entry takes besides its event: the tuple, its numbers and its slot in the ring."""

NOBODY = ""
"""Addressee of an event that was withdrawn."""

To = str | frozenset[str] | None
"""Who receives an event: one participant, these participants, or everyone (None)."""

Entry = tuple[int, float, bytes, To]
"""Number, time (the hub's clock), event, and who receives it.

A plain tuple, because a log holds thousands and the garbage collector leaves plain tuples of plain values alone.
"""


class Log:
    """A ring bounded by count, by bytes and by age (seconds).

    If somebody keeps a copy (`signalling.state`), `withdrawn` has the numbers of withdrawn events, and `cut` the number
    before which the copy has to forget everything (0: it has not): what was erased may be there still. `forgotten`:
    bytes that this log has forgotten, and the copy may have still. `stirs`: called with each event.
    """

    __slots__ = (
        *("_bytes", "_entries", "_max_age", "_max_bytes", "_max_count"),
        *("cut", "epoch", "forgotten", "seq", "stirs", "withdrawn"),
    )

    def __init__(
        self, epoch: str, max_count: int = MAX_COUNT, max_bytes: int = MAX_BYTES, max_age: float = MAX_AGE
    ) -> None:
        self.epoch = epoch
        self.seq = 0
        self.withdrawn: list[int] | None = None
        self.cut = 0
        self.forgotten = 0
        self.stirs: Callable[[], None] | None = None
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._max_age = max_age

    def next(self) -> int:
        """The number the next event will carry."""
        return self.seq + 1

    def append(self, payload: bytes, now: float, to: To = None) -> None:
        """Keep the event that was encoded with the number `next()` gave."""
        self.seq += 1
        entries = self._entries
        entries.append((self.seq, now, payload, to))
        self._bytes += len(payload)
        oldest = now - self._max_age
        if len(entries) > self._max_count or self._bytes > self._max_bytes or entries[0][1] < oldest:
            self._trim(oldest)
        if self.stirs is not None:
            self.stirs()

    def after(self, seq: int) -> list[Entry]:
        """The entries with higher numbers, in order."""
        found = list(takewhile(lambda entry: entry[0] > seq, reversed(self._entries)))
        found.reverse()
        return found

    def adopt(self, entries: Iterable[Entry], seq: int) -> None:
        """Go on from another log of the same epoch, which had these entries. This one must be empty."""
        self._entries.extend(entries)
        self._bytes = sum(len(payload) for _, _, payload, _ in self._entries)
        self.seq = seq

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return self._bytes + ENTRY * len(self._entries)

    @property
    def oldest(self) -> float:
        """The time of the oldest event. The log must not be empty."""
        return self._entries[0][1]

    def trim(self, now: float) -> None:
        """Forget events that are too old, also when no new ones come."""
        oldest = now - self._max_age
        if self._entries and self._entries[0][1] < oldest:
            self._trim(oldest)

    def forget_oldest(self) -> int:
        """Returns how many bytes that frees. The log must not be empty."""
        size = len(self._entries.popleft()[2])
        self._bytes -= size
        self.forgotten += size
        return size + ENTRY

    def _trim(self, oldest: float) -> None:
        entries, before = self._entries, self._bytes
        while entries and (
            len(entries) > self._max_count or self._bytes > self._max_bytes or entries[0][1] < oldest
        ):
            self._bytes -= len(entries.popleft()[2])
        self.forgotten += before - self._bytes

    def since(self, seq: int, participant: str) -> list[bytes] | None:
        """What a participant who has seen `seq` missed, in order, or None when the log cannot bridge the gap."""
        if seq > self.seq or seq < self._before:
            return None
        missed: list[bytes] = []
        size = 0
        for n, _, payload, to in reversed(self._entries):
            if n <= seq:
                break
            if to is None or to == participant or (type(to) is frozenset and participant in to):
                missed.append(payload)
                size += len(payload)
                if size > MAX_REPLAY:
                    return None
        missed.reverse()
        return missed

    def withdraw(self, participant: str, since: int) -> list[bytes]:
        """Take out the events after `since` for this participant alone, in order, to be sent under new numbers.

        All or none: none if the log does not reach back that far, or if they exceed `MAX_REPLAY`.
        """
        if since < self._before:
            return []
        found = [
            (index, entry)
            for index, entry in enumerate(self._entries)
            if entry[0] > since and entry[3] == participant
        ]
        if sum(len(payload) for _, (_, _, payload, _) in found) > MAX_REPLAY:
            return []
        for index, _ in found:
            self._blank(index)
        return [payload for _, (_, _, payload, _) in found]

    def erase(self, mark: Callable[[bytes], bool]) -> None:
        """Take out the events of which that holds: nobody is sent them any more."""
        for index in [index for index, entry in enumerate(self._entries) if mark(entry[2])]:
            self._blank(index)
        if self.withdrawn is not None:
            self.cut_now()

    def cut_now(self) -> None:
        """The copy has to forget what this log has forgotten."""
        self.cut, self.forgotten = self._before + 1, 0

    def _blank(self, index: int) -> None:
        n, at, payload, _ = self._entries[index]
        self._bytes -= len(payload)
        self._entries[index] = (n, at, b"", NOBODY)
        if self.withdrawn is not None:
            self.withdrawn.append(n)

    @property
    def _before(self) -> int:
        """The number of the last event that was forgotten."""
        return self._entries[0][0] - 1 if self._entries else self.seq
