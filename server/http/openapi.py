"""The OpenAPI document: FastAPI's own, with this server's refusals, which are the same on every route."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from server.http.base_path import INSIDE
from signalling.protocol.errors import ErrorCode

Answers = dict[int | str, dict[str, Any]]
"""What FastAPI takes as `responses`."""

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "Why it is refused (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": ["about:blank"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, for people."},
        "code": {"type": "string", "enum": [str(code) for code in ErrorCode]},
        "retry_after": {"type": "number", "description": "Seconds after which it may be tried again."},
    },
}

INPUT = {400: "What is sent is not understood"}
BODY = {413: "The body is too large"}
ALWAYS = {
    421: "The server does not answer to the name it was asked by (RECONVENE_HOSTS)",
    429: "So much was asked from this address lately (RECONVENE_LIMITS)",
}
CREDENTIALS = {401: "The token is missing or not valid", 403: "This is not for the caller to do"}
API = {503: "The server cannot do this right now"}


def refusal(description: str) -> dict[str, Any]:
    """One of a route's `responses`: a problem document."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}


def answered(*media_types: str, status: int = 200) -> Answers:
    """A route's `responses`, if the route makes its answer itself."""
    content = {
        each: {"schema": {"type": "object" if each == "application/json" else "string"}}
        for each in media_types
    }
    return {status: {"content": content}}


UNKNOWN: Answers = {404: refusal("There is no such meeting")}


def install(app: FastAPI) -> None:
    """Have `app` describe itself in this way."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_refusals(describe())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign] # as FastAPI documents it


def _with_refusals(document: dict[str, Any]) -> dict[str, Any]:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            # FastAPI's own answer to an invalid request; here that is 400.
            responses.pop("422", None)
            for status, description in _refusals(path, operation).items():
                responses.setdefault(str(status), refusal(description))
            operation["responses"] = dict(sorted(responses.items()))
            if path in INSIDE:
                operation["servers"] = [{"url": "/"}]
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    return document


def _refusals(path: str, operation: dict[str, Any]) -> dict[int, str]:
    found = dict(ALWAYS)
    if "parameters" in operation or "requestBody" in operation:
        found |= INPUT
    if "requestBody" in operation:
        found |= BODY
    if "security" in operation:
        found |= CREDENTIALS
    if path.startswith("/api/"):
        found |= API
    return found
