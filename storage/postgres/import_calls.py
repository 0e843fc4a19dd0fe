"""The calls for imports, as SQL functions. `function_store` carries them out.

They are sent one by one. A page or the end of a walk may be carried out late, or twice: the page's number and the
walk's owner tell whether it still counts. A call that creates an import must not be late: it may have been deleted.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from storage.import_reports import ImportTotals, Registrations
from storage.imports import Import, LiveStay, Page, Part, Subject, Walk, WalkEnd, WalkStart
from storage.postgres import import_rows
from storage.postgres.driver import Call
from storage.postgres.rows import columns
from storage.records import GUEST


class ImportCalls(ABC):
    """`ImportStore` for a class that carries the calls out."""

    @abstractmethod
    async def _directly(self, call: Call) -> Any:
        """A short call, which must not be carried out late."""

    @abstractmethod
    async def _in_turn(self, call: Call, *, fenced: bool) -> Any:
        """A call that writes much, or one of many at once. `fenced`: it must not be carried out late."""

    @abstractmethod
    async def _take_time(self, call: Call) -> Any:
        """A call that reads much."""

    async def begin_walk(self, subject: Subject, start: WalkStart) -> Walk:
        call = {"call": "begin_walk", **columns(subject), **columns(start)}
        return import_rows.walk(await self._directly(call))

    async def take_walk(self, walk_id: str, owner: str, at: float, lease: float) -> Walk | None:
        call = {"call": "take_walk", "walk_id": walk_id, "owner": owner, "at": at, "lease": lease}
        found = await self._directly(call)
        return None if found is None else import_rows.walk(found)

    async def renew_walk(self, walk_id: str, owner: str, at: float, lease: float) -> None:
        await self._directly(
            {"call": "renew_walk", "walk_id": walk_id, "owner": owner, "at": at, "lease": lease}
        )

    async def release_walk(self, walk_id: str, owner: str, at: float) -> None:
        await self._directly({"call": "release_walk", "walk_id": walk_id, "owner": owner, "at": at})

    async def save_page(self, page: Page) -> Walk:
        rows = {"rows": [*map(columns, page.rows)], "registrants": [*map(columns, page.registrants)]}
        return import_rows.walk(
            await self._in_turn({"call": "save_page", **columns(page), **rows}, fenced=False)
        )

    async def finish_walk(self, end: WalkEnd) -> Part:
        return import_rows.part(await self._in_turn({"call": "finish_walk", **columns(end)}, fenced=False))

    async def drop_walk(self, walk_id: str, owner: str) -> None:
        await self._directly({"call": "drop_walk", "walk_id": walk_id, "owner": owner})

    async def sweep_walks(self, room: str, limit: int, at: float) -> int:
        call = {"call": "sweep_walks", "room": room, "limit": limit, "at": at}
        return int(await self._in_turn(call, fenced=False))

    async def record_live(self, subject: Subject, stay: LiveStay) -> bool:
        call = {"call": "record_live", **columns(subject), **columns(stay)}
        return bool(await self._in_turn(call, fenced=True))

    async def end_live(self, subject: Subject, part: str, ended_at: float, due_at: float, at: float) -> None:
        moments = {"ended_at": ended_at, "due_at": due_at, "at": at}
        call = {"call": "end_live", **columns(subject), "part": part, **moments}
        await self._in_turn(call, fenced=True)

    async def schedule_import(self, room: str, due_at: float | None, attempt: int) -> None:
        await self._directly({"call": "schedule_import", "room": room, "due_at": due_at, "attempt": attempt})

    async def claim_due_imports(self, now: float, again_at: float, limit: int) -> Sequence[Import]:
        call = {"call": "claim_due_imports", "now": now, "again_at": again_at, "limit": limit}
        return [import_rows.record(each) for each in await self._directly(call)]

    async def imported(self, room: str) -> Import | None:
        found = await self._directly({"call": "imported", "room": room})
        return None if found is None else import_rows.record(found)

    async def imports(self, limit: int) -> Sequence[Import]:
        found = await self._directly({"call": "imports", "limit": limit})
        return [import_rows.record(each) for each in found]

    async def import_totals(self, room: str) -> ImportTotals:
        return import_rows.totals(await self._take_time({"call": "import_totals", "room": room}))

    async def registrations(
        self, room: str, limit: int | None = None, after: str | None = None, came: bool | None = None
    ) -> Registrations:
        call = {"call": "registrations", "room": room, "limit": limit, "after": after, "came": came}
        found = await self._take_time({**call, "nameless": GUEST})
        return await asyncio.to_thread(import_rows.registrations, found, limit)
