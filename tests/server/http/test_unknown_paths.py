"""Whoever follows a link that leads nowhere gets a page that says so; programs get a problem document."""

from __future__ import annotations

import httpx
import pytest

from tests.process import ServerProcess

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PROBLEM = "application/problem+json"


async def get(server: ServerProcess, path: str, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.url) as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/m", "/m/", "/m/ABC/x/y", "/attendance/x", "/wsx", "/m/ABC%2Fx"]
)
async def test_browser_gets_a_page(server: ServerProcess, path: str) -> None:
    answer = await get(server, path, BROWSER)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    # The same address gives programs something else, and may lead somewhere a moment later.
    assert (answer.headers["Vary"], answer.headers["Cache-Control"]) == ("Accept", "no-cache")
    again = await get(server, path, {**BROWSER, "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 404


@pytest.mark.parametrize("path", ["/nowhere", "/api", "/m/"])
@pytest.mark.parametrize("accept", ["*/*", "application/json"])
async def test_program_gets_a_problem(server: ServerProcess, path: str, accept: str) -> None:
    answer = await get(server, path, {"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers.get("Vary") == (None if path == "/api" else "Accept")


@pytest.mark.parametrize("path", ["/api/nowhere", "/static/nowhere", "/ws/x", "/metrics/x", "/healthz/x"])
async def test_what_programs_ask_is_no_page(server: ServerProcess, path: str) -> None:
    answer = await get(server, path, BROWSER)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)


@pytest.mark.parametrize("path", ["/m/ABC123/", "/m/ABC123/attendance/", "/attendance/"])
async def test_slash_at_the_end_is_as_good(server: ServerProcess, path: str) -> None:
    answer = await get(server, path, BROWSER)
    plain = await get(server, path.rstrip("/"), BROWSER)
    assert (answer.status_code, answer.text) == (200, plain.text)


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/M/ABC123", "/m/ABC123"),
        ("/M/Abc%20d/?utm=1", "/m/Abc%20d/?utm=1"),
        ("/M/ABC123/attendance", "/m/ABC123/attendance"),
    ],
)
async def test_capitals_lead_to_the_meeting(server: ServerProcess, path: str, leads_to: str) -> None:
    answer = await get(server, path, BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (308, leads_to)
    assert answer.headers["Vary"] == "Accept"


async def test_method_that_is_not_allowed_is_no_unknown_path(server: ServerProcess) -> None:
    answer = await get(server, "/api/identity", BROWSER)
    assert answer.status_code == 405
