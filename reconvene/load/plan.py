"""What to do, how it is shared between processes, and what this machine needs for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from reconvene.terminal import counted
from signalling.protocol.client_messages import MAX_SIZE

SPARE_FILES = 100
"""Open files besides the sockets: the process's own, and API calls."""

MOST_PAYLOAD = MAX_SIZE - 1024


class BadPlan(ValueError):  # noqa: N818 - named for what happened
    """The text is one line: what is impossible, and what to write instead."""


@dataclass(frozen=True)
class Plan:
    """`rate` and `signals`: how many status changes and signals a second in each room; `payload`: bytes in a signal;
    `join_rate`: how many joins a second altogether, None: as fast as they are answered."""

    rooms: int
    size: int
    rate: float
    seconds: float
    signals: float = 0.0
    payload: int = 400
    join_rate: float | None = None
    processes: int = 1

    def __post_init__(self) -> None:
        """Raises `BadPlan`."""
        if self.signals and self.size < 2:
            raise BadPlan("--signals needs rooms of at least two: give a larger --size")
        if self.payload > MOST_PAYLOAD:
            raise BadPlan(f"--payload is {MOST_PAYLOAD} bytes at most, as no message is larger than 64 KiB")
        if self.processes > self.rooms:
            raise BadPlan(f"--processes is {self.rooms} at most: a room is in one of them")

    @property
    def clients(self) -> int:
        return self.rooms * self.size

    @property
    def join_within(self) -> float:
        """Seconds that joining may take."""
        return self.seconds + (self.clients / self.join_rate if self.join_rate else 0.0)

    def share(self, number: int) -> Plan:
        """The part of the plan for one process, numbered from 0."""
        rooms = len(range(number, self.rooms, self.processes))
        join_rate = self.join_rate and self.join_rate * rooms / self.rooms
        return dataclasses.replace(self, rooms=rooms, join_rate=join_rate, processes=1)

    def rooms_of(self, number: int, rooms: Sequence[str]) -> list[str]:
        return list(rooms[number :: self.processes])

    @property
    def files(self) -> int:
        """How many files the largest process opens."""
        return self.share(0).clients + SPARE_FILES


def allow_files(plan: Plan) -> None:
    """Raise the open-files limit, which children inherit, to what the plan needs. Raises `BadPlan`."""
    try:
        import resource
    except ImportError:
        return  # this system has no such limit
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= plan.files:
        return
    if hard != resource.RLIM_INFINITY and hard < plan.files:
        raise BadPlan(
            f"{counted(plan.clients, 'client')} in {counted(plan.processes, 'process', 'processes')} take "
            f"{plan.files:,} open files, and the limit is {hard:,} (ulimit -Hn): raise it, or take more --processes, "
            "or fewer clients"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (plan.files, hard))
