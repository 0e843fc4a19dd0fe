"""Which commands of a page took effect, so that a command sent again takes effect only once.

Ids rise, so the answered ones form a few unbroken ranges: for a page that has sent a million commands, two numbers are
kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAX_RANGES = 512


class CommandIds:
    """A set of ids that grows. Beyond `MAX_RANGES` ranges, the ids in the lowest gaps count as answered, but for those
    in `unsettled`: commands that are answered when the store has answered."""

    __slots__ = ("_ranges", "unsettled")

    def __init__(self, ranges: Iterable[Sequence[int]] = ()) -> None:
        """`ranges`: first and last of each, rising, never adjacent."""
        self.unsettled: set[int] = set()
        self._ranges = tuple((first, last) for first, last in ranges) if ranges else ()

    @property
    def ranges(self) -> Sequence[tuple[int, int]]:
        return self._ranges

    def __contains__(self, id: int) -> bool:  # noqa: A002 - the protocol's name
        ranges = self._ranges
        if not ranges or id > ranges[-1][1] or id in self.unsettled:
            return False
        return any(first <= id <= last for first, last in ranges)

    def add(self, id: int) -> None:  # noqa: A002 - the protocol's name
        ranges = self._ranges
        if ranges and ranges[-1][1] + 1 == id:
            self._ranges = (*ranges[:-1], (ranges[-1][0], id))
        elif id not in self:
            self._insert(id)

    def _insert(self, id: int) -> None:  # noqa: A002 - the protocol's name
        first = last = id
        below: list[tuple[int, int]] = []
        above: list[tuple[int, int]] = []
        for range_ in self._ranges:
            if range_[1] + 1 == id:
                first = range_[0]
            elif range_[0] - 1 == id:
                last = range_[1]
            else:
                (below if range_[1] < id else above).append(range_)
        ranges = [*below, (first, last), *above]
        if len(ranges) > MAX_RANGES:
            ranges[:2] = [(1, ranges[1][1])]
        self._ranges = tuple(ranges)
