"""Whose request it is: only trusted proxies can say."""

from __future__ import annotations

import functools

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.http.forwarded import Forwarded, client_of
from server.network.client_address import Client, Proxies
from server.settings.config import Config
from server.settings.setting import ConfigError

PUBLIC, PROXY, PRIVATE = "203.0.113.9", "127.0.0.1", "10.1.2.3"


def who(peer: str, trusted: str = "loopback", **headers: str | list[str]) -> Client:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}

    def header(name: str) -> list[str]:
        value = sent.get(name, [])
        return [value] if isinstance(value, str) else value

    return Proxies.parse(trusted).client(peer, header)


def test_without_a_proxy_it_is_the_peers_address() -> None:
    assert who(PUBLIC) == Client(PUBLIC, PUBLIC)
    assert who(PROXY) == Client(PROXY, PROXY)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("198.51.100.7", "198.51.100.7"),
        # What a client wrote itself stands before what the proxy appends.
        ("8.8.8.8, 198.51.100.7", "198.51.100.7"),
        ("8.8.8.8, 127.0.0.1, 198.51.100.7,127.0.0.1", "198.51.100.7"),
        (["8.8.8.8", "198.51.100.7"], "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        # Nothing that names anybody: it is the proxy's own.
        ("unknown", PROXY),
        ("198.51.100.7, unknown", PROXY),
        ("", PROXY),
        ("\xff\x00" * 5000, PROXY),
        ("127.0.0.1," * 5000, PROXY),
    ],
)
def test_a_trusted_proxy_tells_the_clients_address(told: str | list[str], found: str) -> None:
    assert who(PROXY, x_forwarded_for=told).address == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("for=198.51.100.7", "198.51.100.7"),
        ('For="[2001:db8::7]:4711";proto=https;by=10.0.0.1', "2001:db8::7"),
        ("proto=https; for=198.51.100.7:80", "198.51.100.7"),
        ("for=8.8.8.8, for=198.51.100.7;host=for", "198.51.100.7"),
        # A quote that the client opened does not swallow what the proxy appends.
        ('for="8.8.8.8, for=198.51.100.7', "198.51.100.7"),
        ("for=_hidden", PROXY),
        ("by=198.51.100.7;before=198.51.100.7", PROXY),
        ("for", PROXY),
    ],
)
def test_a_trusted_proxy_may_tell_it_by_forwarded(told: str, found: str) -> None:
    assert who(PROXY, forwarded=told).address == found


def test_x_forwarded_for_wins_since_most_proxies_pass_forwarded_on_as_it_came() -> None:
    assert who(PROXY, x_forwarded_for="198.51.100.7", forwarded="for=8.8.8.8").address == "198.51.100.7"


def test_who_is_not_trusted_tells_nothing() -> None:
    assert who(PUBLIC, x_forwarded_for="198.51.100.7") == Client(PUBLIC, PUBLIC)
    assert who(PROXY, trusted="none", x_forwarded_for="198.51.100.7").address == PROXY


def test_a_private_proxy_that_is_not_trusted_hides_who_is_behind_it() -> None:
    assert who(PRIVATE, x_forwarded_for="198.51.100.7") == Client(PRIVATE, PRIVATE, hidden=True)
    assert who(PRIVATE, forwarded="for=198.51.100.7").hidden
    assert not who(PRIVATE).hidden
    assert not who(PRIVATE, trusted="private", x_forwarded_for="198.51.100.7").hidden


def test_ipv6_counts_by_the_64() -> None:
    assert who("2001:db8:1:2::7").network == who("2001:db8:1:2:ffff::1").network == "2001:db8:1:2::/64"
    assert who("2001:db8:1:3::7").network != who("2001:db8:1:2::7").network
    assert who("fe80::1%eth0") == Client("fe80::1", "fe80::/64")


def test_networks_and_words_may_be_listed() -> None:
    trusts = functools.partial(Proxies.trusts, Proxies.parse(" loopback, 10.1.0.0/16,2001:db8::/32 "))
    assert all(trusts(peer) for peer in (PROXY, "::1", "::ffff:127.0.0.1", "10.1.2.3", "2001:db8::1"))
    assert not any(trusts(peer) for peer in (PUBLIC, "10.2.0.1", "2001:db9::1", "", "nonsense"))
    assert Proxies.parse("*").trusts(PUBLIC)


def test_a_unix_socket_has_no_address() -> None:
    assert who("") == Client("", "")


@pytest.mark.parametrize(
    ("trusted", "scheme", "address"), [("loopback", "https", "198.51.100.7"), ("none", "http", PROXY)]
)
async def test_the_application_is_told_what_a_trusted_proxy_says(
    trusted: str, scheme: str, address: str
) -> None:
    seen: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await Response()(scope, receive, send)

    transport = httpx.ASGITransport(Forwarded(application, Proxies.parse(trusted)), client=(PROXY, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://meet.example") as http:
        await http.get("/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"})
    (scope,) = seen
    assert scope["scheme"] == scheme
    assert scope["client"][0] == client_of(scope).address == address


def test_what_uvicorn_calls_it_counts_where_ours_is_not_set() -> None:
    theirs = {"FORWARDED_ALLOW_IPS": "10.1.2.3"}
    assert Config.from_env(theirs).trusted_proxies.trusts("10.1.2.3")
    ours = Config.from_env(theirs | {"RECONVENE_TRUSTED_PROXIES": "loopback"}).trusted_proxies
    assert not ours.trusts("10.1.2.3")
    with pytest.raises(ConfigError, match=r"^FORWARDED_ALLOW_IPS must be"):
        Config.from_env({"FORWARDED_ALLOW_IPS": "a proxy"})
