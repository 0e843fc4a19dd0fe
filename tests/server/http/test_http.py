"""What HTTP clients may expect of every route: HEAD beside GET, and JSON without a word about its type."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest
from starlette.routing import Router
from starlette.types import Message, Receive, Scope, Send

from server.http.head_requests import HeadRequests
from server.http.streamed import streamed
from tests.process import ServerProcess
from tests.server.client import Play, bearer

OTHERS = [
    "/",
    "/m/ABC123",
    "/attendance",
    "/static/js/main.js",
    "/nowhere",
    "/docs",
    "/openapi.json",
    "/asyncapi.json",
    "/ws",
]
"""What is answered besides the API."""


async def test_head_is_answered_as_get_is_without_a_body(play: Play) -> None:
    paths = (await play.http.get("/openapi.json")).json()["paths"]
    told = [path.replace("{", "").replace("}", "") for path, methods in paths.items() if "get" in methods]
    assert "/api/meetings/meeting" in told
    for path in [*told, *OTHERS]:
        # One connection carries both, so a byte too many would be found by the next.
        get, head = await play.http.get(path), await play.http.head(path)
        assert head.status_code == get.status_code, path
        assert head.content == b""
        for name in ("content-type", "content-length", "cache-control", "etag", "www-authenticate"):
            # The numbers may have grown by a digit meanwhile.
            if (path, name) != ("/metrics", "content-length"):
                assert head.headers.get(name) == get.headers.get(name), (path, name)


async def test_what_is_made_piece_by_piece_is_not_made_for_its_headers(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    path, known = f"/api/meetings/{room}/chat?format=csv", bearer(ann.token)
    get, head = await play.http.get(path, headers=known), await play.http.head(path, headers=known)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-disposition", "cache-control"):
        assert head.headers[name] == get.headers[name]


async def test_the_maker_of_pieces_is_stopped() -> None:
    made: list[bytes] = []
    closed = asyncio.Event()

    async def pieces() -> AsyncGenerator[bytes]:
        try:
            while len(made) < 100:
                await asyncio.sleep(0)
                made.append(b"x")
                yield b"x"
        finally:
            closed.set()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (await streamed(pieces(), "text/plain", {"X-Known": "yes"}))(scope, receive, send)

    sent: list[Message] = []
    over = asyncio.Event()

    async def receive() -> Message:
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message["more_body"]:
            over.set()

    scope = {"type": "http", "method": "HEAD", "asgi": {"spec_version": "2.3"}}
    await HeadRequests(app, Router())(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (b"x-known", b"yes") in sent[0]["headers"]
    # Whether there is an answer is known by the first.
    assert len(made) == 1
    # And what it had at hand is gone, without the garbage collector.
    assert closed.is_set()


async def test_a_page_s_head_may_be_known_already(play: Play) -> None:
    etag = (await play.http.head("/")).headers["ETag"]
    assert (await play.http.head("/", headers={"If-None-Match": etag})).status_code == 304


@pytest.mark.parametrize("path", ["/api/meetings/ABC123/end", "/api/goodbye"])
async def test_where_get_is_not_allowed_head_is_not(play: Play, path: str) -> None:
    answer = await play.http.head(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_head_is_among_the_methods_that_are_allowed(play: Play) -> None:
    answer = await play.http.put("/api/ice-servers")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/meetings", "GET, HEAD, POST"),
        ("/api/meetings/ABC123", "GET, HEAD, PATCH, DELETE"),
        ("/api/zoom/sync", "GET, HEAD, POST"),
        ("/ws", "GET, HEAD, POST"),
        ("/m/ABC123", "GET, HEAD"),
        ("/static/icon.svg", "GET, HEAD"),
    ],
)
async def test_a_method_that_is_not_allowed_is_told_all_that_are(play: Play, path: str, allowed: str) -> None:
    answer = await play.http.put(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize("headers", [{}, {"Content-Type": ""}])
async def test_a_body_without_a_type_is_json(
    server: ServerProcess, play: Play, headers: dict[str, str]
) -> None:
    token = await play.identity()
    async with httpx.AsyncClient(base_url=server.url) as web:
        answer = await web.post(
            "/api/meetings", content=b'{"title": "Typeless"}', headers=bearer(token) | headers
        )
    assert (answer.status_code, answer.json()["title"]) == (201, "Typeless")


async def test_a_body_of_another_type_is_refused_with_what_to_do(play: Play) -> None:
    token = await play.identity()
    answer = await play.http.post("/api/meetings", data={"title": "Form"}, headers=bearer(token))
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_message"
    assert "Content-Type: application/json" in answer.json()["detail"]
