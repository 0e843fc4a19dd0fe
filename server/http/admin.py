"""Routes' check for the admin key.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

import time
from collections.abc import Callable

from server.http.meetings import Bearer
from server.identity.tokens import Tokens, is_admin_key
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused


def admin_only(config: Config, tokens: Tokens) -> Callable[[Bearer], None]:
    """A dependency of routes: raises `Refused` for a caller without the admin key."""

    def admin(credentials: Bearer) -> None:
        if credentials is None:
            raise Refused(ErrorCode.BAD_TOKEN, "This needs the admin key: Authorization: Bearer <key>.")
        if not is_admin_key(config, credentials.credentials):
            # This raises for an invalid token; a valid one is only forbidden here.
            tokens.read_identity(credentials.credentials, time.time())
            raise Refused(ErrorCode.FORBIDDEN, "This needs the admin key (RECONVENE_ADMIN_KEY).")

    return admin
