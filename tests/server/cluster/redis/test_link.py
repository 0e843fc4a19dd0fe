"""One connection: answers in order, one write for each iteration, and nothing without bounds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.cluster.engine.errors import EngineRefused, EngineUnavailable
from server.cluster.redis import link as link_module
from server.cluster.redis.link import Link, NoScript


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.aborted = False

    def writelines(self, list_of_data: Any) -> None:
        self.writes.append(b"".join(list_of_data))

    def abort(self) -> None:
        self.aborted = True


class Wire:
    """A link, and the engine's end of it."""

    def __init__(self, *, timeout: float = 5.0, keeps_order: bool = False) -> None:
        self.transport = Transport()
        self.lost: list[str] = []
        self.link = Link(timeout, self.lost.append, keeps_order=keeps_order)
        self.link.connection_made(self.transport)

    def answer(self, data: bytes) -> None:
        self.link.data_received(data)


async def test_calls_of_one_iteration_are_one_write() -> None:
    wire = Wire()
    calls = [wire.link.call("GET", name) for name in "ab"]
    assert wire.transport.writes == []
    await asyncio.sleep(0)
    assert wire.transport.writes == [b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n"]
    wire.answer(b"$1\r\n1\r\n$-1\r")
    wire.answer(b"\n")
    assert await asyncio.gather(*calls) == [b"1", None]


async def test_an_answer_becomes_what_the_caller_wants() -> None:
    wire = Wire()
    call, strange = wire.link.call("GET", "a", into=int), wire.link.call("GET", "b", into=int)
    wire.answer(b"$2\r\n12\r\n$2\r\nno\r\n")
    assert await call == 12
    with pytest.raises(EngineRefused, match="somebody else"):
        await strange


async def test_an_error_is_that_of_its_call_alone() -> None:
    wire = Wire()
    full, fine, unknown = (wire.link.call("GET", name) for name in "abc")
    wire.answer(b"-OOM command not allowed\r\n+OK\r\n-NOSCRIPT No matching script.\r\n")
    with pytest.raises(EngineUnavailable, match="full") as raised:
        await full
    assert not raised.value.may_have_happened
    assert await fine == b"OK"
    with pytest.raises(NoScript):
        await unknown
    assert wire.lost == []


async def test_where_calls_count_on_each_other_an_unknown_script_ends_the_connection() -> None:
    wire = Wire(keeps_order=True)
    first, second = wire.link.call("EVALSHA", "a"), wire.link.call("EVALSHA", "a")
    wire.answer(b"-NOSCRIPT No matching script.\r\n:1\r\n")
    with pytest.raises(NoScript):
        await first
    with pytest.raises(EngineUnavailable):
        await second
    assert wire.transport.aborted


@pytest.mark.parametrize(
    "told", [b"-READONLY You can't write\r\n", b"-MASTERDOWN Link with MASTER is down\r\n"]
)
async def test_an_engine_that_became_a_replica_is_left(told: bytes) -> None:
    wire = Wire()
    call = wire.link.call("SET", "a", "b")
    wire.answer(told)
    with pytest.raises(EngineUnavailable, match="replica"):
        await call
    assert len(wire.lost) == 1


async def test_when_the_connection_breaks_whoever_waits_hears_that_it_may_have_happened() -> None:
    wire = Wire()
    waiting = wire.link.call("SET", "a", "b")
    wire.link.connection_lost(ConnectionResetError("reset"))
    with pytest.raises(EngineUnavailable, match="reset") as raised:
        await waiting
    assert raised.value.may_have_happened
    with pytest.raises(EngineUnavailable) as raised:
        await wire.link.call("SET", "a", "b")
    assert not raised.value.may_have_happened
    assert len(wire.lost) == 1
    wire.link.lose("again")
    assert len(wire.lost) == 1


async def test_an_answer_that_is_late_ends_the_connection() -> None:
    wire = Wire(timeout=0.02)
    late, patient = wire.link.call("GET", "a"), wire.link.call("BLPOP", "a", 5, patience=5.0)
    with pytest.raises(EngineUnavailable, match=r"did not answer in 0\.02 s"):
        await late
    with pytest.raises(EngineUnavailable):
        await patient
    assert wire.transport.aborted


async def test_an_answer_in_time_is_no_reason_to_end_it() -> None:
    wire = Wire(timeout=0.02)
    call = wire.link.call("GET", "a")
    wire.answer(b"+OK\r\n")
    assert await call == b"OK"
    blocked = wire.link.call("BLPOP", "a", 5, patience=5.0)
    await asyncio.wait([blocked], timeout=0.06)
    assert wire.lost == []
    wire.answer(b"$-1\r\n")
    assert await blocked is None


async def test_what_is_under_way_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "MOST_UNANSWERED", 1000)
    wire = Wire()
    large = wire.link.call("SET", "a", bytes(2000))
    with pytest.raises(EngineUnavailable, match="too much") as raised:
        await wire.link.call("SET", "a", "b")
    assert not raised.value.may_have_happened
    wire.answer(b"+OK\r\n")
    assert await large == b"OK"
    small = wire.link.call("SET", "a", "b")
    wire.answer(b"+OK\r\n")
    assert await small == b"OK"


@pytest.mark.parametrize("endless", [b"$100000\r\n" + b"x" * 3000, b"*100000\r\n" + b":1\r\n" * 1000])
async def test_an_answer_is_bounded(endless: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "MOST_ANSWERED", 2000)
    wire = Wire()
    call = wire.link.call("GET", "a")
    wire.answer(endless[:1500])
    assert not call.done()
    wire.answer(endless[1500:])
    with pytest.raises(EngineUnavailable, match="too long"):
        await call


@pytest.mark.parametrize("nonsense", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x16"])
async def test_what_speaks_otherwise_is_no_engine(nonsense: bytes) -> None:
    wire = Wire()
    call = wire.link.call("PING")
    wire.answer(nonsense)
    with pytest.raises(EngineRefused, match="neither Redis nor Valkey"):
        await call


async def test_an_answer_to_nothing_ends_the_connection() -> None:
    wire = Wire()
    wire.answer(b"+OK\r\n+OK\r\n")
    assert wire.lost == ["an answer to nothing"]


async def test_who_has_stopped_waiting_is_not_answered() -> None:
    wire = Wire()
    call, next_call = wire.link.call("GET", "a"), wire.link.call("GET", "b")
    call.cancel()
    wire.answer(b"+one\r\n+two\r\n")
    assert await next_call == b"two"
