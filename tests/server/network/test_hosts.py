"""Which names the server answers to, by which one it was asked, and whose pages may connect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from server.network.hosts import Hosts, asked_by, is_allowed_origin, origin, origin_of
from tests.process import ServerProcess
from tests.server.client import bearer
from tests.server.raw import Raw

MEET = "meet.example.org"
HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
async def picky(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """A server that answers to one name."""
    folder = tmp_path_factory.mktemp("picky")
    async with ServerProcess(folder, RECONVENE_HOSTS=MEET) as server:
        yield server


async def status(server: ServerProcess, path: str = "/healthz", **headers: str) -> int:
    async with httpx.AsyncClient(base_url=server.url) as web:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await web.get(path, headers=sent)).status_code


async def upgrade(server: ServerProcess, **headers: str) -> int:
    async with await Raw.open(server.port) as raw:
        return (await raw.handshake(**headers)).status


# Names


@pytest.mark.parametrize(
    "host", [MEET, "MEET.Example.org", f"{MEET}:3000", f"{MEET}.", "a.rooms.example.org", "localhost:3000"]
)
def test_a_name_on_the_list_is_served(host: str) -> None:
    assert Hosts.parse(f"{MEET}, *.rooms.example.org").refusal([host]) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3:3000", "[::1]:3000", "a.localhost", "localhost."])
def test_addresses_and_localhost_are_no_other_sites(host: str) -> None:
    assert Hosts.parse(MEET).refusal([host]) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"{MEET}.evil.example",
        f"evil{MEET}",
        "rooms.example.org",
        "a.b.rooms.example.org",
        "",
        "\xff",
    ],
)
def test_another_name_is_not(host: str) -> None:
    assert "RECONVENE_HOSTS" in str(Hosts.parse(f"{MEET}, *.rooms.example.org").refusal([host]))


@pytest.mark.parametrize("names", [(), ("*",)])
def test_without_a_list_every_name_is(names: tuple[str, ...]) -> None:
    assert Hosts.parse(",".join(names)).refusal(["evil.example"]) is None


@pytest.mark.parametrize(
    "text", ["https://meet.example.org", "meet.example.org:443", "a b", "*.*", "a..b", "/"]
)
def test_what_is_no_name_is_no_setting(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a setting's own
        Hosts.parse(text)


def test_every_name_a_request_comes_by_is_looked_at() -> None:
    headers = {"host": ["evil.example"], "x-forwarded-host": [f"other.example, {MEET}"]}
    names = asked_by(lambda name: headers.get(name, []), trusted=True)
    assert names == ["evil.example", MEET]
    assert Hosts.parse(MEET).refusal(names) is not None
    assert asked_by(lambda name: headers.get(name, []), trusted=False) == ["evil.example"]


def test_a_forwarded_name_without_its_port_takes_none_away() -> None:
    headers = {"host": [f"{MEET}:8443"], "x-forwarded-host": [MEET]}
    assert asked_by(lambda name: headers.get(name, []), trusted=True) == [f"{MEET}:8443"]


# Origins


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://localhost:3000", "localhost:3000"),
        ("https://meet.example.org", "meet.example.org"),
        ("https://meet.example.org", "meet.example.org:443"),
        ("http://meet.example.org", "Meet.Example.org:80"),
        ("http://meet.example.org:80", "meet.example.org"),
        ("http://[::1]", "[::1]:80"),
    ],
)
def test_a_page_of_the_own_host_may_connect_by_any_way_to_write_its_port(text: str, host: str) -> None:
    assert is_allowed_origin(text, host, ())


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://meet.example.org", "meet.example.org:80"),
        ("http://meet.example.org:8080", "meet.example.org"),
        ("http://meet.example.org:8080", "meet.example.org:80"),
        ("http://evil.example", "meet.example.org"),
        ("https://meet.example.org", None),
        ("null", "null"),
        ("null", ""),
        ("", ""),
        ("http://[", "["),
        ("ftp://meet.example.org", "meet.example.org"),
    ],
)
def test_a_page_of_another_host_or_port_may_not(text: str, host: str | None) -> None:
    assert not is_allowed_origin(text, host, ("https://app.example.org",))


def test_origins_on_the_list_are_compared_as_browsers_write_them() -> None:
    listed = (origin("HTTPS://App.example.org:443/"),)
    assert is_allowed_origin("https://app.example.org", None, listed)
    assert not is_allowed_origin("http://app.example.org", None, listed)


# The server


async def test_only_listed_names_are_answered_by_http_and_by_sockets(picky: ServerProcess) -> None:
    assert await status(picky, Host=MEET) == 200
    assert await status(picky) == 200
    assert await upgrade(picky, Host=MEET, Origin=f"http://{MEET}") == 101
    for path in ("/", "/api/echo", "/healthz", "/static/icon.svg", "/nowhere"):
        assert await status(picky, path, Host="evil.example:3000") == 421
    # A page whose name was made to lead here: its origin is its host.
    assert await upgrade(picky, Host="evil.example:3000", Origin="http://evil.example:3000") == 421
    # Such a page may send what a proxy would.
    assert await status(picky, Host="evil.example", X_Forwarded_Host=MEET) == 421
    assert await upgrade(picky, Host="evil.example", X_Forwarded_Host=MEET) == 421
    assert await status(picky, X_Forwarded_Host="evil.example") == 421


async def test_without_the_setting_any_name_is_answered(server: ServerProcess) -> None:
    assert await status(server, Host="any.example") == 200
    assert await upgrade(server, Host="any.example", Origin="http://any.example") == 101


async def test_a_trusted_proxy_says_by_which_name_it_was_asked(server: ServerProcess) -> None:
    told = {"X_Forwarded_Host": MEET}
    assert await upgrade(server, Origin=f"https://{MEET}", **told) == 101
    assert await upgrade(server, Origin="https://localhost", **told) == 403
    assert (
        await upgrade(server, Origin="https://other.example", X_Forwarded_Host=f"other.example, {MEET}")
        == 403
    )
    async with httpx.AsyncClient(base_url=server.url, headers={"X-Forwarded-Host": MEET, **HTTPS}) as web:
        token = (await web.post("/api/identity")).json()["token"]
        made = await web.post("/api/meetings", headers=bearer(token))
        assert made.json()["url"] == f"https://{MEET}/m/{made.json()['id']}"
        assert (await web.post("/ws", headers={"Origin": f"https://{MEET}"})).status_code == 426


async def test_nobody_else_can(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_TRUSTED_PROXIES="none") as server:
        assert await upgrade(server, Origin=f"https://{MEET}", X_Forwarded_Host=MEET) == 403


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://App.example.org/ann.png?x#y", "https://app.example.org"),
        ("https://app.example.org:443/ann.png", "https://app.example.org"),
        ("https://app.example.org:8443", "https://app.example.org:8443"),
        ("https://app.example.org@evil.org/ann.png", None),
        ("https://app.example.org\\@evil.org/ann.png", None),
        ("data:image/png;base64,AAAA", None),
        ("https://[::1/ann.png", None),
        ("https://[::1]:8443/ann.png", "https://[::1]:8443"),
        ("https://app.example.org; script-src */ann.png", None),
        ("https://app.example.org\\.evil.org/ann.png", None),
        ("https://app.例.org/ann.png", None),
        ("", None),
    ],
)
def test_the_origin_of_an_address(url: str, found: str | None) -> None:
    assert origin_of(url) == found
