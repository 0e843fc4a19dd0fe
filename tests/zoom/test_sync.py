"""What a sync does when Zoom, or another sync, does not let it walk straight through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.zoom import person_matching
from server.zoom.client import Patience
from server.zoom.errors import NotFound
from server.zoom.sync import MOST_FAILED
from server.zoom.zoom_records import ParticipantRow
from tests.zoom.runs import (
    FIRST,
    ID,
    ROOM,
    ROWS,
    SECOND,
    STARTS,
    Runs,
    instance,
    row,
    runs,
    webinar,
)
from tests.zoom.stand_in import faults

REPORT_SCOPE = "report:read:list_webinar_participants:admin"
BASIC_SCOPE = "webinar:read:list_past_participants:admin"
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
    told = "Report endpoint failed with 400 error, trying basic endpoint..."
    assert [line["log_level"] for line in logs if line["event"] == told] == ["warning"]
    part = await at.part()
    assert part.source == "basic"
    assert "report:read:list_webinar_participants" in part.why
    assert (at.pages("report"), at.pages("basic")) == (1, 4)


async def test_without_permission_for_the_report_as_well(at: Runs) -> None:
    at.zoom.faults.on(lambda asked: asked.path.startswith("/v2/report/"), faults.no_permission(), None)
    outcome = await at.sync()
    assert outcome.complete
    assert (await at.part()).source == "basic"


async def test_the_log_tells_the_status_that_the_report_was_refused_with(at: Runs) -> None:
    lacking = faults.missing_scope(REPORT_SCOPE, status=401, code=4700)
    at.zoom.faults.on(lambda asked: asked.path.startswith("/v2/report/"), lacking, None)
    with capture_logs() as logs:
        assert (await at.sync()).complete
    assert "Report endpoint failed with 401 error, trying basic endpoint..." in [
        line["event"] for line in logs
    ]


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
    refusal = faults.error(400, 300, "Validation Failed.")
    at.zoom.faults.on(lambda asked: asked.path.startswith("/v2/report/"), refusal, None)
    outcome = await at.sync()
    assert not outcome.complete
    assert "Validation" in outcome.reasons[0]
    assert at.pages("basic") == 0


async def test_without_the_scope_for_registrants_attendance_is_read_all_the_same(at: Runs) -> None:
    at.zoom.scopes = set(at.zoom.scopes) - {REGISTRANTS_SCOPE}
    outcome = await at.sync()
    assert not outcome.complete
    assert all("webinar:read:list_registrants" in reason for reason in outcome.reasons)
    assert (await at.part()).state == "complete"
    assert outcome.totals.people == ROWS


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


@pytest.mark.parametrize("total", [None, 0, 7])
async def test_a_list_that_is_empty_so_soon_takes_no_ones_place(at: Runs, total: int | None) -> None:
    """Somebody began the instance, and was heard: Zoom's report is not ready yet."""
    at.clock.stand_still(STARTS + 3600)
    anna = ParticipantRow(user_id="1", name="Anna", user_email="anna@example.org")
    stay = person_matching.live_stay(
        ROOM, FIRST, anna, joined_at=STARTS, left_at=STARTS + 600, at=STARTS, starts_at=STARTS
    )
    await at.store.record_live(person_matching.subject("webinar", ID, "All hands"), stay)
    shown = at.zoom.webinars[ID].instances[0]
    shown.report, there, shown.basic, shown.total = [], shown.report, [], total
    outcome = await at.sync()
    assert not outcome.complete
    assert "not ready" in outcome.reasons[0]
    assert ((await at.part()).state, outcome.totals.people) == ("live", 1)
    shown.report, shown.total = there, None
    assert (await at.sync()).complete
    shown.report = []
    assert not (await at.sync()).complete
    assert ((await at.part()).state, (await at.part()).rows) == ("complete", ROWS)


async def test_one_instance_that_zoom_cannot_give_keeps_no_other_from_being_read(at: Runs) -> None:
    at.zoom.webinars[ID] = webinar(instance(), instance(SECOND, starts=STARTS + WEEK, rows=40))
    at.zoom.faults.on(
        lambda asked: asked.path.startswith("/v2/report/") and FIRST[:4] in asked.path,
        faults.server_error(),
        None,
    )
    outcome = await at.sync()
    assert not outcome.complete
    assert outcome.again_at is not None
    assert outcome.reasons[-1].endswith("not read to the end: Instance of 2026-09-21 14:13 UTC")
    assert (await at.part(SECOND)).state == "complete"


async def test_zoom_that_goes_away_is_not_asked_for_everything(at: Runs) -> None:
    starts = [STARTS + WEEK * number / 10 for number in range(6)]
    at.zoom.webinars[ID] = webinar(*(instance(f"{n}==", starts=at, rows=5) for n, at in enumerate(starts)))
    at.zoom.faults.on(lambda asked: asked.path.startswith("/v2/report/"), faults.error_with_200(), None)
    outcome = await at.sync()
    assert not outcome.complete
    assert at.pages() == MOST_FAILED * Patience().bad_answers


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
