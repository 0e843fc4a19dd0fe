"""Time limits of an echo, in seconds."""

from __future__ import annotations

SECONDS = 60
"""How long the echo stays in its meeting."""
OVERDUE = 10.0
"""How much later its process is killed if it has not ended by itself."""
STARTS_WITHIN = 30.0
"""How long it may take to enter its meeting."""

LIFE = SECONDS + OVERDUE + STARTS_WITHIN
"""Age from which an echo's meeting is no longer in use, whichever process made it."""
