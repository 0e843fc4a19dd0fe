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

from server.http.encoding import BY_ENCODING, encoded
from server.http.one_file import OneFiles
from server.http.static_tree import FOR_EVER, StaticTree, is_known

ENTRY = "reconvene.js"
FOLDER = "sdk/"
MAJOR = "v1"


def install(app: FastAPI, tree: StaticTree, whole: OneFiles) -> None:
    @app.get(f"/sdk/{{name}}/{ENTRY}", include_in_schema=False)
    def library(request: Request, name: str) -> Response:
        if name not in {MAJOR, version("reconvene")}:
            raise HTTPException(404)
        made = whole.of(tree.snapshot(), f"{FOLDER}{ENTRY}")
        content_hash = made.hash
        # What is not released yet may change under its number.
        lasts = name != MAJOR and ".dev" not in name
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": FOR_EVER if lasts else "no-cache",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "ETag": f'W/"{content_hash}"',
        }
        if is_known(f'"{content_hash}"', request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers | BY_ENCODING)
        return encoded(request, made, headers, "text/javascript")
