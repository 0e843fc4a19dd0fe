"""Where a server is, as people write it."""

from __future__ import annotations

import pytest

from reconvene.server_address import DEFAULT, Address, BadAddress


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("http://localhost:3000", "http://localhost:3000"),
        (" HTTPS://Meet.Example.org/ ", "https://meet.example.org"),
        ("localhost:3000", "http://localhost:3000"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("[::1]:3000", "http://[::1]:3000"),
        ("meet", "http://meet"),
        ("meet.example.org", "https://meet.example.org"),
        ("meet.example.org:8443", "https://meet.example.org:8443"),
        ("wss://meet.example.org/ws", "https://meet.example.org"),
        ("http://bücher.example", "http://xn--bcher-kva.example"),
        ("https://meet.example.org/?a=b#c", "https://meet.example.org"),
        ("https://meet.example.org:443", "https://meet.example.org"),
        ("http://meet.example.org:443", "http://meet.example.org:443"),
        ("https://example.org/meet/", "https://example.org/meet"),
        ("example.org/a//b.c/ws", "https://example.org/a/b.c"),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, base: str) -> None:
    assert Address.parse(text) == Address(base)


def test_an_address_says_where_things_are() -> None:
    address = Address.parse("https://meet.example.org:8443")
    assert address.websocket == "wss://meet.example.org:8443/ws"
    assert address.url("/api/meetings") == "https://meet.example.org:8443/api/meetings"
    assert address.link("ABC") == "https://meet.example.org:8443/m/ABC"
    assert (address.host, address.port, address.is_secure) == ("meet.example.org", 8443, True)
    assert (Address.parse("[::1]").host, Address.parse("[::1]").port) == ("::1", 80)
    assert (address.origin, address.prefix) == ("https://meet.example.org:8443", "")
    below = Address.parse("https://example.org/meet")
    assert below.websocket == "wss://example.org/meet/ws"
    assert below.link("ABC") == "https://example.org/meet/m/ABC"
    assert (below.origin, below.prefix, below.host) == ("https://example.org", "/meet", "example.org")
    assert Address.parse("meet.example.org").port == 443
    assert Address.parse("localhost:1").websocket == "ws://localhost:1/ws"


def test_a_meeting_is_named_by_its_link_or_its_id() -> None:
    link = "https://meet.example.org/m/abc-123"
    meant = Address("https://meet.example.org", "ABC-123")
    assert Address.parse(link) == meant
    assert Address.parse(f"{link}/attendance") == meant
    assert Address.parse("meet.example.org", " abc-123 ") == meant
    assert Address.parse(link, "Abc-123") == meant
    assert Address.parse("example.org/meet/m/abc") == Address("https://example.org/meet", "ABC")
    assert Address.parse("example.org/meet/m/abc/attendance") == Address("https://example.org/meet", "ABC")
    assert Address.parse(None, link) == meant
    assert Address.parse("meet.example.org", link) == meant
    assert Address.parse(None, "abc") == Address(DEFAULT, "ABC")


def test_an_invite_link_has_a_secret() -> None:
    link = "https://meet.example.org/m/abc-123#invite=8pIh-_z"
    meant = Address("https://meet.example.org", "ABC-123", "8pIh-_z")
    assert Address.parse(link) == Address.parse(None, link) == Address.parse(f"<{link}>.") == meant
    assert Address.parse(link, "ABC-123") == meant
    assert "8pIh" not in repr(meant)
    for other in ("", "#invite=", "#token=eyJ", "#x&invite"):
        assert Address.parse(f"https://meet.example.org/m/abc-123{other}").invite is None


@pytest.mark.parametrize(
    "pasted",
    [
        "{}.",
        "<{}>",
        "({}),",
        "“{}”",
        "[{}].",
        "{}\u200b",
        "\ufeff{}",
        "{}%3E",
        "{}&utm_source=mail",
        "{}?utm_source=mail#x",
        "Join: {}, please",
    ],
)
def test_what_sticks_to_a_link_that_is_pasted_is_none_of_it(pasted: str) -> None:
    meant = Address("https://meet.example.org", "ABC-123")
    assert Address.parse(pasted.format("https://meet.example.org/m/abc-123")) == meant


@pytest.mark.parametrize("pasted", ["abc-123.", "<abc-123>", "abc-123\u200b", "“abc-123”,"])
def test_what_sticks_to_an_id_that_is_pasted_is_none_of_it(pasted: str) -> None:
    assert Address.parse("meet.example.org", pasted) == Address("https://meet.example.org", "ABC-123")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no host"),
        ("http://", "names no host"),
        ("http:///m/ABC", "names no host"),
        ("http://a b", "names no host"),
        ("http://a..b", "names no host"),
        ("http://" + "a" * 70, "names no host"),
        ("http://[::1", "is no address"),
        ("http://\x1b[31m", "is no address"),
        ("ftp://example.org", "begins with http"),
        ("http://example.org:0", "port from 1 to 65535"),
        ("http://example.org:99999", "port from 1 to 65535"),
        ("http://example.org:web", "port from 1 to 65535"),
        ("https://example.org/attendance", "more in it than"),
        ("https://example.org/meet/api/meetings", "more in it than"),
        ("https://example.org/me%20et", "more in it than"),
        ("https://example.org/m/a", "3 to 64 letters"),
        ("https://example.org/m/", "more in it than"),
        ("https://me:geheim@example.org", "neither user nor password"),
        ("ftp://me:geheim@example.org", "neither user nor password"),
    ],
)
def test_what_is_no_address_is_refused_in_one_line(text: str, told: str) -> None:
    with pytest.raises(BadAddress, match=told) as refused:
        Address.parse(text)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250
    assert "geheim" not in str(refused.value)


def test_two_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(BadAddress, match="another meeting"):
        Address.parse("http://a/m/ABC", "XYZ")
    with pytest.raises(BadAddress, match="another server"):
        Address.parse("http://b", "http://a/m/ABC")
    with pytest.raises(BadAddress, match="another server"):
        Address.parse("http://a", "http://a/meet/m/ABC")
    with pytest.raises(BadAddress, match="no meeting's link"):
        Address.parse(None, "http://a/")
    with pytest.raises(BadAddress, match="3 to 64 letters"):
        Address.parse("http://a", "x y")
