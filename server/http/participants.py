"""The part of the HTTP API by which those in charge act on people.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from typing import Any, Literal

import msgspec
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from server.http.openapi import UNKNOWN
from server.http.order_routes import (
    CHANGES,
    Existing,
    Key,
    Order,
    Participant,
    ParticipantId,
    done,
    key_of,
    known_as,
)
from server.http.private import PRIVATE
from server.http.settings import RightsBody
from server.realtime.gateway import Gateway
from signalling.protocol import moderation
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.fields import Media
from signalling.protocol.rights import Role
from signalling.rooms.member import rfc3339
from storage.store import Store

MOST_REMOVED = 100
"""People on the list of those who were removed: the latest."""


class RemoveBody(Order):
    back: Literal["never", "knock", "freely"] = Field("never", description="How they may come back.")


class RoleBody(Order):
    role: Role = Field(description="host hands the meeting over.")


class MuteBody(Order):
    """What is turned off (false); nothing named: the microphone."""

    audio: Literal[False] | None = None
    video: Literal[False] | None = None
    screen: Literal[False] | None = None


class AskBody(Order):
    """What they are asked to turn on (true); nothing named: the microphone."""

    audio: Literal[True] | None = None
    video: Literal[True] | None = None
    screen: Literal[True] | None = None


class SpotlightBody(Order):
    participants: list[ParticipantId] = Field(
        max_length=moderation.MOST_SPOTLIGHT, description="In place of those before; empty: nobody."
    )


class PersonView(BaseModel):
    id: str
    name: str
    role: Role
    may: dict[str, bool] = Field(description="The rights that differ from the meeting's default.")
    removed: Literal["never", "knock"] | None = Field(
        description="How they may come back; null: not removed."
    )


class RemovedView(BaseModel):
    id: str
    name: str
    back: Literal["never", "knock"] = Field(description="How they may come back.")
    at: str = Field(description="When they were removed.")


class RemovedPeople(BaseModel):
    removed: list[RemovedView]


def add_to(
    routes: APIRouter,
    gateway: Gateway,
    store: Store,
    Known: Any,  # noqa: N803 - a type: the id of whoever asks
    existing: Existing,
) -> None:
    path = "/api/meetings/{meeting}/participants/{participant}"
    tags: list[Any] = ["keeping order"]
    how: dict[str, Any] = {"tags": tags, "status_code": 204, "responses": CHANGES}

    async def change(meeting: str, user_id: str, command: moderation.Lasting) -> Response:
        room = (await existing(meeting, user_id)).room
        return done(await gateway.outside.change(room, known_as(user_id), command))

    @routes.get(path, tags=tags, responses={404: CHANGES[404]})
    async def get_participant(
        meeting: str, participant: Participant, user_id: Known, response: Response
    ) -> PersonView:
        """Somebody who was ever in the meeting, as those in charge see them."""
        room = (await existing(meeting, user_id)).room
        await gateway.outside.actor(room, known_as(user_id), moderation.Allow)
        people = await store.people(room, [participant])
        if not people:
            raise Refused(ErrorCode.UNKNOWN_PARTICIPANT)
        found = people[0]
        removals = {each.user_id: each.back for each in (await store.rights(room)).removals}
        response.headers.update(PRIVATE)
        return PersonView(
            id=found.id,
            name=found.name,
            role=found.role,
            may=dict(found.may),
            removed=removals.get(found.user_id),
        )

    @routes.get("/api/meetings/{meeting}/removed", tags=tags, responses=UNKNOWN)
    async def get_removed(meeting: str, user_id: Known, response: Response) -> RemovedPeople:
        """Who was removed and may not just come back, the latest first."""
        room = (await existing(meeting, user_id)).room
        await gateway.outside.actor(room, known_as(user_id), moderation.Readmit)
        removals = sorted((await store.rights(room)).removals, key=lambda each: each.at, reverse=True)
        latest = removals[:MOST_REMOVED]
        people = await store.people(room, users=[each.user_id for each in latest])
        known = {person.user_id: person for person in people}
        response.headers.update(PRIVATE)
        return RemovedPeople(
            removed=[
                RemovedView(id=person.id, name=person.name, back=removal.back, at=rfc3339(removal.at))
                for removal in latest
                # Whoever was removed before their first join has no ID by which to let them back in.
                if (person := known.get(removal.user_id)) is not None
            ]
        )

    @routes.post(f"{path}/remove", **how)
    async def remove(
        meeting: str,
        participant: Participant,
        user_id: Known,
        body: RemoveBody | None = None,
        key: Key = None,
    ) -> Response:
        """Out with somebody, in every tab and on every device."""
        name, again = key_of(key)
        back = (body or RemoveBody.model_construct(back="never")).back
        return await change(meeting, user_id, moderation.Remove(1, name, participant, back, again))

    @routes.post(f"{path}/readmit", **how)
    async def readmit(meeting: str, participant: Participant, user_id: Known, key: Key = None) -> Response:
        """Whoever was removed may come again."""
        name, again = key_of(key)
        return await change(meeting, user_id, moderation.Readmit(1, name, participant, again))

    @routes.post(f"{path}/role", **how)
    async def set_role(
        meeting: str, participant: Participant, user_id: Known, body: RoleBody, key: Key = None
    ) -> Response:
        """Make somebody co-host, participant or host."""
        name, again = key_of(key)
        return await change(meeting, user_id, moderation.SetRole(1, name, participant, body.role, again))

    @routes.post(f"{path}/rights", **how)
    async def allow(
        meeting: str, participant: Participant, user_id: Known, body: RightsBody, key: Key = None
    ) -> Response:
        """Say what somebody may do."""
        name, again = key_of(key)
        may = msgspec.convert(body.model_dump(exclude_unset=True), moderation.RightsChange)
        return await change(meeting, user_id, moderation.Allow(1, name, [participant], may, again))

    async def do(meeting: str, user_id: str, command: moderation.Passing) -> Response:
        room = (await existing(meeting, user_id)).room
        await gateway.outside.do(room, known_as(user_id), command)
        return Response(status_code=204, headers=PRIVATE)

    at_once: dict[str, Any] = how | {"responses": {404: CHANGES[404], 410: CHANGES[410]}}

    @routes.post(f"{path}/mute", **at_once)
    async def mute(
        meeting: str, participant: Participant, user_id: Known, body: MuteBody | None = None
    ) -> Response:
        """Turn something off for somebody who is in the meeting now, once."""
        media = _named(body) or Media(audio=False)
        return await do(meeting, user_id, moderation.Mute(1, [participant], media))

    @routes.post(f"{path}/ask", **at_once)
    async def ask(
        meeting: str, participant: Participant, user_id: Known, body: AskBody | None = None
    ) -> Response:
        """Ask somebody who is in the meeting now to turn something on."""
        media = _named(body) or Media(audio=True)
        return await do(meeting, user_id, moderation.Ask(1, participant, media))

    @routes.post(f"{path}/lower_hand", **at_once)
    async def lower_hand(meeting: str, participant: Participant, user_id: Known) -> Response:
        """Lower the hand of somebody who is in the meeting now."""
        return await do(meeting, user_id, moderation.LowerHands(1, [participant]))

    @routes.put("/api/meetings/{meeting}/spotlight", **how)
    async def set_spotlight(meeting: str, user_id: Known, body: SpotlightBody, key: Key = None) -> Response:
        """Say who is shown large to everyone: people who are in the meeting now."""
        name, again = key_of(key)
        return await change(meeting, user_id, moderation.Spotlight(1, name, body.participants, again))


def _named(body: MuteBody | AskBody | None) -> Media | None:
    named = {} if body is None else body.model_dump(exclude_none=True)
    return Media(**named) if named else None
