"""What is due is read by itself, until it has settled; by one process at a time, whatever happens to that one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.settings.config import Config
from server.zoom import person_matching, webhook_events
from server.zoom.jobs import Jobs
from server.zoom.schedule import BACK_OFF, CLAIMED, LONGEST_BACK_OFF, Schedule
from tests.zoom.runs import FIRST, ID, ROOM, SECOND, STARTS, Runs, instance, runs, webinar
from tests.zoom.schedule_office import END, HOUR, SESSION, Office, as_bytes, ended_a_moment_ago
from tests.zoom.stand_in import faults
from tests.zoom.stand_in.webhooks import Seat, Session, joined


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Runs]:
    async with ended_a_moment_ago(tmp_path) as made:
        yield made


async def test_it_is_read_when_it_is_due_and_again_until_two_readings_agree(made: Runs) -> None:
    async with Office(made) as office:
        await office.looked()
        assert made.zoom.requests == [], "nothing is due yet"
        made.clock.advance(HOUR / 2)
        assert await office.scheduled() == (END + 6 * HOUR, 2)
        assert (await made.part()).state == "complete"
        names = {person.name for person, _ in (await made.kept()).participants}
        assert "Somebody" not in names, "the report has taken the place of what was heard"
        assert len(names) == 5

        asked = len(made.zoom.requests)
        made.clock.advance(5 * HOUR)
        await office.looked()
        assert len(made.zoom.requests) == asked
        made.clock.advance(HOUR)
        assert await office.scheduled() == (None, 2)
        assert (await office.record()).due_at is None
        made.clock.advance(100 * HOUR)
        asked = len(made.zoom.requests)
        await office.looked()
        assert len(made.zoom.requests) == asked, "it has settled"


async def test_of_several_nodes_one_looks_for_what_is_due(made: Runs) -> None:
    """Zoom's limits are for all of them."""
    async with Office(made) as office:
        await office.looked()
        asked, is_first = asyncio.Semaphore(0), asyncio.Event()

        def is_due() -> bool:
            asked.release()
            return is_first.is_set()

        office.schedule.is_due = is_due
        await asked.acquire()
        made.clock.advance(HOUR / 2)
        for _ in range(3):
            await asked.acquire()
        assert made.zoom.requests == []
        is_first.set()
        assert await office.scheduled() == (END + 6 * HOUR, 2)


async def test_a_report_that_still_changes_is_read_at_all_three_times(made: Runs) -> None:
    async with Office(made) as office:
        made.clock.advance(HOUR / 2)
        due = [(await office.scheduled())]
        for rows in (6, 7):
            made.zoom.webinars[ID].instances[0] = instance(rows=rows)
            assert due[-1][0] is not None
            made.clock.stand_still(due[-1][0] + 1)
            due.append(await office.scheduled())
        assert due[:2] == [(END + 6 * HOUR, 2), (END + 24 * HOUR, 3)]
        again_at, attempt = due[2]
        assert again_at is not None
        assert (again_at > END + 24 * HOUR, attempt) == (True, 4)
        made.clock.stand_still(again_at + 1)
        assert await office.scheduled() == (None, 4)
    assert (await made.part()).rows == 7


async def test_one_that_never_settles_is_given_up(made: Runs) -> None:
    async with Office(made) as office:
        made.clock.stand_still(END + 48 * HOUR)
        with capture_logs() as logs:
            for rows in range(6, 30):
                due_at, attempt = await office.scheduled()
                if due_at is None:
                    break
                made.zoom.webinars[ID].instances[0] = instance(rows=rows)
                made.clock.stand_still(due_at)
        assert (due_at, attempt) == (None, 9)
    assert [line["log_level"] for line in logs if "no two readings agreed" in line["event"]] == ["warning"]


async def test_what_is_due_outlasts_the_server(made: Runs) -> None:
    async with Office(made) as office:
        await office.looked()
    made.clock.advance(2 * HOUR)
    async with Office(made) as office:
        assert await office.scheduled() == (END + 6 * HOUR, 2)


async def test_a_stop_in_the_middle_leaves_it_due_at_once(made: Runs) -> None:
    stalls = faults.stall()
    made.zoom.faults.on(lambda asked: asked.endpoint == "report participants", stalls)
    made.clock.advance(HOUR)
    async with Office(made) as office:
        await made.zoom.until(lambda: any(asked.endpoint == "registrants" for asked in made.zoom.requests))
        await office.schedule.stop()
        record = await office.record()
        assert (record.due_at, record.due_attempt) == (made.clock.now(), 1)
    made.zoom.faults.clear()
    async with Office(made) as office:
        assert await office.scheduled() == (END + 6 * HOUR, 2)


async def test_a_server_that_is_killed_is_followed_by_another(made: Runs) -> None:
    made.clock.advance(HOUR)
    await made.store.claim_due_imports(made.clock.now(), made.clock.now() + CLAIMED, 1)
    async with Office(made) as office:
        await office.looked()
        assert made.zoom.requests == [], "somebody else has it, for all one knows"
        made.clock.advance(CLAIMED)
        assert await office.scheduled() == (END + 6 * HOUR, 2)


async def test_of_two_servers_one_reads_it(made: Runs) -> None:
    async with Office(made) as one, Office(made) as other:
        made.clock.advance(HOUR / 2)
        first = asyncio.create_task(one.scheduled()), asyncio.create_task(other.scheduled())
        done, waiting = await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in done] == [(END + 6 * HOUR, 2)]
        await one.looked()
        await other.looked()
        for task in waiting:
            task.cancel()
    assert len([asked for asked in made.zoom.requests if asked.endpoint == "instances"]) == 1


async def test_another_instance_that_ends_meanwhile_is_waited_for(made: Runs) -> None:
    """The second reading would agree, but another instance's report is not there yet."""
    async with Office(made) as office:
        made.clock.advance(HOUR / 2)
        await office.scheduled()
        next_week = Session(ID, "next==", STARTS + 6 * HOUR)
        heard = webhook_events.read(as_bytes(joined(next_week, Seat("2", "Somebody", next_week.started_at))))
        assert isinstance(heard, webhook_events.Heard)
        await made.store.record_live(heard.subject, heard.stay)
        again_end = END + 6 * HOUR - 60
        await made.store.end_live(
            person_matching.subject("webinar", ID, ""),
            "instance/next==",
            again_end,
            again_end + HOUR / 2,
            again_end,
        )
        made.clock.stand_still(END + 6 * HOUR + 1)
        due_at, attempt = await office.scheduled()
        assert (due_at, attempt) == (again_end + HOUR / 2, 2)
        made.zoom.webinars[ID].instances.append(instance("next==", starts=next_week.started_at, rows=3))
        made.clock.stand_still(again_end + HOUR / 2)
        assert await office.scheduled() == (again_end + 6 * HOUR, 3)


async def test_failures_are_told_once_and_come_less_and_less_often(made: Runs) -> None:
    async with Office(made, ZOOM_CLIENT_SECRET="a wrong one") as office:
        with capture_logs() as logs:
            made.clock.advance(HOUR)
            waits = []
            for _ in range(9):
                due_at, attempt = await office.scheduled()
                assert due_at is not None
                assert attempt == 1
                waits.append(due_at - made.clock.now())
                made.clock.stand_still(due_at)
        assert waits[:3] == [BACK_OFF, 2 * BACK_OFF, 4 * BACK_OFF]
        assert waits[-1] == LONGEST_BACK_OFF
    told = [line["log_level"] for line in logs if line["event"] == "import failed, it is tried again"]
    assert told == ["warning"] + ["debug"] * 8


async def test_it_works_again_when_zoom_does(made: Runs) -> None:
    async with Office(made) as office:
        refused = faults.server_error(400).answer
        assert refused is not None
        made.zoom.token_faults.append(refused)
        made.clock.advance(HOUR)
        due_at, _ = await office.scheduled()
        assert due_at == made.clock.now() + BACK_OFF
        with capture_logs() as logs:
            made.clock.advance(BACK_OFF)
            assert await office.scheduled() == (END + 6 * HOUR, 2)
    assert "import works again" in [line["event"] for line in logs]


@pytest.mark.parametrize("endpoint", ["details", "report participants"])
async def test_a_daily_limit_is_waited_for(made: Runs, endpoint: str) -> None:
    made.clock.advance(HOUR)
    until = float(int(made.clock.now() + 7 * HOUR))
    made.zoom.faults.on(lambda asked: asked.endpoint == endpoint, faults.daily_limit(until))
    async with Office(made) as office:
        assert await office.scheduled() == (until, 1)
        made.clock.stand_still(until + 1)
        assert (await office.scheduled())[1] == 2


async def test_a_report_that_is_not_there_yet_is_looked_for_again_at_the_usual_times(made: Runs) -> None:
    made.zoom.webinars[ID].instances[0].ended = False
    async with Office(made) as office:
        with capture_logs() as logs:
            made.clock.advance(HOUR / 2)
            assert await office.scheduled() == (END + 6 * HOUR, 2)
        assert not [line for line in logs if line["log_level"] == "warning"]
        assert (await made.part()).state == "live", "what was heard stays until there is something better"
        made.zoom.webinars[ID].instances[0].ended = True
        made.clock.stand_still(END + 6 * HOUR)
        assert await office.scheduled() == (END + 24 * HOUR, 3)


async def test_a_store_that_is_away_is_told_once(made: Runs) -> None:
    async with Office(made) as office:
        with capture_logs() as logs:
            office.store.away = True
            await office.looked(5)
            office.store.away = False
            made.clock.advance(HOUR)
            assert await office.scheduled() == (END + 6 * HOUR, 2)
    assert [line["log_level"] for line in logs if "looked for" in line["event"]] == ["warning"]


async def test_one_that_is_watched_is_read_again_like_one_that_was_due(tmp_path: Path) -> None:
    async with runs(tmp_path, webinar(instance(rows=5))) as made, Office(made) as office:
        job, _ = office.jobs.begin(ID, "webinar")
        office.schedule.watch(job)
        office.schedule.watch(job)
        due_at, attempt = await office.scheduled()
        assert due_at is not None
        assert (job.due_at, attempt) == (due_at, 2)
        made.clock.stand_still(due_at)
        assert await office.scheduled() == (None, 2)


async def test_one_instance_that_has_settled_ends_no_others_watch(tmp_path: Path) -> None:
    later = instance(SECOND, starts=STARTS + HOUR, rows=4)
    async with runs(tmp_path, webinar(instance(rows=5))) as made:
        await made.sync()
        made.zoom.webinars[ID] = webinar(instance(rows=5), later)
        async with Office(made) as office:
            job, _ = office.jobs.begin(ID, "webinar")
            office.schedule.watch(job)
            due_at, _ = await office.scheduled()
            assert due_at is not None
            await office.looked()
            job, _ = office.jobs.begin(ID, "webinar", FIRST)
            office.schedule.watch(job)
            assert (await office.scheduled())[0] is not None
            assert job.state == "complete"
            made.clock.advance(HOUR)
            assert (await office.scheduled())[0] is None
            assert (await made.part(SECOND)).agreed == 1


async def test_an_end_that_was_not_heard_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async with runs(tmp_path, webinar(instance(rows=5))) as made, Office(made) as office:
        made.clock.stand_still(END)
        heard = webhook_events.read(as_bytes(joined(SESSION, Seat("1", "Somebody", STARTS))))
        assert isinstance(heard, webhook_events.Heard)
        await made.store.record_live(heard.subject, heard.stay)
        await office.looked()
        assert (await office.record()).due_at is None
        assert made.zoom.requests == [], "it may still go on"
        made.clock.advance(24 * HOUR)
        assert await office.scheduled() == (made.clock.now(), 1)
        assert (await office.scheduled())[1] == 2
        assert (await made.part()).state == "complete"


async def test_where_zoom_cannot_be_asked_nothing_is_looked_for(made: Runs) -> None:
    made.clock.advance(HOUR)
    jobs = Jobs(Config.from_env({}), made.store, clock=made.clock.now)
    jobs.start()
    schedule = Schedule(jobs, made.store, clock=made.clock.now, poll=0.0)
    schedule.start()
    await asyncio.sleep(0)
    await schedule.stop()
    await jobs.stop()
    (record,) = await made.store.claim_due_imports(made.clock.now(), made.clock.now(), 10)
    assert record.subject.room == ROOM
