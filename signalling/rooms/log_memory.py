"""The memory that all logs of a process share."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable

from signalling.rooms.event_log import Log

MOST = 256 * 1024 * 1024
"""Bytes that all logs together may take."""

LOOK_EVERY = 1.0
"""Seconds between two checks of their age and size."""


class LogMemory:
    """`size`: bytes of all logs after the last check, at most `most`."""

    def __init__(self, most: int = MOST) -> None:
        self.size = 0
        self._most = most
        self._looked_at = -math.inf

    def look(self, logs: Iterable[Log], now: float) -> None:
        """Keep the logs within bounds, once every `LOOK_EVERY` seconds."""
        if abs(now - self._looked_at) >= LOOK_EVERY:
            self._looked_at = now
            self.size = trim(logs, self._most, now)


def trim(logs: Iterable[Log], most: int, now: float) -> int:
    """Forget events that are too old, then the oldest until at most `most` bytes are left. Returns the bytes left."""
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
