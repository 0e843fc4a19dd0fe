"""Cases of the Autobahn test suite by their numbers, written by hand. Where it expects an echo, a message is answered.

Cases about binary messages, compression and large messages have no place here: none of these is spoken.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.process import ServerProcess
from tests.server.raw import CLOSE, CONT, PING, PONG, TEXT, Raw, frame

ASK = b'{"type":"ping"}'
ANSWER = b'{"type":"pong"}'
HEAD, TAIL = ASK[:6], ASK[6:]
NORMAL = (1000).to_bytes(2, "big")

WHOLE = frame(TEXT, ASK)
TWO = [frame(TEXT, HEAD, fin=False), frame(CONT, TAIL)]
PINGED = [TWO[0], frame(PING, b"ping payload"), TWO[1]]
FIVE = [
    frame(TEXT, ASK[:3], fin=False),
    frame(CONT, ASK[3:6], fin=False),
    frame(PING, b"pongme 1!"),
    frame(CONT, ASK[6:9], fin=False),
    frame(CONT, ASK[9:12], fin=False),
    frame(PING, b"pongme 2!"),
    frame(CONT, ASK[12:]),
]


def sent(frames: list[bytes], chop: str) -> list[bytes]:
    """In one piece, by frames, or byte by byte."""
    whole = b"".join(frames)
    return {"": [whole], "frames": frames, "bytes": [whole[n : n + 1] for n in range(len(whole))]}[chop]


OPEN = {
    # Pings and pongs.
    "1.1.1": (sent([WHOLE], ""), [(TEXT, ANSWER)]),
    "2.1": (sent([frame(PING)], ""), [(PONG, b"")]),
    "2.2": (sent([frame(PING, b"Hello, world!")], ""), [(PONG, b"Hello, world!")]),
    "2.3": (
        sent([frame(PING, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff")], ""),
        [(PONG, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff")],
    ),
    "2.4": (sent([frame(PING, b"\xfe" * 125)], ""), [(PONG, b"\xfe" * 125)]),
    "2.6": (sent([frame(PING, b"\xfe" * 125)], "bytes"), [(PONG, b"\xfe" * 125)]),
    "2.7": (sent([frame(PONG), WHOLE], ""), [(TEXT, ANSWER)]),
    "2.8": (sent([frame(PONG, b"unsolicited"), WHOLE], ""), [(TEXT, ANSWER)]),
    "2.9": (sent([frame(PONG, b"unsolicited"), frame(PING, b"ping")], ""), [(PONG, b"ping")]),
    "2.10": (sent([frame(PING, b"%d" % n) for n in range(10)], ""), [(PONG, b"%d" % n) for n in range(10)]),
    "2.11": (
        sent([frame(PING, b"%d" % n) for n in range(10)], "bytes"),
        [(PONG, b"%d" % n) for n in range(10)],
    ),
    # Fragments. A ping between them is answered between them, at its place.
    "5.3": (sent(TWO, ""), [(TEXT, ANSWER)]),
    "5.4": (sent(TWO, "frames"), [(TEXT, ANSWER)]),
    "5.5": (sent(TWO, "bytes"), [(TEXT, ANSWER)]),
    "5.6": (sent(PINGED, ""), [(PONG, b"ping payload"), (TEXT, ANSWER)]),
    "5.7": (sent(PINGED, "frames"), [(PONG, b"ping payload"), (TEXT, ANSWER)]),
    "5.8": (sent(PINGED, "bytes"), [(PONG, b"ping payload"), (TEXT, ANSWER)]),
    "5.19": (sent(FIVE, "frames"), [(PONG, b"pongme 1!"), (PONG, b"pongme 2!"), (TEXT, ANSWER)]),
    "5.20": (sent(FIVE, ""), [(PONG, b"pongme 1!"), (PONG, b"pongme 2!"), (TEXT, ANSWER)]),
    # Not Autobahn's, but what these are about: answers in the order of what they answer.
    "order": (
        sent([WHOLE, frame(PING, b"1"), WHOLE, frame(PING, b"2")], ""),
        [(TEXT, ANSWER), (PONG, b"1"), (TEXT, ANSWER), (PONG, b"2")],
    ),
}

NOT_BEGUN = frame(CONT, b"non-continuation payload")
NOT_BEGUN_OPEN = frame(CONT, b"non-continuation payload", fin=False)

CLOSED = {
    "2.5": ([frame(PING, b"\xfe" * 126)], [], 1002),
    "5.1": ([frame(PING, b"1", fin=False), frame(CONT, b"2")], [], 1002),
    "5.2": ([frame(PONG, b"1", fin=False), frame(CONT, b"2")], [], 1002),
    "5.9": ([NOT_BEGUN, WHOLE], [], 1002),
    "5.10": ([NOT_BEGUN, WHOLE], [], 1002),
    "5.12": ([NOT_BEGUN_OPEN, WHOLE], [], 1002),
    "5.15": ([*TWO, NOT_BEGUN_OPEN, WHOLE], [(TEXT, ANSWER)], 1002),
    "5.16": ([NOT_BEGUN_OPEN, *TWO], [], 1002),
    "5.17": ([NOT_BEGUN, *TWO], [], 1002),
    "5.18": ([frame(TEXT, HEAD, fin=False), frame(TEXT, TAIL)], [], 1002),
    "7.1.1": ([WHOLE, frame(CLOSE, NORMAL)], [(TEXT, ANSWER)], 1000),
    "7.1.2": ([frame(CLOSE, NORMAL), frame(CLOSE, NORMAL)], [], 1000),
    "7.1.3": ([frame(CLOSE, NORMAL), frame(PING)], [], 1000),
    "7.1.4": ([frame(CLOSE, NORMAL), WHOLE], [], 1000),
    "7.1.5": ([TWO[0], frame(CLOSE, NORMAL), TWO[1]], [], 1000),
}


@pytest.fixture
async def raw(server: ServerProcess) -> AsyncIterator[Raw]:
    async with await Raw.open(server.port) as raw:
        yield await raw.upgraded()


@pytest.mark.parametrize("case", OPEN)
async def test_what_is_right_is_answered_in_order(raw: Raw, case: str) -> None:
    pieces, expected = OPEN[case]
    for piece in pieces:
        await raw.send(piece)
    answers = [await raw.frame() for _ in expected]
    assert [(answer.opcode, answer.payload) for answer in answers] == expected
    await raw.send(frame(CLOSE, NORMAL))
    assert (await raw.frame()).code == 1000
    assert await raw.rest() == b""


@pytest.mark.parametrize("chop", ["", "frames"])
@pytest.mark.parametrize("case", CLOSED)
async def test_what_ends_a_connection_ends_it_with_its_code(raw: Raw, case: str, chop: str) -> None:
    frames, expected, code = CLOSED[case]
    for piece in sent(frames, chop):
        await raw.send(piece)
    answers = [await raw.frame() for _ in expected]
    assert [(answer.opcode, answer.payload) for answer in answers] == expected
    assert (await raw.frame()).code == code
    assert await raw.rest() == b""


# Floods.


async def test_after_the_close_for_a_flood_no_ping_is_answered(raw: Raw) -> None:
    """As many as a client may send at once are; then it is told, closed, and heard no more."""
    await raw.send(frame(PING, b"x") * 5000)
    pongs = 0
    while (received := await raw.frame()).opcode == PONG:
        pongs += 1
    assert received.opcode == TEXT
    assert b'"rate_limited"' in received.payload
    assert 500 <= pongs < 5000
    assert (await raw.frame()).code == 4103
    await raw.send(frame(PING, b"x") * 500)
    assert await raw.rest() == b""
