"""The answer of `/ws` to a request that is no upgrade: it shows what a proxy has done to the request on its way here.

Browsers do not tell pages why a WebSocket could not be opened. A page whose sockets fail asks here with POST, for which
browsers send the same Origin as for an upgrade.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from server.http.problems import problem
from server.network.hosts import is_allowed_origin
from server.realtime.handshake import PATH


def router(allowed_origins: tuple[str, ...]) -> APIRouter:
    routes = APIRouter()

    @routes.api_route(PATH, methods=["GET", "POST"], include_in_schema=False)
    def plain(request: Request) -> Response:
        """403: sockets from this origin are refused. 426: they are accepted, but this is none (RFC 9110, 15.5.22)."""
        origin, host = request.headers.get("Origin"), request.headers.get("Host")
        if origin is not None and not is_allowed_origin(origin, host, allowed_origins):
            return problem(403, "Pages of this origin may not connect; see RECONVENE_ALLOWED_ORIGINS.")
        return problem(
            426,
            "WebSockets are served here. If this was to be one, a proxy on the way does not pass upgrades.",
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )

    return routes
