"""A small webinar at the stand-in, a store, a clock that both have in common, and syncs of the one into the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from server.zoom.client import Limits, Patience, ZoomClient, ZoomSettings
from server.zoom.progress import Progress
from server.zoom.sync import Outcome, Sync, SyncRequest
from storage import open_store
from storage.import_store import StoreWithImports
from storage.imports import Page, Part, Walk
from storage.records import Attendance
from tests.zoom.stand_in import Clock, InstanceView, WebinarView, ZoomStandIn
from tests.zoom.stand_in.clock import iso

ID = "88988872033"
ROOM = f"ZOOM-{ID}"
FIRST, SECOND = "4444AAAiAAAAAiAiAiiAii==", "/abc//d=="
STARTS = 1_790_000_000.0
ROWS = 95
"""Of each instance: four pages of the stand-in's."""
REGISTRANT_PAGES = 4 + 1 + 1


def row(person: int, *, stay: int = 0, starts: float = STARTS, **changed: Any) -> dict[str, Any]:
    """Person number `person` comes for the `stay`th time, for ten minutes."""
    joined = starts + person + stay * 1000
    return {
        "id": f"user{person}",
        "user_id": f"{16778240 + person * 10 + stay}",
        "name": f"Person {person}",
        "user_email": f"person{person}@example.org",
        "registrant_id": f"reg{person}",
        "join_time": iso(joined),
        "leave_time": iso(joined + 600),
        "duration": 600,
        "status": "in_meeting",
        "failover": False,
    } | changed


def instance(uuid: str = FIRST, *, starts: float = STARTS, rows: int = ROWS) -> InstanceView:
    told = [row(person, starts=starts) for person in range(rows)]
    return InstanceView(uuid, iso(starts), told, [dict(each) for each in told])


def webinar(*instances: InstanceView) -> WebinarView:
    """A hundred people registered, of whom ten await approval; the last five of the others came to nothing."""
    registrants = [
        {
            "id": f"reg{person}",
            "email": f"Person{person}@Example.org",
            "first_name": "Person",
            "last_name": str(person),
            "status": "approved" if person < 100 else "pending",
            "create_time": iso(STARTS - 86_400),
        }
        for person in range(110)
    ]
    return WebinarView(
        ID,
        list(instances or [instance()]),
        registrants={"approved": registrants[:100], "pending": registrants[100:], "denied": []},
        topic="All hands",
    )


@dataclass
class Runs:
    """`clock` is Zoom's and ours; whoever sleeps sets it forward. `waits`: what it slept."""

    zoom: ZoomStandIn
    store: StoreWithImports
    clock: Clock
    waits: list[float] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)
    before_sleep: Callable[[], None] = lambda: None

    async def sync(self, *, owner: str | None = None, store: object = None, **request: Any) -> Outcome:
        async with self.client() as client:
            sync = Sync(
                client,
                cast(StoreWithImports, store) if store else self.store,
                SyncRequest(
                    ID,
                    **{"kind": self.zoom.webinars[ID].kind if ID in self.zoom.webinars else "webinar"}
                    | request,
                ),
                tell=self.told.append,
                owner=owner,
                clock=self.clock.now,
                sleep=self.sleep,
            )
            return await sync.run()

    def client(self) -> ZoomClient:
        given = self.zoom.credentials
        settings = ZoomSettings(
            given.account_id, given.client_id, given.client_secret, self.zoom.api_url, self.zoom.token_url
        )
        fast = Limits({"light": 1e6, "medium": 1e6, "heavy": 1e6})
        return ZoomClient(
            settings, patience=Patience(within=5.0), limits=fast, clock=self.clock.now, sleep=self.sleep
        )

    async def sleep(self, seconds: float) -> None:
        self.before_sleep()
        self.waits.append(seconds)
        self.clock.advance(seconds)

    async def part(self, uuid: str = FIRST) -> Part:
        record = await self.store.imported(ROOM)
        assert record is not None
        (part,) = [part for part in record.parts if part.part == f"instance/{uuid}"]
        return part

    async def kept(self) -> Attendance:
        return await self.store.attendance(ROOM)

    def pages(self, source: str = "report") -> int:
        """How many pages of participants Zoom was asked for."""
        return len(self.zoom.asked_for(f"{source} participants"))


@asynccontextmanager
async def runs(folder: Path, *webinars: WebinarView, clock: Clock | None = None) -> AsyncIterator[Runs]:
    store = open_store(f"sqlite:///{folder}/store.db")
    await store.open()
    clock = clock or Clock(lambda: STARTS + 7 * 86_400)
    async with ZoomStandIn(webinars or [webinar()], clock=clock) as zoom:
        yield Runs(zoom, store, clock)
    await store.close()


class PowerCutError(BaseException):
    """The process ends here: nothing of it can tidy up."""


class Watched:
    """The store, with somebody who acts after each page."""

    def __init__(self, store: StoreWithImports, act: Callable[[Page], Awaitable[object]]) -> None:
        self._store = store
        self._act = act

    def __getattr__(self, call: str) -> Any:
        return getattr(self._store, call)

    async def save_page(self, page: Page) -> Walk:
        walk = await self._store.save_page(page)
        await self._act(page)
        return walk


class Dying:
    """The store of a process that ends when so many pages are kept: nothing it would still do is done."""

    def __init__(self, store: StoreWithImports, after: int) -> None:
        self._store = store
        self._left = after

    def __getattr__(self, call: str) -> Any:
        if self._left <= 0:
            raise PowerCutError
        return getattr(self._store, call)

    async def save_page(self, page: Page) -> Walk:
        walk = await self._store.save_page(page)
        self._left -= 1
        if self._left == 0:
            raise PowerCutError
        return walk
