"""The part of the HTTP API by which one is told what the record has of oneself in a meeting.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from server.http.openapi import UNKNOWN
from server.http.order_routes import Existing
from server.http.private import PRIVATE
from server.reports.attendance_report import moment
from signalling.rooms.member import rfc3339
from storage.store import Store


class OwnStay(BaseModel):
    joined_at: str
    left_at: str | None = Field(description="null: it goes on, or its end is still to be recorded.")
    estimated: bool = Field(description="Whether the end is a guess: the server stopped meanwhile.")


class OwnStays(BaseModel):
    stays: list[OwnStay] = Field(description="Those of the caller, the oldest first.")


def add_to(
    routes: APIRouter,
    store: Store,
    Known: Any,  # noqa: N803 - a type: the id of whoever asks
    existing: Existing,
) -> None:
    @routes.get("/api/meetings/{meeting}/stays", tags=["meetings"], responses=UNKNOWN)
    async def own_stays(meeting: str, user_id: Known, response: Response) -> OwnStays:
        """When the caller was in the meeting, by the record; nothing of others."""
        room = (await existing(meeting, user_id)).room
        found = await store.own_stays(room, user_id)
        response.headers.update(PRIVATE)
        return OwnStays(
            stays=[
                OwnStay(
                    joined_at=rfc3339(stay.joined_at), left_at=moment(stay.left_at), estimated=stay.estimated
                )
                for stay in found
            ]
        )
