"""The part of the HTTP API that tells what those in charge did.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from server.http.openapi import UNKNOWN
from server.http.private import PRIVATE
from server.reports import audit
from storage.records import Meeting
from storage.store import Store

MOST = 100
"""Entries on one page."""


class AuditView(BaseModel):
    audit: list[dict[str, Any]] = Field(description="The latest first.")
    next: int | None = Field(description="`before` of the next page.")


def add_to(
    routes: APIRouter,
    store: Store,
    Known: Any,  # noqa: N803 - a type: the id of whoever asks
    hosted: Callable[[str, str], Awaitable[Meeting]],
) -> None:
    @routes.get("/api/meetings/{meeting}/audit", tags=["keeping order"], responses=UNKNOWN)
    async def get_audit(
        meeting: str,
        user_id: Known,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
        before: Annotated[int | None, Query(ge=1, le=2**53, description="`next` of the page before.")] = None,
    ) -> AuditView:
        """What those in charge did: who, what, to whom, when. For the host, and for the admin key."""
        room = (await hosted(meeting, user_id)).room
        found = await store.audit(room, limit + 1, before)
        entries = found[:limit]
        people = await store.people(room, users=sorted(audit.users_of(entries)))
        known = {person.user_id: person for person in people}
        response.headers.update(PRIVATE)
        return AuditView(audit=audit.told(entries, known), next=entries[-1].n if len(found) > limit else None)
