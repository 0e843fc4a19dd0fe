"""What Zoom says oddly, of instances and people that were there all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from server.zoom.errors import MissingScope, NotFound
from server.zoom.list_import import NO_SCHEDULE
from tests.zoom.runs import FIRST, ID, ROOM, ROWS, SECOND, STARTS, Runs, instance, runs, webinar
from tests.zoom.stand_in import InstanceView, faults
from tests.zoom.stand_in.requests import Asked
from tests.zoom.stand_in.views import Kind, Refusal

WEEK = 7 * 86_400.0
GONE = (404, 3001, "Meeting {id} is not found or has expired.")
OLD = (400, 12702, "Can not access a meeting a year ago.")


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Runs]:
    async with runs(tmp_path) as prepared:
        yield prepared


def shown(at: Runs) -> InstanceView:
    return at.zoom.webinars[ID].instances[0]


# Empty reports


async def test_a_meeting_of_one_person_is_in_the_basic_list_only(at: Runs) -> None:
    alone = instance(rows=1)
    at.zoom.webinars[ID] = replace(webinar(alone), kind="meeting", registration=False)
    outcome = await at.sync()
    assert (outcome.complete, outcome.totals.people) == (True, 1)
    part = await at.part()
    assert (part.state, part.source, part.why) == ("complete", "basic", "Zoom's report is empty")


@pytest.mark.parametrize("basic", ["empty", "refused"])
async def test_what_is_empty_everywhere_is_unknown_however_long_ago(at: Runs, basic: str) -> None:
    shown(at).report, there = [], shown(at).report
    shown(at).basic = []
    if basic == "refused":
        at.zoom.faults.on(lambda asked: asked.endpoint == "basic participants", faults.no_permission(), None)
    outcome = await at.sync()
    assert not outcome.complete
    assert "attendance unknown" in outcome.reasons[0]
    assert (await at.part()).state == "unknown"
    shown(at).report = there
    assert (await at.sync()).totals.people == ROWS
    shown(at).report = []
    assert (await at.sync()).totals.people == ROWS, "what is known stays"
    assert ((await at.part()).state, "unknown" in (await at.part()).reason) == ("complete", True)


async def test_an_empty_page_that_leads_on_is_no_empty_report(at: Runs) -> None:
    empty = {"participants": [], "next_page_token": "", "total_records": ROWS}
    first = {**empty, "next_page_token": "on"}
    at.zoom.faults.on(
        lambda asked: asked.endpoint == "report participants" and "next_page_token" not in asked.params,
        faults.answer(first),
        None,
    )
    at.zoom.faults.on(
        lambda asked: asked.params.get("next_page_token") == "on",
        faults.answer({**empty, "participants": shown(at).report}),
        None,
    )
    assert (await at.sync()).complete
    assert ((await at.part()).source, (await at.part()).rows) == ("report", ROWS)


@pytest.mark.parametrize(
    "refusal", [GONE, OLD, (400, 104, "Invalid access token, does not contain scopes:[x].")]
)
async def test_what_the_report_has_not_the_basic_list_may_have(at: Runs, refusal: Refusal) -> None:
    shown(at).report_refused = refusal
    assert (await at.sync()).complete
    assert ((await at.part()).source, (await at.part()).rows) == ("basic", ROWS)


async def test_who_attended_is_not_decided_by_whether_people_could_register(at: Runs) -> None:
    shown(at).report_refused = (400, 300, "This webinar has not registration required: {id}.")
    assert (await at.sync()).totals.people == ROWS
    assert ((await at.part()).state, (await at.part()).source) == ("complete", "basic")


async def test_who_attended_is_unknown_when_every_list_says_that_nobody_could_register(at: Runs) -> None:
    shown(at).refused = (400, 300, "This webinar has not registration required: {id}.")
    assert not (await at.sync()).complete
    assert (await at.part()).state == "unknown"


async def test_an_empty_page_and_a_refusal_are_unknown_and_not_nobody(at: Runs) -> None:
    shown(at).report = []
    empty = {"participants": [], "next_page_token": "on", "total_records": ROWS}
    at.zoom.faults.on(
        lambda asked: asked.endpoint == "basic participants" and "next_page_token" not in asked.params,
        faults.answer(empty),
        None,
    )
    at.zoom.faults.on(lambda asked: asked.params.get("next_page_token") == "on", faults.no_permission(), None)
    outcome = await at.sync()
    assert outcome.reasons[0].partition(": ")[2].startswith("attendance unknown")
    assert (await at.part()).state == "unknown"


async def test_what_the_report_is_too_old_for_and_the_basic_list_has_not_is_too_old(at: Runs) -> None:
    shown(at).report_refused, shown(at).basic = OLD, []
    for _ in range(2):
        outcome = await at.sync()
        assert (outcome.complete, outcome.reasons) == (True, [])
    assert (await at.part()).state == "too_old"


# Registration


@pytest.mark.parametrize("kind", ["webinar", "meeting"])
@pytest.mark.parametrize(
    "wording",
    [
        (404, 404, "Registration has not been enabled for this {kind}: {id}."),
        (400, 300, "This {kind} has not registration required: {id}."),
        (400, 3000, "{kind} {id} does not have registration as required."),
    ],
)
async def test_nobody_could_register_however_zoom_says_it(at: Runs, kind: Kind, wording: Refusal) -> None:
    at.zoom.webinars[ID] = replace(webinar(), kind=kind, registration=False, unregistrable=wording)
    # So that it is not known beforehand.
    at.zoom.faults.on(lambda asked: asked.endpoint == "details", faults.no_permission(), None)
    outcome = await at.sync()
    assert (outcome.complete, outcome.notes) == (True, [])
    assert outcome.totals.registrants == {"approved": 0, "pending": 0, "denied": 0}
    assert outcome.totals.no_shows == 0


async def test_the_details_tell_that_nobody_can_register(at: Runs) -> None:
    at.zoom.webinars[ID].registration = False
    assert (await at.sync()).complete
    assert not at.zoom.asked_for("registrants")


async def test_registrants_are_kept_when_registration_is_switched_off_later(at: Runs) -> None:
    await at.sync()
    at.zoom.webinars[ID].registration = False
    outcome = await at.sync()
    assert outcome.complete
    assert outcome.totals.registrants["approved"] == 100
    assert "switched off" in outcome.notes[0]


async def test_an_expired_schedule_keeps_no_instance_from_being_read(at: Runs) -> None:
    at.zoom.webinars[ID].expired = True
    outcome = await at.sync()
    assert (outcome.complete, outcome.totals.people) == (True, ROWS)
    assert [note.partition(": ")[2] for note in outcome.notes] == [NO_SCHEDULE] * 3
    assert (await at.part()).state == "complete"
    record = await at.store.imported(ROOM)
    assert record is not None
    assert {part.state for part in record.parts if part.part.startswith("registrants/")} == {"unknown"}


# Instances


async def test_instances_without_a_date_are_read(at: Runs) -> None:
    at.zoom.webinars[ID] = webinar(instance(), instance(SECOND, starts=STARTS + WEEK, rows=40))
    for each, starts in zip(at.zoom.webinars[ID].instances, ("", None), strict=True):
        each.start_time = starts  # type: ignore[assignment]
    outcome = await at.sync()
    assert (outcome.complete, outcome.totals.stays) == (True, ROWS + 40)


def forbid(at: Runs) -> None:
    at.zoom.faults.on(lambda asked: asked.endpoint == "instances", faults.missing_scope("instances"), None)


async def test_without_the_list_of_instances_the_latest_is_read(at: Runs) -> None:
    forbid(at)
    outcome = await at.sync()
    assert not outcome.complete
    assert "scope instances" in outcome.reasons[0]
    assert outcome.totals.people == ROWS
    assert (await at.sync()).totals.people == ROWS, "it is the same again"
    # Next week's takes nobody's place, and once Zoom tells the instances nobody is there twice.
    at.zoom.webinars[ID].instances.append(instance(SECOND, starts=STARTS + WEEK, rows=40))
    assert (await at.sync()).totals.stays == ROWS + 40
    at.zoom.faults.clear()
    outcome = await at.sync()
    assert outcome.complete
    assert (outcome.totals.people, outcome.totals.stays) == (ROWS, ROWS + 40)


async def test_instances_that_zoom_does_not_tell_are_read_all_the_same(at: Runs) -> None:
    at.zoom.webinars[ID].tells_instances = False
    outcome = await at.sync()
    assert (outcome.complete, outcome.totals.people) == (True, ROWS)
    assert "no instances" in outcome.notes[-1]


async def test_an_instance_can_be_asked_for_without_the_list_of_them(at: Runs) -> None:
    forbid(at)
    assert (await at.sync(instance=FIRST)).totals.people == ROWS
    assert (await at.part()).state == "complete"


@pytest.mark.parametrize("forbidden", [True, False])
async def test_of_what_was_never_held_nothing_is_kept(at: Runs, forbidden: bool) -> None:
    at.zoom.webinars[ID].instances.clear()
    if forbidden:
        forbid(at)
    with pytest.raises(MissingScope if forbidden else NotFound):
        await at.sync()
    assert await at.store.imported(ROOM) is None


# Pages that come twice


@pytest.mark.parametrize("endpoint", ["report participants", "registrants"])
async def test_a_page_in_place_of_another_is_not_the_rows_that_are_missing(at: Runs, endpoint: str) -> None:
    first = {
        "participants": list(shown(at).report[:3]),
        "registrants": list(at.zoom.webinars[ID].registrants["approved"][:3]),
        "total_records": 6,
    }

    def is_page(asked: Asked, token: str | None) -> bool:
        return (
            asked.endpoint == endpoint
            and asked.params.get("status", "approved") == "approved"
            and asked.params.get("next_page_token") == token
        )

    pages = faults.answer({**first, "next_page_token": "on"}), faults.answer({**first, "next_page_token": ""})
    for token, page in zip((None, "on"), pages, strict=True):
        at.zoom.faults.on(partial(is_page, token=token), page, None)
    outcome = await at.sync()
    assert "Zoom gave 3 of the 6 rows it has" in [*outcome.reasons, *outcome.notes][0]
    part = {"registrants": "registrants/approved"}.get(endpoint, f"instance/{FIRST}")
    record = await at.store.imported(ROOM)
    assert record is not None
    assert [(each.state, each.rows, each.given) for each in record.parts if each.part == part] == [
        ("partial", 3, 3)
    ]


# Pages that do not end


@pytest.mark.parametrize("turns", [1, 2])
async def test_pages_that_lead_back_come_to_an_end_and_are_shown(at: Runs, turns: int) -> None:
    shown(at).turns = turns
    outcome = await at.sync()
    assert not outcome.complete
    assert "nothing new" in outcome.reasons[0]
    assert ((await at.part()).state, outcome.totals.people) == ("partial", ROWS)
