"""What a sync does when Zoom, or another sync, does not let it walk straight through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.zoom.failures import DailyLimit, MissingScope, NotFound
from server.zoom.walk import FALLBACK
from storage.imports import Page
from tests.zoom.runs import (
    FIRST,
    ID,
    ROOM,
    ROWS,
    SECOND,
    STARTS,
    Dying,
    PowerCutError,
    Runs,
    Watched,
    instance,
    row,
    runs,
    webinar,
)
from tests.zoom.stand_in import faults

REPORT_SCOPE = "report:read:list_webinar_participants:admin"
BASIC_SCOPE = "webinar:read:list_past_participants:admin"
INSTANCES_SCOPE = "webinar:read:list_past_instances:admin"
REGISTRANTS_SCOPE = "webinar:read:list_registrants:admin"
WEEK = 7 * 86_400.0


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Runs]:
    async with runs(tmp_path) as prepared:
        yield prepared


async def test_everyone_and_every_stay_is_kept(at: Runs) -> None:
    outcome = await at.sync()
    assert outcome.complete
    assert outcome.reasons == []
    totals = outcome.totals
    assert (totals.people, totals.stays, totals.guests, totals.no_shows) == (ROWS, ROWS, 0, 5)
    assert totals.registrants == {"approved": 100, "pending": 10, "denied": 0}
    assert totals.total_duration == pytest.approx(ROWS * 600)
    part = await at.part()
    assert (part.state, part.source, part.rows, part.total) == ("complete", "report", ROWS, ROWS)
    assert at.pages() == 4
    kept = await at.kept()
    assert kept.meeting.title == "All hands"
    assert {person.name for person, _ in kept.participants} == {f"Person {n}" for n in range(ROWS)}


async def test_a_second_run_changes_nothing(at: Runs) -> None:
    await at.sync()
    before = await at.kept()
    outcome = await at.sync()
    assert outcome.complete
    assert outcome.agreed
    after = await at.kept()
    assert (after.meeting, after.participants) == (before.meeting, before.participants)
    assert (await at.part()).agreed == 1


async def test_all_instances_are_read_each_by_its_uuid(at: Runs) -> None:
    at.zoom.webinars[ID] = webinar(instance(), instance(SECOND, starts=STARTS + WEEK, rows=40))
    outcome = await at.sync()
    assert outcome.complete
    assert (outcome.totals.people, outcome.totals.stays) == (ROWS, ROWS + 40)
    (stays,) = [stays for person, stays in (await at.kept()).participants if person.name == "Person 0"]
    assert [stay.instance for stay in stays] == [FIRST, SECOND]


async def test_one_instance_can_be_asked_for(at: Runs) -> None:
    at.zoom.webinars[ID] = webinar(instance(), instance(SECOND, starts=STARTS + WEEK, rows=40))
    outcome = await at.sync(instance=SECOND)
    assert outcome.complete
    assert (outcome.totals.people, outcome.totals.stays) == (40, 40)
    with pytest.raises(NotFound, match=f"no past instance other; it has {FIRST}"):
        await at.sync(instance="other")


# Sources


async def test_without_the_scope_for_the_report_the_basic_endpoint_steps_in(at: Runs) -> None:
    at.zoom.scopes = set(at.zoom.scopes) - {REPORT_SCOPE}
    with capture_logs() as logs:
        outcome = await at.sync()
    assert outcome.complete
    assert outcome.totals.people == ROWS
    assert FALLBACK == "Report endpoint failed with 400 error, trying basic endpoint..."
    assert [line["log_level"] for line in logs if line["event"] == FALLBACK] == ["warning"]
    part = await at.part()
    assert part.source == "basic"
    assert "report:read:list_webinar_participants" in part.why
    assert (at.pages("report"), at.pages("basic")) == (1, 4)


async def test_without_permission_for_the_report_as_well(at: Runs) -> None:
    at.zoom.faults.on(lambda asked: asked.path.startswith("/v2/report/"), faults.no_permission(), None)
    outcome = await at.sync()
    assert outcome.complete
    assert (await at.part()).source == "basic"


async def test_without_any_source_attendance_is_unknown_and_registrants_are_known(at: Runs) -> None:
    at.zoom.scopes = set(at.zoom.scopes) - {REPORT_SCOPE, BASIC_SCOPE}
    outcome = await at.sync()
    assert not outcome.complete
    assert "attendance unknown" in outcome.reasons[0]
    assert "webinar:read:list_past_participants" in outcome.reasons[0]
    part = await at.part()
    assert (part.state, part.source) == ("unknown", "registrants")
    assert outcome.totals.people == 0
    assert outcome.totals.registrants["approved"] == 100


async def test_the_source_is_chosen_for_each_instance(at: Runs) -> None:
    at.zoom.webinars[ID] = webinar(instance(), instance(SECOND, starts=STARTS + WEEK, rows=40))
    at.zoom.faults.on(
        lambda asked: asked.path.startswith("/v2/report/") and FIRST[:4] in asked.path,
        faults.no_permission(),
        None,
    )
    assert (await at.sync()).complete
    assert (await at.part(FIRST)).source == "basic"
    assert (await at.part(SECOND)).source == "report"


async def test_the_source_never_changes_in_the_middle(at: Runs) -> None:
    at.zoom.faults.on(
        lambda asked: asked.path.startswith("/v2/report/") and at.pages() > 2, faults.no_permission(), None
    )
    outcome = await at.sync()
    assert not outcome.complete
    part = await at.part()
    assert (part.state, part.source, part.rows, part.total) == ("partial", "report", 60, ROWS)
    assert at.pages("basic") == 0


async def test_any_other_refusal_is_no_reason_for_the_basic_endpoint(at: Runs) -> None:
    refusal = faults.error(400, 12702, "Can not access webinar info over a year ago.")
    at.zoom.faults.on(lambda asked: asked.path.startswith("/v2/report/"), refusal, None)
    outcome = await at.sync()
    assert not outcome.complete
    assert "over a year" in outcome.reasons[0]
    assert at.pages("basic") == 0


async def test_without_the_scope_for_registrants_attendance_is_read_all_the_same(at: Runs) -> None:
    at.zoom.scopes = set(at.zoom.scopes) - {REGISTRANTS_SCOPE}
    outcome = await at.sync()
    assert not outcome.complete
    assert all("webinar:read:list_registrants" in reason for reason in outcome.reasons)
    assert (await at.part()).state == "complete"
    assert outcome.totals.people == ROWS


async def test_a_webinar_nobody_could_register_for_is_complete(at: Runs) -> None:
    at.zoom.webinars[ID].registration = False
    outcome = await at.sync()
    assert outcome.complete
    assert outcome.totals.registrants == {"approved": 0, "pending": 0, "denied": 0}


async def test_without_the_list_of_instances_nothing_is_guessed(at: Runs) -> None:
    at.zoom.scopes = set(at.zoom.scopes) - {INSTANCES_SCOPE}
    with pytest.raises(MissingScope, match="webinar:read:list_past_instances"):
        await at.sync()
    assert await at.store.imported(ROOM) is None


async def test_a_webinar_that_zoom_does_not_know(at: Runs) -> None:
    at.zoom.webinars.clear()
    with pytest.raises(NotFound):
        await at.sync()
    assert await at.store.imported(ROOM) is None


# Complete or not


async def test_fewer_rows_than_there_are_said_to_be_is_partial(at: Runs) -> None:
    at.zoom.webinars[ID].instances[0].total = ROWS + 3
    outcome = await at.sync()
    assert not outcome.complete
    assert f"{ROWS} of the {ROWS + 3} rows" in outcome.reasons[0]
    assert (await at.part()).state == "partial"
    assert outcome.totals.people == ROWS
    at.zoom.webinars[ID].instances[0].total = None
    assert (await at.sync()).complete
    assert (await at.part()).state == "complete"


async def test_a_partial_walk_takes_no_complete_ones_place(at: Runs) -> None:
    await at.sync()
    shown = at.zoom.webinars[ID].instances[0]
    shown.report, shown.total = shown.report[:50], ROWS
    outcome = await at.sync()
    assert not outcome.complete
    assert (await at.part()).rows == ROWS
    assert outcome.totals.people == ROWS


async def test_what_changed_at_zoom_changes_here(at: Runs) -> None:
    await at.sync()
    shown = at.zoom.webinars[ID].instances[0]
    shown.report = [*shown.report[1:], row(200), row(5, stay=1)]
    outcome = await at.sync()
    assert outcome.complete
    assert not outcome.agreed
    names = {person.name for person, _ in (await at.kept()).participants}
    assert "Person 0" not in names
    assert "Person 200" in names
    assert outcome.totals.stays == ROWS + 1


# Interrupted


@pytest.mark.parametrize("page", [2, 3, 4])
async def test_a_cancelled_run_is_gone_on_with(at: Runs, page: int) -> None:
    at.zoom.faults.on(
        lambda asked: asked.path.startswith("/v2/report/") and at.pages() == page, faults.stall()
    )
    running = asyncio.create_task(at.sync())
    await at.zoom.until(lambda: at.pages() == page)
    running.cancel()
    await asyncio.wait([running])
    assert (await at.part()).state == "unread"
    assert (await at.sync()).complete
    # The page that was under way was not answered, so its token is good for another time.
    assert at.pages() == 4 + 1


async def test_a_run_that_died_is_gone_on_with_when_its_lease_is_over(at: Runs) -> None:
    dying = Dying(at.store, after=2)
    with pytest.raises(PowerCutError):
        await at.sync(store=dying)
    assert (await at.sync()).complete
    assert at.pages() == 4
    assert 0 < max(at.waits) < 10


async def test_a_walk_too_old_to_go_on_with_is_begun_again(at: Runs) -> None:
    with pytest.raises(PowerCutError):
        await at.sync(store=Dying(at.store, after=2))
    at.clock.advance(16 * 60)
    assert (await at.sync()).complete
    assert at.pages() == 2 + 4
    assert (await at.part()).walking == ()


async def test_a_page_token_that_runs_out_in_mid_walk(at: Runs) -> None:
    at.zoom.faults.on(
        lambda asked: asked.path.startswith("/v2/report/") and at.pages() == 3, faults.expire_page_token()
    )
    outcome = await at.sync()
    assert outcome.complete
    assert outcome.totals.stays == ROWS
    assert at.pages() == 3 + 4


async def test_tokens_that_always_run_out_end_in_partial(at: Runs) -> None:
    at.zoom.faults.on(
        lambda asked: asked.path.startswith("/v2/report/") and "next_page_token" in asked.params,
        faults.error(400, 300, "The next page token is invalid or expired."),
        None,
    )
    outcome = await at.sync()
    assert not outcome.complete
    assert "page tokens" in outcome.reasons[0]


async def test_the_daily_limit_parks_the_run_and_the_next_goes_on(at: Runs) -> None:
    until = at.clock.now() + 3600
    at.zoom.faults.on(
        lambda asked: asked.path.startswith("/v2/report/") and at.pages() == 3, faults.daily_limit(until)
    )
    outcome = await at.sync()
    assert not outcome.complete
    assert outcome.again_at == pytest.approx(until, abs=1)
    assert "daily limit" in outcome.reasons[0]
    assert (await at.sync()).complete
    assert at.pages() == 3 + 2


async def test_the_daily_limit_right_at_the_start(at: Runs) -> None:
    at.zoom.faults.next(faults.daily_limit(at.clock.now() + 3600), 1)
    with pytest.raises(DailyLimit):
        await at.sync()


async def test_zoom_that_is_away_parks_the_run(at: Runs) -> None:
    at.zoom.faults.on(lambda asked: asked.path.startswith("/v2/report/"), faults.server_error(), None)
    outcome = await at.sync()
    assert not outcome.complete
    assert outcome.again_at is not None
    at.zoom.faults.clear()
    assert (await at.sync()).complete


# Several at once


async def test_two_at_once_come_to_the_same(at: Runs) -> None:
    one, two = await asyncio.gather(at.sync(owner="one"), at.sync(owner="two"))
    assert one.complete
    assert two.complete
    assert one.totals == two.totals
    assert (await at.part()).rows == ROWS
    assert (await at.part()).walking == ()
    assert len((await at.kept()).participants) == ROWS


async def test_a_run_whose_walk_was_taken_over_begins_one_of_its_own(at: Runs) -> None:
    taken = asyncio.Event()

    async def take(page: Page) -> None:
        if page.rows and page.number == 2 and not taken.is_set():
            taken.set()
            at.clock.advance(100)
            assert await at.store.take_walk(page.walk_id, "another", at.clock.now(), 10.0) is not None

    outcome = await at.sync(store=Watched(at.store, take))
    assert taken.is_set()
    assert outcome.complete
    assert (await at.part()).rows == ROWS


async def test_a_record_deleted_in_mid_walk_is_not_made_again(at: Runs) -> None:
    async def delete(page: Page) -> None:
        if page.rows and page.number == 2:
            await at.store.delete_meeting(ROOM)

    with pytest.raises(NotFound, match="deleted"):
        await at.sync(store=Watched(at.store, delete))
    assert await at.store.imported(ROOM) is None


# Watching


async def test_watching_ends_when_two_walks_agree(at: Runs) -> None:
    shown = at.zoom.webinars[ID].instances[0]
    growing = [*shown.report]
    shown.report = growing[:90]

    def settle() -> None:
        shown.report = growing

    at.before_sleep = settle
    outcome = await at.sync(watch=True)
    assert outcome.complete
    assert outcome.agreed
    assert outcome.totals.people == ROWS
    assert at.pages() == 3 + 4 + 4
    assert at.told[-1].stage == "done"
    assert "watching" in {progress.stage for progress in at.told}


async def test_watching_outlasts_the_daily_limit(at: Runs) -> None:
    until = at.clock.now() + 3600
    at.zoom.faults.next(faults.daily_limit(until), 1)
    assert (await at.sync(watch=True)).complete
    assert sum(at.waits) >= 3600


async def test_what_never_agrees_is_said(at: Runs) -> None:
    shown = at.zoom.webinars[ID].instances[0]
    more = iter(range(1000, 2000))

    def grow() -> None:
        shown.report = [*shown.report, row(next(more))]

    at.before_sleep = grow
    outcome = await at.sync(watch=True)
    assert not outcome.complete
    assert "did not agree" in outcome.reasons[-1]


# Progress


async def test_progress_tells_rows_of_total(at: Runs) -> None:
    await at.sync()
    seen = [
        (part.rows, part.total, part.state)
        for progress in at.told
        for part in progress.parts
        if part.part == f"instance/{FIRST}"
    ]
    assert list(dict.fromkeys(seen)) == [
        (0, None, "waiting"),
        (0, None, "walking"),
        (30, ROWS, "walking"),
        (60, ROWS, "walking"),
        (90, ROWS, "walking"),
        (ROWS, ROWS, "complete"),
    ]
    assert at.told[-1].title == "All hands"
