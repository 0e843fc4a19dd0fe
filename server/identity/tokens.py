"""Anonymous identities and tab sessions, as signed tokens (JWT, RFC 7519, HS256).

An identity token says "this is user u_…" (or bot b_…), in any meeting. A tab session says "this tab was in that
meeting, in that stay", and proves nothing elsewhere (`server.realtime.credentials`). Others never see the user id or
the session id; the public participant id is no credential.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from server.identity.signed import sign, verified
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused

LIFETIME = 365 * 24 * 3600.0
RENEW_BELOW = LIFETIME / 2
"""An identity token with less time than this left is renewed when its user joins, so that regular users keep it."""

SESSION_LIFETIME = 30 * 24 * 3600.0
SESSION_RENEW_BELOW = SESSION_LIFETIME / 2
"""A tab session with less time than this left is renewed when its page resumes."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`outdated`: signed with the previous secret. `own`: of a program that this server itself has started."""

    user_id: str
    expires_at: float
    outdated: bool = False
    own: bool = False

    def is_due(self, now: float) -> bool:
        """Whether the user should be given a new token."""
        return self.outdated or self.expires_at - now < RENEW_BELOW


class Voucher(NamedTuple):
    """What a session carries of an application's token: whose it was, from when until when (epoch seconds), and whether
    the application does not know who its user is either."""

    issuer: str
    issued_at: float
    expires_at: float
    anonymous: bool = False

    @classmethod
    def of_claim(cls, claim: object) -> Self | None:
        """Raises `Refused` (bad_token) for what is none."""
        if claim is None:
            return None
        match claim:
            case [str(issuer), int() | float() as issued_at, int() | float() as expires_at]:
                return cls(issuer, issued_at, expires_at)
            case [str(issuer), int() | float() as issued_at, int() | float() as expires_at, bool(anonymous)]:
                return cls(issuer, issued_at, expires_at, anonymous)
        raise Refused(ErrorCode.BAD_TOKEN)


@dataclass(frozen=True, slots=True)
class TabSession:
    """A tab's place: its stay, and which instance of the participant it is.

    `expires_at`: None if version 0.5 or older issued it; its age is then judged by the stay. `outdated`: signed with
    the previous secret. `voucher`: of a user whom an application has identified.
    """

    user_id: str
    room: str
    session_id: str
    instance: str
    expires_at: float | None = None
    outdated: bool = False
    voucher: Voucher | None = None

    def is_due(self, now: float) -> bool:
        """Whether the page should be given a new token."""
        return self.outdated or self.expires_at is None or self.expires_at - now < SESSION_RENEW_BELOW

    @property
    def issued_at(self) -> float:
        """When its user last showed who they are, for revocations."""
        if self.voucher is not None:
            return self.voucher.issued_at
        return 0.0 if self.expires_at is None else self.expires_at - SESSION_LIFETIME


KNOCK_LIFETIME = 12 * 3600.0


class Tokens:
    """Signs both kinds with `secret`; accepts `secret` and `previous`. Times are epoch seconds, passed in.

    `revoked`: users, each with the time before which issued credentials are void (`server.identity.revocations`).
    """

    def __init__(self, secret: str, previous: str | None = None) -> None:
        # Hashed to HS256's key size, so that any secret is long enough (RFC 7518 section 3.2).
        self._key, *self._former = [
            hashlib.sha256(each.encode()).digest() for each in (secret, previous) if each is not None
        ]
        self.revoked: dict[str, float] = {}

    def identity(self, user_id: str, now: float, *, own: bool = False) -> str:
        """`own`: for a program that this server itself starts."""
        claims: dict[str, object] = {"typ": "identity", "sub": user_id, "exp": int(now + LIFETIME)}
        return self._sign(claims | {"own": True} if own else claims)

    def session(self, session: TabSession, now: float) -> str:
        """A token for the place, valid from now; ignores `session.expires_at`."""
        claims: dict[str, object] = {
            "typ": "session",
            "sub": session.user_id,
            "mtg": session.room,
            "sid": session.session_id,
            "ins": session.instance,
            "exp": int(now + SESSION_LIFETIME),
        }
        return self._sign(claims | ({"vch": [*session.voucher]} if session.voucher else {}))

    def knock(self, room: str, user_id: str, sitting: int, at: float, now: float) -> str:
        """A token for a place among those who wait since `at`."""
        claims = {"sub": user_id, "mtg": room, "sit": sitting, "at": at, "exp": int(now + KNOCK_LIFETIME)}
        return self._sign({"typ": "knock", **claims})

    def waits_since(self, token: str, room: str, user_id: str, sitting: int, now: float) -> float | None:
        """Since when the user has waited; None if the token is void, or for another user, meeting or sitting."""
        try:
            claims, _ = self._verified(token, "knock")
        except Refused:
            return None
        at, expires_at = claims.get("at"), claims.get("exp")
        if not isinstance(at, int | float) or not isinstance(expires_at, int | float) or now >= expires_at:
            return None
        if (claims.get("sub"), claims.get("mtg"), claims.get("sit")) != (user_id, room, sitting):
            return None
        return min(float(at), now)

    def knock_id(self, room: str, user_id: str, sitting: int) -> str:
        """What those in charge know the knock by: the same whenever this user knocks in this sitting."""
        text = "\n".join((room, user_id, str(sitting)))
        return "k_" + hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:20]

    def message_id(self, room: str, user_id: str, what: str) -> str:
        """Of a chat message: the same for the same, and nobody can make that of somebody else's."""
        text = "\n".join((room, user_id, what))
        return "m_" + hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:20]

    def read_identity(self, token: str, now: float) -> Identity:
        """Raises `Refused`: bad_token if forged, of the other kind or expired; revoked."""
        claims, outdated = self._verified(token, "identity")
        user_id, expires_at = claims.get("sub"), claims.get("exp")
        if not isinstance(user_id, str) or not isinstance(expires_at, int | float):
            raise Refused(ErrorCode.BAD_TOKEN)
        if expires_at <= now:
            raise Refused(ErrorCode.BAD_TOKEN, "The token has expired.")
        self.refuse_revoked(user_id, expires_at - LIFETIME)
        return Identity(user_id, expires_at, outdated, own=claims.get("own") is True)

    def read_session(self, token: str) -> TabSession:
        """Raises `Refused`: bad_token if forged or of the other kind; revoked.

        The caller checks expiry, which does not matter while the place still exists.
        """
        claims, outdated = self._verified(token, "session")
        # Tab sessions from before 0.2 name no instance: they serve for a join, not for a resume.
        parts = [claims.get("sub"), claims.get("mtg"), claims.get("sid"), claims.get("ins", "")]
        texts = [part for part in parts if isinstance(part, str)]
        expires_at = claims.get("exp")
        if texts != parts or not isinstance(expires_at, int | float | None):
            raise Refused(ErrorCode.BAD_TOKEN)
        user_id, room, session_id, instance = texts
        voucher = Voucher.of_claim(claims.get("vch"))
        session = TabSession(user_id, room, session_id, instance, expires_at, outdated, voucher)
        self.refuse_revoked(user_id, session.issued_at)
        return session

    def refuse_revoked(self, user_id: str, issued_at: float, now: float = math.inf) -> None:
        """Raises `Refused` (revoked) if the user's credentials issued at that time are void. With `now`, those of a
        revoked user that are dated in the future are void too: a clock that was ahead has been set back."""
        before = self.revoked.get(user_id)
        if before is not None and (issued_at < before or issued_at > max(now, before)):
            raise Refused(ErrorCode.REVOKED)

    def _sign(self, claims: dict[str, object]) -> str:
        return sign(claims, self._key)

    def _verified(self, token: str, kind: str) -> tuple[dict[str, Any], bool]:
        """The claims, and whether they are signed with the previous secret."""
        for key in (self._key, *self._former):
            # The caller checks dates against its own time.
            claims = verified(token, key)
            if claims is not None and claims.get("typ") == kind:
                return claims, key is not self._key
        raise Refused(ErrorCode.BAD_TOKEN)


def is_admin_key(config: Config, key: str) -> bool:
    return config.admin_key is not None and hmac.compare_digest(config.admin_key.encode(), key.encode())
