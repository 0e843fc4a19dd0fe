"""The WebSocket protocol, frame by frame. Sections are those of RFC 6455."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from signalling.protocol.client_messages import MAX_SIZE
from tests.process import ServerProcess
from tests.server.raw import ACCEPT, BINARY, CLOSE, CONT, PING, PONG, TEXT, Raw, frame, join

HELLO = json.dumps({"type": "ping", "t": "hällo 🙂"}, ensure_ascii=False).encode()


@pytest.fixture
async def raw(server: ServerProcess) -> AsyncIterator[Raw]:
    """Upgraded, and not joined."""
    async with await Raw.open(server.port) as raw:
        yield await raw.upgraded()


# Fragments (section 5.4).


async def test_a_fragmented_message_with_a_ping_in_between(raw: Raw) -> None:
    await raw.send(frame(TEXT, HELLO[:9], fin=False))
    await raw.send(frame(PING, b"are you there?"))
    await raw.send(frame(CONT, HELLO[9:12], fin=False) + frame(CONT, HELLO[12:]))
    # The pong may come before or after the answer, which is no control frame.
    pong, answer = sorted([await raw.frame(), await raw.frame()], key=lambda f: -f.opcode)
    assert (pong.first, pong.payload) == (0x80 | PONG, b"are you there?")
    assert json.loads(answer.payload)["t"] == "hällo 🙂"


async def test_empty_fragments_count_for_nothing(raw: Raw) -> None:
    await raw.send(frame(TEXT, b"", fin=False) + frame(CONT, b"", fin=False))
    await raw.send(frame(CONT, HELLO, fin=False) + frame(CONT, b""))
    await raw.message("pong")


async def test_a_message_of_single_bytes(raw: Raw) -> None:
    first, *middle, last = (HELLO[n : n + 1] for n in range(len(HELLO)))
    frames = [frame(TEXT, first, fin=False), *(frame(CONT, b, fin=False) for b in middle), frame(CONT, last)]
    for part in frames:
        await raw.send(part)
    assert (await raw.message("pong"))["t"] == "hällo 🙂"


async def test_a_frame_may_come_in_pieces(raw: Raw) -> None:
    whole = frame(TEXT, HELLO)
    for n in range(len(whole)):
        await raw.send(whole[n : n + 1])
    await raw.message("pong")


# What breaks the rules (sections 5.1, 5.2, 5.5).

TOO_LONG = b"x" * 126

BREACHES = {
    "not masked": frame(TEXT, HELLO, masked=False),
    "RSV1": frame(TEXT, HELLO, rsv=4),
    "RSV2": frame(TEXT, HELLO, rsv=2),
    "RSV3": frame(TEXT, HELLO, rsv=1),
    "reserved data opcode": frame(0x3, HELLO),
    "reserved control opcode": frame(0xB),
    "long ping": frame(PING, TOO_LONG),
    "long pong": frame(PONG, TOO_LONG),
    "long close": frame(CLOSE, b"\x03\xe8" + TOO_LONG),
    "fragmented ping": frame(PING, fin=False),
    "fragmented close": frame(CLOSE, b"\x03\xe8", fin=False),
    "continuation of nothing": frame(CONT, HELLO),
    "new message within a message": frame(TEXT, b"{", fin=False) + frame(TEXT, HELLO),
    "close of one byte": frame(CLOSE, b"\x03"),
    "close with 1005": frame(CLOSE, (1005).to_bytes(2, "big")),
    "close with 1006": frame(CLOSE, (1006).to_bytes(2, "big")),
    "close with 999": frame(CLOSE, (999).to_bytes(2, "big")),
    "close with 5000": frame(CLOSE, (5000).to_bytes(2, "big")),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_of_the_protocol_closes_with_1002(raw: Raw, breach: str) -> None:
    await raw.send(BREACHES[breach])
    assert await raw.closed() == 1002


async def test_binary_messages_close_with_1003(raw: Raw) -> None:
    await raw.send(frame(BINARY, b"\x00\x01"))
    assert await raw.closed() == 1003


# Text is UTF-8 (section 8.1).

NOT_UTF8 = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "é".encode()[:1]]


@pytest.mark.parametrize("bad", NOT_UTF8)
async def test_text_that_is_not_utf8_closes_with_1007(raw: Raw, bad: bytes) -> None:
    await raw.send(frame(TEXT, b'{"type":"ping","t":"' + bad + b'"}'))
    assert await raw.closed() == 1007


async def test_bad_utf8_in_fragments_closes_with_1007(raw: Raw) -> None:
    await raw.send(frame(TEXT, b'{"type":"ping","t":"\xe2\x82', fin=False) + frame(CONT, b'"}'))
    assert await raw.closed() == 1007


async def test_a_message_may_be_split_inside_a_character(raw: Raw) -> None:
    middle = HELLO.index("🙂".encode()) + 2
    await raw.send(frame(TEXT, HELLO[:middle], fin=False) + frame(CONT, HELLO[middle:]))
    assert (await raw.message("pong"))["t"] == "hällo 🙂"


async def test_a_close_reason_that_is_not_utf8_is_refused(raw: Raw) -> None:
    await raw.send(frame(CLOSE, b"\x03\xe8\xff"))
    assert await raw.closed() in {1002, 1007}


# Sizes.


def sized(size: int) -> bytes:
    return b'{"type":"ping","t":"' + b"x" * (size - 22) + b'"}'


async def test_a_message_of_exactly_64_kib_is_taken(raw: Raw) -> None:
    await raw.send(frame(TEXT, sized(MAX_SIZE)))
    assert len((await raw.message("pong"))["t"]) == MAX_SIZE - 22


async def test_64_kib_may_come_in_fragments(raw: Raw) -> None:
    whole = sized(MAX_SIZE)
    await raw.send(frame(TEXT, whole[:40_000], fin=False) + frame(CONT, whole[40_000:]))
    await raw.message("pong")


@pytest.mark.parametrize("declared", [MAX_SIZE + 1, 2**31, 2**63 - 1])
async def test_a_declared_length_over_the_limit_closes_with_1009(raw: Raw, declared: int) -> None:
    await raw.send(frame(TEXT, b"", size=declared))
    assert await raw.closed() == 1009


async def test_fragments_over_the_limit_together_close_with_1009(raw: Raw) -> None:
    await raw.send(frame(TEXT, b"x" * 40_000, fin=False) + frame(CONT, b"x" * 40_000, fin=False))
    assert await raw.closed() == 1009


# Control frames and closing (sections 5.5 and 7).


async def test_pongs_nobody_asked_for_are_ignored(raw: Raw) -> None:
    await raw.send(frame(PONG) + frame(PONG, b"hm") + frame(TEXT, HELLO))
    await raw.message("pong")


async def test_a_ping_of_125_bytes_is_answered_in_full(raw: Raw) -> None:
    await raw.send(frame(PING, b"x" * 125))
    assert (await raw.frame()).payload == b"x" * 125


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999])
async def test_a_close_is_echoed_with_its_code_and_ends_the_connection(raw: Raw, code: int) -> None:
    await raw.send(frame(CLOSE, code.to_bytes(2, "big") + "bye é".encode()))
    assert (await raw.close_frame()).code == code
    assert await raw.rest() == b""


async def test_a_close_without_a_code_is_echoed_without_one(raw: Raw) -> None:
    await raw.send(frame(CLOSE))
    assert (await raw.close_frame()).payload == b""
    assert await raw.rest() == b""


async def test_nothing_after_a_close_is_heard(raw: Raw) -> None:
    await raw.send(frame(CLOSE, b"\x03\xe8") + frame(TEXT, HELLO))
    assert (await raw.frame()).code == 1000
    assert await raw.rest() == b""


# Messages and segments.


async def test_what_comes_right_behind_a_join_is_answered_after_it_and_in_order(raw: Raw, room: str) -> None:
    behind = [
        {"type": "status", "id": 2, "hand": True},
        {"type": "ping", "id": 3},
        {"type": "leave", "id": 4},
    ]
    await raw.send(frame(TEXT, join(room)) + b"".join(frame(TEXT, json.dumps(m)) for m in behind))
    joined = await raw.message("joined")
    assert not joined["you"]["hand"]
    await raw.message("participant_updated")
    assert [(await raw.message(kind))["id"] for kind in ("ack", "pong", "ack")] == [2, 3, 4]
    assert await raw.closed() == 1000


async def test_a_connection_that_ends_without_a_close_frame_is_let_go(
    server: ServerProcess, room: str
) -> None:
    async with await Raw.open(server.port) as raw:
        me = (await raw.joined(room))["you"]["id"]
    await server.logged("connection lost, place kept", participant=me, meeting=room, code=1006)


# The handshake (section 4).


async def test_the_handshake(server: ServerProcess) -> None:
    async with await Raw.open(server.port) as raw:
        response = await raw.handshake(
            Sec_WebSocket_Protocol="other, reconvene.v1",
            Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits",
        )
        assert response.status == 101
        assert response.headers["sec-websocket-accept"] == ACCEPT
        assert response.headers["sec-websocket-protocol"] == "reconvene.v1"
        assert "sec-websocket-extensions" not in response.headers


@pytest.mark.parametrize("offered", [None, "something.else"])
async def test_no_subprotocol_is_selected_unless_ours_is_offered(
    server: ServerProcess, offered: str | None
) -> None:
    async with await Raw.open(server.port) as raw:
        response = await raw.handshake(Sec_WebSocket_Protocol=offered)
        assert response.status == 101
        assert "sec-websocket-protocol" not in response.headers


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Sec_WebSocket_Version", None, 400),
        ("Sec_WebSocket_Version", "12", 400),
        ("Sec_WebSocket_Key", None, 400),
        ("Sec_WebSocket_Key", "c2hvcnQ=", 400),
        ("Sec_WebSocket_Key", "!!!", 400),
        ("Connection", "keep-alive", 426),  # no upgrade asked for: a plain request
    ],
)
async def test_a_bad_handshake_is_refused(
    server: ServerProcess, header: str, value: str | None, status: int
) -> None:
    async with await Raw.open(server.port) as raw:
        response = await raw.handshake(**{header: value})
        assert response.status == status
        assert "Traceback" not in response.body
