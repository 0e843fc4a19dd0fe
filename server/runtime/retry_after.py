"""When clients that are turned away may come back, so that they do not all come in the same moment."""

from __future__ import annotations

import random

AWAY_LEAST, AWAY_MOST = 1.0, 10.0
AWAY_RATE = 2000
"""Clients of a stopping server are asked to come back within a second, or spread so that the next process is met by
2,000 in a second; never later than after ten seconds or half of the grace time."""


def away_for(connections: int, grace: float) -> float:
    """Seconds for one of those that are connected to a server that stops."""
    most = min(AWAY_MOST, grace / 2)
    return random.uniform(0, min(most, max(AWAY_LEAST, connections / AWAY_RATE)))  # noqa: S311 - no secret


def back_after(wait: float) -> float:
    """Seconds for one of those who are refused together, and need not ask again before `wait`."""
    return round(max(1.0, wait) * random.uniform(1, 2), 3)  # noqa: S311 - no secret
