"""Checks the credentials of a join or a resume: who the user is, and which place is theirs.

An identity token proves who somebody is in every meeting. A tab session proves only a place in its own meeting: it
yields no identity token, it expires, and one that is no longer valid is ignored if another credential is valid. So a
stolen tab session is worth little.

Users whom an application has identified show its token, which lives for minutes. Their sessions carry a voucher: they
get their bearer back to a place that exists (with RECONVENE_JWT_EXPIRED=leave only as long as that token was valid),
and anew into the meeting as long as that token was valid.
"""

from __future__ import annotations

import contextlib
import math
from typing import NamedTuple

from server.identity.identities import Identities, Who
from server.identity.ids import new_user
from server.identity.tokens import SESSION_LIFETIME, TabSession, Tokens, Voucher
from server.settings.config import Config
from signalling.protocol.client_messages import Join, Resume
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.hub import Hub
from storage.errors import StoreUnavailable
from storage.store import Store

WITHOUT_TOKEN = frozenset({ErrorCode.TOKEN_EXPIRED, ErrorCode.UNAVAILABLE})
"""What is said of an application's token that may be as good as ever: a session of the same place does without it."""


class Proof(NamedTuple):
    """`token`: a new identity token to hand out, if any. `session`: the tab session, if valid for user and meeting.

    `who`: what their token says, if they showed one. `voucher`: of a user whom an application has identified. `name`:
    of such a user who shows a session alone, which gives none: the one they were last there by.
    """

    user_id: str
    token: str | None
    session: TabSession | None
    who: Who | None = None
    voucher: Voucher | None = None
    name: str = ""


class Seen(NamedTuple):
    """`at`: when somebody was last in a meeting (epoch seconds); infinity: they are there."""

    at: float
    name: str


class Credentials:
    """Times are epoch seconds, passed in."""

    def __init__(
        self, config: Config, tokens: Tokens, hub: Hub, store: Store, identities: Identities
    ) -> None:
        self._tokens = tokens
        self._hub = hub
        self._store = store
        self._identities = identities
        self._keeps = config.jwt_expired == "keep"

    async def of_join(self, join: Join, now: float) -> Proof:
        """Raises `Refused`: bad_token for a forged credential or an expired identity; token_expired; login_required;
        forbidden for a token that is for other meetings; unavailable."""
        try:
            session = self._tokens.read_session(join.session) if join.session else None
        except Refused as refused:
            if join.token is None or refused.code is not ErrorCode.REVOKED:
                raise
            # The token may be of somebody else, or newer than the revocation.
            session = None
        if session is not None and (session.room != join.meeting or _has_expired(session, now)):
            session = None
        if join.token is not None:
            try:
                return await self._of_token(join.token, join.meeting, session, now)
            except Refused as refused:
                if refused.code not in WITHOUT_TOKEN or session is None or session.voucher is None:
                    raise
                with contextlib.suppress(Refused):
                    return await self._of_session(session, session.voucher, now)
                raise
        if session is not None:
            if session.voucher is not None:
                return await self._of_session(session, session.voucher, now)
            seen = await self._last_seen(session)
            if seen is not None and now - seen.at < SESSION_LIFETIME:
                if seen.at < math.inf:
                    self._identities.refuse_anonymous()
                return Proof(session.user_id, None, session)
        self._identities.refuse_anonymous()
        user_id = new_user(join.kind or "")
        return Proof(user_id, self._tokens.identity(user_id, now), None)

    async def of_resume(self, resume: Resume, session: TabSession, now: float) -> Proof:
        """For a page whose place was given up. Raises `Refused` as `of_join` does, or with unknown_meeting."""
        refused: Refused | None = None
        if resume.token is not None:
            try:
                proof = await self._of_token(resume.token, session.room, session, now)
            except Refused as error:
                refused = error  # the session may still be valid
            else:
                if proof.user_id == session.user_id:
                    return proof
        if session.voucher is not None:
            if refused is not None and refused.code not in WITHOUT_TOKEN:
                raise refused
            return await self._of_session(session, session.voucher, now, ErrorCode.UNKNOWN_MEETING)
        if not _has_expired(session, now):
            seen = await self._last_seen(session)
            if seen is None:
                raise Refused(ErrorCode.UNKNOWN_MEETING)
            if now - seen.at < SESSION_LIFETIME:
                self._identities.refuse_anonymous()
                return Proof(session.user_id, None, session)
        raise Refused(ErrorCode.BAD_TOKEN, "The session has expired.")

    async def of_place(self, resume: Resume, session: TabSession, voucher: Voucher, now: float) -> Voucher:
        """For a page of an application's user whose place exists: until when it may stay.

        Raises `Refused`: token_expired, or what is wrong with its token, if its stay depends on that; revoked.
        """
        self._identities.refuse_foreign(session)
        refused = Refused(ErrorCode.TOKEN_EXPIRED)
        if resume.token is not None:
            try:
                proof = await self._of_token(resume.token, session.room, session, now)
            except Refused as error:
                if error.code is ErrorCode.REVOKED:
                    raise
                refused = error
            else:
                if proof.user_id == session.user_id and proof.voucher is not None:
                    return proof.voucher
        # It may have been revoked meanwhile.
        self._tokens.refuse_revoked(session.user_id, session.issued_at, now)
        if self._keeps or voucher.expires_at > now:
            return voucher
        raise refused

    async def renewed(self, token: str, room: str, user_id: str, now: float) -> Proof:
        """What a newer token of the user is good for. Raises `Refused`."""
        proof = await self._of_token(token, room, None, now)
        if proof.voucher is None or proof.user_id != user_id:
            raise Refused(ErrorCode.FORBIDDEN, "This token is of somebody else than who is in the meeting.")
        return proof

    async def _of_token(self, token: str, room: str, session: TabSession | None, now: float) -> Proof:
        who = await self._identities.read(token, now)
        if who.outside is not None:
            who.outside.refuse_elsewhere(room)
        due = who.own is not None and not who.own.own and who.own.is_due(now)
        new = self._tokens.identity(who.user_id, now) if due else None
        mine = session if session and session.user_id == who.user_id else None
        return Proof(who.user_id, new, mine, who, who.voucher)

    async def _of_session(
        self,
        session: TabSession,
        voucher: Voucher,
        now: float,
        deleted: ErrorCode = ErrorCode.TOKEN_EXPIRED,
    ) -> Proof:
        """By the session alone, of a user whom an application has identified. Raises `Refused`; `deleted` if there is
        no such meeting any more."""
        self._identities.refuse_foreign(session)
        self._tokens.refuse_revoked(session.user_id, session.issued_at, now)
        if voucher.anonymous:
            self._identities.refuse_anonymous()
        is_here = self._hub.present(session.room, session.user_id) is not None
        if voucher.expires_at <= now and not (is_here and self._keeps):
            raise Refused(ErrorCode.TOKEN_EXPIRED)
        seen = await self._last_seen(session)
        if seen is None:
            raise Refused(deleted)
        return Proof(session.user_id, None, session, None, voucher, seen.name)

    async def _last_seen(self, session: TabSession) -> Seen | None:
        """The session's user in its meeting; None: not on record, so the meeting was deleted."""
        present = self._hub.present(session.room, session.user_id)
        if present is not None:
            return Seen(math.inf, present.name)
        try:
            known = await self._store.participant(session.room, session.user_id)
        except StoreUnavailable as error:
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after) from error
        # The session may have been revoked while the store was answering.
        self._tokens.refuse_revoked(session.user_id, session.issued_at)
        if known is None:
            return None
        return Seen(math.inf if known.state == "connected" else known.last_seen_at, known.name)


def _has_expired(session: TabSession, now: float) -> bool:
    return session.expires_at is not None and session.expires_at <= now
