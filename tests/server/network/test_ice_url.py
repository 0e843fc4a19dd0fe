"""STUN and TURN URLs: those that a browser takes."""

from __future__ import annotations

import pytest

from server.network.ice_url import Place, place


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("stun:a.example", Place("stun", "a.example", 3478, "udp")),
        ("stuns:a.example", Place("stuns", "a.example", 5349, "tls")),
        ("turn:[::1]:1234?transport=tcp", Place("turn", "::1", 1234, "tcp")),
        ("turns:192.0.2.1", Place("turns", "192.0.2.1", 5349, "tls")),
        ("turns:a?transport=udp", Place("turns", "a", 5349, "dtls")),
        ("stun:a?transport=udp", None),
        ("stun://a", None),
        ("turn://a:9", None),
        ("turn:a:99999", None),
        ("turn:a?transport=sctp", None),
        ("turn:user:password@a", None),
        ("turn:a:0", None),
        ("turn:", None),
        ("turn:a b", None),
        ("turn:a:1:2", None),
    ],
)
def test_urls_are_taken_apart(url: str, expected: Place | None) -> None:
    assert place(url) == expected
