"""Who someone is: anonymous identities and tabs' sessions, as signed tokens (JWT, RFC 7519, HS256).

An identity token says "this is user u_…" (or program b_…), wherever they are. A session token says "this tab was in
that meeting, in that stay", and proves nothing elsewhere (`server.realtime.credentials`). Neither id is ever shown to
others; the public participant id is no credential.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from typing import Any

from server.identity.signed import sign, verified
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused

LIFETIME = 365 * 24 * 3600.0
RENEW_BELOW = LIFETIME / 2
"""An identity with less time than this left is renewed when its bearer joins, so that regular users never lose it."""

SESSION_LIFETIME = 30 * 24 * 3600.0
SESSION_RENEW_BELOW = SESSION_LIFETIME / 2
"""A session with less time than this left is renewed when its page resumes."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`outdated`: signed with the secret that was in use before."""

    user_id: str
    expires_at: float
    outdated: bool = False

    def is_due(self, now: float) -> bool:
        """Whether its bearer is to be given another one."""
        return self.outdated or self.expires_at - now < RENEW_BELOW


@dataclass(frozen=True, slots=True)
class TabSession:
    """A tab's place: its stay, and which instance of the participant it is.

    `expires_at`: None of one that was given out by 0.5 or before; then the stay tells how old it is. `outdated`: signed
    with the secret that was in use before.
    """

    user_id: str
    room: str
    session_id: str
    instance: str
    expires_at: float | None = None
    outdated: bool = False

    def is_due(self, now: float) -> bool:
        """Whether its page is to be given another one."""
        return self.outdated or self.expires_at is None or self.expires_at - now < SESSION_RENEW_BELOW

    @property
    def issued_at(self) -> float:
        return 0.0 if self.expires_at is None else self.expires_at - SESSION_LIFETIME


class Tokens:
    """Makes both kinds by `secret`, and reads those made by it or by `previous`. Times are epoch seconds, passed in.

    `revoked`: users, each with the moment before which what they were given is void (`server.identity.revocations`).
    """

    def __init__(self, secret: str, previous: str | None = None) -> None:
        # Hashed to HS256's key size, so that any secret is long enough (RFC 7518 section 3.2).
        self._key, *self._former = [
            hashlib.sha256(each.encode()).digest() for each in (secret, previous) if each is not None
        ]
        self.revoked: dict[str, float] = {}

    def identity(self, user_id: str, now: float) -> str:
        return self._sign({"typ": "identity", "sub": user_id, "exp": int(now + LIFETIME)})

    def session(self, session: TabSession, now: float) -> str:
        """A token for the place; from now on, whatever `expires_at` says."""
        return self._sign(
            {
                "typ": "session",
                "sub": session.user_id,
                "mtg": session.room,
                "sid": session.session_id,
                "ins": session.instance,
                "exp": int(now + SESSION_LIFETIME),
            },
        )

    def read_identity(self, token: str, now: float) -> Identity:
        """Raises `Refused`: bad_token when forged, of the other kind, or expired; revoked."""
        claims, outdated = self._verified(token, "identity")
        user_id, expires_at = claims.get("sub"), claims.get("exp")
        if not isinstance(user_id, str) or not isinstance(expires_at, int | float):
            raise Refused(ErrorCode.BAD_TOKEN)
        if expires_at <= now:
            raise Refused(ErrorCode.BAD_TOKEN, "The token has expired.")
        self.refuse_revoked(user_id, expires_at - LIFETIME)
        return Identity(user_id, expires_at, outdated)

    def read_session(self, token: str) -> TabSession:
        """Raises `Refused`: bad_token when forged or of the other kind; revoked.

        Whether it has expired is the caller's to judge: while its place is there, that does not matter.
        """
        claims, outdated = self._verified(token, "session")
        # Those given out before 0.2 name no instance: they are good for a join, and resume nothing.
        parts = [claims.get("sub"), claims.get("mtg"), claims.get("sid"), claims.get("ins", "")]
        texts = [part for part in parts if isinstance(part, str)]
        expires_at = claims.get("exp")
        if texts != parts or not isinstance(expires_at, int | float | None):
            raise Refused(ErrorCode.BAD_TOKEN)
        user_id, room, session_id, instance = texts
        session = TabSession(user_id, room, session_id, instance, expires_at, outdated)
        self.refuse_revoked(user_id, session.issued_at)
        return session

    def refuse_revoked(self, user_id: str, issued_at: float) -> None:
        """Raises `Refused` (revoked) if the user's credentials of that moment are void."""
        if issued_at < self.revoked.get(user_id, -math.inf):
            raise Refused(ErrorCode.REVOKED)

    def _sign(self, claims: dict[str, object]) -> str:
        return sign(claims, self._key)

    def _verified(self, token: str, kind: str) -> tuple[dict[str, Any], bool]:
        """The claims, and whether they are signed with the secret of before."""
        for key in (self._key, *self._former):
            # Dates are checked by the caller, against the time it passes in.
            claims = verified(token, key)
            if claims is not None and claims.get("typ") == kind:
                return claims, key is not self._key
        raise Refused(ErrorCode.BAD_TOKEN)


def is_admin_key(config: Config, key: str) -> bool:
    return config.admin_key is not None and hmac.compare_digest(config.admin_key.encode(), key.encode())
