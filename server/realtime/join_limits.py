"""Applies limits to joins: per address, how many ids and passwords may be tried, identities issued and meetings
created."""

from __future__ import annotations

import base64
from collections.abc import Coroutine
from functools import partial
from typing import Any

import msgspec

from server.identity.tokens import TabSession
from server.network.limits import Limits
from server.realtime.admission import Admission
from server.realtime.connection import Connection
from server.realtime.credentials import Proof
from server.realtime.entry import Turn
from server.realtime.password_tries import PasswordTries
from signalling.protocol.client_messages import Join, Resume
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.inputs import Arrival
from storage.records import Joined


class JoinLimits:
    """Checks the limits, then calls the admission."""

    def __init__(self, limits: Limits, admission: Admission) -> None:
        self._limits = limits
        self._admission = admission
        self._tries = PasswordTries(limits)

    async def admit(
        self, connection: Connection, join: Join, proof: Proof | None = None
    ) -> tuple[Arrival, Joined]:
        """Raises `Refused`, as the admission does, or with `rate_limited` past a limit. `proof`: of somebody who waits,
        and was counted on coming."""
        limits, client = self._limits, connection.client
        turn = self._turn(connection, join.meeting)
        if proof is not None:
            return await self._admission.admit(connection, join, turn, proof)
        if join.session is None or _claim(join.session, "mtg") != join.meeting:
            # Whoever was in the meeting is not guessing ids. A forged session is refused before the look-up.
            limits.check("lookups", client)
        if join.token is None:
            limits.take("identities", client)
        too_many: Refused | None = None
        maker = ""
        if join.create:
            maker = user_of(join.token) if join.token else ""
            try:
                self._take_meeting(connection, maker)
            except Refused as refused:
                # An existing meeting can still be joined.
                too_many = refused
                join = msgspec.structs.replace(join, create=False)
        created = False
        try:
            arrival, joined = await self._admission.admit(connection, join, turn)
            created = joined.created
        except Refused as refused:
            if refused.code is ErrorCode.UNKNOWN_MEETING:
                limits.count("lookups", client)
                if too_many is not None:
                    raise too_many from None
            raise
        finally:
            if join.create and not created:
                limits.give_back("meetings", client)
                if maker:
                    limits.give_back("meetings_per_identity", client, maker)
        return arrival, joined

    def readmit(
        self, connection: Connection, resume: Resume, session: TabSession, proof: Proof | None = None
    ) -> Coroutine[Any, Any, tuple[Arrival, Joined]]:
        """As the admission does, with the limit of passwords that may be tried."""
        turn = self._turn(connection, session.room)
        return self._admission.readmit(connection, resume, session, turn, proof)

    def _turn(self, connection: Connection, meeting: str) -> Turn:
        return partial(self._tries.turn, connection.client, meeting)

    def _take_meeting(self, connection: Connection, maker: str) -> None:
        client = connection.client
        if maker:
            self._limits.check("meetings_per_identity", client, maker)
        self._limits.take("meetings", client)
        if maker:
            self._limits.count("meetings_per_identity", client, maker)


def user_of(token: str) -> str:
    """The user that an identity token names, unverified; "" if it is not a token. The admission verifies it."""
    return _claim(token, "sub")


def _claim(token: str, name: str) -> str:
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        claim = claims[name]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return claim[:64] if isinstance(claim, str) else ""
