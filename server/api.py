"""The HTTP API. What it shares with the socket, it asks of the same store, tokens and gateway.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

import asyncio
import csv
import io
import os
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from server.config import Config
from server.gateway import Gateway
from server.ice import ice_servers
from server.identity import Tokens, is_admin_key, new_id
from server.metrics import Metrics
from signalling import names
from signalling.errors import ErrorCode, Refused
from signalling.hub import Hub
from signalling.room import rfc3339
from storage.store import Attendance, Meeting, Store, StoreUnavailable, UnknownMeeting

ADMIN = "admin"
"""The `user_id` of whoever bears the admin key; no identity has it (theirs begin with `u_`)."""

READY_WITHIN = 2.0
"""Seconds the store may take to answer before the server counts as not ready."""

_bearer = HTTPBearer(
    auto_error=False, description="An identity token from POST /api/identity, or the admin key"
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class NewIdentity(BaseModel):
    name: str = Field("", description="Checked as a display name, if given; kept nowhere.")


class IdentityView(BaseModel):
    token: str
    user_id: str


class NewMeeting(BaseModel):
    meeting: str | None = Field(
        None, description="3 to 64 letters, digits and hyphens. Left out: one is made."
    )
    title: str = ""


class MeetingView(BaseModel):
    id: str
    title: str
    host: bool = Field(description="Whether the caller is the host.")
    created: bool = Field(description="Whether this call created it.")
    url: str
    ended: bool
    participants: int = Field(description="How many are in it now.")


def router(  # the API's parts list
    config: Config, store: Store, hub: Hub, gateway: Gateway, tokens: Tokens, metrics: Metrics
) -> APIRouter:
    routes = APIRouter()

    def caller(credentials: Bearer) -> str | None:
        """Who bears the token, if anyone. Raises `Refused` for a token that is not valid."""
        if credentials is None:
            return None
        if is_admin_key(config, credentials.credentials):
            return ADMIN
        return tokens.read_identity(credentials.credentials, time.time()).user_id

    Caller = Annotated[str | None, Depends(caller)]  # noqa: N806 - a type

    def known(user_id: Caller) -> str:
        if user_id is None:
            raise Refused(ErrorCode.BAD_TOKEN, "This needs an identity: Authorization: Bearer <token>.")
        return user_id

    Known = Annotated[str, Depends(known)]  # noqa: N806 - a type

    def view(
        request: Request, meeting: Meeting, user_id: str | None, *, created: bool = False
    ) -> MeetingView:
        return MeetingView(
            id=meeting.room,
            title=meeting.title,
            host=meeting.host_user_id == user_id,
            created=created,
            url=f"{request.base_url}m/{meeting.room}",
            ended=meeting.ended_at is not None,
            participants=hub.size(meeting.room),
        )

    async def hosted(room: str, user_id: str) -> Meeting:
        meeting = await existing(room)
        if user_id not in {ADMIN, meeting.host_user_id}:
            raise Refused(ErrorCode.FORBIDDEN)
        return meeting

    async def existing(room: str) -> Meeting:
        try:
            meeting = await store.meeting(names.meeting_id(room))
        except ValueError:
            raise UnknownMeeting from None
        if meeting is None:
            raise UnknownMeeting
        return meeting

    @routes.post("/api/identity", tags=["identity"])
    async def new_identity(body: NewIdentity | None = None) -> IdentityView:
        """An anonymous identity. Keep the token: it is what makes a host the host again."""
        if body is not None and body.name:
            _checked(names.person_name, body.name)
        user_id = new_id("u")
        return IdentityView(token=tokens.identity(user_id, time.time()), user_id=user_id)

    @routes.post("/api/meetings", tags=["meetings"], responses={201: {"model": MeetingView}})
    async def create_meeting(
        request: Request, response: Response, user_id: Known, body: NewMeeting | None = None
    ) -> MeetingView:
        """Get or create: 201 for whoever creates it and is host from then on, 200 for everyone after."""
        body = body or NewMeeting.model_construct(meeting=None, title="")
        title = _checked(names.meeting_title, body.title)
        if user_id == ADMIN:
            raise Refused(ErrorCode.FORBIDDEN, "A meeting needs a host: create it with an identity.")
        if body.meeting is None:
            room = names.generated_meeting_id(os.urandom(16))
        else:
            room = _checked(names.meeting_id, body.meeting)
        meeting, created = await store.create_meeting(room, user_id, title, time.time())
        gateway.meeting_asked_for(meeting.room, created=created)
        response.status_code = 201 if created else 200
        return view(request, meeting, user_id, created=created)

    @routes.get("/api/meetings/{meeting}", tags=["meetings"])
    async def get_meeting(request: Request, meeting: str, user_id: Caller) -> MeetingView:
        return view(request, await existing(meeting), user_id)

    @routes.post("/api/meetings/{meeting}/end", tags=["meetings"])
    async def end_meeting(request: Request, meeting: str, user_id: Known) -> MeetingView:
        """Ends it for all, for good."""
        room = (await hosted(meeting, user_id)).room
        ended = await store.end_meeting(room, time.time())
        gateway.end_meeting(room)
        return view(request, ended, user_id)

    @routes.get("/api/meetings/{meeting}/attendance", tags=["meetings"], response_model=None)
    async def attendance(
        meeting: str,
        user_id: Known,
        format: Literal["json", "csv"] = "json",  # noqa: A002 - the protocol's name
    ) -> Response | dict[str, Any]:
        """Everyone who was ever in the meeting, with their stays. Durations are in seconds."""
        report = await store.attendance((await hosted(meeting, user_id)).room)
        if format == "json":
            return _attendance(report)
        headers = {"Content-Disposition": f'attachment; filename="{report.meeting.room}-attendance.csv"'}
        return Response(_attendance_csv(report), media_type="text/csv; charset=utf-8", headers=headers)

    @routes.get("/api/ice-servers", tags=["meetings"])
    async def get_ice_servers(user_id: Known) -> dict[str, Any]:
        """STUN and TURN servers for RTCPeerConnection, with credentials that last six hours."""
        return {"ice_servers": ice_servers(config, user_id, time.time())}

    @routes.get("/healthz", tags=["operation"])
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @routes.get("/readyz", tags=["operation"])
    async def readyz() -> dict[str, str]:
        """The store answers and can be written; 503 when not, and when the server is going away."""
        if gateway.draining:
            raise gateway.going()
        # Neither is logged: who asks does so all the time, and the recorder and the heartbeat tell of an outage.
        if not metrics.store_available:
            # A disk that is full can be read all the same.
            raise Refused(ErrorCode.UNAVAILABLE, "The store cannot be written.", retry_after=1.0)
        try:
            async with asyncio.timeout(READY_WITHIN):
                await store.ping()
        except (TimeoutError, StoreUnavailable):
            raise Refused(ErrorCode.UNAVAILABLE, "The store does not answer.", retry_after=1.0) from None
        return {"status": "ready"}

    @routes.get("/metrics", tags=["operation"], response_class=Response)
    def get_metrics() -> Response:
        """Prometheus text format."""
        return Response(metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


def _checked(rule: Any, text: str) -> str:
    try:
        return str(rule(text))
    except ValueError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, str(error)) from None


def _attendance(report: Attendance) -> dict[str, Any]:
    def moment(at: float | None) -> str | None:
        return None if at is None else rfc3339(at)

    meeting = report.meeting
    return {
        "meeting": {
            "id": meeting.room,
            "title": meeting.title,
            "created_at": moment(meeting.created_at),
            "ended_at": moment(meeting.ended_at),
        },
        "participants": [
            {
                "id": person.id,
                "name": person.name,
                "role": person.role,
                "state": person.state,
                "session_count": person.session_count,
                "total_duration": round(person.total_duration, 3),
                "sessions": [
                    {
                        "joined_at": moment(stay.joined_at),
                        "left_at": moment(stay.left_at),
                        "reason": stay.reason,
                        "estimated": stay.estimated,
                    }
                    for stay in stays
                ],
            }
            for person, stays in report.participants
        ],
    }


def _attendance_csv(report: Attendance) -> str:
    """One row per stay (RFC 4180), with a byte order mark so that spreadsheets read it as UTF-8."""
    text = io.StringIO()
    text.write("\ufeff")
    rows = csv.writer(text)
    rows.writerow(["name", "role", "joined_at", "left_at", "duration_seconds", "reason", "estimated"])
    rows.writerows(_rows(report))
    return text.getvalue()


def _rows(report: Attendance) -> Iterator[list[Any]]:
    for person, stays in report.participants:
        for stay in stays:
            left = stay.left_at
            yield [
                # A spreadsheet runs a cell that begins like a formula.
                f"'{person.name}" if person.name[:1] in "=+-@\t\r" else person.name,
                person.role,
                rfc3339(stay.joined_at),
                "" if left is None else rfc3339(left),
                "" if left is None else round(left - stay.joined_at, 3),
                stay.reason or "",
                stay.estimated,
            ]
