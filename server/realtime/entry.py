"""What a joiner shows at the door besides the identity, and what comes of it if the store does not let them in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

from server.identity.passwords import Passwords
from signalling.protocol.client_messages import Join
from signalling.protocol.errors import ErrorCode, Refused
from storage.errors import NotLetIn
from storage.records import Role, Standing

Turn = Callable[[], AbstractAsyncContextManager[None]]
"""Within it one password may be tried. Raises `Refused` if too many were."""

MAY_WAIT = ("lobby", "not_started")

CODES: dict[str, ErrorCode] = {
    "removed": ErrorCode.REMOVED,
    "denied": ErrorCode.DENIED,
    "locked": ErrorCode.MEETING_LOCKED,
    "password_required": ErrorCode.PASSWORD_REQUIRED,
}


class Shown(NamedTuple):
    """The fields of `storage.records.JoinRequest` by which the store decides who is let in."""

    standing: Standing = "guest"
    guests_wait: bool = False
    password_version: str | None = None
    invite: str | None = None
    role: Role | None = None
    role_at: float | None = None
    may: Mapping[str, Any] | None = None


class HasToWait(Exception):  # noqa: N818 - an answer, not a fault
    """The user may wait to be let in. `token`: a new identity's, to hand out."""

    def __init__(self, user_id: str, token: str | None, refused: NotLetIn) -> None:
        super().__init__(refused.reason)
        self.user_id = user_id
        self.token = token
        self.settings = refused.settings
        self.revision = refused.revision
        self.sitting = refused.sitting


def invite_hash(secret: str) -> str:
    """What the record has of an invite. A secret that nobody can guess needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Door:
    """Turns what a join carries into what the store asks for."""

    def __init__(self) -> None:
        self.passwords = Passwords()

    def shown(self, join: Join) -> Shown:
        return Shown(invite=None if join.invite is None else invite_hash(join.invite))

    async def with_password(self, shown: Shown, join: Join, refused: NotLetIn, turn: Turn) -> Shown:
        """What to ask the store again with. Raises `Refused`: password_required, wrong_password, rate_limited,
        unavailable."""
        if join.password is None:
            raise Refused(ErrorCode.PASSWORD_REQUIRED)
        async with turn():
            if not await self.passwords.fits(join.password, refused.settings["password_hash"]):
                raise Refused(ErrorCode.WRONG_PASSWORD)
        return shown._replace(password_version=refused.settings["password_version"])
