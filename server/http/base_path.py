"""The path prefix of the server (RECONVENE_BASE_PATH), such as `/meet`, on a host that serves other things beside it.

A proxy in front may remove the prefix from requests or leave it. In both cases the prefix becomes what ASGI calls the
`root_path`, and every address in an answer begins with it.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.problems import problem

INSIDE = frozenset({"/metrics"})
"""Not served below the prefix: a proxy passes on everything below it, and strangers must not see this."""


class BasePath:
    """ASGI middleware. Behind it every path begins with `base`, and `own_path(scope)` is what follows."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        self._app = app
        self._base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        base = self._base
        if scope["type"] != "http" or not base:
            await self._app(scope, receive, send)
            return
        path, raw = scope["path"], scope.get("raw_path", b"")
        if path == base:
            path, raw = f"{path}/", raw + b"/"
        elif not path.startswith(f"{base}/"):
            # The proxy removed the prefix, or there is no proxy.
            path, raw = base + path, base.encode() + raw
        elif path.removeprefix(base) in INSIDE:
            told = (
                f"This is not served below {base}: whoever it is for asks for it without, and past the proxy."
            )
            await problem(404, told)(scope, receive, send)
            return
        await self._app({**scope, "path": path, "raw_path": raw, "root_path": base}, receive, send)


def own_path(scope: Scope) -> str:
    """What a request asks for, as if there were no prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
