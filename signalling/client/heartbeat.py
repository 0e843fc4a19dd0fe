"""Whether a connection is alive, judged by the frames received. The page's `static/sdk/heartbeat.js` is its twin."""

from __future__ import annotations

import math


class Heartbeat:
    """`interval`: seconds of silence before a ping; the server sets it. `due_at`: when to check next: then a ping is
    due, or its answer is overdue."""

    def __init__(self) -> None:
        self.interval = 15.0
        self.due_at = math.inf
        self._pong_by = math.inf

    def heard(self, now: float) -> None:
        """Any frame, not only a pong, proves that the connection is alive."""
        self._pong_by = math.inf
        self.due_at = now + self.interval

    def pinged(self, now: float, patience: float) -> None:
        """A ping was sent; its answer is due within `patience` seconds. An earlier ping's deadline still counts."""
        self._pong_by = self.due_at = min(self._pong_by, now + patience)

    def is_missed(self, now: float) -> bool:
        return now >= self._pong_by
