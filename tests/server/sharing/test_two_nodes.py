"""Two processes, one Redis and one PostgreSQL: a meeting whose people are on both."""

from __future__ import annotations

import pytest

from tests.server.client import Client, Play, playing
from tests.server.sharing.nodes import Nodes

ROOM = "TWO-NODES"


async def apart(one: Play, other: Play) -> tuple[Client, Client]:
    """Ann, who is host, at one node, and Bob at the other; nothing is left to be told."""
    ann = await one.joined(ROOM, "Ann", create=True)
    bob = await other.joined(ROOM, "Bob")
    await ann.expect("participant_joined")
    return ann, bob


async def test_people_on_two_nodes_are_in_one_meeting(nodes: Nodes) -> None:
    both = await nodes.start(2)
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
async def test_whoever_was_on_a_node_that_is_killed_goes_on_at_the_other(nodes: Nodes, killed: str) -> None:
    """With every event, and nobody has left."""
    owner, edge = await nodes.start(2)
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


async def test_whoever_is_refused_before_a_room_is_asked_hears_why(nodes: Nodes) -> None:
    """By a node that has too much to do, and one that is sent too much."""
    (node,) = await nodes.start(RECONVENE_OVERLOAD="0.000001", RECONVENE_MESSAGE_RATE="1")
    await node.logged("too much to do, who can wait is refused")
    async with playing(node) as play:
        ann = await play.client()
        number = await ann.send("join", meeting=ROOM, name="Ann", create=True)
        while (answer := await ann.next())["type"] == "joined":
            # One of the timers by which lateness is measured was early.
            await ann.leave()
            ann = await play.client()
            number = await ann.send("join", meeting=ROOM, name="Ann", create=True)
        assert {"code": "unavailable", "id": number}.items() <= answer.items()
        bob = await play.client()
        for _ in range(20):
            await bob.send("ping", t="too much")
        code, told = await bob.closed()
        assert (told[-1]["code"], code) == ("rate_limited", 4103)
    assert not [line for line in node.logs if line["level"] == "error"]
