"""The handshake, whatever its headers are (RFC 6455, section 4.2): answered, with one line in the log."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from server.network.hosts import ANY_HOST, Hosts, asked_by
from server.realtime.frames import Rfc6455
from server.realtime.handshake import PATH, Upgrade, answer
from tests.process import ServerProcess
from tests.server.raw import KEY, TEXT, Raw, frame

RIGHT = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}

NAMES = st.sampled_from(
    [*RIGHT, "Origin", "X-Forwarded-Host", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "X"]
)
# What HTTP allows in a value (RFC 9110, section 5.5): no control characters but the tabulator.
VALUES = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f") | st.just("\t")
) | st.sampled_from(["", "http://[", "http://h:port", "null", ",", '"', "\xff", "upgrade, \xff", "=" * 24])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4))
def test_any_headers_have_an_answer(changes: list[tuple[str, str]]) -> None:
    for headers in (Headers(RIGHT | dict(changes)), Headers([*RIGHT.items(), *changes])):
        names = asked_by(headers.get_all, trusted=True)
        for hosts in (ANY_HOST, Hosts(["meet.example.org"])):
            response = answer(Upgrade("GET", "1.1", PATH, headers), library, names, hosts, ())
            assert response.status in {101, 400, 403, 421, 426}
            assert response.data.startswith(b"HTTP/1.1 %d " % response.status)


def library() -> ServerProtocol:
    return Rfc6455(state=OPEN)


USUAL = {
    "Connection": st.sampled_from(
        ["Upgrade", "upgrade", "keep-alive, Upgrade", "Upgrade, close", "keep-alive", "", "Upgrade,"]
    ),
    "Upgrade": st.sampled_from(["websocket", "WebSocket", "websocket, h2c", "h2c", ""]),
    "Sec-WebSocket-Version": st.sampled_from(["13", "8", "13, 8", " 13", ""]),
    "Sec-WebSocket-Key": st.binary(max_size=20).map(lambda key: b64encode(key).decode())
    | st.from_regex("[A-Za-z0-9+/]{20,23}={0,3}", fullmatch=True)
    | st.just(KEY),
    "Sec-WebSocket-Protocol": st.sampled_from(
        ["reconvene.v1", "reconvene.v2", "other, reconvene.v1", "Reconvene.v1", ","]
    ),
}


@given(st.data())
def test_what_is_usual_is_answered_as_the_library_does(data: st.DataObject) -> None:
    headers = Headers(RIGHT)
    for name in data.draw(st.sets(st.sampled_from(sorted(USUAL)), max_size=2)):
        how = data.draw(st.sampled_from(["none", "another", "one more"]))
        if how != "one more":
            headers.pop(name, None)
        if how != "none":
            headers[name] = data.draw(USUAL[name])
    response = answer(Upgrade("GET", "1.1", PATH, headers), library, (), ANY_HOST, ())
    expected = library().accept(Request(PATH, headers))
    assert response.status == expected.status_code
    if expected.status_code == 101:
        # A time may be told, and need not be.
        expected.headers.pop("Date", None)
        assert without_date(response.data) == expected.serialize()


def without_date(response: bytes) -> bytes:
    return b"\r\n".join(line for line in response.split(b"\r\n") if not line.startswith(b"Date:"))


NONSENSE = {
    "origin with half an address": b"Origin: http://[",
    "origin with a port that is none": b"Origin: http://localhost:http",
    "origin beyond ASCII": b"Origin: http://\xff",
    "two origins": b"Origin: http://localhost\r\nOrigin: http://localhost",
    "subprotocol of one byte": b"Sec-WebSocket-Protocol: \xff",
    "key beyond ASCII": b"Sec-WebSocket-Key: \xff",
    "two keys": b"Sec-WebSocket-Key: " + KEY.encode(),
    "connection beyond ASCII": b"Connection: upgrade, \xff",
    "body": b"Content-Length: 1\r\n\r\nx",
    "body of chunks": b"Transfer-Encoding: chunked\r\n\r\n0",
    "long header": b"Sec-WebSocket-Protocol: " + b"x" * 20_000 + b" y",
}


@pytest.mark.parametrize("what", NONSENSE)
async def test_nonsense_is_refused_with_400_and_one_line(server: ServerProcess, what: str) -> None:
    headers = b"".join(f"{name}: {value}\r\n".encode() for name, value in RIGHT.items())
    before, elsewhere = (len(server.lines("connection refused", status=status)) for status in (400, 404))
    async with await Raw.open(server.port) as raw:
        await raw.send(b"GET /ws HTTP/1.1\r\n" + headers + NONSENSE[what] + b"\r\n\r\n")
        assert (await raw.response()).status == 400
        assert await raw.rest() == b""
    # The line of another comes behind.
    async with await Raw.open(server.port) as raw:
        await raw.send(b"GET /elsewhere HTTP/1.1\r\n" + headers + b"\r\n")
        assert (await raw.response()).status == 404
    await server.logged("connection refused", past=elsewhere, status=404)
    assert len(server.lines("connection refused", status=400)) == before + 1


@pytest.mark.parametrize("first_line", ["POST /ws HTTP/1.1", "GET /ws HTTP/1.0"])
async def test_a_handshake_is_a_get_by_http_1_1(server: ServerProcess, first_line: str) -> None:
    headers = "".join(f"{name}: {value}\r\n" for name, value in RIGHT.items())
    async with await Raw.open(server.port) as raw:
        await raw.send(f"{first_line}\r\n{headers}\r\n".encode())
        assert (await raw.response()).status == 400


async def test_what_comes_with_the_handshake_is_heard(server: ServerProcess) -> None:
    headers = "".join(f"{name}: {value}\r\n" for name, value in RIGHT.items())
    async with await Raw.open(server.port) as raw:
        await raw.send(f"GET /ws HTTP/1.1\r\n{headers}\r\n".encode() + frame(TEXT, '{"type":"ping"}'))
        assert (await raw.response()).status == 101
        await raw.message("pong")
