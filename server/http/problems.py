"""Refusals over HTTP: `application/problem+json` (RFC 9457) with the protocol's error codes."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from signalling.protocol.errors import ERRORS, ErrorCode, Refused
from storage.errors import MeetingEnded, Revoked, StoreUnavailable, UnknownMeeting

log = structlog.get_logger()

MAX_BODY = 64 * 1024


def problem(
    status: int,
    detail: str,
    code: str | None = None,
    retry_after: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if code is not None:
        content["code"] = code
    if retry_after is not None:
        content["retry_after"] = retry_after
        headers = {**(headers or {}), "Retry-After": str(max(1, round(retry_after)))}
    # Caches may otherwise keep some of them as long as they like (RFC 9110, section 15.1), such as 404.
    headers = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(content), status, headers, media_type="application/problem+json")


def refusal_of(error: Refused, headers: Mapping[str, str] | None = None) -> Response:
    """The problem document of a refusal, which on a socket would be an `error`."""
    return problem(ERRORS[error.code].status, error.text, error.code, error.retry_after, headers)


def install(app: FastAPI) -> None:
    """Make every error of the application a problem document, none with a traceback."""

    @app.exception_handler(Refused)
    def _refused(request: Request, error: Refused) -> Response:
        if error.code is ErrorCode.UNKNOWN_MEETING:
            request.state.looked_up_in_vain = True
        asks = error.code in {ErrorCode.BAD_TOKEN, ErrorCode.TOKEN_EXPIRED, ErrorCode.LOGIN_REQUIRED}
        headers = {"WWW-Authenticate": "Bearer"} if asks else {}
        return refusal_of(error, headers)

    @app.exception_handler(UnknownMeeting)
    def _unknown(request: Request, _error: UnknownMeeting) -> Response:
        return _refused(request, Refused(ErrorCode.UNKNOWN_MEETING))

    @app.exception_handler(MeetingEnded)
    def _ended(request: Request, _error: MeetingEnded) -> Response:
        return _refused(request, Refused(ErrorCode.MEETING_ENDED))

    @app.exception_handler(Revoked)
    def _revoked(request: Request, _error: Revoked) -> Response:
        return _refused(request, Refused(ErrorCode.REVOKED))

    @app.exception_handler(StoreUnavailable)
    def _unavailable(request: Request, error: StoreUnavailable) -> Response:
        log.warning("store unavailable", path=request.url.path, error=str(error))
        return _refused(request, Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after))

    @app.exception_handler(RequestValidationError)
    def _invalid(_request: Request, error: RequestValidationError) -> Response:
        if isinstance(error.body, bytes):
            # The content as it came: its type is not JSON's.
            return problem(
                400, "The body is read as JSON: send Content-Type: application/json.", ErrorCode.BAD_MESSAGE
            )
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return problem(400, f"{where}: {first['msg']}" if where else str(first["msg"]), ErrorCode.BAD_MESSAGE)

    @app.exception_handler(HTTPException)
    def _http(_request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, error.detail, headers=error.headers)

    @app.exception_handler(ClientDisconnect)
    def _gone(_request: Request, _error: ClientDisconnect) -> Response:
        # Nobody receives this: the remote went, or was cut, before all of the body was here.
        return problem(400, "The body ended too soon.")

    @app.exception_handler(Exception)
    def _bug(_request: Request, _error: Exception) -> Response:
        # uvicorn logs the traceback; the remote does not see it.
        return problem(500, "Something went wrong here. It has been logged.")


class BodyLimit:
    """ASGI middleware: refuses a request body over the limit with 413, however it is sent."""

    def __init__(self, app: ASGIApp, most: int = MAX_BODY) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._most:
                raise HTTPException(413, f"A request has at most {self._most // 1024} KiB.")
            return message

        await self._app(scope, limited, send)
