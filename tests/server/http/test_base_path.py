"""The server below a path of its host, behind proxies that take the path off and behind those that leave it there."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from websockets.exceptions import InvalidStatus

from reconvene.http_api import Api
from reconvene.load.meetings import Meetings
from reconvene.load.target import Target
from reconvene.probe.context import Visit
from reconvene.probe.websocket_check import websocket
from reconvene.server_address import Address
from server.doctor.checks import Level
from server.http.base_path import BasePath
from server.http.shedding import Shedding
from server.settings.config import Config
from server.settings.setting import ConfigError
from signalling.protocol import asyncapi
from signalling.protocol.errors import ErrorCode, Refused
from tests.process import ROOT, ServerProcess
from tests.server.client import Client, bearer
from tests.server.findings import examined, one
from tests.server.nginx import Nginx
from tests.source_files import scripts

BASE = "/meet"
LOOKUPS = 5
ADMIN_KEY = "the-key-of-the-operator"
PAGES = ["", "/", "/m/ABC123", "/m/ABC123/attendance", "/attendance", "/docs", "/nothing/here"]
ADDRESSES = re.compile(r'(?:href|src)="(/[^"]*)"')
DIRECT = "proxy_pass http://127.0.0.1:3000"


def documented() -> str:
    """What docs/operations.md has for nginx."""
    _, _, text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("### Below a path\n")
    return text.partition("```nginx\n")[2].partition("```")[0]


class Way(NamedTuple):
    """To the server: `url` is where it is, as its users write it."""

    url: str
    server: ServerProcess


@pytest.fixture(scope="module")
async def below(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    settings = {
        "RECONVENE_BASE_PATH": BASE,
        "RECONVENE_LIMITS": f"lookups={LOOKUPS}",
        "RECONVENE_ADMIN_KEY": ADMIN_KEY,
        "ZOOM_WEBHOOK_SECRET": "of-the-webhook",
        **dict.fromkeys(("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"), "nobody"),
        **dict.fromkeys(("ZOOM_API_URL", "ZOOM_TOKEN_URL"), "http://127.0.0.1:9"),
    }
    async with ServerProcess(tmp_path_factory.mktemp("below"), **settings) as server:
        yield server


@pytest.fixture(scope="module", params=["as it is", "taken off", "no proxy"])
async def way(request: pytest.FixtureRequest, below: ServerProcess) -> AsyncIterator[Way]:
    if request.param == "no proxy":
        yield Way(below.url, below)
        return
    locations = documented()
    assert DIRECT in locations
    if request.param == "taken off":
        locations = locations.replace(f"{DIRECT};", f"{DIRECT}/;")
    async with Nginx(below.port, locations) as nginx:
        yield Way(nginx.url + BASE, below)


@pytest.fixture
async def web(way: Way) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=way.url, headers={"Accept": "text/html"}) as web:
        yield web


@pytest.mark.parametrize(
    ("text", "path"),
    [("/meet", "/meet"), ("/meet/", "/meet"), ("/", ""), ("/a/b.c/d~1_2-3", "/a/b.c/d~1_2-3"), ("/M", "/M")],
)
def test_a_prefix_is_a_path(text: str, path: str) -> None:
    assert Config.from_env({"RECONVENE_BASE_PATH": text}).base_path == path


@pytest.mark.parametrize(
    "text",
    [
        "meet",
        "//meet",
        "/me//et",
        "/me et",
        "/me%20et",
        "/b\xfcro",
        "/..",
        "/a/./b",
        "/meet?x",
        '/"',
        "/m",
        "/x/api",
    ],
)
def test_what_cannot_be_told_from_something_else_is_no_prefix(text: str) -> None:
    with pytest.raises(ConfigError, match="RECONVENE_BASE_PATH must be a path such as /meet"):
        Config.from_env({"RECONVENE_BASE_PATH": text})


async def test_whatever_a_page_leads_to_is_below_the_prefix(way: Way, web: httpx.AsyncClient) -> None:
    addresses: set[str] = set()
    for page in PAGES:
        answer = await web.get(way.url + page, follow_redirects=True)
        assert answer.status_code == (404 if page == "/nothing/here" else 200)
        found = set(ADDRESSES.findall(answer.text))
        assert found, page
        addresses |= found
    assert [path for path in addresses if not path.startswith(f"{BASE}/")] == []
    # One module says enough of all.
    modules = sorted(path for path in addresses if "/js/" in path)
    for path in {*addresses.difference(modules), modules[0]}:
        part = await web.get(way.url.removesuffix(BASE) + path)
        assert part.status_code == 200, path
        kept = "immutable" in part.headers["Cache-Control"]
        assert kept == path.startswith(f"{BASE}/static/"), path


def test_the_page_s_scripts_have_addresses_from_one_place() -> None:
    """`addresses.js`, which knows the prefix; those of routes put the server's address before theirs."""
    own = re.compile(
        r"""["'`]/(?:m|ws|api|attendance|docs|healthz|readyz)\b|\$\{location\.(?:host|origin)\}/"""
    )
    known = {"addresses.js", "http-api.js", "meetings-api.js"}
    others = [path for path in scripts() if path.name not in known]
    assert others
    assert [path.name for path in others if own.search(path.read_text(encoding="utf-8"))] == []


async def test_addresses_that_are_given_out_have_the_prefix(way: Way, web: httpx.AsyncClient) -> None:
    token = bearer((await web.post("/api/identity")).json()["token"])
    made = await web.post("/api/meetings", json={"meeting": "ABC123"}, headers=token)
    assert made.json()["url"] == f"{way.url}/m/ABC123"
    assert (await web.get("/M/abc123?x=1")).headers["Location"] == f"{BASE}/m/abc123?x=1"
    assert (await web.get("/healthz/")).headers["Location"] == f"{way.url}/healthz"
    assert (await web.get("/openapi.json")).json()["servers"] == [{"url": BASE}]
    assert (await web.get("/asyncapi.json")).json() == json.loads(json.dumps(asyncapi.document(BASE)))
    assert f"All paths are below <code>{BASE}</code>" in (await web.get("/docs")).text


async def test_sockets_open_and_pages_say_goodbye(way: Way, web: httpx.AsyncClient) -> None:
    ann = await Client.open(f"ws{way.url.removeprefix('http')}/ws", origin=way.url.removesuffix(BASE))
    await ann.join("SOCKET", "Ann", create=True)
    said = await web.post("/api/goodbye", json={"session": ann.session})
    assert said.status_code == 204
    await ann.close()
    # Why one does not open, pages ask there.
    assert (await web.post("/ws")).status_code == 426


async def test_programs_find_their_way(way: Way) -> None:
    address = Address.parse(f"{way.url}/m/abc")
    async with Api(address) as api:
        await api.ready()
        visit = Visit(address, api)
        assert (await websocket(visit, 10.0)).details["subprotocol"] == "reconvene.v1"
    target = await (await Target.find(address)).reached()
    meetings = Meetings(target)
    await meetings.make(1, within=10.0)
    await meetings.remove()
    assert not meetings.ids


async def test_what_is_for_the_inside_is_not_below_the_prefix(way: Way, web: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await web.get(path)).status_code == 200
    for path in ("/metrics", f"{BASE}/metrics", "/%6detrics", "//metrics"):
        assert (await web.get(way.url + path)).status_code in {403, 404}, path
    document = (await web.get("/openapi.json")).json()
    assert document["paths"]["/metrics"]["get"]["servers"] == [{"url": "/"}]
    inside = f"http://127.0.0.1:{way.server.port}"
    assert (await web.get(f"{inside}/metrics")).status_code == 200
    assert (await web.get(f"{inside}/readyz")).status_code == 200


async def test_zoom_finds_the_webhook(web: httpx.AsyncClient) -> None:
    assert (await web.post("/api/zoom/webhook", json={})).status_code == 401


async def test_a_sync_says_where_it_is_told_of(way: Way, web: httpx.AsyncClient) -> None:
    begun = await web.post("/api/zoom/sync", json={"id": "85012345678"}, headers=bearer(ADMIN_KEY))
    where = begun.headers["Location"]
    assert where.startswith(f"{BASE}/api/zoom/sync/")
    told = await web.get(way.url.removesuffix(BASE) + where, headers=bearer(ADMIN_KEY))
    assert told.json()["external_id"] == "85012345678"


@pytest.mark.parametrize("before", ["", BASE])
async def test_what_a_request_asks_for_is_limited_whatever_the_prefix(
    below: ServerProcess, before: str
) -> None:
    stranger = {"X-Forwarded-For": f"203.0.113.{len(before)}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{below.port}", headers=stranger) as web:
        guesses = [await web.get(f"{before}/api/meetings/GUESS-{number}") for number in range(LOOKUPS + 1)]
    assert guesses[-1].status_code == 429


async def test_who_asks_how_it_is_gets_an_answer_below_the_prefix_when_it_is_too_much() -> None:
    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        await Response()(scope, receive, send)

    app = BasePath(Shedding(answered, refusal=lambda: Refused(ErrorCode.UNAVAILABLE)), BASE)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as web:
        paths = ("/healthz", f"{BASE}/healthz", f"{BASE}/api/goodbye", "/", f"{BASE}/api/meetings")
        assert [(await web.get(path)).status_code for path in paths] == [200, 200, 200, 503, 503]


@pytest.mark.parametrize(
    ("base", "level", "told"),
    [
        (BASE, Level.OK, "is ready"),
        ("", Level.OK, "is ready"),
        ("/other", Level.WARNING, "is not below /other"),
    ],
)
async def test_the_doctor_looks_for_the_server_below_the_prefix(
    below: ServerProcess, tmp_path: Path, base: str, level: Level, told: str
) -> None:
    one(await examined(tmp_path, PORT=str(below.port), BASE_PATH=base), "port", level, told)


async def test_a_socket_elsewhere_is_told_where(below: ServerProcess) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await Client.open(f"ws://127.0.0.1:{below.port}/other/ws")
    assert refused.value.response.status_code == 404
    assert refused.value.response.body == f"WebSockets are served at {BASE}/ws.\n".encode()
