"""What is answered compressed, by gzip, to whoever takes that."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from server.http.one_file import Made

BY_ENCODING = {"Vary": "Accept-Encoding"}

_NEVER = re.compile(r"\s*q=0(\.0*)?\s*", re.IGNORECASE)


def takes_gzip(accepted: str) -> bool:
    """By the `Accept-Encoding` of a request (RFC 9110, section 12.5.3)."""
    weights = {
        name.strip(): weight for name, _, weight in (part.partition(";") for part in accepted.split(","))
    }
    return "gzip" in weights and not _NEVER.fullmatch(weights["gzip"])


def encoded(request: Request, made: Made, headers: Mapping[str, str], media_type: str) -> Response:
    """An `ETag` among the headers has to be weak: it is the same for both, of the same content (RFC 9110, 8.8.1)."""
    content, more = made.content, BY_ENCODING
    if takes_gzip(request.headers.get("accept-encoding", "")):
        content, more = made.compressed, BY_ENCODING | {"Content-Encoding": "gzip"}
    return Response(content, headers={**headers, **more}, media_type=media_type)
