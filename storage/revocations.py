"""Whose credentials are void: users, each with the moment (seconds since the epoch) before which they were issued."""

from __future__ import annotations

from typing import Protocol


class Revocations(Protocol):
    """The calls. Each is atomic, durable when it returns, and may be made twice. All may raise `StoreUnavailable`."""

    async def revoke(self, user_id: str, before: float, forget: float) -> None:
        """The user's credentials that were issued before that moment are void: of several moments the latest counts.

        Revocations of moments before `forget` are removed: all they speak of has expired.
        """

    async def revocations(self) -> dict[str, float]:
        """The users, each with that moment."""
