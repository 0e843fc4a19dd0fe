"""The memory that all logs of a process have together."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from signalling.log import Log


def trim(logs: Iterable[Log], most: int, now: float) -> int:
    """Forget what is too old, then the oldest of all until at most `most` bytes are left. Answers how many are."""
    waiting: list[tuple[float, int, Log]] = []
    size = 0
    for number, log in enumerate(logs):
        log.trim(now)
        if log.size:
            size += log.size
            waiting.append((log.oldest, number, log))
    if size <= most:
        return size
    heapq.heapify(waiting)
    while size > most and waiting:
        _, number, log = waiting[0]
        size -= log.forget_oldest()
        if log.size:
            heapq.heapreplace(waiting, (log.oldest, number, log))
        else:
            heapq.heappop(waiting)
    return size
