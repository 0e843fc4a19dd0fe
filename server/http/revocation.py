"""POST /api/identities/{user}/revoke: voids all credentials of a user (see `server.identity.revocations`).

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from server.http.callers import Callers
from server.identity.ids import USER_ID
from server.identity.revocations import Revocations

User = Annotated[
    str, Path(pattern=USER_ID, description="The `user_id` of an identity: not a participant's `p_…`.")
]


def router(callers: Callers, revocations: Revocations) -> APIRouter:
    routes = APIRouter()
    admin = Depends(callers.admin)

    @routes.post("/api/identities/{user}/revoke", tags=["identity"], status_code=204, dependencies=[admin])
    async def revoke(user: User) -> Response:
        """Void the user's identity and session tokens, and close their sockets (4006). Needs the admin key.

        Void are all tokens issued so far, and all those issued in the next 24 hours. 204 also when nobody has this id,
        and when it is asked again.
        """
        await revocations.revoke(user)
        return Response(status_code=204)

    return routes
