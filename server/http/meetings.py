"""The HTTP API. It uses the same store, tokens and gateway as the socket.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

import asyncio
import contextlib
import os
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from server.http import attendance, audit, chat, invites, knocks, own_stays, participants, settings
from server.http.callers import ADMIN, Callers
from server.http.in_turn import Turns
from server.http.meeting_views import HostedMeetings, MeetingView, NewMeeting, link, listed
from server.http.openapi import UNKNOWN, answered, refusal
from server.http.order_routes import known_as
from server.http.private import PRIVATE
from server.identity.identities import Identities, Who
from server.identity.ids import new_user
from server.identity.tokens import Tokens
from server.identity.turn_credentials import ice_servers
from server.realtime import ending
from server.realtime.gateway import Gateway
from server.realtime.ice_servers import RENEWED
from server.realtime.joining import meeting_asked_for
from server.reports import deletion
from server.runtime.clock import RecordClock
from server.runtime.metrics import Metrics
from server.settings.config import Config
from server.zoom import person_matching
from signalling.protocol import identifiers
from signalling.protocol.client_messages import Program
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import End
from signalling.rooms.hub import Hub
from signalling.rooms.permissions import hosts_what_it_makes
from storage.errors import StoreUnavailable, UnknownMeeting
from storage.import_store import StoreWithImports
from storage.imports import Import
from storage.records import Meeting

READY_WITHIN = 2.0
"""Seconds the store may take to answer before the server counts as not ready."""

MOST_MEETINGS = 100
MOST_ECHOES = 10
"""More than the number of meetings made to test a call at one time: they are left out of lists."""


class NewIdentity(BaseModel):
    name: str = Field("", description="Checked as a display name, if given; kept nowhere.")
    kind: Program | None = Field(None, description="What a program is. Left out: it is for a person.")


class IdentityView(BaseModel):
    token: str
    user_id: str


def router(  # the API's parts list
    config: Config,
    store: StoreWithImports,
    hub: Hub,
    gateway: Gateway,
    tokens: Tokens,
    identities: Identities,
    callers: Callers,
    metrics: Metrics,
    record_clock: RecordClock,
) -> APIRouter:
    routes = APIRouter()
    KnownWho = Annotated[Who, Depends(callers.known)]  # noqa: N806 - a type

    def known_user(who: KnownWho) -> str:
        return who.user_id

    Known = Annotated[str, Depends(known_user)]  # noqa: N806 - a type

    async def view(
        request: Request, meeting: Meeting, user_id: str | None, *, created: bool = False
    ) -> MeetingView:
        return MeetingView(
            id=meeting.room,
            title=meeting.title,
            host=meeting.host_user_id == user_id,
            created=created,
            url=link(request, meeting.room),
            ended=meeting.ended_at is not None,
            participants=await gateway.outside.size(meeting.room),
            opens_at=meeting.settings.get("opens_at"),
            ends_at=meeting.settings.get("ends_at"),
            login_required=config.anonymous == "no",
        )

    async def hosted(room: str, user_id: str) -> Meeting:
        """The meeting, if the caller may end it: its host, as of all changes that are made."""
        for each in meant(room, user_id):
            with contextlib.suppress(UnknownMeeting):
                asked = gateway.outside.asked(
                    each, known_as(user_id), End, lambda found: visible(found, user_id)
                )
                return (await asked)[0]
        raise UnknownMeeting

    async def existing(room: str, user_id: str | None) -> Meeting:
        """The meeting. Raises `UnknownMeeting`."""
        for each in meant(room, user_id):
            meeting = await store.meeting(each)
            if meeting is not None:
                visible(meeting, user_id)
                return meeting
        raise UnknownMeeting

    def meant(room: str, user_id: str | None) -> list[str]:
        """The IDs that the caller may mean, the likeliest first. Raises `UnknownMeeting`."""
        try:
            # An import is also known by its number in Zoom.
            return person_matching.rooms(room) if user_id == ADMIN else [identifiers.meeting_id(room)]
        except ValueError:
            raise UnknownMeeting from None

    def visible(meeting: Meeting, user_id: str | None) -> None:
        """Without the admin key an import is unknown, like an id that nobody used: raises `UnknownMeeting`."""
        if meeting.host_user_id == person_matching.HOST and user_id != ADMIN:
            raise UnknownMeeting

    @routes.post("/api/identity", tags=["identity"])
    async def new_identity(body: NewIdentity | None = None) -> IdentityView:
        """Make an anonymous identity. Keep the token: only with it a host is recognised as the host."""
        if body is not None and body.name:
            _checked(identifiers.person_name, body.name)
        identities.refuse_anonymous()
        user_id = new_user((body.kind if body else None) or "")
        return IdentityView(token=tokens.identity(user_id, time.time()), user_id=user_id)

    @routes.get("/api/meetings", tags=["meetings"])
    async def hosted_meetings(request: Request, response: Response, who: KnownWho) -> HostedMeetings:
        """The latest meetings that the caller hosts, newest first, 100 at most; with the admin key everybody's."""
        response.headers.update(PRIVATE)
        user_id, only = who.user_id, who.outside.meetings if who.outside else None
        latest = await store.hosted_meetings(known_as(user_id), MOST_MEETINGS + MOST_ECHOES)
        hosted = [
            each
            for each in latest
            if not identifiers.is_echo(each.meeting.room) and (only is None or each.meeting.room in only)
        ][:MOST_MEETINGS]
        imports: dict[str, Import] = {}
        if any(each.imported for each in hosted):
            # As many imports as meetings, in the same order: they include the imports among the listed meetings.
            imports = {each.subject.room: each for each in await store.imports(MOST_MEETINGS)}
        return HostedMeetings(
            meetings=[
                listed(each, imports.get(each.meeting.room), link(request, each.meeting.room))
                for each in hosted
            ]
        )

    @routes.post("/api/meetings", tags=["meetings"], responses={201: {"model": MeetingView}})
    async def create_meeting(
        request: Request, response: Response, who: KnownWho, body: NewMeeting | None = None
    ) -> MeetingView:
        """Get or create a meeting: 201 for the caller who creates it and is its host, 200 for everyone after that."""
        user_id = who.user_id
        body = body or NewMeeting.model_construct(meeting=None, title="")
        title = _checked(identifiers.meeting_title, body.title)
        room = None if body.meeting is None else _checked(identifiers.new_meeting_id, body.meeting)
        if (refused := callers.refuses_to_create(who, room)) is not None:
            if room is None:
                raise refused
            try:
                return await view(request, await existing(room, user_id), user_id)
            except UnknownMeeting:
                raise refused from None
        room = room or identifiers.generated_meeting_id(os.urandom(16))
        # Of a meeting without a host it is the first whose token says so. The admin key is nobody.
        claim = who.outside.role if who.outside is not None else None
        host = (known_as(user_id) or "") if hosts_what_it_makes(claim) else ""
        meeting, created = await store.create_meeting(
            room, host, title, record_clock.now(), config.of_new_meetings
        )
        meeting_asked_for(meeting.room, created=created)
        response.status_code = 201 if created else 200
        return await view(request, meeting, user_id, created=created)

    @routes.get(
        "/api/meetings/{meeting}",
        tags=["meetings"],
        responses=UNKNOWN,
        openapi_extra={"security": [{}]},  # or without any credentials
    )
    async def get_meeting(
        request: Request, meeting: str, who: Annotated[Who | None, Depends(callers.who)]
    ) -> MeetingView:
        user_id = None if who is None else who.user_id
        return await view(request, await existing(meeting, user_id), user_id)

    @routes.post("/api/meetings/{meeting}/end", tags=["meetings"], responses=UNKNOWN)
    async def end_meeting(request: Request, meeting: str, user_id: Known) -> MeetingView:
        """End the meeting for all and for good."""
        room = (await hosted(meeting, user_id)).room
        ended = await ending.end_meeting(store, room, known_as(user_id) or "", record_clock.now())
        gateway.end_meeting(room)
        return await view(request, ended, user_id)

    @routes.delete("/api/meetings/{meeting}", tags=["meetings"], status_code=204, responses=UNKNOWN)
    async def delete_meeting(meeting: str, user_id: Known) -> None:
        """End the meeting for all and delete it with everyone who was in it and their stays. Its ID is free again."""
        found = await hosted(meeting, user_id)
        room = found.room
        # If two requests delete it at the same moment, the second leaves alone a new meeting with the same id.
        # (No check for imports: their beginning moves as more of them becomes known.)
        made_at = None if room.startswith(identifiers.IMPORTED) else found.created_at
        await deletion.delete_meeting(store, gateway, room, record_clock.now(), made_at)

    turns = Turns()
    attendance.add_to(routes, store, record_clock, Known, hosted, turns)
    audit.add_to(routes, store, Known, hosted)
    own_stays.add_to(routes, store, Known, existing)
    chat.add_to(routes, gateway, store, record_clock, Known, existing, hosted)
    settings.add_to(routes, gateway, hub, Known, existing)
    participants.add_to(routes, gateway, store, Known, existing)
    knocks.add_to(routes, gateway, hub, Known, existing)
    invites.add_to(routes, gateway, store, record_clock, Known, existing, turns)

    @routes.get("/api/ice-servers", tags=["meetings"])
    async def get_ice_servers(user_id: Known) -> dict[str, Any]:
        """STUN and TURN servers for RTCPeerConnection, with credentials that last an hour: ask again before that."""
        return {"ice_servers": ice_servers(config, user_id, time.time(), RENEWED)}

    @routes.get("/healthz", tags=["operation"])
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @routes.get("/readyz", tags=["operation"], responses={503: refusal("It is not ready")})
    async def readyz() -> dict[str, str]:
        """The store answers and can be written; 503 if not, when the server is going away, or is cut off."""
        if (refused := gateway.unready()) is not None:
            raise refused
        # Not logged: probes come all the time, and the attendance writer and the heartbeat report an outage.
        if not metrics.store_available:
            # A full disk can still be read.
            raise Refused(ErrorCode.UNAVAILABLE, "The store cannot be written.", retry_after=1.0)
        try:
            async with asyncio.timeout(READY_WITHIN):
                await store.ping()
        except (TimeoutError, StoreUnavailable):
            raise Refused(ErrorCode.UNAVAILABLE, "The store does not answer.", retry_after=1.0) from None
        return {"status": "ready"}

    @routes.get("/metrics", tags=["operation"], response_class=Response, responses=answered("text/plain"))
    def get_metrics() -> Response:
        """Metrics in Prometheus' text format. Never below the path prefix."""
        return Response(metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


def _checked(rule: Any, text: str) -> str:
    try:
        return str(rule(text))
    except ValueError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, str(error)) from None
