"""Answers about people, which no proxy and no browser on the way may keep."""

from __future__ import annotations

from fastapi import Response

PRIVATE = {"Cache-Control": "no-store"}


def private_json(content: bytes, status: int = 200) -> Response:
    return Response(content, status, PRIVATE, media_type="application/json")
