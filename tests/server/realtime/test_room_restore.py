"""The process is killed and started again: rooms are back, with everyone's place in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.process import ServerProcess
from tests.server.client import Client, Message, Play, playing

pytestmark = pytest.mark.early

ROOM = "ABC123"


async def stays(play: Play, token: str) -> dict[str, list[Message]]:
    """By name, everyone's stays in the record."""
    await play.recorded()
    return {row["name"]: row["sessions"] for row in await play.attendance(ROOM, token)}


async def back(play: Play, page: Client) -> tuple[Client, Message]:
    client = await play.client()
    return client, await client.resume(page)


async def test_after_a_kill_everyone_resumes_and_nobody_sees_a_leave_or_a_join(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann, bob = await play.pair(ROOM)
        gone = await play.joined(ROOM, "Gone")
        await gone.leave()
        await play.recorded()
        await server.kill()
    async with server, playing(server) as play:
        await server.logged("rooms restored", rooms=1, participants=2)
        about = (await play.http.get(f"/api/meetings/{ROOM}")).json()
        assert about["participants"] == 2

        ann_again, resumed = await back(play, ann)
        assert resumed["epoch"] != ann.epoch
        # The meeting goes on since Ann came.
        assert resumed["lasted"] >= gone.joined["lasted"] > ann.joined["lasted"] == 0
        assert resumed["snapshot"]["meeting"]["host"] is True
        roster = {person["name"]: person for person in resumed["snapshot"]["participants"]}
        assert {name: person["state"] for name, person in roster.items()} == {
            "Ann": "connected",
            "Bob": "reconnecting",
        }
        # What Bob's page can do is known when it is back.
        you = dict(bob.joined["you"])
        obeys = {"obeys": you.pop("obeys")}
        assert roster["Bob"] == you | {"state": "reconnecting"}

        bob_again, _ = await back(play, bob)
        shown = await ann_again.expect("participant_updated")
        assert shown["participant"] == {"id": bob.id, "state": "connected"} | obeys
        await bob_again.signal(ann_again, "still there?")
        await ann_again.expect("signal", **{"from": bob.id})

        kept = await stays(play, ann.token)
        for page in (ann, bob):
            you = page.joined["you"]
            (stay,) = kept[you["name"]]
            assert (stay["joined_at"], stay["left_at"], stay["estimated"]) == (you["joined_at"], None, False)
            assert (stay["connections"], len(stay["reconnects"])) == (2, 1)
        assert [stay["reason"] for stay in kept["Gone"]] == ["left"]


async def test_a_second_kill_before_anyone_is_back_changes_nothing(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann, bob = await play.pair(ROOM)
        await server.kill()
    await server.start()
    async with playing(server) as play:
        await back(play, ann)
        await play.recorded()
        await server.kill()
    async with server, playing(server) as play:
        await server.logged("rooms restored", rooms=1, participants=2)
        await back(play, ann)
        await back(play, bob)
        kept = await stays(play, ann.token)
        assert {name: [stay["left_at"] for stay in each] for name, each in kept.items()} == {
            "Ann": [None],
            "Bob": [None],
        }


async def test_a_reload_during_the_restart_keeps_place_role_and_stay(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann = await play.joined(ROOM, "Ann", create=True)
        await server.kill()
    async with server, playing(server) as play:
        # The identity is enough: the place is hers, and so is the stay.
        page = await play.client()
        joined = await page.join(ROOM, "Ann", token=ann.token, on_duplicate="reject")
        assert (joined["you"]["id"], joined["you"]["role"]) == (ann.id, "host")
        assert (joined["rejoined"], joined["you"]["joined_at"]) == (True, ann.joined["you"]["joined_at"])
        assert len((await stays(play, ann.token))["Ann"]) == 1


async def test_who_does_not_come_back_is_lost_and_closed_at_the_dead_nodes_last_heartbeat(
    tmp_path: Path,
) -> None:
    # So long that Ann is back in time also where the machine is busy.
    server = await ServerProcess(tmp_path, RECONVENE_GRACE="5").start()
    async with playing(server) as play:
        ann, bob = await play.pair(ROOM)
        await server.kill()
    async with server, playing(server) as play:
        ann_again, _ = await back(play, ann)
        await ann_again.expect("participant_left", participant={"id": bob.id}, reason="lost")
        assert [stay["left_at"] for stay in (await stays(play, ann.token))["Bob"]] == [None]
        with closing(sqlite3.connect(server.database)) as database, database:
            # As if it had been a while: heartbeats are 20 s old before a node is taken for dead.
            database.execute(
                "UPDATE nodes SET heartbeat_at = 0 WHERE heartbeat_at = (SELECT min(heartbeat_at) FROM nodes)"
            )
        await server.logged("closed stays that a dead node left open", stays=1)
        kept = await stays(play, ann.token)
        (of_bob,) = kept["Bob"]
        assert (of_bob["reason"], of_bob["estimated"]) == ("lost", True)
        assert [stay["left_at"] for stay in kept["Ann"]] == [None], "who resumed belongs to the new node"
