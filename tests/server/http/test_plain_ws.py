"""A request to `/ws` without an upgrade is answered with what would become of a socket from there."""

from __future__ import annotations

import httpx
import pytest

from tests.process import ServerProcess
from tests.server.nginx import NO_UPGRADE, OTHER_HOST, PASSING, TOLD_HOST, Nginx


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_plain_request_is_told_that_sockets_are_served_there(
    server: ServerProcess, method: str
) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.request(method, f"{server.url}/ws", headers={"Origin": server.url})
    assert answer.status_code == 426
    assert answer.headers["Upgrade"] == "websocket"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "", "http://["])
async def test_page_of_another_origin_is_told_that_its_sockets_are_refused(
    server: ServerProcess, origin: str
) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{server.url}/ws", headers={"Origin": origin})
    assert answer.status_code == 403
    assert "RECONVENE_ALLOWED_ORIGINS" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("lines", "status"), [(PASSING, 426), (NO_UPGRADE, 426), (OTHER_HOST, 403), (TOLD_HOST, 426)]
)
async def test_so_it_is_behind_nginx(server: ServerProcess, lines: tuple[str, ...], status: int) -> None:
    async with Nginx(server.port, lines) as nginx, httpx.AsyncClient() as client:
        answer = await client.post(f"{nginx.url}/ws", headers={"Origin": nginx.url})
        assert answer.status_code == status
