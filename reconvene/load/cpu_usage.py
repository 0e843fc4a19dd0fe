"""How much of a processor a process had, and how long it waited for one."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """Seconds that a process ran on a core, and that it was ready to run but another process had the core."""

    ran: float
    waited: float

    def __sub__(self, before: Usage) -> Usage:
        return Usage(self.ran - before.ran, self.waited - before.waited)


def usage(pid: int) -> Usage:
    """What a process has used so far: all of its threads ran, its first thread waited. Linux only."""
    # The second field is the command in parentheses and may hold spaces: count from behind it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ran = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return Usage(ran, _waited(pid))


def own_usage() -> Usage:
    """That of this process, on any system; where it does not tell, nothing waited."""
    return Usage(time.process_time(), _waited(os.getpid()))


def _waited(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        # Kernels without scheduler statistics lack the file.
        return 0.0
