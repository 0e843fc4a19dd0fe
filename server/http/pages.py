"""The pages and their static files."""

from __future__ import annotations

import html
import mimetypes
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from server.http import client_library, reference_page
from server.http.base_path import own_path
from server.http.encoding import BY_ENCODING, encoded
from server.http.one_file import Made, OneFiles
from server.http.static_tree import FOR_EVER, Snapshot, StaticTree, hash_of, is_known, split

PAGE = Path(__file__).parents[2] / "static"
PAGE_POLICY = (
    "default-src 'self'; connect-src 'self'; img-src {images}; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)
REFERENCE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NO_PAGES = re.compile(r"/(api|static|sdk|ws|healthz|readyz|metrics|openapi\.json|asyncapi\.json|docs)(/|$)")
"""Paths that programs request: their errors are problem documents, whatever the request accepts."""
CAPITALS = re.compile(r"/M/[^/]+(/attendance)?/?$")
NOT_EMBEDDED = b'<meta name="embed-origins" content="">'
NO_LOGIN = b'<meta name="login-url" content="">'
MAINS = frozenset({"js/main.js", "js/attendance/main.js", "js/records/main.js"})
"""The modules that pages begin with. Each comes with all that it imports, as one file."""
CATALOGUES = frozenset({"js/words/de.js"})
"""The texts of the pages in other languages than English, which come the same way."""


def install(
    app: FastAPI,
    folder: Path = PAGE,
    picture_origins: Sequence[str] = (),
    embed_origins: Sequence[str] = (),
    login_url: str = "",
) -> None:
    """Serve every page, and `/static` under them, from `folder`. `picture_origins`: where they load people's from;
    `embed_origins`: whose pages may have that of a meeting in a frame; `login_url`: where people log in."""
    tree = StaticTree(folder)
    images = " ".join(["'self'", "data:", "blob:", *picture_origins])
    policy = PAGE_POLICY.format(images=images, ancestors="'none'")
    embedded = " ".join(embed_origins)
    logged_in = NO_LOGIN.replace(b'""', f'"{html.escape(login_url)}"'.encode())
    meeting_policy = PAGE_POLICY.format(images=images, ancestors=embedded or "'none'")

    @app.get("/", include_in_schema=False)
    @app.get("/m/{meeting}", include_in_schema=False)
    @app.get("/m/{meeting}/", include_in_schema=False)
    def page(request: Request) -> Response:
        return _page(request, tree, "index.html", meeting_policy, login=logged_in, embedded=embedded)

    @app.get("/m/{meeting}/attendance", include_in_schema=False)
    @app.get("/m/{meeting}/attendance/", include_in_schema=False)
    def attendance_page(request: Request) -> Response:
        return _page(request, tree, "attendance.html", policy, login=logged_in)

    @app.get("/attendance", include_in_schema=False)
    @app.get("/attendance/", include_in_schema=False)
    def records_page(request: Request) -> Response:
        return _page(request, tree, "records.html", policy)

    @lru_cache(maxsize=1)
    def document(base: str) -> bytes:
        return reference_page.page(app.openapi(), base)

    @app.get("/docs", include_in_schema=False)
    def reference(request: Request) -> Response:
        return _answer(
            request,
            tree.snapshot(),
            document(request.scope["root_path"]),
            REFERENCE_POLICY,
        )

    whole = OneFiles()
    client_library.install(app, tree, whole)
    app.mount("/static", _Static(folder, tree, whole), name="static")

    async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if scope["type"] != "http" or NO_PAGES.match(own_path(scope)):
            raise HTTPException(404)
        # A page or a problem document: a cache must not give one to a client that accepts the other.
        by = {"Vary": "Accept"}
        if not _is_of_a_person(request):
            raise HTTPException(404, headers=by)
        answer = _elsewhere(request) or _page(request, tree, "index.html", policy, status=404)
        answer.headers.update(by)
        await answer(scope, receive, send)

    app.router.default = nothing_here


def _is_of_a_person(request: Request) -> bool:
    """Whether a person follows a link, who needs a page rather than a problem document."""
    return request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", "")


def _elsewhere(request: Request) -> Response | None:
    """A redirect for `/M/…`, in capitals, to `/m/…`. The page takes care of capitals in the ID itself."""
    base = request.scope["root_path"]
    path = request.scope.get("raw_path", b"").decode("latin-1").removeprefix(base)
    if not CAPITALS.match(path):
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    # Without scheme and host, which a proxy in front may know better.
    return Response(status_code=308, headers={"Location": f"{base}/m{path[2:]}{query}"})


def _page(
    request: Request,
    tree: StaticTree,
    name: str,
    policy: str,
    *,
    status: int = 200,
    embedded: str = "",
    login: bytes = NO_LOGIN,
) -> Response:
    """A page. It names its parts under the hash of all files, and learns whose pages it may listen to in a frame, and
    where people log in."""
    snapshot = tree.snapshot()
    page = snapshot.files[name].replace(NOT_EMBEDDED, NOT_EMBEDDED.replace(b'""', f'"{embedded}"'.encode()))
    page = page.replace(NO_LOGIN, login)
    return _answer(request, snapshot, page, policy, status=status)


def _answer(request: Request, snapshot: Snapshot, page: bytes, policy: str, *, status: int = 200) -> Response:
    base = request.scope["root_path"]
    # All our addresses in a page, of other pages and of its parts, are below the prefix.
    body = page.replace(b'="/', f'="{base}/'.encode())
    body = body.replace(f'="{base}/static/'.encode(), f'="{base}/static/{snapshot.hash}/'.encode())
    # The hash covers the policy: with a 304, browsers keep the policy they have (Chromium ignores `Content-…` there).
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy,
        "ETag": f'"{hash_of(policy.encode(), body)}"',
    }
    if status == 200 and is_known(headers["ETag"], request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, media_type="text/html")


class _Static(StaticFiles):
    """Under the hash of the tree, browsers keep files for good. Without it they ask for them anew each time (304 when
    unchanged), so that a page never runs with modules of two versions.
    """

    def __init__(self, folder: Path, tree: StaticTree, whole: OneFiles) -> None:
        super().__init__(directory=folder)
        self._tree = tree
        self._whole = whole

    async def get_response(self, path: str, scope: Scope) -> Response:
        # StaticFiles passes the path with the system's separators.
        hashed = split(Path(path).as_posix())
        if hashed is None or scope["method"] not in {"GET", "HEAD"}:
            return await super().get_response(path, scope)
        asked_for, name = hashed
        request = Request(scope)
        snapshot = await anyio.to_thread.run_sync(self._tree.snapshot)
        if name not in snapshot.files:
            raise HTTPException(404)
        headers = {"Cache-Control": "no-store"}
        if asked_for == snapshot.hash:
            headers = {"Cache-Control": FOR_EVER, "ETag": f'W/"{snapshot.hash}"'}
            if is_known(f'"{snapshot.hash}"', request.headers.get("if-none-match", "")):
                return Response(status_code=304, headers=headers | BY_ENCODING)
        # Any other hash is from another release behind the same balancer: these files are better than none.
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        made = await anyio.to_thread.run_sync(self._made, snapshot, name)
        return encoded(request, made, headers, media_type)

    def _made(self, snapshot: Snapshot, name: str) -> Made:
        if name in MAINS | CATALOGUES:
            # What cannot be one file imports the rest by itself.
            with suppress(ValueError):
                return self._whole.of(snapshot, name)
        return self._whole.alone(snapshot, name)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
