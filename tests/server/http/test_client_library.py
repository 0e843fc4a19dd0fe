"""The client library for other people's pages: one file, without imports, which any page may load."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.metadata import version

import httpx
import pytest
from fastapi import FastAPI

from server.http import client_library, pages
from tests.process import ServerProcess

LARGEST = 40_000
"""Bytes that a page has to load, compressed."""


@pytest.fixture
async def web(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as web:
        yield web


@pytest.mark.parametrize("name", ["v1", version("reconvene")])
async def test_any_page_may_load_it(web: httpx.AsyncClient, name: str) -> None:
    answer = await web.get(f"/sdk/{name}/reconvene.js", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for_good = name != "v1" and ".dev" not in name
    assert ("immutable" in answer.headers["Cache-Control"]) == for_good
    assert ("no-cache" in answer.headers["Cache-Control"]) != for_good
    known = {"If-None-Match": answer.headers["ETag"]}
    again = await web.get(f"/sdk/{name}/reconvene.js", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Access-Control-Allow-Origin"] == "*"


async def test_it_is_small(web: httpx.AsyncClient) -> None:
    """Compressed for whoever takes that."""
    whole = await web.get("/sdk/v1/reconvene.js", headers={"Accept-Encoding": "identity, gzip;q=0"})
    assert b"class Reconvene " in whole.content
    assert "Content-Encoding" not in whole.headers
    small = await web.get("/sdk/v1/reconvene.js", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert int(small.headers["Content-Length"]) < LARGEST
    assert small.content == whole.content
    for answer in (whole, small):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.headers["ETag"] == whole.headers["ETag"]


@pytest.mark.parametrize(
    "path", ["/sdk/v2/reconvene.js", "/sdk/0.0.1/reconvene.js", "/sdk/v1/other.js", "/sdk/v1", "/sdk"]
)
async def test_there_is_no_other(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_released_version_is_kept_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of the application itself: what this checkout is called depends on the day."""
    monkeypatch.setattr(client_library, "version", lambda _: "9.8.7")
    app = FastAPI()
    pages.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as here:
        answer = await here.get("/sdk/9.8.7/reconvene.js")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (await here.get("/sdk/v1/reconvene.js")).content == answer.content
