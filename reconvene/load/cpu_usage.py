"""How much CPU time a process used, and how long it waited for a core."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """Seconds that a process ran on a core, and seconds that it was ready but another process had the core."""

    ran: float
    waited: float

    def __sub__(self, before: Usage) -> Usage:
        return Usage(self.ran - before.ran, self.waited - before.waited)


def usage(pid: int) -> Usage:
    """Usage so far: the run time of all threads, the waiting time of the first thread. Linux only."""
    # What clock_getcpuclockid(3) makes of it, which Python lacks. /proc/PID/stat has whole hundredths of a second only.
    return Usage(time.clock_gettime(~pid << 3 | 2), _waited(pid))


def own_usage() -> Usage:
    """The usage of this process, on any system; the waiting time is 0 where the system does not report it."""
    return Usage(time.process_time(), _waited(os.getpid()))


def _waited(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        # Kernels without scheduler statistics lack the file.
        return 0.0
