"""Statuses and signals, over sockets."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from tests.server.client import Play


@pytest.mark.parametrize(
    "data",
    [
        '{"sdp":"v=0\\r\\no=- 1 1.50 1e3","n":[1.50,1E+2,-0.0,1e400,12345678901234567890123]}',
        '{ "spaces" : [ ] ,\t"twice":1,"twice":2 }',
        '"\\u00e9 é 🙂 \\ud83d\\ude42"',
        "null",
        "0",
        "[" * 50 + "]" * 50,
    ],
)
async def test_signal_data_arrives_as_the_bytes_that_were_sent(play: Play, room: str, data: str) -> None:
    ann, bob = await play.pair(room)
    await ann.send_text(f'{{"type":"signal","to":"{bob.id}","data":{data}}}')
    signal = await bob.expect("signal")
    assert signal["from"] == ann.id
    assert f'"data":{data}}}' in bob.raw


async def test_two_hundred_signals_keep_their_order(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    for number in range(200):
        await ann.send("signal", to=bob.id, data=number)
    signals = [await bob.expect("signal") for _ in range(200)]
    assert [s["data"] for s in signals] == list(range(200))
    assert all(one["seq"] < other["seq"] for one, other in pairwise(signals))
    acks = [await ann.expect("ack") for _ in range(200)]
    assert all(one["id"] < other["id"] for one, other in pairwise(acks))


async def test_a_signal_reaches_nobody_but_its_addressee(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    cleo = await play.joined(room, "Cleo")
    for other in (ann, bob):
        await other.expect("participant_joined")
    await ann.signal(cleo, "for Cleo")
    assert (await cleo.expect("signal"))["data"] == "for Cleo"
    await bob.nothing()
    await ann.nothing()


async def test_seq_rises_over_all_kinds_of_events(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    seqs = [bob.joined["seq"], (await bob.status(hand=True))["seq"]]
    await ann.expect("participant_updated")
    await ann.signal(bob, 1)
    seqs.append((await bob.expect("signal"))["seq"])
    await ann.leave()
    seqs.append((await bob.expect("participant_left"))["seq"])
    assert seqs == sorted(set(seqs))


async def test_a_status_is_told_to_all_with_what_changed_and_acknowledged(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    number = await ann.send("status", media={"audio": True}, hand=True)
    changed = (await ann.expect("participant_updated"))["participant"]
    assert changed == {
        "id": ann.id,
        "media": {"audio": True, "video": False, "screen": False},
        "hand": True,
        "hand_at": changed["hand_at"],
    }
    await ann.expect("ack", id=number)
    assert (await bob.expect("participant_updated"))["participant"] == changed
    await ann.send_text(json.dumps({"type": "status", "hand": False}))
    assert (await ann.expect("participant_updated"))["participant"] == {
        "id": ann.id,
        "hand": False,
        "hand_at": None,
    }
    await bob.expect("participant_updated")
    await ann.nothing()


async def test_a_status_that_changes_nothing_is_acknowledged_and_not_told(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    number = await ann.send("status", media={"audio": False}, hand=False)
    await ann.expect("ack", id=number)
    await bob.nothing()


async def test_newcomers_see_the_state_as_it_is(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True, media={"video": True})
    await ann.status(hand=True, media={"screen": True})
    bob = await play.joined(room, "Bob")
    seen = bob.joined["participants"][0]
    assert seen["media"] == {"audio": False, "video": True, "screen": True}
    assert (seen["hand"], seen["state"]) == (True, "connected")


async def test_a_ping_is_answered_with_its_own_bytes(play: Play) -> None:
    client = await play.client()
    await client.send_text('{"type":"ping","t":1.50}')
    await client.expect("pong")
    assert '"t":1.50' in client.raw
