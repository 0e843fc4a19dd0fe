"""Random delays after which refused clients may return, so that they do not all return at once."""

from __future__ import annotations

import random

AWAY_LEAST, AWAY_MOST = 1.0, 10.0
AWAY_RATE = 2000
"""A stopping server asks its clients to come back within a second, or within as long as it takes for 2,000 of them to
return per second; never later than after ten seconds or half of the grace time."""


def away_for(connections: int, grace: float, least: float = AWAY_LEAST) -> float:
    """Delay in seconds for one client of a stopping server. `least`: within which few clients come back."""
    most = min(AWAY_MOST, grace / 2)
    return random.uniform(0, min(most, max(least, connections / AWAY_RATE)))  # noqa: S311 - no secret


def back_after(wait: float) -> float:
    """Delay in seconds for one of several refused clients, none of which should ask again before `wait`."""
    return round(max(1.0, wait) * random.uniform(1, 2), 3)  # noqa: S311 - no secret
