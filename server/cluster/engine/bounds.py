"""How long, how many: the numbers that all nodes of a cluster share."""

from __future__ import annotations

LEASE = 4.0
"""Seconds that a node lives on after its last beat."""

SETTLING = 4.0
"""Seconds after an engine was seen for the first time in which no room is taken: owners say what it may have lost."""

ROOM_LIVES = 3600.0
"""Seconds that a room's keys outlive its last commit, and the last beat that named it. Also how long a dropped room's
term is remembered, and that a node is buried."""

INBOX_LIVES = 60.0
"""Seconds that an inbox outlives the last beat of its node."""

LOG_KEPT = 1024
"""Entries of a room's log that the engine keeps, at least."""

INBOX_KEPT = 20_000
"""Messages that an inbox holds, at least. Older ones go, which its reader notices."""

RECEIVED_AT_ONCE = 200
LOG_PAGE = 256
