"""A small language for tests of imports: what is read elsewhere of one meeting, page by page, and what is heard live.

Moments are seconds; digests are made of what a row says.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Literal

from storage.import_store import StoreWithImports
from storage.imports import (
    INSTANCE,
    REGISTRANTS,
    Import,
    LiveStay,
    Page,
    Part,
    Registrant,
    RegistrantStatus,
    Row,
    Subject,
    Walk,
    WalkEnd,
    WalkStart,
)
from storage.records import Attendance, Participant, Stay

ROOM = "ZOOM-1"
ONE = INSTANCE + "one=="
TWO = INSTANCE + "two=="
APPROVED = REGISTRANTS + "approved"
PENDING = REGISTRANTS + "pending"

_numbers = count(1)


def subject(room: str = ROOM, title: str = "Webinar") -> Subject:
    return Subject(room, "webinar", room.removeprefix("ZOOM-"), title, "zoom")


def row(
    session: str, *keys: str, at: float = 1000.0, until: float | None = 1060.0, name: str = "Ann", **more: Any
) -> Row:
    """Without keys it is a guest's, whose own key is `guest-` and the session."""
    made = Row(
        session_id=session,
        keys=keys or (f"guest-{session}",),
        guest=not keys,
        name=name,
        name_key=name.casefold(),
        email=more.pop("email", ""),
        joined_at=at,
        left_at=until,
        digest=0,
    )
    made = replace(made, **more)
    return replace(made, digest=_digest(made))


def registrant(
    number: str,
    *keys: str,
    status: RegistrantStatus = "approved",
    name: str = "Ann",
    email: str = "",
    at: float | None = 100.0,
) -> Registrant:
    made = Registrant(number, keys, name, name.casefold(), email, status, at, 0)
    return replace(made, digest=_digest(made))


def _digest(record: object) -> int:
    return zlib.crc32(repr(record).encode()) << 8


def heard(
    session: str,
    *keys: str,
    joined: float | None = None,
    left: float | None = None,
    name: str = "Ann",
    email: str = "",
    part: str = ONE,
    at: float = 1000.0,
    starts: float | None = None,
) -> LiveStay:
    """Without keys it is a guest's, as in `row`."""
    return LiveStay(
        part,
        session,
        keys or (f"guest-{session}",),
        not keys,
        name,
        name.casefold(),
        email,
        joined,
        left,
        at,
        starts,
    )


class ImportScript:
    def __init__(self, store: StoreWithImports, room: str = ROOM) -> None:
        self.store = store
        self.room = room
        self.subject = subject(room)

    async def begin(
        self,
        part: str = ONE,
        *,
        walk: str = "",
        owner: str = "me",
        at: float = 5000.0,
        lease: float = 15.0,
        starts: float | None = None,
    ) -> Walk:
        start = WalkStart(walk or f"walk-{next(_numbers)}", part, owner, at, lease, starts)
        return await self.store.begin_walk(self.subject, start)

    @staticmethod
    def page(walk: Walk, *rows: Row | Registrant, cursor: str = "", **more: Any) -> Page:
        """The walk's next page."""
        page = Page(
            walk_id=walk.walk_id,
            owner=walk.owner,
            number=walk.pages + 1,
            cursor=cursor,
            at=walk.touched_at,
            lease=15.0,
            source="report",
            why="",
            total=None,
            rows=[each for each in rows if isinstance(each, Row)],
            registrants=[each for each in rows if isinstance(each, Registrant)],
        )
        return replace(page, **more)

    async def save(self, walk: Walk, *rows: Row | Registrant, **more: Any) -> Walk:
        return await self.store.save_page(self.page(walk, *rows, **more))

    async def finish(
        self,
        walk: Walk,
        state: Literal["partial", "complete", "unknown", "too_old"] = "complete",
        reason: str = "",
        **more: Any,
    ) -> Part:
        end = WalkEnd(walk.walk_id, walk.owner, state, reason, at=6000.0)
        return await self.store.finish_walk(replace(end, **more))

    async def read(
        self,
        part: str,
        *rows: Row | Registrant,
        state: Literal["partial", "complete", "unknown", "too_old"] = "complete",
        reason: str = "",
        starts: float | None = None,
        **page: Any,
    ) -> Part:
        """A whole walk of one page; without rows, one without pages."""
        walk = await self.begin(part, starts=starts)
        if rows:
            walk = await self.save(walk, *rows, **page)
            return await self.finish(walk, state, reason)
        return await self.finish(walk, state, reason, **page)

    async def hear(self, stay: LiveStay) -> bool:
        return await self.store.record_live(self.subject, stay)

    async def end(self, part: str = ONE, *, ended: float, due: float = 9000.0) -> None:
        await self.store.end_live(self.subject, part, ended, due, ended)

    async def record(self) -> Import:
        record = await self.store.imported(self.room)
        assert record is not None
        return record

    async def part(self, name: str = ONE) -> Part:
        (part,) = [part for part in (await self.record()).parts if part.part == name]
        return part

    async def attendance(self) -> Attendance:
        return await self.store.attendance(self.room)

    async def people(self) -> dict[str, list[str]]:
        """Whose stays are which, by participant id."""
        return {
            person.id: [stay.session_id for stay in stays]
            for person, stays in (await self.attendance()).participants
        }

    async def person(self, person_id: str) -> tuple[Participant, Sequence[Stay]]:
        (record,) = [record for record in (await self.attendance()).participants if record[0].id == person_id]
        return record

    async def stay(self, session: str) -> Stay:
        stays = [stay for _, stays in (await self.attendance()).participants for stay in stays]
        (found,) = [stay for stay in stays if stay.session_id == session]
        return found

    async def sessions(self) -> set[str]:
        return {session for sessions in (await self.people()).values() for session in sessions}
