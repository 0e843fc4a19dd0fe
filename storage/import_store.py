"""The calls by which imports are kept and read. Beside `Store`, which every backend has too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from storage.import_reports import ImportTotals, Registrations
from storage.imports import Import, LiveStay, Page, Part, Subject, Walk, WalkEnd, WalkStart
from storage.store import Store


class ImportStore(Protocol):
    """Each call is atomic, durable when it returns, and may be made twice. All may raise `StoreUnavailable`."""

    async def begin_walk(self, subject: Subject, start: WalkStart) -> Walk:
        """Begin a walk. Makes meeting, import and part where they are missing.

        The meeting has ended, so that nobody can join it. It takes the subject's title, and its roles if there are any.
        Raises `MeetingExists` when the room is that of a meeting which is no import.
        """

    async def take_walk(self, walk_id: str, owner: str, at: float, lease: float) -> Walk | None:
        """Take over a walk that is neither finished nor dropped, if it is the owner's own or its lease has run out.
        Otherwise None."""

    async def renew_walk(self, walk_id: str, owner: str, at: float, lease: float) -> None:
        """Extend the lease. Raises `WalkLost`."""

    async def release_walk(self, walk_id: str, owner: str, at: float) -> None:
        """End the lease, so that anybody may take the walk over. Does nothing when it is somebody else's by now."""

    async def save_page(self, page: Page) -> Walk:
        """Keep a page and its cursor, and renew the lease. A row that the walk has already counts once. A registrant
        replaces the one with the same id.

        A page whose number is not the next one changes nothing, as it was kept before. Answers with the walk.
        Raises `WalkLost` when the walk is somebody else's, finished, dropped, or deleted with its meeting.
        """

    async def finish_walk(self, end: WalkEnd) -> Part:
        """End a walk, and show its rows in place of those shown before.

        When both have the same rows, state and source, the old rows stay, the new ones are dropped, and `agreed`
        grows by one. A `partial` walk replaces a partial one if it has all of its stays, a complete one if it has
        more besides, and live rows if it has as many. An `unknown` or `too_old` walk replaces only an unknown one. A
        walk that has less changes only `reason` and `checked_at`, and sets `agreed` to 0. In a walk that is shown,
        guests are followed between breakout rooms (`hops`). Live rows are dropped once a walk has replaced them.
        Answers with the part, also when this very end was carried out before. Raises `WalkLost`.
        """

    async def drop_walk(self, walk_id: str, owner: str) -> None:
        """Give up a walk of one's own; its rows will be swept. Does nothing when it is somebody else's by now."""

    async def sweep_walks(self, room: str, limit: int, at: float) -> int:
        """Remove at most `limit` rows of walks that were dropped, replaced, or left alone for a day, and walks of those
        that have no rows left. Returns how many rows were removed: fewer than `limit` when none is left."""

    async def record_live(self, subject: Subject, stay: LiveStay) -> bool:
        """Keep what was heard of a stay. Makes meeting, import and part where they are missing.

        Of several beginnings the first counts, of several ends the last. Until a beginning is told, the earliest known
        moment is the guess for it; once the instance has ended, its end is the guess for a missing end. False: the part
        shows a walk already, and nothing is kept. Raises `MeetingExists`.
        """

    async def end_live(self, subject: Subject, part: str, ended_at: float, due_at: float, at: float) -> None:
        """The instance has ended. Its open live stays end then, by guess. The import is due at `due_at`, or earlier if
        it was to be, with `due_attempt` 1. Makes meeting, import and part where they are missing. Raises
        `MeetingExists`."""

    async def schedule_import(self, room: str, due_at: float | None, attempt: int) -> None:
        """Set when it is to be read again. Does nothing when there is no such import."""

    async def claim_due_imports(self, now: float, again_at: float, limit: int) -> Sequence[Import]:
        """Those that are due, the longest first. Each goes to one caller only: it is due again at `again_at`."""

    async def imported(self, room: str) -> Import | None:
        """None: there is no such import."""

    async def imports(self, limit: int) -> Sequence[Import]:
        """The latest, by their meetings' beginnings, newest first."""

    async def import_totals(self, room: str) -> ImportTotals:
        """Raises `UnknownMeeting` when there is no such import."""

    async def registrations(
        self, room: str, limit: int | None = None, after: str | None = None, came: bool | None = None
    ) -> Registrations:
        """Who registered: everyone, those who `came`, or those who did not. Raises `UnknownMeeting`,
        `UnknownParticipant` (for `after`)."""


class StoreWithImports(Store, ImportStore, Protocol):
    """Both, on one database: what `open_store` answers with."""
