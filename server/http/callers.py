"""Who asks over HTTP, by the bearer token: an identity of this server, a user of the application, or the admin key.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of methods.
"""

import time
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from server.identity.identities import Identities, Who
from server.identity.tokens import is_admin_key
from server.settings.config import Config
from signalling.protocol import identifiers
from signalling.protocol.errors import ErrorCode, Refused

ADMIN = "admin"
"""The `user_id` of whoever bears the admin key; no identity has it (theirs begin with `u_`, `b_`, `x_` or `xb_`)."""

_bearer = HTTPBearer(
    auto_error=False,
    description="An identity token from POST /api/identity, a token of the application in front, or the admin key",
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Callers:
    """Dependencies of routes. Those with a parameter `meeting` refuse tokens that are for other meetings."""

    def __init__(self, config: Config, identities: Identities) -> None:
        self._config = config
        self._identities = identities

    async def who(self, request: Request, credentials: Bearer) -> Who | None:
        """Who bears the token, if anyone. Raises `Refused` for a token that is not valid."""
        if credentials is None:
            return None
        if is_admin_key(self._config, credentials.credentials):
            return Who(ADMIN)
        who = await self._identities.read(credentials.credentials, time.time())
        meeting = request.path_params.get("meeting")
        if who.outside is not None and who.outside.meetings is not None and meeting is not None:
            try:
                who.outside.refuse_elsewhere(identifiers.meeting_id(meeting))
            except ValueError:
                raise Refused(ErrorCode.UNKNOWN_MEETING) from None
        return who

    async def known(self, request: Request, credentials: Bearer) -> Who:
        """As `who`; raises `Refused` for those without a token, too."""
        who = await self.who(request, credentials)
        if who is None:
            raise Refused(ErrorCode.BAD_TOKEN, "This needs an identity: Authorization: Bearer <token>.")
        return who

    async def admin(self, request: Request, credentials: Bearer) -> None:
        """Raises `Refused` for whoever has not the admin key."""
        if credentials is None:
            raise Refused(ErrorCode.BAD_TOKEN, "This needs the admin key: Authorization: Bearer <key>.")
        # This raises for an invalid token; a valid one is only forbidden here.
        who = await self.who(request, credentials)
        if who is None or who.user_id != ADMIN:
            raise Refused(ErrorCode.FORBIDDEN, "This needs the admin key (RECONVENE_ADMIN_KEY).")

    def refuses_to_create(self, who: Who, room: str | None) -> Refused | None:
        """Why they may not create this meeting, or one by a new id; None if they may. Raises `Refused` to those who may
        not even see it."""
        if who.user_id == ADMIN:
            needs_host = "A meeting needs a host: create it with an identity."
            return None if self._config.create == "admin" else Refused(ErrorCode.FORBIDDEN, needs_host)
        if who.outside is not None:
            who.outside.refuse_elsewhere(room or "")
        why = self._identities.refuses_to_create(who)
        return None if why is None else Refused(ErrorCode.FORBIDDEN, why)
