"""Joins of those who wait to be let in, asked for once more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server.network.limits import Limits
from server.realtime.credentials import Proof
from server.realtime.held_joins import HeldJoins
from server.realtime.joining import Joining
from server.runtime.metrics import Metrics
from signalling.protocol.client_messages import Authenticate
from signalling.protocol.errors import ErrorCode, Refused
from tests.process import ServerProcess
from tests.server.client import playing


class Nothing:
    """Whatever is asked of it is not needed here."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not needed")


class Waiter:
    def __init__(self, client: Any) -> None:
        self.client = client


def waiter(network: str) -> Any:
    """A connection, as far as it matters here."""
    return Waiter(SimpleNamespace(network=network))


@pytest.mark.parametrize("seated", [False, True])
async def test_a_join_that_the_store_could_not_answer_is_asked_again_unless_it_is_answered_by_then(
    seated: bool,
) -> None:
    nothing: Any = Nothing()
    metrics = Metrics()
    joining = Joining(nothing, nothing, Limits({}, metrics), nothing, metrics, lambda connection: None)
    connection = waiter("192.0.2.1")
    asked: list[object] = []
    joining._held.hold(connection, lambda _: asked.append(connection), Proof("u_ann", None, None))
    assert joining._waits_on(connection, Refused(ErrorCode.UNAVAILABLE, retry_after=0.001))
    if seated:
        # Something else has had it asked, and it is in.
        joining.lost(connection)
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.002, later.set)
    await later.wait()
    assert asked == ([] if seated else [connection])


@pytest.mark.parametrize("holds", [False, True], ids=["alone", "one of several nodes"])
@pytest.mark.parametrize("is_valid", [False, True])
async def test_who_is_let_in_while_a_newer_token_is_verified_comes_in_by_that(
    *, is_valid: bool, holds: bool
) -> None:
    old, newer = (Proof("u_ann", None, None, name=name) for name in ("old", "newer"))
    verified, asked, told = asyncio.Event(), asyncio.Event(), list[str]()

    async def verify(*_: str) -> Proof:
        await verified.wait()
        if is_valid:
            return newer
        raise Refused(ErrorCode.TOKEN_EXPIRED)

    waits = SimpleNamespace(room=SimpleNamespace(id="ABC123"), knock=SimpleNamespace(user_id="u_ann"))
    hub = SimpleNamespace(seated=lambda _: None, waiting=SimpleNamespace(of=lambda _: waits))
    admission = SimpleNamespace(expiry=SimpleNamespace(renewing=set()), authenticate=verify)
    carrier = SimpleNamespace(carry_out=lambda effects: told.extend(each.payload[:12] for each in effects))
    parts: list[Any] = [hub, admission, Limits({}, Metrics()), carrier, Metrics(), lambda connection: None]
    joining, connection = Joining(*parts), waiter("192.0.2.1")
    connection.number, connection.is_held = 1, False

    def again(proof: Proof) -> None:
        assert not connection.is_held
        told.append(proof.name)
        asked.set()

    joining._held.hold(connection, again, old)
    task = joining.authenticate(connection, Authenticate(id=7, token="a newer one"))
    assert task is not None
    if holds:
        connection.is_held = True
        task.add_done_callback(lambda _: setattr(connection, "is_held", False))
    for _ in range(2):
        joining._held.ask_again(connection)
    await asyncio.sleep(0)
    assert not told
    verified.set()
    await asked.wait()
    assert told == ([b'{"type":"ack', "newer"] if is_valid else [b'{"type":"err', "old"])
    joining._held.ask_again(connection)
    assert len(told) == 3


def test_those_who_wait_are_counted_by_network() -> None:
    held = HeldJoins()
    ann, bob, eve = waiter("a"), waiter("a"), waiter("b")
    asked: list[str] = []
    proof = Proof("u_ann", None, None)
    for each in (ann, bob, eve, ann):
        held.hold(each, lambda _: asked.append("first"), proof)
    held.hold(ann, lambda shown: asked.append(shown.name), proof)
    held.shows(ann, proof._replace(name="second"))
    assert (held.of_network("a"), held.of_network("b"), held.of_network("c")) == (2, 1, 0)
    for each in (bob, bob, eve):
        held.release(each)
    assert (held.of_network("a"), held.of_network("b")) == (1, 0)
    assert (ann in held, bob in held) == (True, False)
    held.ask_again(ann)
    held.ask_again(bob)
    assert asked == ["second"]


async def test_one_address_does_not_knock_all_the_time(tmp_path: Path) -> None:
    """Those in charge are told of each."""
    async with ServerProcess(tmp_path, RECONVENE_LIMITS="0,knocks=2") as server, playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        await ann.order("settings", settings={"lobby": "everyone"})
        token: str | None = None
        for knocks, answers in enumerate(("waiting", "waiting", "waiting", "rate_limited")):
            eve = await play.client(address="203.0.113.7")
            # The third time as somebody who is waiting, and has lost the connection.
            await eve.send("join", meeting="ABC123", name="Eve", **({"token": token} if knocks == 2 else {}))
            told = await eve.next()
            assert told.get("code", told["type"]) == answers
            token = told.get("token")
            eve.drop()
        for _ in range(2):
            await ann.expect("knock")
        await ann.nothing()
        other = await play.client(address="203.0.113.8")
        await other.send("join", meeting="ABC123", name="Dan")
        await other.expect("waiting")


async def test_who_waits_and_shows_a_newer_token_waits_on(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_LOBBY="everyone") as server, playing(server) as play:
        await play.joined("ABC123", "Ann", create=True)
        eve = await play.client()
        await eve.send("join", meeting="ABC123", name="Eve")
        await eve.expect("waiting")
        number = await eve.send("authenticate", token="a newer one")
        await eve.error("bad_token", id=number)
        number = await eve.send("status", hand=True)
        await eve.error("bad_message", id=number)
        await eve.nothing()


async def test_as_many_wait_as_is_set_and_the_next_one_has_not_joined(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_MAX_WAITING="1") as server, playing(server) as play:

        async def unjoined() -> str:
            lines = (await play.http.get("/metrics")).text.splitlines()
            (line,) = [each for each in lines if each.startswith("reconvene_unjoined_connections ")]
            return line.split()[1]

        ann = await play.joined("ABC123", "Ann", create=True)
        await ann.order("settings", settings={"lobby": "everyone"})
        before = await unjoined()
        bob, eve = await play.client(), await play.client()
        await bob.send("join", meeting="ABC123", name="Bob")
        await bob.until("waiting")
        number = await eve.send("join", meeting="ABC123", name="Eve")
        await eve.error("meeting_full", id=number)
        assert float(await unjoined()) == float(before) + 1
        await bob.send("leave")
        await ann.until("knock_ended")
        await eve.send("join", meeting="ABC123", name="Eve")
        await eve.until("waiting")
        assert await unjoined() == before
