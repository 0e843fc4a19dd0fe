"""One stranger's bytes before and in a request: how many, how long, and which."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.http.request_progress import MAX_FIELDS, MAX_HEAD
from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.impatient import ImpatientServer
from tests.server.raw import Raw, Response

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
BODY = b"POST /api/meetings HTTP/1.1\r\nHost: localhost\r\n"


async def answers(server: ServerProcess, request: bytes) -> Response:
    async with await Raw.open(server.port) as raw:
        await raw.send(request)
        return await raw.response()


def padded(size: int) -> bytes:
    """A request whose headers end after so many bytes."""
    room = size - len(HEALTH) - len(b"X: \r\n\r\n")
    return HEALTH + b"X: " + b"x" * room + b"\r\n\r\n"


# How many bytes.


async def test_headers_of_32_kib_are_read_and_not_a_byte_more(server: ServerProcess) -> None:
    assert (await answers(server, padded(MAX_HEAD))).status == 200
    async with await Raw.open(server.port) as raw:
        await raw.send(padded(MAX_HEAD + 1))
        refused = await raw.response()
        assert (refused.status, refused.headers["connection"]) == (431, "close")
        assert refused.headers["content-type"] == "application/problem+json"
        assert await raw.rest() == b""
    assert (await server.logged("request refused", status=431))["remote"] == "127.0.0.1"


ENDLESS = {
    "header value": HEALTH + b"X: ",
    "header name": HEALTH + b"X",
    "request line": b"GET /",
    "method": b"G",
    "empty lines": b"\r\n" * 20_000,
    "upgrade": HEALTH + b"Upgrade: websocket\r\nConnection: Upgrade\r\nX: ",
    "chunk extension": BODY + b"Transfer-Encoding: chunked\r\n\r\n1;",
    "trailer": BODY + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    "second request": HEALTH + b"\r\n" + HEALTH + b"X: ",
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_does_not_end_is_refused_and_read_no_further(server: ServerProcess, what: str) -> None:
    async with await Raw.open(server.port) as raw:
        await raw.send(ENDLESS[what] + b"x" * (8 * 2**20))
        received = await raw.rest()
    expected = b"HTTP/1.1 400 " if what == "method" else b"HTTP/1.1 431 "
    assert expected in received
    assert b"Traceback" not in received


async def test_headers_are_counted_whatever_pieces_they_come_in(server: ServerProcess) -> None:
    async with await Raw.open(server.port) as raw:
        whole = padded(4000)
        for at in range(0, len(whole), 7):
            await raw.send(whole[at : at + 7])
        assert (await raw.response()).status == 200
        whole = padded(MAX_HEAD + 1)
        for at in range(0, len(whole), 999):
            await raw.send(whole[at : at + 999])
        assert (await raw.response()).status == 431


async def test_many_small_headers_are_refused(server: ServerProcess) -> None:
    small = b"a:\r\n" * (MAX_FIELDS - 1)
    assert (await answers(server, HEALTH + small + b"\r\n")).status == 200
    assert (await answers(server, HEALTH + small + b"a:\r\n\r\n")).status == 431


async def test_what_follows_a_body_passes_for_no_header(server: ServerProcess) -> None:
    async with playing(server) as play:
        token = await play.identity()
    chunked = BODY + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    authorization = b"Authorization: Bearer " + token.encode() + b"\r\n"
    assert (await answers(server, chunked + authorization + b"\r\n")).status == 401


async def test_requests_in_one_piece_are_answered_one_after_the_other(server: ServerProcess) -> None:
    many = 400
    async with await Raw.open(server.port) as raw:
        sending = asyncio.create_task(
            raw.send((HEALTH + b"\r\n") * many + b"GET /no HTTP/1.1\r\nHost: x\r\n\r\n")
        )
        assert [(await raw.response()).status for _ in range(many)] == [200] * many
        assert (await raw.response()).status == 404
        await sending


async def test_an_upgrade_to_something_else_is_a_request_like_others(server: ServerProcess) -> None:
    async with await Raw.open(server.port) as raw:
        h2c = (
            HEALTH
            + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
        )
        await raw.send(h2c + HEALTH + b"\r\n")
        assert [(await raw.response()).status for _ in range(2)] == [200, 200]


# Which bytes.

NO_REQUESTS = {
    "nonsense": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "zero in a header": HEALTH + b"X: a\x00b\r\n\r\n",
    "no colon": HEALTH + b"what is this\r\n\r\n",
    "two lengths": BODY + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "bad chunk": BODY + b"Transfer-Encoding: chunked\r\n\r\nnope\r\n",
    "CONNECT": b"CONNECT nowhere HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("what", NO_REQUESTS)
async def test_what_is_no_request_is_answered_with_400_and_one_line(server: ServerProcess, what: str) -> None:
    before, longer = (len(server.lines("request refused", status=status)) for status in (400, 431))
    async with await Raw.open(server.port) as raw:
        await raw.send(NO_REQUESTS[what])
        assert (await raw.response()).status == 400
        assert await raw.rest() == b""
    # The line of another comes behind.
    assert (await answers(server, padded(MAX_HEAD + 1))).status == 431
    await server.logged("request refused", past=longer, status=431)
    assert len(server.lines("request refused", status=400)) == before + 1


async def test_nonsense_behind_a_request_does_not_cut_its_answer_short(server: ServerProcess) -> None:
    async with await Raw.open(server.port) as raw:
        await raw.send(HEALTH + b"\r\n\x00\x01\x02")
        assert [(await raw.response()).status for _ in range(2)] == [200, 400]
        assert await raw.rest() == b""


# How long.


@pytest.fixture(scope="module")
async def impatient(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    async with ImpatientServer(tmp_path_factory.mktemp("impatient"), ZOOM_WEBHOOK_SECRET="W" * 16) as server:
        yield server
    loud = [line for line in server.logs if line["level"] not in {"debug", "info", "warning"}]
    assert (server.exit_code, loud, len(server.logs)) == (0, [], len(server.output))


async def test_a_silent_socket_is_closed_without_a_word(impatient: ServerProcess) -> None:
    async with await Raw.open(impatient.port) as raw:
        assert await raw.rest() == b""


SLOW_HEADS = {
    "nothing but the method": b"GE",
    "half of the headers": HEALTH + b"X-A: ",
    "half of an upgrade": HEALTH + b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
}


@pytest.mark.parametrize("what", SLOW_HEADS)
async def test_half_of_a_request_s_headers_is_closed_without_a_word(
    impatient: ServerProcess, what: str
) -> None:
    before = len(impatient.lines("request refused", status=408))
    async with await Raw.open(impatient.port) as raw:
        await raw.send(SLOW_HEADS[what])
        assert await raw.rest() == b""
    await impatient.logged("request refused", past=before, status=408)


SLOW = {
    "half of a body": BODY + b"Content-Length: 1000\r\n\r\n{",
    "half of a body of chunks": BODY + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "half of a webhook": b"POST /api/zoom/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    "half of a goodbye": b"POST /api/goodbye HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
}


@pytest.mark.parametrize("what", SLOW)
async def test_half_of_a_body_is_answered_with_408_and_closed(impatient: ServerProcess, what: str) -> None:
    async with await Raw.open(impatient.port) as raw:
        await raw.send(SLOW[what])
        assert (await raw.response()).status == 408
        assert await raw.rest() == b""


@pytest.mark.parametrize("begun", [HEALTH + b"X-A: ", SLOW["half of a body"]], ids=["headers", "body"])
async def test_a_trickle_does_not_help(impatient: ServerProcess, begun: bytes) -> None:
    async with await Raw.open(impatient.port) as raw:
        await raw.send(begun)
        while not raw.is_cut:
            await raw.send(b"x")
            await asyncio.sleep(0.01)


async def test_a_second_request_has_its_time_too(impatient: ServerProcess) -> None:
    async with await Raw.open(impatient.port) as raw:
        await raw.send(HEALTH + b"\r\n")
        assert (await raw.response()).status == 200
        await raw.send(HEALTH)
        assert await raw.rest() == b""


async def test_who_reads_no_answers_is_cut(impatient: ServerProcess) -> None:
    async with await Raw.open(impatient.port, receive_buffer=4096) as raw:
        document = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        while not raw.is_cut:
            await raw.send(document * 100)


async def test_a_websocket_is_not_hurried_by_the_time_limits_of_requests(impatient: ServerProcess) -> None:
    async with playing(impatient) as play, await Raw.open(impatient.port) as raw:
        ann = await play.joined("PATIENT", "Ann", create=True)
        # Cut after as long as a request may take.
        await raw.send(HEALTH)
        assert await raw.rest() == b""
        await ann.nothing()
