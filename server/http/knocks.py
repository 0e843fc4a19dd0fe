"""The part of the HTTP API by which those in charge let people in who wait.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field

from server.http.openapi import refusal
from server.http.order_routes import CHANGES, Existing, Key, an_id, done, key_of, known_as
from server.http.private import PRIVATE
from server.realtime.gateway import Gateway
from signalling.protocol import moderation
from signalling.rooms.hub import Hub
from signalling.rooms.knock import Knock

KnockId = Annotated[str, an_id("a knock")]


class KnockView(BaseModel):
    id: str
    name: str = Field(description="What they call themselves.")
    at: str = Field(description="Since when they wait.")
    anonymous: bool = Field(description="Nobody else answers for the name.")


class KnocksView(BaseModel):
    knocks: list[KnockView]


def add_to(
    routes: APIRouter,
    gateway: Gateway,
    hub: Hub,
    Known: Any,  # noqa: N803 - a type: the id of whoever asks
    existing: Existing,
) -> None:
    def waiting(room: str) -> list[Knock]:
        found = hub.rooms.get(room)
        # A room without members is false.
        return [] if found is None else [each for each in found.knocks.values() if not each.admitted]

    @routes.get(
        "/api/meetings/{meeting}/knocks",
        tags=["keeping order"],
        responses={404: refusal("There is no such meeting")},
    )
    async def get_knocks(meeting: str, user_id: Known, response: Response) -> KnocksView:
        """Who waits to be let in, the longest first."""
        room = (await existing(meeting, user_id)).room
        await gateway.outside.actor(room, known_as(user_id), moderation.Admit)
        response.headers.update(PRIVATE)
        views = [each.view() for each in waiting(room)]
        return KnocksView(
            knocks=[
                KnockView(id=each.id, name=each.name, at=each.at, anonymous=each.anonymous) for each in views
            ]
        )

    @routes.post(
        "/api/meetings/{meeting}/knocks/{knock}/{answer}",
        tags=["keeping order"],
        status_code=204,
        responses=CHANGES | {404: refusal("There is no such meeting, or nobody waits with this ID")},
    )
    async def answer_knock(
        meeting: str, knock: KnockId, answer: Literal["admit", "deny"], user_id: Known, key: Key = None
    ) -> Response:
        """Let somebody in who waits, or not."""
        room = (await existing(meeting, user_id)).room
        command = moderation.Admit if answer == "admit" else moderation.Deny

        def is_there() -> None:
            if key is None and knock not in {each.id for each in waiting(room)}:
                raise HTTPException(404, "Nobody waits with this ID.")

        name, again = key_of(key)
        ordered = command(1, name, [knock], again)
        return done(await gateway.outside.change(room, known_as(user_id), ordered, is_there))
