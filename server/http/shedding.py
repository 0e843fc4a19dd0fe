"""Refuses requests while the server is overloaded."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.base_path import own_path
from server.http.problems import refusal_of
from signalling.protocol.errors import Refused

ALWAYS = frozenset({"/healthz", "/readyz", "/metrics", "/api/goodbye"})
"""Never refused: what shows operators the state of the server, and what reduces its load."""


class Shedding:
    """ASGI middleware: answers a request with the `Refused` that `refusal` returns for it, if any."""

    def __init__(self, app: ASGIApp, refusal: Callable[[], Refused | None]) -> None:
        self._app = app
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and own_path(scope) not in ALWAYS:
            refused = self._refusal()
            if refused is not None:
                await refusal_of(refused)(scope, receive, send)
                return
        await self._app(scope, receive, send)
