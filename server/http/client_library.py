"""The client library for other people's pages: `static/sdk/reconvene.js` with all it imports, as one file.

    /sdk/v1/reconvene.js          the one of this server, asked for anew each time
    /sdk/0.8.0/reconvene.js       the same under its version, kept by browsers for good

It is put together when it is asked for (`one_file`).
"""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from server.http.one_file import one_file
from server.http.static_tree import StaticTree, hash_of

ENTRY = "reconvene.js"
FOLDER = "sdk/"
MAJOR = "v1"


def install(app: FastAPI, tree: StaticTree) -> None:
    made: tuple[str, bytes, str] | None = None

    def current() -> tuple[bytes, str]:
        """The file and its tag. Several threads may make it at once; they make the same."""
        nonlocal made
        snapshot = tree.snapshot()
        if made is None or made[0] != snapshot.hash:
            scripts = {
                path.removeprefix(FOLDER): content.decode()
                for path, content in snapshot.files.items()
                if path.startswith(FOLDER) and path.endswith(".js")
            }
            content = one_file(scripts, ENTRY).encode()
            made = snapshot.hash, content, f'"{hash_of(content)}"'
        return made[1], made[2]

    @app.get(f"/sdk/{{name}}/{ENTRY}", include_in_schema=False)
    def library(request: Request, name: str) -> Response:
        if name not in {MAJOR, version("reconvene")}:
            raise HTTPException(404)
        content, etag = current()
        # What is not released yet may change under its number.
        lasts = name != MAJOR and ".dev" not in name
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": "public, max-age=31536000, immutable" if lasts else "no-cache",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "ETag": etag,
        }
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="text/javascript")
