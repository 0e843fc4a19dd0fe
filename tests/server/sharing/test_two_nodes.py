"""Two processes, one Redis and one PostgreSQL: a meeting whose people are on both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.databases.postgres import PostgresServer
from tests.engines.servers import EngineServer, redis_program
from tests.process import ServerProcess
from tests.server.client import Client, Play, playing
from tests.server.sharing.nodes import nodes

ROOM = "TWO-NODES"


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Sequence[ServerProcess]]:
    async with (
        EngineServer(redis_program()) as engine,
        PostgresServer() as postgres,
        nodes(tmp_path, engine, postgres, "nodes", 2) as servers,
    ):
        yield servers


async def apart(one: Play, other: Play) -> tuple[Client, Client]:
    """Ann, who is host, at one node, and Bob at the other; nothing is left to be told."""
    ann = await one.joined(ROOM, "Ann", create=True)
    bob = await other.joined(ROOM, "Bob")
    await ann.expect("participant_joined")
    return ann, bob


async def test_people_on_two_nodes_are_in_one_meeting(both: Sequence[ServerProcess]) -> None:
    async with playing(both[0]) as one, playing(both[1]) as other:
        ann, bob = await apart(one, other)
        assert {each["name"] for each in bob.joined["participants"]} == {"Ann", "Bob"}
        assert ann.epoch == bob.epoch
        await ann.status(media={"audio": True})
        told = await bob.expect("participant_updated")
        assert told["participant"]["id"] == ann.id
        await bob.status(hand=True)
        await ann.expect("participant_updated")
        await ann.signal(bob, {"offer": 1})
        assert (await bob.expect("signal"))["data"] == {"offer": 1}
        await bob.signal(ann, {"answer": 2})
        assert (await ann.expect("signal"))["data"] == {"answer": 2}
        await bob.leave()
        gone = await ann.expect("participant_left")
        assert (gone["participant"]["id"], gone["reason"]) == (bob.id, "left")


@pytest.mark.parametrize("killed", ["owner", "edge"])
async def test_whoever_was_on_a_node_that_is_killed_goes_on_at_the_other(
    both: Sequence[ServerProcess], killed: str
) -> None:
    """With every event, and nobody has left."""
    owner, edge = both
    async with playing(owner) as one, playing(edge) as other:
        ann, bob = await apart(one, other)
        dies, lives = (ann, bob) if killed == "owner" else (bob, ann)
        await dies.signal(lives, {"n": 1})
        await lives.expect("signal")
        at, stays = (owner, other) if killed == "owner" else (edge, one)
        await at.kill()
        number = await lives.send("signal", to=dies.id, data={"n": 2})
        again = await stays.client()
        back = await again.resume(dies)
        assert "snapshot" not in back
        await lives.until("ack", id=number)
        told, _ = await again.until("signal")
        assert told["data"] == {"n": 2}
        await lives.signal(again, {"n": 3})
        told, between = await again.until("signal")
        assert told["data"] == {"n": 3}
        assert not [each for each in between if each["type"] in ("participant_left", "participant_joined")]
