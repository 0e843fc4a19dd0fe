"""The pages and the static files that they are made of."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.static_tree import StaticTree, hash_of, split

PAGE = Path(__file__).parent.parent / "static"
PAGE_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FOR_EVER = "public, max-age=31536000, immutable"


def install(app: FastAPI, folder: Path = PAGE) -> None:
    """Serve every page, and `/static` under them, from `folder`."""
    tree = StaticTree(folder)

    @app.get("/", include_in_schema=False)
    @app.get("/m/{meeting}", include_in_schema=False)
    def page(request: Request) -> Response:
        return _page(request, tree, "index.html")

    @app.get("/m/{meeting}/attendance", include_in_schema=False)
    def attendance_page(request: Request) -> Response:
        return _page(request, tree, "attendance.html")

    @app.get("/attendance", include_in_schema=False)
    def records_page(request: Request) -> Response:
        return _page(request, tree, "records.html")

    app.mount("/static", _Static(folder, tree), name="static")


def _page(request: Request, tree: StaticTree, name: str) -> Response:
    """A page asks for its parts by the hash of them all."""
    snapshot = tree.snapshot()
    body = snapshot.files[name].replace(b'="/static/', f'="/static/{snapshot.hash}/'.encode())
    # The policy is part of it: with a 304, browsers keep the one they have (Chromium ignores `Content-…` there).
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": PAGE_POLICY,
        "ETag": f'"{hash_of(PAGE_POLICY.encode(), body)}"',
    }
    if _is_known(headers["ETag"], request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/html")


class _Static(StaticFiles):
    """Under the hash of the tree, browsers keep files for good. Without it they ask for them anew each time (304 when
    unchanged), so that a page never runs with modules of two versions.
    """

    def __init__(self, folder: Path, tree: StaticTree) -> None:
        super().__init__(directory=folder)
        self._tree = tree

    async def get_response(self, path: str, scope: Scope) -> Response:
        # StaticFiles passes the path in the system's way.
        hashed = split(Path(path).as_posix())
        if hashed is None or scope["method"] not in {"GET", "HEAD"}:
            return await super().get_response(path, scope)
        asked_for, name = hashed
        snapshot = await anyio.to_thread.run_sync(self._tree.snapshot)
        if name not in snapshot.files:
            raise HTTPException(404)
        headers = {"Cache-Control": "no-store"}
        if asked_for == snapshot.hash:
            headers = {"Cache-Control": FOR_EVER, "ETag": f'"{snapshot.hash}"'}
            if _is_known(headers["ETag"], Request(scope).headers.get("if-none-match", "")):
                return Response(status_code=304, headers=headers)
        # Any other hash is that of another release behind the same balancer: better these files than none.
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(snapshot.files[name], headers=headers, media_type=media_type)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _is_known(etag: str, if_none_match: str) -> bool:
    """Whether the browser has it: by the weak comparison of RFC 9110, section 13.1.2."""
    return etag in {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
