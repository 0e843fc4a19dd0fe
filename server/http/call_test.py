"""The part of the HTTP API that tests a call: it starts an echo to join, for anyone with an identity.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

import math
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from server.call_test.lifetime import SECONDS
from server.call_test.sessions import Echoes
from server.http.callers import ADMIN, Callers
from server.http.forwarded import client_of
from server.http.openapi import refusal
from server.http.private import PRIVATE
from server.http.problems import problem
from server.identity.identities import Who
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused


class EchoOffer(BaseModel):
    available: bool = Field(description="Whether this server offers to test a call.")
    seconds: int = Field(description="How long an echo stays.")


class EchoView(BaseModel):
    meeting: str = Field(description="Where the echo is: join it with the same identity.")
    seconds: int = Field(description="How long the echo stays from now on.")


def router(config: Config, callers: Callers, echoes: Echoes) -> APIRouter:
    def caller(who: Annotated[Who, Depends(callers.known)]) -> str:
        if who.user_id == ADMIN:
            raise Refused(ErrorCode.FORBIDDEN, "A call is somebody's: test it with an identity.")
        return who.user_id

    routes = APIRouter(prefix="/api/echo", tags=["echo"])

    @routes.get("")
    async def offer(response: Response) -> EchoOffer:
        """Whether this server offers to test a call."""
        response.headers.update(PRIVATE)
        return EchoOffer(available=config.echo, seconds=SECONDS)

    @routes.post(
        "",
        response_model=EchoView,
        responses={
            200: {"description": "The caller's echo, which goes on"},
            201: {"model": EchoView, "description": "An echo was started"},
            404: refusal("This server offers none"),
            429: refusal("So many were started in the last minute"),
            503: refusal("All are taken, or it could not be started"),
        },
    )
    async def begin(request: Request, response: Response, user_id: Annotated[str, Depends(caller)]) -> Any:
        """Start an echo: a participant that sends back the media it gets, in a meeting made for the caller to join.

        The answer comes when the echo is there, in a second or two. It leaves when the caller has left, and after a
        minute; then its meeting is deleted with its record. Each identity has one echo at a time: asked again, the
        server answers with that one.
        """
        if not config.echo:
            return problem(
                404, "This server does not offer to test a call (RECONVENE_ECHO).", headers=PRIVATE
            )
        echo, begun = await echoes.begin(user_id, client_of(request.scope))
        response.headers.update(PRIVATE)
        response.status_code = 201 if begun else 200
        return EchoView(meeting=echo.room, seconds=math.ceil(echo.seconds_left))

    return routes
