"""The calls that keep and read imports. Every backend has them beside `Store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from storage.import_reports import ImportTotals, Registrations
from storage.imports import Import, LiveStay, Page, Part, Subject, Walk, WalkEnd, WalkStart
from storage.store import Store


class ImportStore(Protocol):
    """Each call is atomic, durable when it returns, and may be repeated. All may raise `StoreUnavailable`."""

    async def begin_walk(self, subject: Subject, start: WalkStart) -> Walk:
        """Begin a walk. Creates meeting, import and part if they are missing.

        The meeting is marked ended, so nobody can join it. It takes the subject's title, and its roles if there are
        any. Raises `MeetingExists` when the room belongs to a meeting that is no import.
        """

    async def take_walk(self, walk_id: str, owner: str, at: float, lease: float) -> Walk | None:
        """Take over a walk that is neither finished nor dropped, if it is the owner's own or its lease has run out.
        Otherwise None."""

    async def renew_walk(self, walk_id: str, owner: str, at: float, lease: float) -> None:
        """Extend the lease. Raises `WalkLost`."""

    async def release_walk(self, walk_id: str, owner: str, at: float) -> None:
        """End the lease, so that any run may take the walk over. Does nothing if another run already has it."""

    async def save_page(self, page: Page) -> Walk:
        """Keep a page and its cursor, and renew the lease. A row that the walk already has counts once. A registrant
        replaces the one with the same id.

        A page whose number is not the next one was kept before and changes nothing. Returns the walk. Raises `WalkLost`
        when another run has the walk, or it is finished, dropped, or deleted with its meeting.
        """

    async def finish_walk(self, end: WalkEnd) -> Part:
        """End a walk, and show its rows instead of those shown before.

        When both have the same rows, state and source, the old rows stay, the new ones are dropped, and `agreed` grows
        by one. A `partial` walk replaces a partial one if it has all of its stays, a complete one if it has more
        besides, and live rows if it has as many. An `unknown` or `too_old` walk replaces only an unknown one. A walk
        that has less changes only `reason` and `checked_at`, and sets `agreed` to 0. If the walk is shown, its guests
        are followed between breakout rooms (`hops`). Live rows are dropped once a walk has replaced them. Returns the
        part, also if this same end was carried out before. Raises `WalkLost`.
        """

    async def drop_walk(self, walk_id: str, owner: str) -> None:
        """Give up the owner's walk; its rows will be swept. Does nothing if another run already has it."""

    async def sweep_walks(self, room: str, limit: int, at: float) -> int:
        """Remove at most `limit` rows of walks that were dropped, replaced, or untouched for a day, and those of these
        walks that have no rows left. Returns how many rows were removed: fewer than `limit` when none is left."""

    async def record_live(self, subject: Subject, stay: LiveStay) -> bool:
        """Keep what events told of a stay. Creates meeting, import and part if they are missing.

        The first of several beginnings counts, and the last of several ends. Until a beginning is told, the earliest
        known moment is the guess for it. Once the instance has ended, its end is the guess for a missing end. Returns
        False, and keeps nothing, if the part already shows a walk. Raises `MeetingExists`.
        """

    async def end_live(self, subject: Subject, part: str, ended_at: float, due_at: float, at: float) -> None:
        """The instance has ended. Its open live stays end then, as a guess. The import is due at `due_at`, or earlier
        if it already was, with `due_attempt` 1. Creates meeting, import and part if they are missing. Raises
        `MeetingExists`."""

    async def schedule_import(self, room: str, due_at: float | None, attempt: int) -> None:
        """Set when the import is read again. Does nothing if it does not exist."""

    async def claim_due_imports(self, now: float, again_at: float, limit: int) -> Sequence[Import]:
        """Imports that are due, the longest first. Each goes to one caller only: it is due again at `again_at`."""

    async def imported(self, room: str) -> Import | None:
        """The import of this room, or None."""

    async def imports(self, limit: int) -> Sequence[Import]:
        """The latest imports, by the beginnings of their meetings, newest first."""

    async def import_totals(self, room: str) -> ImportTotals:
        """Raises `UnknownMeeting` when there is no such import."""

    async def registrations(
        self, room: str, limit: int | None = None, after: str | None = None, came: bool | None = None
    ) -> Registrations:
        """People who registered: all, those who `came`, or those who did not. Raises `UnknownMeeting`,
        `UnknownParticipant` (for `after`)."""


class StoreWithImports(Store, ImportStore, Protocol):
    """Both protocols, on one database. `open_store` returns one."""
