"""Checks the credentials of a join or a resume: who the user is, and which place is theirs.

An identity token proves who somebody is in every meeting. A tab session proves only a place in its own meeting: it
yields no identity token, it expires, and one that is no longer valid is ignored if another credential is valid. So a
stolen tab session is worth little.
"""

from __future__ import annotations

import contextlib
import math
from typing import NamedTuple

from server.identity.ids import new_user
from server.identity.tokens import SESSION_LIFETIME, TabSession, Tokens
from signalling.protocol.client_messages import Join, Resume
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.hub import Hub
from storage.errors import StoreUnavailable
from storage.store import Store


class Proof(NamedTuple):
    """`token`: a new identity token to hand out, if any. `session`: the tab session, if valid for user and meeting."""

    user_id: str
    token: str | None
    session: TabSession | None


class Credentials:
    """Times are epoch seconds, passed in."""

    def __init__(self, tokens: Tokens, hub: Hub, store: Store) -> None:
        self._tokens = tokens
        self._hub = hub
        self._store = store

    async def of_join(self, join: Join, now: float) -> Proof:
        """Raises `Refused`: bad_token for a forged credential or an expired identity; unavailable."""
        session = self._tokens.read_session(join.session) if join.session else None
        if session is not None and (session.room != join.meeting or _has_expired(session, now)):
            session = None
        if join.token is not None:
            user_id, token = self._identified(join.token, now)
            return Proof(user_id, token, session if session and session.user_id == user_id else None)
        if session is not None:
            seen = await self._last_seen(session)
            if seen is not None and now - seen < SESSION_LIFETIME:
                return Proof(session.user_id, None, session)
        user_id = new_user(join.kind or "")
        return Proof(user_id, self._tokens.identity(user_id, now), None)

    async def of_resume(self, resume: Resume, session: TabSession, now: float) -> Proof:
        """For a page whose place was given up. Raises `Refused` as `of_join` does, or with unknown_meeting."""
        if resume.token is not None:
            with contextlib.suppress(Refused):  # the session may still be valid
                user_id, token = self._identified(resume.token, now)
                if user_id == session.user_id:
                    return Proof(user_id, token, session)
        if not _has_expired(session, now):
            seen = await self._last_seen(session)
            if seen is None:
                raise Refused(ErrorCode.UNKNOWN_MEETING)
            if now - seen < SESSION_LIFETIME:
                return Proof(session.user_id, None, session)
        raise Refused(ErrorCode.BAD_TOKEN, "The session has expired.")

    def _identified(self, token: str, now: float) -> tuple[str, str | None]:
        identity = self._tokens.read_identity(token, now)
        return identity.user_id, self._tokens.identity(identity.user_id, now) if identity.is_due(
            now
        ) else None

    async def _last_seen(self, session: TabSession) -> float | None:
        """When the session's user was last in its meeting; None: not on record, so the meeting was deleted."""
        if self._hub.present(session.room, session.user_id) is not None:
            return math.inf
        try:
            known = await self._store.participant(session.room, session.user_id)
        except StoreUnavailable as error:
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after) from error
        # The session may have been revoked while the store was answering.
        self._tokens.refuse_revoked(session.user_id, session.issued_at)
        if known is None:
            return None
        return math.inf if known.state == "connected" else known.last_seen_at


def _has_expired(session: TabSession, now: float) -> bool:
    return session.expires_at is not None and session.expires_at <= now
