"""HEAD for every path that answers GET, and the methods that a path allows (RFC 9110, sections 9.3.2 and 10.2.1)."""

from __future__ import annotations

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.routing import Match, Mount, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class HeadRequests:
    """ASGI middleware: turns HEAD into GET for the application behind it, which knows nothing of HEAD.

    The answer is over with its headers: what would follow piece by piece is not made.

    An answer to a method that a path does not allow lists all methods of the path: a route knows only its own.
    """

    def __init__(self, app: ASGIApp, router: Router) -> None:
        self._app = app
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"
        is_over = False

        async def answer(message: Message) -> None:
            nonlocal is_over
            if is_over:
                # Before more of the body is made, its maker hears by `receive` that nobody waits for it.
                await asyncio.sleep(0)
                return
            if message["type"] == "http.response.start" and message["status"] == 405:
                allowed = self._allowed(scope)
                if allowed:
                    MutableHeaders(raw=message["headers"])["allow"] = ", ".join(allowed)
            await send(message)
            if message["type"] == "http.response.start" and is_head:
                is_over = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        # A copy: the server's own scope still says HEAD, and so does its log.
        await self._app({**scope, "method": "GET"} if is_head else scope, receive, answer)

    def _allowed(self, scope: Scope) -> list[str]:
        """The methods of the path; none if no route of ours has it: a mounted application has answered for itself."""
        found = [method for method in METHODS if self._has({**scope, "method": method})]
        return ["GET", "HEAD", *found[1:]] if "GET" in found else found

    def _has(self, scope: Scope) -> bool:
        routes = (route for route in self._router.routes if not isinstance(route, Mount))
        return any(route.matches(scope)[0] is Match.FULL for route in routes)
