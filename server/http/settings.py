"""The part of the HTTP API that reads and changes a meeting's settings.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

import re
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, Field

from server.http.openapi import refusal
from server.http.order_routes import CHANGES, Existing, Key, Order, key_of, known_as
from server.http.private import PRIVATE
from server.realtime.gateway import Gateway
from signalling.protocol import moderation
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.fields import MAX_ID
from signalling.protocol.rights import MeetingSettings, settings_of
from signalling.rooms.hub import Hub

REVISION = re.compile(r'(?:W/)?"?(\d{1,15})"?')


class RightsBody(Order):
    """What somebody may do. Left out: as before; null: the default again."""

    audio: bool | None = None
    video: bool | None = None
    screen: bool | None = None
    chat: bool | None = None
    hand: bool | None = None


class SettingsBody(Order):
    """What is to change. A setting that is left out stays as it is."""

    locked: bool = Field(False, description="Nobody new comes in.")
    lobby: Literal["off", "guests", "everyone"] = Field("off", description="Who has to knock.")
    may: RightsBody = Field(RightsBody(), description="What everyone may do.")
    message: str = Field("", max_length=200, description="For those who wait.")
    password: str | None = Field(None, min_length=1, max_length=128, description="null takes it away.")
    password_skips_lobby: bool = False
    join_before_host: bool = True
    opens_at: str | None = Field(None, description="RFC 3339.")
    ends_at: str | None = Field(None, description="RFC 3339.")
    without_host: Literal["continue", "lock", "end"] = "continue"
    chat: Literal["all", "hosts", "off"] = Field(
        "all", description="To whom others than the hosts may write."
    )
    chat_keep: Literal["no", "meeting", "record"] = Field(
        "meeting", description="How long messages are kept."
    )
    chat_history: Literal["all", "joined"] = Field("all", description="What those who come later are shown.")
    if_revision: int | None = Field(
        None, alias="if", ge=0, le=MAX_ID, description="Change nothing if the revision is another one."
    )


class SettingsView(BaseModel):
    settings: dict[str, Any] = Field(description="What differs from the default.")
    revision: int


def add_to(
    routes: APIRouter,
    gateway: Gateway,
    hub: Hub,
    Known: Any,  # noqa: N803 - a type: the id of whoever asks
    existing: Existing,
) -> None:
    def view(response: Response, settings: MeetingSettings, revision: int) -> SettingsView:
        response.headers.update(PRIVATE | {"ETag": f'"{revision}"'})
        return SettingsView(settings=msgspec.to_builtins(settings), revision=revision)

    @routes.get(
        "/api/meetings/{meeting}/settings",
        tags=["keeping order"],
        responses={404: refusal("There is no such meeting")},
    )
    async def get_settings(meeting: str, user_id: Known, response: Response) -> SettingsView:
        """A meeting's settings, for those in charge of it. Never the password."""
        named = (await existing(meeting, user_id)).room
        found, _ = await gateway.outside.asked(named, known_as(user_id), moderation.Settings)
        room = hub.rooms.get(found.room)
        if room is not None and room.revision > found.revision:
            return view(response, room.settings, room.revision)
        return view(response, settings_of(found.settings), found.revision)

    @routes.patch(
        "/api/meetings/{meeting}",
        tags=["keeping order"],
        response_model=SettingsView,
        responses=CHANGES | {412: refusal("The settings have another revision by now")},
    )
    async def change_settings(
        meeting: str,
        user_id: Known,
        response: Response,
        body: SettingsBody,
        key: Key = None,
        if_match: Annotated[str | None, Header(description="The revision that the caller has seen.")] = None,
    ) -> Any:
        """Change a meeting's settings: everyone in it is told at once."""
        room = (await existing(meeting, user_id)).room
        named = body.model_dump(exclude_unset=True)
        expected = named.pop("if_revision", None)
        if if_match is not None and if_match.strip() != "*":
            expected = _revision(if_match)
        try:
            change = msgspec.convert(named, moderation.SettingsChange)
        except msgspec.ValidationError as error:
            raise Refused(ErrorCode.BAD_MESSAGE, str(error)) from None
        name, again = key_of(key)
        command = moderation.Settings(1, name, change, expected, again)
        recorded = await gateway.outside.change(room, known_as(user_id), command)
        if recorded is None:
            return Response(status_code=202, headers=PRIVATE)
        return view(response, settings_of(recorded.settings), recorded.revision)


def _revision(text: str) -> int:
    found = REVISION.fullmatch(text.strip())
    if found is None:
        raise Refused(ErrorCode.BAD_MESSAGE, 'If-Match: a revision is meant, as in "4".')
    return int(found[1])
