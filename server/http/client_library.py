"""The client library for other people's pages: `static/sdk/reconvene.js` with all it imports, as one file.

    /sdk/v1/reconvene.js          the one of this server, asked for anew each time
    /sdk/0.8.0/reconvene.js       the same under its version, kept by browsers for good

It is put together when it is asked for (`one_file`).
"""

from __future__ import annotations

import re
from importlib.metadata import version

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from server.http.one_file import OneFiles
from server.http.static_tree import FOR_EVER, StaticTree, is_known

ENTRY = "reconvene.js"
FOLDER = "sdk/"
MAJOR = "v1"

_NEVER = re.compile(r"\s*q=0(\.0*)?\s*", re.IGNORECASE)


def takes_gzip(accepted: str) -> bool:
    """By the `Accept-Encoding` of a request (RFC 9110, section 12.5.3)."""
    weights = {
        name.strip(): weight for name, _, weight in (part.partition(";") for part in accepted.split(","))
    }
    return "gzip" in weights and not _NEVER.fullmatch(weights["gzip"])


def install(app: FastAPI, tree: StaticTree, whole: OneFiles) -> None:
    @app.get(f"/sdk/{{name}}/{ENTRY}", include_in_schema=False)
    def library(request: Request, name: str) -> Response:
        if name not in {MAJOR, version("reconvene")}:
            raise HTTPException(404)
        content, content_hash, compressed = whole.of(tree.snapshot(), f"{FOLDER}{ENTRY}")
        # What is not released yet may change under its number.
        lasts = name != MAJOR and ".dev" not in name
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": FOR_EVER if lasts else "no-cache",
            "Cross-Origin-Resource-Policy": "cross-origin",
            # Weak: the same for both, of the same content (RFC 9110, 8.8.1).
            "ETag": f'W/"{content_hash}"',
            "Vary": "Accept-Encoding",
        }
        if is_known(f'"{content_hash}"', request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        if takes_gzip(request.headers.get("accept-encoding", "")):
            content, headers["Content-Encoding"] = compressed, "gzip"
        return Response(content, headers=headers, media_type="text/javascript")
