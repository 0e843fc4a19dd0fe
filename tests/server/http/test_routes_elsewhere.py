"""Among several nodes, whatever is about a meeting is answered by the node that has its room, or by the record."""

from __future__ import annotations

import re

from server.http.elsewhere import what_about
from tests.http_app import over_nothing

OF_THE_RECORD = {
    ("GET", ""),
    ("GET", "/attendance"),
    ("GET", "/audit"),
    ("GET", "/chat"),
    ("GET", "/qr.svg"),
    ("GET", "/registrants"),
    ("GET", "/stays"),
}
"""What any node answers alone."""


def test_every_route_about_a_meeting_is_the_rooms_or_the_records() -> None:
    alone = set()
    for path, operations in over_nothing().openapi()["paths"].items():
        if not path.startswith("/api/meetings/{meeting}"):
            continue
        asked = re.sub(r"\{\w+\}", "ABC123", path)
        for method in operations:
            scope = {"type": "http", "method": method.upper(), "path": asked, "root_path": ""}
            if what_about(scope) is None:
                alone.add((scope["method"], path.removeprefix("/api/meetings/{meeting}")))
    assert alone == OF_THE_RECORD
