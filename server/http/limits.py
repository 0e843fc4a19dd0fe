"""Applies the limits to HTTP requests, by what a request asks for and by the status of its answer.

One place in front of all routes: a route that is added later is limited as well.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.base_path import own_path
from server.http.forwarded import client_of
from server.http.problems import refusal_of
from server.identity.tokens import is_admin_key
from server.network.client_address import Client
from server.network.limits import Limits
from server.realtime.join_limits import user_of
from server.settings.config import Config
from signalling.protocol.errors import Refused

LOOKED_UP = re.compile(r"/api/meetings/[^/]+")
MADE = "/api/meetings"
IDENTITY = "/api/identity"
QR_CODE = "/qr.svg"
REPORT = re.compile(
    r"/api/meetings/[^/]+/(attendance|registrants|audit|chat|invites)/?|/docs/?|/openapi\.json"
)


class HttpLimits:
    """ASGI middleware. It needs `client_of(scope)`, so it stands behind `Forwarded`."""

    def __init__(self, app: ASGIApp, config: Config, limits: Limits) -> None:
        self._app = app
        self._config = config
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client, path = client_of(scope), own_path(scope)
        posted = scope["method"] == "POST"
        looks_up = LOOKED_UP.match(path) is not None
        makes = posted and path.rstrip("/") == MADE
        maker = ""
        try:
            self._limits.seen(client)
            self._limits.take("requests", client)
            if not posted and REPORT.fullmatch(path):
                self._limits.take("reports", client)
            if path.startswith("/api/"):
                key = _bearer(scope)
                self._judge(client, key)
                if looks_up:
                    self._limits.check("lookups", client)
                elif makes:
                    maker = user_of(key)
                    self._limits.check("meetings", client)
                    self._limits.check("meetings_per_identity", client, maker)
                elif posted and path.rstrip("/") == IDENTITY:
                    self._limits.take("identities", client)
                if path.endswith(QR_CODE):
                    # To draw one takes as long as a hundred other requests.
                    self._limits.take("qr_codes", client)
        except Refused as refused:
            await _answer(refused, scope)(scope, receive, send)
            return

        # Said by `problems`, whatever is in between.
        state: dict[str, Any] = scope.setdefault("state", {})

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                # Nobody guesses the ID of a meeting by asking for a participant of one that there is.
                if looks_up and state.get("looked_up_in_vain"):
                    self._limits.count("lookups", client)
                elif makes and status == 201:
                    self._limits.count("meetings", client)
                    self._limits.count("meetings_per_identity", client, maker)
            await send(message)

        await self._app(scope, receive, counted if looks_up or makes else send)

    def _judge(self, client: Client, key: str) -> None:
        """Raises `Refused` if so many keys were tried that this one is not checked, whether right or wrong."""
        admin_key = self._config.admin_key
        if not key or (_is_token(key) and not _is_token(admin_key or "")):
            # A token's signature cannot be guessed.
            return
        self._limits.check("failed_keys", client)
        if not is_admin_key(self._config, key):
            self._limits.key_failed(client)


def _is_token(key: str) -> bool:
    """Whether the key has the shape of a signed token (RFC 7519)."""
    return key.startswith("eyJ") and key.count(".") == 2


def _bearer(scope: Scope) -> str:
    scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _answer(refused: Refused, scope: Scope) -> ASGIApp:
    headers: dict[str, str] = {}
    if "text/html" in Headers(scope=scope).get("accept", ""):
        # A person sees this page: the browser retries by itself.
        headers["Refresh"] = str(round(refused.retry_after or 1) + 1)
    return refusal_of(refused, headers)
