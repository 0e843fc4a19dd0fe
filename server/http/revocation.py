"""POST /api/identities/{user}/revoke: voids all credentials that a user was given until now.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from server.http.callers import Callers
from server.identity.revocations import Revocations

User = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,128}$", description="The `user_id` of an identity.")]


def router(callers: Callers, revocations: Revocations) -> APIRouter:
    routes = APIRouter()
    admin = Depends(callers.admin)

    @routes.post("/api/identities/{user}/revoke", tags=["identity"], status_code=204, dependencies=[admin])
    async def revoke(user: User) -> Response:
        """Void all that this user was given until now, and close what they have open (4006). For the admin key.

        204 also when nobody has this id, and again.
        """
        await revocations.revoke(user)
        return Response(status_code=204)

    return routes
