"""A stop: who is told what, what is written down, and when it is over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidMessage

from tests.process import ServerProcess
from tests.server.client import Client, Play, playing
from tests.server.patient_store import PatientServer
from tests.server.raw import TEXT, Raw, frame, join
from tests.server.realtime.test_room_restore import ROOM, back, stays


@contextlib.contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, held by another process so that nothing can be written to it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


async def asked(play: Play, kind: str, times: int) -> None:
    """Wait until the server has been sent so many messages of this kind."""
    sample = f'reconvene_messages_received_total{{type="{kind}"}} {float(times)}'
    while sample not in (await play.http.get("/metrics")).text:
        pass


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def milliseconds(at: float) -> float:
    """As the record is shown."""
    return int(at * 1000) / 1000


async def test_leave_times_are_exact_and_stays_of_those_who_come_back_go_on(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann, bob = await play.pair(ROOM)
        cat = await play.joined(ROOM, "Cat")
        lost_from = time.time()
        cat.drop()
        await ann.until("participant_updated")
        lost_until = time.time()

        stopped_from = time.time()
        server.signal(signal.SIGTERM)
        for page in (ann, bob):
            code, messages = await page.closed()
            assert (code, messages[-1]["type"]) == (4101, "going_away")
        stopped_until = time.time()
        assert await server.wait() == 0
    draining = await server.logged("draining", joins=0)
    assert draining["connections"] == 2
    await server.logged("node stopped", stays_closed=2)
    await server.logged("drained", joins_given_up=0, unrecorded=0)

    async with server, playing(server) as play:
        await server.logged("rooms restored", rooms=1, participants=3)
        kept = await stays(play, ann.token)
        (of_bob,), (of_cat,) = kept["Bob"], kept["Cat"]
        assert (of_bob["reason"], of_bob["estimated"]) == ("lost", False)
        assert (of_cat["reason"], of_cat["estimated"]) == ("lost", False)
        assert milliseconds(stopped_from) <= moment(of_bob["left_at"]) <= stopped_until
        assert milliseconds(lost_from) <= moment(of_cat["left_at"]) <= lost_until

        await back(play, ann)
        again = await stays(play, ann.token)
        (of_ann,) = again["Ann"]
        assert (of_ann["joined_at"], of_ann["left_at"]) == (ann.joined["you"]["joined_at"], None)
        assert (of_ann["reason"], of_ann["estimated"]) == (None, False)
        assert (again["Bob"], again["Cat"]) == ([of_bob], [of_cat])


async def test_a_join_on_its_way_is_finished_so_that_its_page_can_come_back(tmp_path: Path) -> None:
    server = await PatientServer(tmp_path).start()
    async with playing(server) as play:
        bob = await play.client()
        with locked(server.database):
            await bob.send("join", meeting=ROOM, name="Bob", create=True)
            await asked(play, "join", 1)
            server.signal(signal.SIGTERM)
            await server.logged("draining", joins=1)
        joined = await bob.expect("joined")
        code, messages = await bob.closed()
        assert (code, [message["type"] for message in messages]) == (4101, ["going_away"])
        assert await server.wait() == 0
    await server.logged("drained", joins_given_up=0)
    bob.session, bob.token, bob.epoch = joined["session"], joined["token"], joined["epoch"]
    async with server, playing(server) as play:
        _, resumed = await back(play, bob)
        assert resumed["snapshot"]["participants"][0]["id"] == joined["you"]["id"]
        assert [stay["left_at"] for stay in (await stays(play, bob.token))["Bob"]] == [None]


async def test_a_join_that_is_given_up_leaves_no_place_behind(tmp_path: Path) -> None:
    server = await PatientServer(tmp_path, GIVE_UP_JOINS_AFTER="0.3").start()
    async with playing(server) as play:
        ann = await play.joined(ROOM, "Ann", create=True)
        late = await play.client()
        with locked(server.database):
            await late.send("join", meeting=ROOM, name="Late")
            await asked(play, "join", 2)
            server.signal(signal.SIGTERM)
            # Told only now that it is given up; the store gets to it a moment later.
            code, messages = await late.closed()
            assert (code, [message["type"] for message in messages]) == (4101, ["going_away"])
        assert await server.wait() == 0
    await server.logged("drained", joins_given_up=1, unrecorded=0)
    async with server, playing(server) as play:
        await server.logged("rooms restored", participants=1)
        await back(play, ann)


async def test_who_asks_to_come_in_meanwhile_is_refused_with_a_hint(tmp_path: Path) -> None:
    server = await PatientServer(tmp_path).start()
    async with playing(server) as play:
        ann = await play.joined(ROOM, "Ann", create=True)
        async with await Raw.open(server.port) as raw:
            await raw.upgraded()
            with locked(server.database):
                # The first one keeps the socket open; those behind it are looked at when it is answered.
                place = {"session": ann.session, "epoch": ann.epoch, "seq": ann.seq}
                resume = json.dumps({"type": "resume", "id": 3} | place)
                messages = [join("NOWHERE", 1, create=False), join(ROOM, 2), resume]
                await raw.send(b"".join(frame(TEXT, message) for message in messages))
                await asked(play, "join", 2)
                server.signal(signal.SIGTERM)
                await server.logged("draining", joins=1)
            assert (await raw.message("error"))["code"] == "unknown_meeting"
            for number in (2, 3):
                refused = await raw.message("error")
                assert (refused["id"], refused["code"]) == (number, "unavailable")
                assert refused["retry_after"] >= 1
                assert "going away" in refused["message"]
            await raw.message("going_away")
            assert (await raw.close_frame()).code == 4101
        assert await server.wait() == 0


async def test_a_stop_amid_many_joins_loses_nobody_who_was_answered(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path, RECONVENE_MAX_PARTICIPANTS="500").start()
    answered: list[Client] = []

    async def come(play: Play, number: int) -> None:
        with contextlib.suppress(OSError, InvalidMessage, ConnectionClosed):
            page = await play.client()
            await page.send("join", meeting=ROOM, name=f"Page {number}", create=True)
            while (message := await page.next())["type"] != "joined":
                assert message["type"] == "going_away" or message["code"] == "unavailable"
            page.id, page.session, page.epoch = message["you"]["id"], message["session"], message["epoch"]
            page.token = message["token"]
            answered.append(page)
            if len(answered) == 40:
                server.signal(signal.SIGTERM)
            assert (await page.closed())[0] == 4101

    async with playing(server) as play:
        await asyncio.gather(*(come(play, number) for number in range(150)))
        assert await server.wait() == 0
    async with server, playing(server) as play:
        await server.logged("rooms restored", participants=len(answered))
        pages = await asyncio.gather(*(back(play, page) for page in answered))
        everyone = {page.id for page in answered}
        for _, resumed in pages:
            assert {person["id"] for person in resumed["snapshot"]["participants"]} == everyone
        host = answered[0]
        kept = await stays(play, host.token)
        assert {name: [stay["left_at"] for stay in each] for name, each in kept.items()} == {
            name: [None] for name in kept
        }
        assert len(kept) == len(answered)
        for page, _ in pages:
            page.drop()  # a close would wait behind all it has not read


async def test_a_peer_that_never_closes_holds_up_neither_the_record_nor_the_end(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path, RECONVENE_DRAIN="1").start()
    async with await Raw.open(server.port) as raw:
        await raw.joined(ROOM)
        server.signal(signal.SIGTERM)
        await raw.message("going_away")
        assert (await raw.close_frame()).code == 4101
        # Which is never answered: a closing handshake may take longer than the whole stop.
        assert await server.wait() == 0
    await server.logged("node stopped", stays_closed=1)
    await server.logged("drain cut short", connections=1, joins=0, unrecorded=0)


async def test_a_store_that_is_away_does_not_hold_up_the_end(tmp_path: Path) -> None:
    server = await PatientServer(tmp_path, RECONVENE_DRAIN="1").start()
    async with playing(server) as play:
        ann = await play.joined(ROOM, "Ann", create=True)
        late = await play.client()
        with locked(server.database):
            await late.send("join", meeting=ROOM, name="Late")
            await asked(play, "join", 2)
            server.signal(signal.SIGTERM)
            assert (await ann.closed())[0] == 4101
            code, messages = await late.closed()
            assert (code, [message["type"] for message in messages]) == (4101, ["going_away"])
            assert await server.wait() == 0
    await server.logged("drain cut short")
    async with server, playing(server) as play:
        await server.logged("rooms restored", participants=1)
        await back(play, ann)
        assert [stay["left_at"] for stay in (await stays(play, ann.token))["Ann"]] == [None]


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path, RECONVENE_DRAIN="600").start()
    async with await Raw.open(server.port) as raw:
        await raw.joined(ROOM)
        server.signal(signal.SIGTERM)
        await raw.message("going_away")
        server.signal(signal.SIGINT)
        assert await server.wait() == 0
    await server.logged("second signal, stopping at once")
    await server.logged("drain cut short", connections=1)
