"""A webinar imported into every kind of store: the same people and stays in each, whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from storage.import_store import StoreWithImports
from tests.zoom import api_view
from tests.zoom import scenario as scenarios
from tests.zoom.assertions import assert_true
from tests.zoom.runs import ROOM, Dying, PowerCutError, Runs
from tests.zoom.stand_in import Clock, ZoomStandIn
from tests.zoom.stand_in.endpoints import SCOPES
from tests.zoom.truth import Source

LITTLE = scenarios.make(size=scenarios.SMALL)


@pytest.fixture
async def at(store: StoreWithImports) -> AsyncIterator[Runs]:
    clock = Clock(lambda: scenarios.STARTS[-1] / 1000 + 30 * 86_400)
    async with ZoomStandIn([api_view.webinar(LITTLE)], clock=clock) as zoom:
        yield Runs(zoom, store, clock)


@pytest.mark.parametrize("source", ["report", "basic"])
async def test_everyone_and_every_stay_and_twice_over_the_same(at: Runs, source: Source) -> None:
    if source == "basic":
        at.zoom.scopes = SCOPES - {"report:read:list_webinar_participants:admin"}
    assert (await at.sync()).complete
    await assert_true(at.store, LITTLE, source)
    before = await at.kept()
    again = await at.sync()
    assert again.complete
    assert again.agreed
    after = await at.kept()
    assert (after.meeting, after.participants) == (before.meeting, before.participants)
    assert after.import_source is not None
    assert before.import_source is not None
    assert after.import_source.people == before.import_source.people
    await assert_true(at.store, LITTLE, source)


async def test_runs_that_die_are_gone_on_with(at: Runs) -> None:
    for _ in range(4):
        with pytest.raises(PowerCutError):
            await at.sync(store=Dying(at.store, after=2))
        at.clock.advance(10)
    assert (await at.sync()).complete
    await assert_true(at.store, LITTLE, "report")


async def test_two_processes_at_once_do_not_disturb_each_other(at: Runs, other: StoreWithImports) -> None:
    one, two = await asyncio.gather(at.sync(owner="one"), at.sync(owner="two", store=other))
    assert one.complete
    assert two.complete
    assert one.totals == two.totals
    await assert_true(at.store, LITTLE, "report")
    await assert_true(other, LITTLE, "report")


async def test_what_was_imported_can_be_deleted_and_imported_anew(at: Runs) -> None:
    assert (await at.sync()).complete
    assert await at.store.delete_meeting(ROOM)
    assert await at.store.imported(ROOM) is None
    assert (await at.sync()).complete
    await assert_true(at.store, LITTLE, "report")
