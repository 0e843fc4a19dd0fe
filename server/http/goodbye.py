"""POST /api/goodbye: a page says that it is going away, when its socket may be closed already.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from server.http.openapi import refusal
from server.identity.tokens import Tokens
from server.realtime.gateway import Gateway
from signalling.protocol.fields import MAX_ID
from signalling.rooms.absences import GOODBYE
from signalling.rooms.inputs import Goodbye


class GoodbyeView(BaseModel):
    session: str = Field(description="The session token of the page that goes, from its last `joined`.")
    back_in: float = Field(
        GOODBYE,
        allow_inf_nan=False,
        description="Seconds this page may take if it is a reload; taken for 3 to 15.",
    )
    attempt: int | None = Field(
        None,
        ge=0,
        le=MAX_ID,
        description="The last `attempt` that the page joined or resumed with, if it counts them.",
    )


def router(gateway: Gateway, tokens: Tokens) -> APIRouter:
    routes = APIRouter()

    @routes.post(
        "/api/goodbye",
        tags=["goodbye"],
        status_code=204,
        responses={401: refusal("The session is none of this server's")},
    )
    async def goodbye(said: GoodbyeView) -> Response:
        """Say that a page is being closed or reloaded. Unless it is back in time, it has left.

        204 also when it changes nothing: the page is not there any more, or has been back since. Pages ignore it.
        """
        session = tokens.read_session(said.session)
        gateway.goodbye(Goodbye(session.room, session.user_id, session.instance, said.attempt, said.back_in))
        return Response(status_code=204)

    return routes
