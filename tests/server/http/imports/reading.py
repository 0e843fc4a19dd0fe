"""What the admin key reads of imports over HTTP."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx

from tests.server.client import Play, bearer

KEY = "k" * 20
CROWD = 1200


async def read(play: Play, path: str, key: str = KEY, **parameters: Any) -> httpx.Response:
    query = {name: str(value) for name, value in parameters.items()}
    return await play.http.get(f"/api/meetings{path}", params=query, headers=bearer(key))


async def told(play: Play, path: str, **parameters: Any) -> dict[str, Any]:
    answer = await read(play, path, **parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


async def table(play: Play, room: str, rows: str) -> list[dict[str, str]]:
    answer = await read(play, f"/{room}/attendance", format="csv", rows=rows)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), strict=True))
