"""When the clients of a server that stops may come back."""

from __future__ import annotations

import random

AWAY_LEAST, AWAY_MOST = 1.0, 10.0
AWAY_RATE = 2000
"""Clients of a stopping server are asked to come back within a second, or spread so that the next process is met by
2,000 in a second; never later than after ten seconds or half of the grace time."""


def away_for(connections: int, grace: float) -> float:
    """Seconds for one of them. Random, so that the next process is not met by all in the same moment."""
    most = min(AWAY_MOST, grace / 2)
    return random.uniform(0, min(most, max(AWAY_LEAST, connections / AWAY_RATE)))  # noqa: S311 - no secret
