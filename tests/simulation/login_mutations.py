"""Bugs to plant around logins: tokens that expire, and newer ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.identity.tokens import Tokens
from server.realtime import join_record
from server.realtime.credentials import Credentials, Proof
from signalling.client.renewal import Renewal
from signalling.protocol.errors import Refused
from signalling.rooms.room_changes import RoomChanges
from storage.entry import Grant, Known, granted
from storage.records import JoinRequest
from storage.sqlite import joins
from tests.simulation.server import SECRET


def expired_tokens_make_strangers(patch: pytest.MonkeyPatch) -> None:
    """Whose token has expired is let in as somebody new."""
    of_token = Credentials._of_token

    async def anybody(self: Credentials, token: str, room: str, session: Any, now: float) -> Proof:
        try:
            return await of_token(self, token, room, session, now)
        except Refused:
            user_id = f"u_{int(now * 1000)}"
            return Proof(user_id, Tokens(SECRET).identity(user_id, now), None)

    patch.setattr(Credentials, "_of_token", anybody)


def expired_tokens_are_final(patch: pytest.MonkeyPatch) -> None:
    """The client does not ask the application."""
    patch.setattr(Renewal, "asks", lambda self, code: False)


def newer_tokens_are_not_shown(patch: pytest.MonkeyPatch) -> None:
    """The client forgets what the application gave it."""
    came = Renewal.came

    def forgets(self: Renewal, token: str) -> bool:
        before = self._place.token
        waited = came(self, token)
        self._place.token = before
        return waited

    patch.setattr(Renewal, "came", forgets)


def whoever_creates_is_host(patch: pytest.MonkeyPatch) -> None:
    """Whatever the token says."""
    patch.setattr(join_record, "hosts_what_it_makes", lambda claim: True)


def role_from_the_token_wins_over_a_demotion(patch: pytest.MonkeyPatch) -> None:
    """Each join gives the role that the token says, whatever the meeting did since."""

    def newest(request: JoinRequest, known: Known) -> Grant:
        if request.role is not None:
            request = replace(request, role_at=1e12)
        return granted(request, known)

    patch.setattr(joins, "granted", newest)


def refused_joins_give_no_role(patch: pytest.MonkeyPatch) -> None:
    """The record has the role that a newer token gave, and the room of whoever is in it already has not."""
    patch.setattr(RoomChanges, "compare", lambda self, room, member, role, may: [])


LOGIN_PLANTS = (
    refused_joins_give_no_role,
    role_from_the_token_wins_over_a_demotion,
    expired_tokens_make_strangers,
    expired_tokens_are_final,
    newer_tokens_are_not_shown,
    whoever_creates_is_host,
)
