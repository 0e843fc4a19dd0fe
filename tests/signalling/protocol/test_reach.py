"""To which addresses others may make a bot send."""

from __future__ import annotations

import pytest

from server.network.client_address import Client
from signalling.protocol.reach import Reach

PUBLIC = ["8.8.8.8", "2001:4860:4860::8888"]
PRIVATE = ["10.0.0.1", "172.16.5.5", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:192.168.1.1"]
MDNS = ["3b8a7bd5-6a4e-4a5a-8c8d-0d2d7a3f6c11.local"]
NEAR = ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "0.0.0.1", "::", "169.254.169.254", "fe80::1"]
HIDDEN = ["64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::1"]
NOBODYS = ["224.0.0.251", "ff02::fb", "255.255.255.255", "240.0.0.1", "192.0.2.1", "localhost", "db", ""]


@pytest.mark.parametrize(
    ("reach", "allowed"),
    [
        (Reach.PUBLIC, PUBLIC),
        (Reach.PRIVATE, [*PUBLIC, *PRIVATE, *MDNS]),
        (Reach.ANY, [*PUBLIC, *PRIVATE, *MDNS, *NEAR, *HIDDEN, *NOBODYS]),
    ],
)
def test_candidates_are_allowed_by_where_they_lead(reach: Reach, allowed: list[str]) -> None:
    everything = [*PUBLIC, *PRIVATE, *MDNS, *NEAR, *HIDDEN, *NOBODYS]
    assert [host for host in everything if reach.allows(host)] == allowed


@pytest.mark.parametrize(
    ("client", "reach"),
    [
        (Client("203.0.113.9", "203.0.113.9"), Reach.PUBLIC),
        (Client("2001:4860:4860::1", "2001:4860:4860::/64"), Reach.PUBLIC),
        (Client("192.168.1.7", "192.168.1.7"), Reach.PRIVATE),
        (Client("192.168.1.7", "192.168.1.7", hidden=True), Reach.PUBLIC),
        (Client("169.254.1.1", "169.254.1.1"), Reach.PUBLIC),
        (Client("127.0.0.1", "127.0.0.1"), Reach.ANY),
        (Client("::1", "::/64"), Reach.ANY),
        (Client("", ""), Reach.PUBLIC),
    ],
)
def test_an_echo_is_sent_no_nearer_than_whoever_asks_is(client: Client, reach: Reach) -> None:
    assert Reach.of(client.address, hidden=client.hidden) is reach


def test_a_description_loses_the_candidates_that_are_not_allowed_and_nothing_else() -> None:
    lines = [
        "v=0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host",
        "a=candidate:2 1 UDP 1686052607 8.8.8.8 50001 typ srflx raddr 0.0.0.0 rport 0",
        "a=candidate:3 1 udp  2122260223  10.0.0.1 50002 typ host",
        "a=candidate:4",
        "a=ice-ufrag:abcd",
    ]
    kept = [line for line in lines if "127.0.0.1" not in line and "10.0.0.1" not in line and line != lines[6]]
    for end in ("\r\n", "\n"):
        sdp = end.join([*lines, ""])
        assert Reach.PUBLIC.without_others(sdp) == end.join([*kept, ""])
        assert Reach.ANY.without_others(sdp) == sdp
    # One at the very end, that no line end follows.
    assert "127.0.0.1" not in Reach.PUBLIC.without_others("\r\n".join(lines[:4]))
