"""How long keys live, how much they hold, and by whose clock."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.cluster.engine.bounds import INBOX_KEPT, INBOX_LIVES, LEASE, ROOM_LIVES
from server.cluster.engine.records import Beaten, Buried, Committed, Message
from server.cluster.redis import keys
from server.cluster.redis.redis_engine import RedisEngine
from tests.engines.owner import ROOM, Owner
from tests.engines.servers import EngineServer, valkey_program


@pytest.fixture(scope="module")
async def valkey() -> AsyncIterator[EngineServer]:
    async with EngineServer(valkey_program()) as server:
        yield server


@pytest.fixture
async def ann(valkey: EngineServer) -> AsyncIterator[Owner]:
    await valkey.do("FLUSHALL")
    engine = RedisEngine(valkey.url, settling=0.0)
    await engine.open()
    await engine.open_inbox("n_ann")
    owner = Owner(engine, "n_ann")
    await owner.begin()
    yield owner
    await engine.close()


async def left(valkey: EngineServer, key: str) -> float:
    """Seconds that a key still lives."""
    ms: int = await valkey.do("PTTL", key)
    return ms / 1000


async def test_everything_ends_but_what_is_one_for_all(ann: Owner, valkey: EngineServer) -> None:
    await ann.call(ann.make(b"one", members={"p_1": b"in"}, fields={"settings": b"{}"}))
    lives = {key.decode(): await left(valkey, key.decode()) for key in await valkey.do("KEYS", "*")}
    assert {key for key, seconds in lives.items() if seconds < 0} == {keys.NODES, keys.ENGINE}
    expected = dict.fromkeys(keys.of_room(ROOM), ROOM_LIVES)
    expected |= {keys.node("n_ann"): LEASE, keys.inbox("n_ann"): INBOX_LIVES, keys.rooms("n_ann"): ROOM_LIVES}
    assert lives.keys() == expected.keys() | {keys.NODES, keys.ENGINE}
    for key, seconds in expected.items():
        assert 0 < seconds - lives[key] + 1 < 60, key


async def test_commits_keep_a_room_and_a_beat_keeps_one_without_any(ann: Owner, valkey: EngineServer) -> None:
    await ann.call(ann.make(b"one", members={"p_1": b"in"}, fields={"settings": b"{}"}))
    for key in keys.of_room(ROOM):
        await valkey.do("PEXPIRE", key, int(ROOM_LIVES * 1000 * 0.7))
    await ann.commit(b"two")
    assert all([await left(valkey, key) > ROOM_LIVES * 0.9 for key in keys.of_room(ROOM)])
    for key in keys.of_room(ROOM):
        await valkey.do("PEXPIRE", key, 60_000)
    await ann.engine.beat("n_ann", b"")
    assert await left(valkey, keys.own(ROOM)) < 61
    await ann.engine.beat("n_ann", b"", [ROOM, "NEVER"])
    assert all([await left(valkey, key) > ROOM_LIVES * 0.9 for key in keys.of_room(ROOM)])
    assert await valkey.do("EXISTS", keys.own("NEVER")) == 0


async def test_a_dropped_room_and_a_buried_node_are_remembered_for_an_hour(
    ann: Owner, valkey: EngineServer
) -> None:
    assert await ann.engine.drop(ann.own) == Committed(0)
    assert [await valkey.do("EXISTS", key) for key in keys.of_room(ROOM)] == [1, 0, 0, 0]
    assert await valkey.do("HKEYS", keys.own(ROOM)) == [b"t"]
    assert await left(valkey, keys.own(ROOM)) > ROOM_LIVES - 60
    await ann.begin()
    bob = Owner(ann.engine, "n_bob")
    await bob.live()
    await valkey.do("DEL", keys.node("n_ann"))
    await bob.take()
    assert await left(valkey, keys.dead("n_ann")) > ROOM_LIVES - 60
    assert await ann.engine.beat("n_ann", b"") == Buried()


async def test_an_inbox_that_nobody_reads_is_bounded(ann: Owner, valkey: EngineServer) -> None:
    many = [Message(["n_ann"], b"x")] * (INBOX_KEPT + 2_000)
    assert await ann.call(ann.make(messages=many)) == Committed(0)
    assert INBOX_KEPT <= await valkey.do("XLEN", keys.inbox("n_ann")) < len(many)
    received = await ann.engine.receive()
    assert received.has_gap


async def test_what_was_read_is_deleted(ann: Owner, valkey: EngineServer) -> None:
    for number in range(3):
        await ann.engine.send(Message(["n_ann"], b"%d" % number))
    await ann.engine.receive()
    await ann.engine.send(Message(["n_ann"], b"3"))
    await ann.engine.receive()
    left = await valkey.do("XRANGE", keys.inbox("n_ann"), "-", "+")
    assert [fields for _, fields in left] == [{b"b": b"2"}, {b"b": b"3"}], "the place, and what is behind it"


async def test_a_beat_keeps_the_inbox(ann: Owner, valkey: EngineServer) -> None:
    await valkey.do("PEXPIRE", keys.inbox("n_ann"), 5000)
    await ann.engine.beat("n_ann", b"")
    assert await left(valkey, keys.inbox("n_ann")) > INBOX_LIVES - 10


async def test_a_primary_that_was_a_replica_meanwhile_is_another(ann: Owner, valkey: EngineServer) -> None:
    """The same process, with a history that it had from somebody else: what was shown may be missing."""
    await ann.commit(b"one")
    assert (await ann.take()).is_complete
    # Nobody is there.
    await valkey.do("REPLICAOF", "127.0.0.1", 1)
    await valkey.do("REPLICAOF", "NO", "ONE")
    await ann.live()
    assert not (await ann.take()).is_complete


async def test_terms_rise_though_the_engines_clock_was_set_back(ann: Owner, valkey: EngineServer) -> None:
    ahead = ann.term + 10**12
    await valkey.do("HSET", keys.own(ROOM), "t", ahead)
    assert (await ann.take()).head.term == ahead + 1


async def test_an_engine_whose_clock_was_set_back_settles_no_longer_than_ever(
    ann: Owner, valkey: EngineServer
) -> None:
    patient = RedisEngine(valkey.url, settling=60.0)
    await patient.open()
    await valkey.do("HSET", keys.ENGINE, "since", 10**16)
    for _ in range(2):
        beaten = await patient.beat("n_ann", b"")
        assert isinstance(beaten, Beaten)
        assert 0 < beaten.settling <= 60
    await patient.close()
