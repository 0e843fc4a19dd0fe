"""Somebody holds a row of one meeting in PostgreSQL for long: only that meeting's people wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from signalling.rooms.effects import StayResumed
from tests.databases import PostgresServer
from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.realtime.test_room_restore import back
from tests.server.realtime.test_store_down import BACK, GONE, lines, metric
from tests.server.realtime.writer_desk import ROOM, Desk, whose, writing
from tests.storage.locks import holding, waiting
from tests.storage.script import Script

LOCK = "SELECT FROM reconvene.meetings WHERE room = 'LOCKED' FOR UPDATE"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with writing(tmp_path) as desk:
        yield desk


async def test_a_row_that_is_locked_concerns_its_meeting_alone(desk: Desk) -> None:
    other = Script(desk.script.store, "OTHER")
    ann, bob, cem = await desk.script.join("ann"), await desk.script.join("bob"), await other.join("cem")
    with capture_logs() as lines:
        desk.store.locked = ROOM
        for at in (1001.0, 1002.0):
            desk.resumed(ann, at)
        desk.ended(bob, 1010.0)
        await desk.store.failed.wait()
        for at in (1001.0, 1002.0):
            stay = cem.participant.id, cem.stay.session_id, cem.stay.instance
            desk.writer.record(StayResumed("OTHER", "cem", *stay, at, True))
        assert await desk.writer.settle("OTHER", "cem", within=20)
        assert desk.metrics.store_available
        desk.ended(ann, 1020.0)
        assert desk.writer.count == 4
        assert {what.room for what in desk.store.written} == {"OTHER"}
        desk.store.locked = ""
        for each in (ann, bob):
            await desk.settled(each)
    assert [line["log_level"] for line in lines] == ["warning", "info"]
    of_ann = [what.at for what in desk.store.written if whose(what) == ann.participant.id]
    assert of_ann == [1001.0, 1002.0, 1020.0]
    assert (await desk.stay("bob")).left_at == 1010.0
    await desk.writer.close(within=5)
    assert desk.writer.count == 0


async def test_closing_writes_what_waited_for_a_row_and_gives_up_in_time(desk: Desk) -> None:
    ann, bob = await desk.script.join("ann"), await desk.script.join("bob")
    desk.store.locked = ROOM
    for each in (ann, bob):
        desk.ended(each, 1010.0)
    await desk.store.failed.wait()
    desk.store.failed.clear()
    closing = asyncio.create_task(desk.writer.close(within=20))
    await desk.store.failed.wait()
    desk.store.locked = ""
    await closing
    assert desk.writer.count == 0
    desk.store.locked = ROOM
    desk.ended(ann, 1020.0)
    await desk.writer.close(within=0.0)
    assert desk.writer.count == 1


async def test_other_meetings_are_joined_and_the_server_is_ready_while_a_row_is_locked(
    tmp_path: Path,
) -> None:
    async with PostgresServer() as postgres:
        store = await postgres.make_database("meetings")
        async with ServerProcess(tmp_path, RECONVENE_STORE=store) as server, playing(server) as play:
            ann, bob = await play.pair("LOCKED")
            cem = await play.joined("OTHER", "Cem", create=True)
            async with holding(postgres, "meetings", LOCK) as other:
                bob.drop()
                bob, _ = await back(play, bob)
                await waiting(postgres, other)
                for _ in range(5):
                    await cem.leave()
                    again = await play.client()
                    await again.join("OTHER", "Cem", token=cem.token)
                    cem = again
                    assert (await play.http.get("/readyz")).status_code == 200
                assert await metric(play, "reconvene_store_available") == 1
            await play.recorded()
            (of_bob,) = [
                stay
                for person in await play.attendance("LOCKED", ann.token)
                for stay in person["sessions"]
                if person["name"] == "Bob"
            ]
            assert (of_bob["left_at"], of_bob["connections"]) == (None, 2)
        assert lines(server, GONE) == lines(server, BACK) == 0
