"""What a joiner shows at the door besides the identity, and what comes of it if the store does not let them in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from server.identity.ids import new_id
from server.identity.passwords import Passwords
from server.identity.tokens import Tokens
from server.realtime.credentials import Proof
from signalling.protocol.client_messages import Join, Resume
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.hub import Hub
from signalling.rooms.knock import Knocking
from signalling.rooms.member import Handle
from storage.errors import NotLetIn
from storage.records import GUEST, Shown, Standing

Turn = Callable[[], AbstractAsyncContextManager[None]]
"""Within it one password may be tried. Raises `Refused` if too many were."""

MAY_WAIT = ("lobby", "not_started")

CODES: dict[str, ErrorCode] = {
    "removed": ErrorCode.REMOVED,
    "denied": ErrorCode.DENIED,
    "locked": ErrorCode.MEETING_LOCKED,
    "password_required": ErrorCode.PASSWORD_REQUIRED,
}


class HasToWait(Exception):  # noqa: N818 - an answer, not a fault
    """The user may wait to be let in. `proof`: who it is; it counts for as long as they wait. `anonymous`: nobody has
    identified them, so the name is what they say."""

    def __init__(self, proof: Proof, name: str, refused: NotLetIn) -> None:
        super().__init__(refused.reason)
        self.proof = proof
        self.name = name
        self.anonymous = standing_of(proof) == "guest"
        self.settings = refused.settings
        self.revision = refused.revision
        self.sitting = refused.sitting


def answer_to(refused: NotLetIn, proof: Proof, name: str) -> Refused | HasToWait:
    """What becomes of somebody whom the store does not let in. `name`: "" from a page that resumes."""
    if refused.reason in MAY_WAIT:
        return HasToWait(proof, name or refused.name, refused)
    return Refused(CODES[refused.reason])


def standing_of(proof: Proof) -> Standing:
    """What a lobby makes of somebody: a guest, one whom an application has identified, or one who need not knock."""
    own = proof.who.own if proof.who is not None else None
    outside = proof.who.outside if proof.who is not None else None
    if (own is not None and own.own) or (outside is not None and outside.lobby is False):
        return "trusted"
    return "known" if proof.voucher is not None and not proof.voucher.anonymous else "guest"


def invite_hash(secret: str) -> str:
    """What the record has of an invite. A secret that nobody can guess needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Door:
    """Turns what a join carries into what the store asks for.

    `now`: the time by the record's clock, so that who waits keeps the place at another node, too. `guests_wait`: those
    whom no application has identified have to knock, whatever the meeting's settings.
    """

    def __init__(
        self, hub: Hub, tokens: Tokens, now: Callable[[], float], most_waiting: int, *, guests_wait: bool
    ) -> None:
        self.passwords = Passwords()
        self._hub = hub
        self._tokens = tokens
        self._now = now
        self._most_waiting = most_waiting
        self._guests_wait = guests_wait

    def shown(self, join: Join, proof: Proof, *, returns: bool) -> Shown:
        invite = None if join.invite is None else invite_hash(join.invite)
        standing = standing_of(proof)
        shown = Shown(returns=returns, standing=standing, guests_wait=self._guests_wait, invite=invite)
        outside = proof.who.outside if proof.who is not None else None
        if outside is None:
            return shown
        return replace(shown, role=outside.role, role_at=outside.role_at, may=outside.may or None)

    async def with_password(self, shown: Shown, join: Join, refused: NotLetIn, turn: Turn) -> Shown:
        """What to ask the store again with. Raises `Refused`: password_required, wrong_password, rate_limited,
        unavailable."""
        if join.password is None:
            raise Refused(ErrorCode.PASSWORD_REQUIRED)
        async with turn():
            if not await self.passwords.fits(join.password, refused.settings["password_hash"]):
                raise Refused(ErrorCode.WRONG_PASSWORD)
        return replace(shown, password_version=refused.settings["password_version"])

    def knocking(self, connection: Handle, message: Join | Resume, room: str, waits: HasToWait) -> Knocking:
        """What the hub needs to let somebody wait."""
        now, user_id, sitting = self._now(), waits.proof.user_id, waits.sitting
        knock = message.knock
        since = self._tokens.waits_since(knock, room, user_id, sitting, now) if knock else None
        # A page that does not know of it comes back to the position of its user.
        name = self._tokens.knock_id(room, user_id, sitting)
        before = self._hub.waiting.since(room, name)
        at = min(now if since is None else since, now if before is None else before)
        return Knocking(
            connection=connection,
            message_id=message.id,
            room=room,
            title="",
            epoch=new_id("e"),
            id=name,
            user_id=user_id,
            name=waits.name or GUEST,
            anonymous=waits.anonymous,
            at=at,
            knock=self._tokens.knock(room, user_id, sitting, at, now),
            most=self._most_waiting,
            token=waits.proof.token,
            settings=waits.settings,
            revision=waits.revision,
        )
