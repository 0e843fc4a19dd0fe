"""What is at the other end: engines that cannot be used say why, and others are waited for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.cluster.engine.errors import EngineError, EngineRefused, EngineUnavailable
from server.cluster.engine.records import Committed, Message, RoomState
from server.cluster.redis import keys
from server.cluster.redis.redis_engine import RedisEngine
from tests.databases.daemon import HOST, free_port
from tests.engines.owner import Owner
from tests.engines.servers import EngineServer, redis_program, valkey_program
from tests.process import ROOT
from tests.reconvene.certificates import of_localhost

CLUSTER = ROOT / "docs" / "cluster.md"


@pytest.fixture(scope="module")
async def valkey() -> AsyncIterator[EngineServer]:
    async with EngineServer(valkey_program()) as server:
        yield server


async def refusal(url: str, kind: type[EngineError], *, patience: float = 2.0) -> str:
    engine = RedisEngine(url, timeout=patience)
    with pytest.raises(kind) as raised:
        await engine.open()
    return str(raised.value)


async def test_nobody_there() -> None:
    assert "no connection to" in await refusal(f"redis://{HOST}:{free_port()}", EngineUnavailable)


async def test_somebody_who_says_nothing() -> None:
    with socket.create_server((HOST, 0)) as silent:
        port = silent.getsockname()[1]
        assert "did not answer in 0.05 s" in await refusal(
            f"redis://{HOST}:{port}", EngineUnavailable, patience=0.05
        )


async def test_somebody_who_is_no_engine() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert "neither Redis nor Valkey" in await refusal(f"redis://{HOST}:{port}", EngineRefused)


async def test_a_password_is_asked_for() -> None:
    async with EngineServer(valkey_program(), requirepass="secret") as server:
        assert "wants a password" in await refusal(server.url, EngineRefused)
        wrong = server.url.replace("//", "//:wrong@")
        assert "password are wrong" in await refusal(wrong, EngineRefused)
        await server.do("ACL", "SETUSER", "reader", "on", ">secret", "+@read", "+info", "~*")
        reader = server.url.replace("//", "//reader:secret@")
        assert "may not do what is needed" in await refusal(reader, EngineRefused)
        engine = RedisEngine(server.url.replace("//", "//:secret@") + "/3")
        await engine.open()
        await engine.open_inbox("n_ann")
        await engine.close()
        assert (await server.do("INFO", "keyspace")).keys() == {"db3"}


async def test_a_user_of_its_own_may_do_all_that_is_needed(valkey: EngineServer) -> None:
    """As the documentation says."""
    rights = "~rc:* +@all -@dangerous +info"
    assert f"`ACL SETUSER reconvene on >password {rights}`" in CLUSTER.read_text()
    await valkey.do("ACL", "SETUSER", "reconvene", "on", ">password", *rights.split())
    engine = RedisEngine(valkey.url.replace("//", "//reconvene:password@"), settling=0.0)
    await engine.open()
    owner = Owner(engine, "n_ann", "RIGHTS")
    await engine.open_inbox("n_ann")
    await owner.begin(p_1=b"in")
    await owner.commit(b"one")
    await engine.commit(owner.make(messages=[Message(["n_ann"], b"told")]))
    assert (await engine.receive()).messages == [b"told"]
    assert await engine.people("RIGHTS") == 1
    assert [node.id for node in (await engine.look()).nodes] == ["n_ann"]
    assert await engine.rooms_of("n_ann") == ["RIGHTS"]
    assert await engine.drop(owner.own) == Committed(owner.revision)
    await engine.close()
    await valkey.do("DEL", keys.NODES)


async def test_a_full_engine_is_not_begun_with() -> None:
    async with EngineServer(valkey_program()) as server:
        await server.do("CONFIG", "SET", "maxmemory", "1mb")
        told = await refusal(server.url, EngineUnavailable)
        assert "it is full:" in told
        assert "of 1 MiB; raise its maxmemory" in told


async def test_an_engine_that_evicts() -> None:
    async with EngineServer(valkey_program(), maxmemory_policy="allkeys-lru") as server:
        assert "noeviction" in await refusal(server.url, EngineRefused)


async def test_a_cluster() -> None:
    # Else its nodes would talk at a port that may be somebody's.
    port = str(free_port())
    async with EngineServer(valkey_program(), cluster_enabled="yes", cluster_port=port) as server:
        assert "Redis Cluster" in await refusal(server.url, EngineRefused)


async def test_a_replica(valkey: EngineServer) -> None:
    async with EngineServer(valkey_program(), replicaof=f"{HOST} {valkey.port}") as replica:
        assert "read only" in await refusal(replica.url, EngineRefused)


async def test_tls(tmp_path: Path) -> None:
    """The certificate is of "localhost", not of its address."""
    both = of_localhost(tmp_path)
    async with EngineServer(redis_program(), tls=both) as server:
        trusting = f"rediss://localhost:{server.port}?ssl_ca_certs={both}"
        engine = RedisEngine(trusting)
        await engine.open()
        await engine.open_inbox("n_ann")
        await engine.close()
        told = await refusal(trusting.replace("localhost", HOST), EngineRefused)
        assert "certificate is not the right one: IP address mismatch" in told
        told = await refusal(f"rediss://localhost:{server.port}", EngineRefused)
        assert "certificate is not the right one: self-signed" in told


async def test_keys_of_others_are_no_rooms_of_ours(valkey: EngineServer) -> None:
    engine = RedisEngine(valkey.url, settling=0.0)
    await engine.open()
    owner = Owner(engine, "n_ann", "TAKEN")
    await valkey.do("SET", keys.own("TAKEN"), "theirs")
    await owner.live()
    with pytest.raises(EngineRefused, match="another program"):
        await owner.take()
    await valkey.do("DEL", keys.own("TAKEN"))
    await valkey.do("HSET", keys.own("TAKEN"), "t", "1", "s", "many", "e", "theirs")
    with pytest.raises(EngineRefused, match="somebody else has written into our keys"):
        await engine.head("TAKEN")
    await engine.close()


async def test_a_full_engine_refuses_a_commit_as_a_whole(valkey: EngineServer) -> None:
    """And goes on when there is room again."""
    engine = RedisEngine(valkey.url, settling=0.0)
    await engine.open()
    owner = Owner(engine, "n_ann", "FULL")
    await owner.begin()
    await valkey.do("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(EngineUnavailable, match="full") as raised:
        await engine.commit(owner.make(b"no", members={"p_1": b"in"}))
    assert not raised.value.may_have_happened
    await valkey.do("CONFIG", "SET", "maxmemory", "0")
    assert await engine.load("FULL") == RoomState(0, [])
    await owner.commit(b"one")
    await engine.close()


async def test_an_engine_that_stands_still_is_away_until_it_goes_on(valkey: EngineServer) -> None:
    engine = RedisEngine(valkey.url, settling=0.0, timeout=0.2)
    await engine.open()
    owner = Owner(engine, "n_ann", "STILL")
    await owner.begin()
    await valkey.do("CLIENT", "PAUSE", "600", "ALL")
    with pytest.raises(EngineUnavailable, match="did not answer") as raised:
        await engine.commit(owner.make(b"late"))
    assert raised.value.may_have_happened
    await owner.live()
    taken = await owner.take()
    assert taken.head.seq == owner.seq
    await owner.commit(b"next")
    assert (await owner.payloads())[-1] == b"next"
    await engine.close()
