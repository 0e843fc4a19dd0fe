"""Meetings that are old enough are deleted by themselves, and no others."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from server.reports.retention import STEP, Retention
from storage import open_store
from storage.errors import StoreError, StoreUnavailable
from tests.process import ServerProcess, environment
from tests.server.client import playing
from tests.storage.script import Script

DAY = 86_400.0

NOW = 2_000_000_000.0
"""By the record's clock."""


async def test_a_start_deletes_what_is_older_than_the_days_that_are_set(tmp_path: Path) -> None:
    now = time.time()
    store = open_store(environment(tmp_path, {})["RECONVENE_STORE"])
    await store.open()
    for number in range(2 * STEP + 1):
        script = Script(store, f"OLD-{number}")
        await script.leave(await script.join("ann", at=now - 32 * DAY), at=now - 31 * DAY)
    await store.create_meeting("NEVER-JOINED", "u_ann", "", now - 31 * DAY)
    await store.create_meeting("NEW", "u_ann", "", now - 29 * DAY)
    used = Script(store, "STILL-USED")
    await used.leave(await used.join("ann", at=now - 90 * DAY), at=now - 89 * DAY)
    await used.leave(await used.join("bob", at=now - 29 * DAY), at=now - 29 * DAY)
    await store.create_meeting("JUST-ENDED", "u_ann", "", now - 90 * DAY)
    await store.end_meeting("JUST-ENDED", now - DAY)
    await store.close()

    async with ServerProcess(tmp_path, RECONVENE_RETENTION_DAYS="30") as server, playing(server) as play:
        line = await server.logged("old meetings deleted", level="info")
        assert (line["meetings"], line["days"]) == (2 * STEP + 2, 30)
        known = {
            room: (await play.http.get(f"/api/meetings/{room}")).status_code
            for room in ["OLD-0", f"OLD-{2 * STEP}", "NEVER-JOINED", "NEW", "STILL-USED", "JUST-ENDED"]
        }
    assert known == {
        "OLD-0": 404,
        f"OLD-{2 * STEP}": 404,
        "NEVER-JOINED": 404,
        "NEW": 200,
        "STILL-USED": 200,
        "JUST-ENDED": 200,
    }
    await store.open()
    used_now = await store.attendance("STILL-USED")
    assert len(used_now.participants) == 2, "what is kept, is kept whole"
    await store.close()


async def test_a_meeting_in_which_somebody_sits_is_not_old(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    script = Script(store)
    await script.join("ann", at=1000.0)
    assert await store.delete_old_meetings(time.time(), 100) == []
    await store.close()


class Forgetful:
    """A store that answers `delete_old_meetings` by a plan, and then finds nothing old any more."""

    def __init__(self, *plan: int | StoreError) -> None:
        self.plan = list(plan)
        self.asked: list[tuple[float, int]] = []
        self.done = asyncio.Event()

    async def delete_old_meetings(self, before: float, limit: int) -> list[str]:
        self.asked.append((before, limit))
        if not self.plan:
            self.done.set()
            return []
        outcome = self.plan.pop(0)
        if isinstance(outcome, StoreError):
            raise outcome
        return ["ROOM"] * outcome


async def forget(store: Forgetful, days: int | None = 7) -> None:
    retention = Retention(store, days, lambda: NOW, interval=0.0)  # type: ignore[arg-type] # the one call that is used
    retention.start()
    async with asyncio.timeout(10):
        await store.done.wait()
    await retention.stop()


async def test_it_goes_on_in_steps_until_nothing_is_left_and_looks_again_later() -> None:
    store = Forgetful(STEP, STEP, 3)
    await forget(store)
    assert [limit for _, limit in store.asked] == [STEP] * 4
    assert {before for before, _ in store.asked} == {NOW - 7 * DAY}


async def test_a_store_that_is_away_is_asked_again_the_next_time() -> None:
    store = Forgetful(STEP, StoreUnavailable("gone"), 1)
    await forget(store)
    assert len(store.asked) == 4


async def test_without_the_setting_nothing_is_deleted() -> None:
    store = Forgetful()
    retention = Retention(store, None, lambda: NOW)  # type: ignore[arg-type]
    retention.start()
    await asyncio.sleep(0)
    await retention.stop()
    assert store.asked == []


async def test_of_several_nodes_one_is_enough(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    await store.create_meeting("OLD", "u_ann", "", time.time() - 31 * DAY)
    due = asyncio.Event()
    asked = asyncio.Event()

    def is_due() -> bool:
        asked.set()
        return due.is_set()

    retention = Retention(store, 30, time.time, interval=0.01)
    retention.is_due = is_due
    retention.start()
    await asked.wait()
    assert await store.meeting("OLD") is not None
    due.set()
    async with asyncio.timeout(10):
        while await store.meeting("OLD") is not None:
            pass
    await retention.stop()
    await store.close()
