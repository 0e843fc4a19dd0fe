"""The QR code of a meeting's link, for phones that are held to a screen.

It says what the address of the request says, and nothing of the meeting: there need not even be one. Whoever asks
needs no token: images cannot show any.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

import io
from functools import lru_cache

from fastapi import APIRouter, HTTPException, Request, Response

from server.http.meeting_views import link
from server.http.openapi import answered, refusal
from signalling.protocol import identifiers

QUIET = 4
"""Modules of white around it (ISO/IEC 18004, 5.3.8)."""

MOST = 400
"""Characters of a link. What it would take for longer ones is too fine for a camera."""

SVG = "image/svg+xml"


def router() -> APIRouter:
    routes = APIRouter()

    @routes.get(
        "/api/meetings/{meeting}/qr.svg",
        tags=["meetings"],
        response_class=Response,
        responses=answered(SVG) | {404: refusal("No meeting can have this ID, or its link is too long")},
    )
    def qr_code(meeting: str, request: Request) -> Response:
        """The link of the meeting as a QR code, whether there is such a meeting or not."""
        try:
            room = identifiers.meeting_id(meeting)
        except ValueError as error:
            raise HTTPException(404, str(error)) from error
        url = link(request, room)
        if len(url) > MOST:
            raise HTTPException(404, f"A link of more than {MOST} characters makes no code.")
        # It depends on the host, which caches that are shared may not tell apart.
        return Response(_drawn(url), headers={"Cache-Control": "private, max-age=86400"}, media_type=SVG)

    return routes


@lru_cache(maxsize=256)
def _drawn(url: str) -> bytes:
    """White around black in every theme: cameras need that."""
    # Most servers are never asked for one.
    import segno

    image = io.BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(
        image, kind="svg", border=QUIET, dark="#000", light="#fff", xmldecl=False, nl=False, omitsize=True
    )
    return image.getvalue()
