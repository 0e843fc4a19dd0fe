"""GET and DELETE /api/people/{user}: what is known of one person, told or erased, for the admin key.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field

from server.http.callers import Callers
from server.http.openapi import refusal
from server.http.private import PRIVATE
from server.http.revocation import User
from server.identity.revocations import Revocations
from server.realtime.gateway import Gateway
from server.reports import erasure
from storage.errors import PersonPresent
from storage.store import Store

AGAIN = 6
"""Seconds until every process has heard of a revocation."""


class Erased(BaseModel):
    meetings: int = Field(description="From how many meetings the person was erased; 0: nothing was left.")


def router(callers: Callers, store: Store, gateway: Gateway, revocations: Revocations) -> APIRouter:
    routes = APIRouter(tags=["people"], dependencies=[Depends(callers.admin)])

    @routes.get("/api/people/{user}")
    async def export_person(user: User) -> dict[str, Any]:
        """All that is known of the person, over all meetings, and nothing of others. Needs the admin key."""
        return {"user_id": user, **await store.export_person(user)}

    @routes.delete(
        "/api/people/{user}", responses={409: refusal("The person is in a meeting still: ask again")}
    )
    async def erase_person(user: User) -> Erased:
        """Erase the person from all meetings, for good. Needs the admin key.

        Their credentials become void, and they are put out of every meeting first. Counts and durations stay.
        """
        try:
            return Erased(meetings=await erasure.erase(store, gateway, revocations.revoke, user))
        except PersonPresent as present:
            raise HTTPException(
                409, f"{present}: they are being put out, ask again.", {"Retry-After": str(AGAIN), **PRIVATE}
            ) from None

    return routes
