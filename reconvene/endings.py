"""Why a stay in a meeting ends."""

from __future__ import annotations

from reconvene.events import Left
from signalling.protocol.errors import ERRORS

LEFT = Left("left", "This program has left.")

ENDS = {int(entry.close): Left(str(code), entry.text) for code, entry in ERRORS.items() if entry.close} | {
    4001: Left("replaced", "Another connection with this identity has taken the place."),
}
"""By close code."""
