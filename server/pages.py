"""The pages and the static files that they are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

PAGE = Path(__file__).parent.parent / "static"
PAGE_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install(app: FastAPI) -> None:
    """Serve every page, and `/static` under them."""

    @app.get("/", include_in_schema=False)
    @app.get("/m/{meeting}", include_in_schema=False)
    def page() -> Response:
        return _page("index.html")

    @app.get("/m/{meeting}/attendance", include_in_schema=False)
    def attendance_page() -> Response:
        return _page("attendance.html")

    @app.get("/attendance", include_in_schema=False)
    def records_page() -> Response:
        return _page("records.html")

    app.mount("/static", _Static(directory=PAGE), name="static")


def _page(name: str) -> Response:
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": PAGE_POLICY}
    return FileResponse(PAGE / name, headers=headers)


class _Static(StaticFiles):
    """Asked for anew each time (304 when unchanged), so that a page never runs with modules of two versions."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
