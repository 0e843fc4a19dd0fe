"""`/docs`: all of the OpenAPI document, to be read, and nothing of anybody else's."""

from __future__ import annotations

import re

import httpx

from server.http import reference_page
from tests.process import ServerProcess


async def test_every_route_is_on_the_page(server: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        document = (await web.get("/openapi.json")).json()
        answer = await web.get("/docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"<b>{method.upper()}</b> <code>{path}</code>" in answer.text
    linked = set(re.findall(r'href="#(\w+)"', answer.text))
    assert "MeetingView" in linked
    assert linked <= set(re.findall(r'id="(\w+)"', answer.text))


async def test_it_runs_no_script_and_loads_nothing_from_elsewhere(server: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        answer = await web.get("/docs")
        loaded = re.findall(r'<(?:link|script|img|iframe)[^>]*(?:href|src)="([^"]*)"', answer.text)
        assert loaded
        for address in loaded:
            assert address.startswith("/static/")
            assert (await web.get(address)).status_code == 200
    assert "<script" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_what_a_description_says_is_text() -> None:
    operation = {
        "tags": ["<x1>"],
        "description": "<x2> `<x3>`",
        "parameters": [{"name": "<x4>", "in": "<x5>", "schema": {"type": "<x6>"}, "description": "<x7>"}],
        "responses": {"200": {"description": "<x8>", "content": {"<x9>": {}}}},
    }
    schema = {"description": "<x10>", "properties": {"<x11>": {"enum": ["<x12>"], "description": "<x13>"}}}
    document = {
        "openapi": "<x14>",
        "info": {"title": "<x15>", "version": "<x16>"},
        "paths": {"/<x17>": {"get": operation}},
        "components": {"schemas": {"<x18>": schema}},
    }
    page = reference_page.page(document).decode()
    assert "<x" not in page
    assert all(f"&lt;x{number}&gt;" in page for number in range(1, 19))
