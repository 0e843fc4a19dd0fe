"""The webinar of 2106 registrants and 1200 people: all of them, every stay, whatever happens on the way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from server.zoom.list_import import FALLBACK
from storage.import_store import StoreWithImports
from storage.imports import Kind
from tests.process import ROOT, environment
from tests.zoom import api_view, truth
from tests.zoom import scenario as scenarios
from tests.zoom.assertions import Rows, assert_true, contents, tables
from tests.zoom.runs import ROOM, STARTS, Dying, PowerCutError, Runs, runs
from tests.zoom.scenario import Scenario
from tests.zoom.stand_in import Clock, faults
from tests.zoom.stand_in.endpoints import SCOPES
from tests.zoom.truth import Source

WITHOUT_REPORT = SCOPES - {"report:read:list_webinar_participants:admin"}


@cache
def everything() -> Scenario:
    return scenarios.make()


@cache
def little() -> Scenario:
    """The same sorts of people, fewer of each."""
    return scenarios.make(size=scenarios.SMALL)


@contextlib.asynccontextmanager
async def importing(
    folder: Path, scenario: Scenario, kind: Kind = "webinar", clock: Clock | None = None
) -> AsyncIterator[Runs]:
    """`clock`: it is well after the webinar by it, as by the one that is used without."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - a moment
    clock = clock or Clock(lambda: STARTS + 67 * 86_400)
    async with runs(folder, api_view.webinar(scenario, kind=kind), clock=clock) as at:
        yield at


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Runs]:
    async with importing(tmp_path, everything()) as prepared:
        yield prepared


@pytest.fixture(scope="module")
async def straight(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Rows]:
    """What the little webinar comes to when nothing happens on the way."""
    folder = tmp_path_factory.mktemp("straight")
    async with importing(folder, little()) as at:
        at.zoom.books.page_limit = 100
        assert (await at.sync()).complete
        await assert_true(at.store, little(), "report")
    return contents(folder / "store.db")


@pytest.mark.parametrize("source", ["report", "basic"])
async def test_everyone_and_every_stay_and_twice_over_the_same(
    at: Runs, tmp_path: Path, source: Source
) -> None:
    if source == "basic":
        at.zoom.scopes = WITHOUT_REPORT
    with capture_logs() as logs:
        assert (await at.sync()).complete
    fallbacks = [line["part"] for line in logs if line["event"] == FALLBACK.format(status=400)]
    assert len(fallbacks) == (2 if source == "basic" else 0)
    await assert_true(at.store, everything(), source)
    before = tables(tmp_path / "store.db")
    assert {name: len(rows) for name, rows in before.items()} | {"keys": 0} == {
        "meetings": 1,
        "keys": 0,
        "stays": sum(truth.of(everything(), source).rows.values()),
        "registrants": 2106,
        "parts": 5,
        "walks": 5,
    }

    again = await at.sync()
    assert again.complete
    assert again.agreed
    assert tables(tmp_path / "store.db") == before


async def test_crashing_after_every_eighth_page(at: Runs) -> None:
    crashes = 0
    while True:
        try:
            assert (await at.sync(store=Dying(at.store, after=8))).complete
            break
        except PowerCutError:
            crashes += 1
            at.clock.advance(10)
    assert crashes > 3
    await assert_true(at.store, everything(), "report")


@pytest.mark.parametrize("pages", [1, 2])
async def test_crashing_after_every_page_or_two(
    tmp_path: Path, straight: Mapping[str, Rows], pages: int
) -> None:
    async with importing(tmp_path, little()) as at:
        at.zoom.books.page_limit = 60
        crashes = 0
        while crashes < 30:
            try:
                assert (await at.sync(store=Dying(at.store, after=pages))).complete
                break
            except PowerCutError:
                crashes += 1
                at.clock.advance(10)
    assert 30 > crashes > 2
    assert contents(tmp_path / "store.db") == straight


async def test_bad_weather(at: Runs) -> None:
    """Both kinds of 429, tokens that run out, what comes broken or not at all, and pages of all sizes."""
    plan = at.zoom.faults
    at.zoom.books.ragged = random.Random(5)  # noqa: S311 - no secret
    for number, fault in (
        (12, faults.expire_token()),
        (120, faults.expire_page_token()),
        (160, faults.cut_body()),
        (220, faults.daily_limit(at.clock.now() + 500)),
        (300, faults.expire_token()),
        (350, faults.cut_body()),
    ):
        plan.at(number, fault)
    plan.every(7, faults.too_fast())
    plan.every(11, faults.server_error())
    plan.every(13, faults.cut())
    plan.every(17, faults.error_with_200())
    plan.every(19, faults.no_json())
    plan.every(23, faults.without_list())
    outcome = await at.sync()
    assert not outcome.complete
    assert outcome.again_at is not None
    at.clock.advance(600)
    assert (await at.sync()).complete
    assert at.zoom.token_requests >= 3
    assert {asked.code for asked in at.zoom.requests} >= {0, 124, 300, 429, 5000}
    assert {fault.kind for _, fault in plan.happened} == {
        "answer",
        "cut",
        "cut_body",
        "expire_token",
        "expire_page_token",
    }
    await assert_true(at.store, everything(), "report")


async def test_a_crash_after_any_call_of_the_store_changes_nothing_in_the_end(
    tmp_path: Path, straight: Mapping[str, Rows]
) -> None:
    call = 0
    crashed = True
    while crashed:
        call += 1
        folder = tmp_path / str(call)
        async with importing(folder, little()) as at:
            at.zoom.books.page_limit = 100
            crashing = Crashing(at.store, after=call)
            try:
                await at.sync(store=crashing)
                crashed = False
            except PowerCutError:
                at.clock.advance(10)
                assert (await at.sync()).complete
        assert contents(folder / "store.db") == straight, call
    assert call > 15


async def test_a_meeting_has_its_own_endpoints(tmp_path: Path) -> None:
    async with importing(tmp_path, little(), "meeting") as at:
        assert (await at.sync(kind="meeting")).complete
        await assert_true(at.store, little(), "report")
        assert {asked.path.split("/")[2] for asked in at.zoom.requests} == {
            "meetings",
            "past_meetings",
            "report",
        }


async def test_guests_who_are_alike_in_all_but_their_leaving_are_several(tmp_path: Path) -> None:
    scenario = scenarios.make(size=replace(scenarios.SMALL, twins=3))
    async with importing(tmp_path, scenario) as at:
        assert (await at.sync()).complete
        await assert_true(at.store, scenario, "report")


@pytest.mark.parametrize("seed", [1, 2])
async def test_in_any_order_the_rows_tell_the_same(
    tmp_path: Path, straight: Mapping[str, Rows], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    async with importing(tmp_path, little()) as at:
        for instance in at.zoom.webinars[little().webinar].instances:
            instance.report = chance.sample(list(instance.report), len(instance.report))
        assert (await at.sync()).complete
        await assert_true(at.store, little(), "report")
    # Of stays that nothing but a number tells apart, another may be the first.
    found = contents(tmp_path / "store.db")
    assert {**found, "stays": []} == {**straight, "stays": []}


async def test_two_at_once_do_not_disturb_each_other(tmp_path: Path, straight: Mapping[str, Rows]) -> None:
    async with importing(tmp_path, little()) as at:
        one, two = await asyncio.gather(at.sync(owner="one"), at.sync(owner="two"))
        assert one.complete
        assert two.complete
        await assert_true(at.store, little(), "report")
    assert contents(tmp_path / "store.db") == straight


async def test_a_killed_process_is_gone_on_after(tmp_path: Path, straight: Mapping[str, Rows]) -> None:
    # The process that is killed goes by the machine's clock, and has the walk for a minute more by it.
    async with importing(tmp_path, little(), clock=Clock()) as at:
        reports = partial(at.zoom.asked_for, "report participants")
        at.zoom.faults.on(lambda _: len(reports()) == 4, faults.stall())
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "reconvene.cli.main", "zoom", "sync", scenarios.WEBINAR),
            cwd=ROOT,
            env=environment(
                tmp_path, {**at.zoom.environ, "RECONVENE_STORE": f"sqlite:///{tmp_path}/store.db"}
            ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(30):
            await at.zoom.until(lambda: len(reports()) == 4)
        os.kill(process.pid, signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        record = await at.store.imported(ROOM)
        assert record is not None
        states = {part.part: part.state for part in record.parts}
        assert states[f"instance/{scenarios.UUIDS[0]}"] == "unread"
        assert states["registrants/approved"] == "complete"
        assert (await at.sync()).complete
        await assert_true(at.store, little(), "report")
    assert contents(tmp_path / "store.db") == straight


class Crashing:
    """The store of a process that ends after so many calls, without tidying up."""

    def __init__(self, store: StoreWithImports, *, after: int) -> None:
        self._store = store
        self._left = after

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._store, name)

        async def carried_out(*values: Any, **named: Any) -> Any:
            if self._left <= 0:
                raise PowerCutError
            answer = await call(*values, **named)
            self._left -= 1
            if self._left == 0:
                raise PowerCutError
            return answer

        return carried_out
