"""The store cannot be written for a while: meetings go on, and what happened meanwhile is recorded when it is back."""

from __future__ import annotations

import contextlib
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.process import ServerProcess
from tests.server.client import Play, playing
from tests.server.realtime.test_drain import locked, milliseconds, moment
from tests.server.realtime.test_room_restore import ROOM, back, stays

pytestmark = pytest.mark.early


def locked_by_another_process(server: ServerProcess) -> AbstractContextManager[object]:
    return locked(server.database)


@contextlib.contextmanager
def full_disk(server: ServerProcess) -> Iterator[None]:
    """No file of the running server may grow by a byte, or be written at all."""
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))


WAYS = [locked_by_another_process, full_disk]


async def metric(play: Play, name: str) -> float:
    page = (await play.http.get("/metrics")).text
    (value,) = [line.split()[1] for line in page.splitlines() if line.startswith(f"{name} ")]
    return float(value)


def lines(server: ServerProcess, event: str) -> int:
    return [line["event"] for line in server.logs].count(event)


GONE, BACK = "store unavailable, what is to be recorded is kept", "store is back, what was kept is recorded"


@pytest.mark.parametrize("outage", WAYS, ids=lambda way: way.__name__)
async def test_meetings_go_on_and_leaves_are_written_afterwards_with_their_own_times(
    tmp_path: Path, outage: Callable[[ServerProcess], AbstractContextManager[object]]
) -> None:
    async with ServerProcess(tmp_path) as server, playing(server) as play:
        ann, bob = await play.pair(ROOM)
        cat = await play.joined(ROOM, "Cat")
        for page in (ann, bob):
            await page.expect("participant_joined")
        late = await play.client()

        with outage(server):
            left_from = time.time()
            await bob.leave()
            for page in (ann, cat):
                await page.expect("participant_left", participant={"id": bob.id}, reason="left")
            left_until = time.time()

            await ann.status(hand=True)
            await cat.expect("participant_updated")
            await cat.signal(ann, "as ever")
            await ann.expect("signal")
            cat.drop()
            await ann.status(hand=False)
            cat, resumed = await back(play, cat)
            assert resumed["replayed"] == 1
            assert (await cat.next())["participant"]["hand"] is False

            number = await late.send("join", meeting=ROOM, name="Late")
            refused = await late.error("unavailable", id=number)
            assert refused["retry_after"] > 0
            await server.logged(GONE, level="warning")
            not_ready = await play.http.get("/readyz")
            problem = not_ready.json()
            assert (not_ready.status_code, problem["code"], problem["retry_after"]) == (503, "unavailable", 1)
            assert "store" in problem["detail"]
            assert await metric(play, "reconvene_store_available") == 0
            # Bob's leave, and that Cat came back.
            assert await metric(play, "reconvene_unrecorded_leaves") == 2
            assert (await play.http.get("/healthz")).status_code == 200

        recorded = await server.logged(BACK, level="info")
        assert (recorded["written"], recorded["given_up"]) == (2, 0)
        assert (await play.http.get("/readyz")).status_code == 200
        assert await metric(play, "reconvene_store_available") == 1
        assert await metric(play, "reconvene_unrecorded_leaves") == 0
        assert await metric(play, "reconvene_given_up_leaves_total") == 0
        await late.join(ROOM, "Late")
        for page in (ann, cat):
            await page.expect("participant_joined")

        kept = await stays(play, ann.token)
        (of_bob,) = kept["Bob"]
        assert (of_bob["reason"], of_bob["estimated"]) == ("left", False)
        assert milliseconds(left_from) <= moment(of_bob["left_at"]) <= left_until
        assert {name: [stay["left_at"] for stay in kept[name]] for name in ("Ann", "Cat", "Late")} == {
            "Ann": [None],
            "Cat": [None],
            "Late": [None],
        }
        assert (lines(server, GONE), lines(server, BACK)) == (1, 1)


async def test_many_leaves_and_failed_heartbeats_are_told_of_once(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_GRACE="0") as server, playing(server) as play:
        ann = await play.joined(ROOM, "Ann", create=True)
        crowd = [await play.joined(ROOM, f"Page {number}") for number in range(30)]
        with full_disk(server):
            for page in crowd:
                page.drop()
            failed = await server.logged("heartbeat could not be written", level="warning")
            assert "disk" in failed["error"]
            while await metric(play, "reconvene_unrecorded_leaves") < len(crowd):
                pass
        recorded = await server.logged(BACK)
        assert recorded["written"] == len(crowd)
        await server.logged("heartbeat is written again", level="info")
        kept = await stays(play, ann.token)
        assert [stay["reason"] for page, each in kept.items() if page != "Ann" for stay in each] == [
            "lost"
        ] * len(crowd)
        assert sorted(line["event"] for line in server.loud) == sorted(
            [GONE, "heartbeat could not be written"]
        )
        ann.drop()  # a close would wait behind all she has not read


async def test_the_next_page_that_comes_waits_for_the_leave_before_it(tmp_path: Path) -> None:
    """Otherwise the late leave would close the stay of someone who is back."""
    async with ServerProcess(tmp_path) as server, playing(server) as play:
        ann, bob = await play.pair(ROOM)
        with full_disk(server):
            await bob.leave()
            await server.logged(GONE)
            again = await play.client()
            number = await again.send("join", meeting=ROOM, name="Bob", token=bob.token)
            await again.error("unavailable", id=number)
        joined = await again.join(ROOM, "Bob", token=bob.token)
        assert joined["you"]["id"] == bob.id
        kept = await stays(play, ann.token)
        assert [stay["reason"] for stay in kept["Bob"]] == ["left", None]


async def test_a_stop_writes_what_is_kept_when_the_store_is_back_in_time(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann, bob = await play.pair(ROOM)
        with full_disk(server):
            await bob.leave()
            await server.logged(GONE)
            server.signal(signal.SIGTERM)
            await server.logged("draining")
        assert (await ann.closed())[0] == 4101
        assert await server.wait() == 0
    await server.logged("drained", unrecorded=0)
    async with server, playing(server) as play:
        kept = await stays(play, ann.token)
        assert {name: [stay["reason"] for stay in each] for name, each in kept.items()} == {
            "Ann": ["lost"],
            "Bob": ["left"],
        }
