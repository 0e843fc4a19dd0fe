"""How long an echo lives, in seconds."""

from __future__ import annotations

SECONDS = 60
"""How long it stays in its meeting."""
OVERDUE = 10.0
"""How much later it is killed, when it has not ended by itself."""
STARTS_WITHIN = 30.0
"""Until when it has to be in its meeting."""

LIFE = SECONDS + OVERDUE + STARTS_WITHIN
"""When its meeting is nobody's any more, whoever made it."""
