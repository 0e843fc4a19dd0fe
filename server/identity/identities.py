"""Reads whatever token somebody shows for who they are: this server's own, or that of the application in front."""

from __future__ import annotations

from dataclasses import dataclass

from server.identity.issuer import Issuer
from server.identity.jws import claims_unverified
from server.identity.outside_user import OutsideUser
from server.identity.tokens import Identity, TabSession, Tokens, Voucher
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused

OURS = ("identity", "session")
"""The `typ` of the tokens that `server.identity.tokens` makes."""

NO_LOGIN = (
    "This token is of an application's login, and this server has none: RECONVENE_JWT_ISSUER is not set."
)

CREATORS = {
    "identified": "Only who has logged in may create meetings here.",
    "admin": "Only whoever runs this server creates meetings.",
}
NO_CREATOR = "This token does not let you create meetings."


@dataclass(frozen=True, slots=True)
class Who:
    """Who somebody is. `own`: this server's token says so; `outside`: an application's does."""

    user_id: str
    own: Identity | None = None
    outside: OutsideUser | None = None

    @property
    def voucher(self) -> Voucher | None:
        user = self.outside
        if user is None:
            return None
        return Voucher(user.issuer, user.issued_at, user.expires_at, user.anonymous)


class Identities:
    """`issuer` None: there is no login. Times are epoch seconds, passed in."""

    def __init__(self, config: Config, tokens: Tokens, issuer: Issuer | None = None) -> None:
        self._config = config
        self._tokens = tokens
        self._issuer = issuer

    async def read(self, token: str, now: float) -> Who:
        """Raises `Refused`: bad_token, token_expired, revoked, login_required; unavailable."""
        if self._issuer is None and "iss" in claims_unverified(token):
            raise Refused(ErrorCode.BAD_TOKEN, NO_LOGIN)
        if self._issuer is None or _is_ours(token):
            identity = self._tokens.read_identity(token, now)
            if not identity.own:
                self.refuse_anonymous()
            return Who(identity.user_id, own=identity)
        user = await self._issuer.read(token, now)
        self._tokens.refuse_revoked(user.user_id, user.issued_at)
        if user.anonymous:
            self.refuse_anonymous()
        return Who(user.user_id, outside=user)

    def refuse_anonymous(self) -> None:
        """Raises `Refused` (login_required) where nobody comes in without a login."""
        if self._config.anonymous == "no":
            raise Refused(ErrorCode.LOGIN_REQUIRED)

    def refuse_foreign(self, session: TabSession) -> None:
        """Raises `Refused` (bad_token) if the application that vouched for the session's user is not in front any
        more."""
        if session.voucher and (self._issuer is None or self._issuer.login.issuer != session.voucher.issuer):
            raise Refused(ErrorCode.BAD_TOKEN, "This server has another login by now.")

    def refuses_to_create(self, who: Who | None) -> str | None:
        """Why they may not create a meeting, or None. What a token says of its bearer counts for more than settings."""
        user = None if who is None else who.outside
        if user is not None and user.create is not None:
            return None if user.create else NO_CREATOR
        if self._config.create == "anyone":
            return None
        if self._config.create == "identified" and user is not None and not user.anonymous:
            return None
        return CREATORS[self._config.create]


def _is_ours(token: str) -> bool:
    """Whether it looks like a token of this server."""
    claims = claims_unverified(token)
    return "iss" not in claims and claims.get("typ") in OURS
