"""The part of the HTTP API that makes, lists and revokes invite links.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from server.http.in_turn import Turns
from server.http.meeting_views import link
from server.http.openapi import UNKNOWN, refusal
from server.http.order_routes import Existing, Order, an_id, known_as
from server.http.private import PRIVATE, private_json
from server.identity.ids import new_id
from server.realtime.entry import invite_hash
from server.realtime.gateway import Gateway
from server.reports.attendance_report import moment
from server.runtime.clock import RecordClock
from signalling.protocol import moderation
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.rights import Role
from signalling.rooms import permissions
from signalling.rooms.member import rfc3339
from storage.errors import TooManyInvites
from storage.moderation import Invite, NewInvite
from storage.store import Store

SECRET = 24
"""Random bytes of an invite's secret."""

MOST = 2000
"""Invites of one meeting, with those that are void: they are listed all together."""

YEAR_10000 = 253_402_300_800.0
"""Epoch seconds. Nobody writes a time from there on, nor one that time zones bring there (RFC 3339 has four digits)."""

InviteId = Annotated[str, an_id("an invite")]


class InviteBody(Order):
    role: Role = Field(
        "participant",
        description="The role that it grants: lower than the caller's. `host`: the host link, which is used once and "
        "makes its user host, and the host before a co-host. The host alone makes it; a new one voids the older.",
    )
    uses: int | None = Field(None, ge=1, le=1_000_000, description="How many may use it; null: any number.")
    expires_at: AwareDatetime | None = Field(None, strict=False, description="RFC 3339; null: never.")


class InviteView(BaseModel):
    id: str
    role: Role
    uses: int | None
    used: int = Field(description="How many have used it.")
    expires_at: str | None
    revoked_at: str | None
    created_at: str


class NewInviteView(InviteView):
    url: str = Field(description="The link, with the secret. It is shown here and never again.")


class InvitesView(BaseModel):
    invites: list[InviteView]


def add_to(
    routes: APIRouter,
    gateway: Gateway,
    store: Store,
    record_clock: RecordClock,
    Known: Any,  # noqa: N803 - a type: the id of whoever asks
    existing: Existing,
    turns: Turns,
) -> None:
    path = "/api/meetings/{meeting}/invites"

    @routes.get(
        path,
        tags=["keeping order"],
        response_model=InvitesView,
        responses=UNKNOWN,
    )
    async def get_invites(request: Request, meeting: str, user_id: Known) -> Response:
        """The meeting's invites, the oldest first. Never their secrets."""
        room = (await existing(meeting, user_id)).room
        await gateway.outside.actor(room, known_as(user_id), moderation.Remove)
        async with turns.turn(request, user_id, room):
            # On a thread: there may be thousands.
            return private_json(await asyncio.to_thread(_listed, await store.invites(room)))

    @routes.post(
        path,
        tags=["keeping order"],
        status_code=201,
        responses=UNKNOWN | {410: refusal("The meeting has ended")},
    )
    async def make_invite(
        meeting: str, user_id: Known, request: Request, response: Response, body: InviteBody | None = None
    ) -> NewInviteView:
        """Make an invite link. Only this answer has its secret."""
        room = (await existing(meeting, user_id)).room
        wanted = body or InviteBody.model_construct(role="participant", uses=None, expires_at=None)
        actor = await gateway.outside.actor(room, known_as(user_id), moderation.Remove)
        permissions.check_invite(actor.standing, wanted.role)
        secret = secrets.token_urlsafe(SECRET)
        expires_at = wanted.expires_at.timestamp() if wanted.expires_at else None
        if expires_at is not None and not 0 <= expires_at < YEAR_10000:
            raise Refused(ErrorCode.BAD_MESSAGE, "expires_at: a time from 1970 to 9999 is meant.")
        grants = invite_hash(secret), wanted.role
        made = record_clock.now(), actor.user_id
        try:
            invite = await store.make_invite(
                NewInvite(room, new_id("v"), *grants, *made, wanted.uses, expires_at, most=MOST)
            )
        except TooManyInvites:
            raise Refused(ErrorCode.FORBIDDEN, f"A meeting has {MOST} invites at most.") from None
        try:
            # Whose role was taken from them meanwhile has made none: what voids links may have passed this one by.
            actor = await gateway.outside.actor(room, known_as(user_id), moderation.Remove)
            permissions.check_invite(actor.standing, wanted.role)
        except Refused:
            await store.revoke_invite(room, invite.id, record_clock.now(), actor.user_id)
            raise
        response.headers.update(PRIVATE)
        return NewInviteView(**_told(invite), url=f"{link(request, room)}#invite={secret}")

    @routes.delete(
        f"{path}/{{invite}}",
        tags=["keeping order"],
        status_code=204,
        responses={404: refusal("There is no such meeting, or it has no such invite")},
    )
    async def revoke_invite(meeting: str, invite: InviteId, user_id: Known) -> Response:
        """Make an invite void. Roles that it has granted stay."""
        room = (await existing(meeting, user_id)).room
        actor = await gateway.outside.actor(room, known_as(user_id), moderation.Remove)
        found = await store.invite(room, invite)
        if found is not None:
            permissions.check_invite(actor.standing, found.role)
        if not (found and await store.revoke_invite(room, invite, record_clock.now(), actor.user_id)):
            raise HTTPException(404, "There is no such invite.")
        return Response(status_code=204, headers=PRIVATE)


def _listed(invites: Sequence[Invite]) -> bytes:
    return orjson.dumps({"invites": [_told(each) for each in invites]})


def _told(invite: Invite) -> dict[str, Any]:
    return {
        "id": invite.id,
        "role": invite.role,
        "uses": invite.uses,
        "used": invite.used,
        "expires_at": moment(invite.expires_at),
        "revoked_at": moment(invite.revoked_at),
        "created_at": rfc3339(invite.created_at),
    }
