"""The measurements of a process: they can be added up, and sent between processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Self

FINE = 7
"""Bits of precision kept of a delay: a quantile is accurate to one part in 64."""


class Delays:
    """How long things took, in microseconds, as counts of buckets that grow with the delay; the longest is exact."""

    def __init__(self, buckets: Counter[int] | None = None, longest: int = 0) -> None:
        self._buckets = Counter[int]() if buckets is None else buckets
        self.longest = longest

    def __len__(self) -> int:
        return self._buckets.total()

    def add(self, delays: Iterable[int]) -> None:
        # Equal delays are counted first: thousands come at once, and most are alike.
        for delay, count in Counter(delays).items():
            least = max(0, delay)
            shift = max(0, least.bit_length() - FINE)
            self._buckets[least >> shift << shift] += count
            self.longest = max(self.longest, least)

    def quantile(self, share: float) -> float | None:
        """In milliseconds; None without delays."""
        left = share * len(self)
        for delay in sorted(self._buckets):
            left -= self._buckets[delay]
            if left <= 0:
                # The middle of the bucket.
                return min(delay + (1 << max(0, delay.bit_length() - FINE)) / 2, self.longest) / 1000
        return None

    def __iadd__(self, other: Delays) -> Self:
        self._buckets.update(other._buckets)
        self.longest = max(self.longest, other.longest)
        return self

    def packed(self) -> Any:
        return [self.longest, list(self._buckets.items())]

    @classmethod
    def unpacked(cls, data: Any) -> Delays:
        longest, buckets = data
        return cls(Counter(dict(buckets)), longest)


@dataclass
class Tally:
    """Counts of one process or of all. Moments are seconds of CLOCK_MONOTONIC, which all processes of a machine share;
    shares are of one core."""

    clients: int = 0
    joined: int = 0
    failed: int = 0
    present: int = 0
    """Of the clients: how many joined in time, how many did not, and how many were connected at the end."""
    refused: Counter[str] = field(default_factory=Counter)
    """Joins and resumes that the server refused for good, by code."""
    errors: Counter[str] = field(default_factory=Counter)
    """All errors the server answered, by code."""
    unconnected: Counter[str] = field(default_factory=Counter)
    """Connection attempts that failed, by reason."""
    closed: Counter[int] = field(default_factory=Counter)
    """Connections lost after joining, by close code."""
    replayed: int = 0
    snapshots: int = 0
    anew: int = 0
    """How clients came back: with a replay, with a snapshot, or by joining anew."""
    changes: int = 0
    signals: int = 0
    skipped: int = 0
    """Changes and signals that were not sent because nobody in the room could send them."""
    unsent: int = 0
    """Changes and signals that the generator did not get to in time."""
    events: int = 0
    """Deliveries of status changes and signals; `delivered`: those made while there was load."""
    delivered: int = 0
    late: int = 0
    """How many of `events` came in a replay."""
    lost: int = 0
    overdue: int = 0
    """How many of `lost` may still be under way: nothing sent later has arrived."""
    doubled: int = 0
    dropped: int = 0
    """Signals that were under way when the server was restarted or the addressee got a snapshot."""
    unconfirmed: int = 0
    """Clients that were disconnected at the end: whether they lost events is unknown."""
    behind: float = 0.0
    """The most seconds that the generator was behind schedule."""
    busy_joining: float = 0.0
    busy: float = 0.0
    waited: float = 0.0
    """Shares of time: running while joining, running under load, and waiting for a core."""
    joining: tuple[float, float] | None = None
    """When joining began and ended."""
    seconds: float = 0.0
    """Seconds of load."""
    join_delays: Delays = field(default_factory=Delays)
    delays: Delays = field(default_factory=Delays)

    @property
    def reconnects(self) -> int:
        return self.replayed + self.snapshots + self.anew

    @property
    def join_rate(self) -> float | None:
        if self.joining is None or self.joining[1] <= self.joining[0]:
            return None
        return self.joined / (self.joining[1] - self.joining[0])

    def per_second(self, count: int) -> float | None:
        return count / self.seconds if self.seconds >= 0.5 else None

    def __iadd__(self, other: Tally) -> Self:
        for name in _LARGEST:
            setattr(self, name, max(getattr(self, name), getattr(other, name)))
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.join_delays += other.join_delays
        self.delays += other.delays
        if self.joining and other.joining:
            self.joining = min(self.joining[0], other.joining[0]), max(self.joining[1], other.joining[1])
        else:
            self.joining = self.joining or other.joining
        return self

    def packed(self) -> dict[str, Any]:
        """As JSON-compatible values."""
        data = {each.name: getattr(self, each.name) for each in fields(self)}
        return data | {
            "join_delays": self.join_delays.packed(),
            "delays": self.delays.packed(),
            "closed": list(self.closed.items()),
        }

    @classmethod
    def unpacked(cls, data: dict[str, Any]) -> Tally:
        joining = data["joining"]
        return cls(
            **data
            | {name: Counter(data[name]) for name in ("refused", "errors", "unconnected")}
            | {name: Delays.unpacked(data[name]) for name in ("join_delays", "delays")}
            | {"closed": Counter(dict(data["closed"])), "joining": tuple(joining) if joining else None}
        )


_LARGEST = ("behind", "busy_joining", "busy", "waited", "seconds")
_SUMS = tuple(
    each.name for each in fields(Tally) if each.name not in {*_LARGEST, "join_delays", "delays", "joining"}
)


@dataclass
class Progress:
    """The progress of one process or of all."""

    joined: int = 0
    failed: int = 0
    changes: int = 0
    signals: int = 0
    events: int = 0
    reconnects: int = 0
    away: int = 0
    lost: int = 0
    doubled: int = 0
    p99: float = 0.0
    """Milliseconds; covers the deliveries since the last report."""

    def __iadd__(self, other: Progress) -> Self:
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            setattr(self, each.name, max(mine, theirs) if each.name == "p99" else mine + theirs)
        return self
