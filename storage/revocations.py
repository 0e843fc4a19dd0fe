"""Users whose credentials are void if issued before a moment (seconds since the epoch)."""

from __future__ import annotations

from typing import Protocol


class Revocations(Protocol):
    """Each call is atomic, durable when it returns, and may be repeated. All may raise `StoreUnavailable`."""

    async def revoke(self, user_id: str, before: float, forget: float, at: float) -> None:
        """Void the credentials that the user was issued before that moment. The latest of several moments counts.

        The invites that the user has made are revoked with it, `at` that moment: so says the audit of each meeting.

        Removes revocations of moments before `forget`: those credentials have expired.
        """

    async def revocations(self) -> dict[str, float]:
        """The moment of each user."""
