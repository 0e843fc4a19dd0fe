"""What becomes of a sync that is cut off, meets another one, or has to come back later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from server.zoom.errors import DailyLimit, NotFound
from server.zoom.list_import import MOST_RESTARTS, TOKENS_REFUSED
from server.zoom.poll_times import MOST_LOOKS
from storage.imports import Page
from tests.zoom.runs import (
    ID,
    REGISTRANT_PAGES,
    ROOM,
    ROWS,
    STARTS,
    Dying,
    PowerCutError,
    Runs,
    Watched,
    row,
    runs,
)
from tests.zoom.stand_in import Asked, faults


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Runs]:
    async with runs(tmp_path) as prepared:
        yield prepared


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


async def test_runs_that_are_cut_off_again_and_again_get_on(at: Runs) -> None:
    """Each after two pages of whatever it reads; there are four of registrants and four of participants."""
    for _ in range(8):
        at.zoom.faults.clear()
        # Details, panelists and instances are asked for first.
        first = len(at.zoom.requests) + 5
        at.zoom.faults.on(partial(_is_later, first), faults.daily_limit(at.clock.now() + 60), None)
        outcome = await at.sync()
        if outcome.totals.people == ROWS:
            break
    assert outcome.totals.people == ROWS
    assert outcome.totals.registrants["approved"] == 100
    assert (await at.part()).state == "complete"


def _is_later(number: int, asked: Asked) -> bool:
    return asked.number > number


async def test_a_run_that_died_is_gone_on_with_when_its_lease_is_over(at: Runs) -> None:
    dying = Dying(at.store, after=REGISTRANT_PAGES + 2)
    with pytest.raises(PowerCutError):
        await at.sync(store=dying)
    assert (await at.sync()).complete
    assert at.pages() == 4
    assert 0 < max(at.waits) < 10


async def test_a_machine_whose_clock_is_ahead_is_not_waited_for(at: Runs) -> None:
    at.clock.advance(3600)
    with pytest.raises(PowerCutError):
        await at.sync(store=Dying(at.store, after=REGISTRANT_PAGES + 2))
    at.clock.advance(-3600)
    assert (await at.sync()).complete
    assert max(at.waits) < 10


async def test_a_walk_too_old_to_go_on_with_is_begun_again(at: Runs) -> None:
    with pytest.raises(PowerCutError):
        await at.sync(store=Dying(at.store, after=REGISTRANT_PAGES + 2))
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


async def test_tokens_that_always_run_out(at: Runs) -> None:
    at.zoom.faults.on(
        lambda asked: asked.path.startswith("/v2/report/") and "next_page_token" in asked.params,
        faults.error(400, 300, "The next page token is invalid or expired."),
        None,
    )
    outcome = await at.sync()
    assert not outcome.complete
    assert outcome.reasons[0].endswith(f"after 30 rows {TOKENS_REFUSED}")
    assert ((await at.part()).state, (await at.part()).rows, outcome.totals.people) == ("partial", 30, 30)
    assert at.pages() == 2 * MOST_RESTARTS
    await at.sync()
    assert at.pages() == 2 * MOST_RESTARTS + 2, "once was enough, when all the others before came to nothing"
    at.zoom.faults.clear()
    assert (await at.sync()).complete


async def test_a_watched_list_is_begun_again_a_number_of_times_in_all(at: Runs) -> None:
    at.zoom.faults.on(
        lambda asked: asked.path.startswith("/v2/report/") and "next_page_token" in asked.params,
        faults.error(400, 300, "The next page token is invalid or expired."),
        None,
    )
    outcome = await at.sync(watch=True)
    assert not outcome.complete
    assert at.pages() == 2 * (MOST_RESTARTS + MOST_LOOKS - 1)


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


async def test_a_record_deleted_while_it_is_watched_is_not_made_again(at: Runs) -> None:
    sleep = at.sleep

    async def deleting(seconds: float) -> None:
        await at.store.delete_meeting(ROOM)
        await sleep(seconds)

    at.sleep = deleting  # type: ignore[method-assign]
    with pytest.raises(NotFound, match="deleted"):
        await at.sync(watch=True)
    assert await at.store.imported(ROOM) is None


async def test_what_is_read_again_by_itself_is_not_made_again_when_it_was_deleted(at: Runs) -> None:
    with pytest.raises(NotFound, match="deleted"):
        await at.sync(unsettled=True)
    assert await at.store.imported(ROOM) is None


async def test_two_walks_right_after_the_end_agree_on_nothing_yet(at: Runs) -> None:
    ended = STARTS + ROWS - 1 + 600
    at.clock.advance(ended + 300 - at.clock.now())
    assert not (await at.sync()).agreed
    assert not (await at.sync()).agreed
    assert (await at.sync(watch=True)).agreed
    assert at.clock.now() >= ended + 30 * 60


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
