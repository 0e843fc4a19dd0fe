"""The route `/asyncapi.json`: the WebSocket's messages, for programs. `/openapi.json` has the routes of HTTP."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from signalling.protocol import asyncapi


def install(app: FastAPI) -> None:
    @app.get("/asyncapi.json", include_in_schema=False)
    def described(request: Request) -> Response:
        document = asyncapi.document(request.scope["root_path"])
        return JSONResponse(document, headers={"Cache-Control": "no-cache"})
