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
        """Begin a walk; meeting, import and part are made where they are missing.

        The meeting is one that has ended, so that nobody can join it; it has the subject's title from then on, and its
        roles, if they are told. Raises
        `MeetingExists` when the room is that of a meeting which is no import.
        """

    async def take_walk(self, walk_id: str, owner: str, at: float, lease: float) -> Walk | None:
        """Take over a walk that nobody finished or dropped, if it is the owner's own or its lease has run out.
        None: it cannot be had."""

    async def renew_walk(self, walk_id: str, owner: str, at: float, lease: float) -> None:
        """Give a sign of life. Raises `WalkLost`."""

    async def release_walk(self, walk_id: str, owner: str, at: float) -> None:
        """Leave it to whoever comes first. Nothing happens when it is somebody else's by now."""

    async def save_page(self, page: Page) -> Walk:
        """Keep a page and its cursor, and renew the lease. A row that the walk has already counts once, a registrant of
        the same id takes the former's place.

        A page whose number is not the next one is not kept: it is already, and what the walk has come to is answered.
        Raises `WalkLost` when the walk is somebody else's, finished, dropped, or deleted with its meeting.
        """

    async def finish_walk(self, end: WalkEnd) -> Part:
        """End a walk, and show its rows in place of those shown before.

        They stay as they are, the new ones are dropped, and `agreed` counts on, when both have the same rows, state and
        source. A `partial` walk takes another's place only if it has all of its stays, and more than a complete one;
        that of what was heard live if it has as many rows. An `unknown` or `too_old` one takes none but an unknown
        one's. Then the part keeps its state, only `reason` and `checked_at` are new, and `agreed` is 0.
        Guests of the walk that is shown are followed between breakout rooms (`hops`).
        What was heard live is dropped with the first walk that takes its place. Raises `WalkLost`; when this very end
        was carried out already, the part is answered.
        """

    async def drop_walk(self, walk_id: str, owner: str) -> None:
        """Give up a walk of one's own, whose rows are swept. Nothing happens when it is somebody else's by now."""

    async def sweep_walks(self, room: str, limit: int, at: float) -> int:
        """Remove at most `limit` rows of the room's walks that are not shown and were dropped or replaced, or left for
        a day, and the walks when they have none left. Returns how many rows it removed: fewer than `limit` when no more
        are left."""

    async def record_live(self, subject: Subject, stay: LiveStay) -> bool:
        """Keep what was heard of a stay; meeting, import and part are made where they are missing.

        The first beginning and the last end that were told count; until a beginning is told, the earliest moment known
        stands for it, and after the instance's end that moment for an end: guesses, which do not last. False, and
        nothing is kept: the part shows a walk already. Raises `MeetingExists`.
        """

    async def end_live(self, subject: Subject, part: str, ended_at: float, due_at: float, at: float) -> None:
        """The instance has ended: open live stays end with it, a guess, and the import is due at `due_at` (the earlier,
        if it is already) with `due_attempt` 1. Meeting, import and part are made where they are missing. Raises
        `MeetingExists`."""

    async def schedule_import(self, room: str, due_at: float | None, attempt: int) -> None:
        """When it is to be read again. Nothing happens when there is no such import."""

    async def claim_due_imports(self, now: float, again_at: float, limit: int) -> Sequence[Import]:
        """Those that are due, the longest first. They are due again at `again_at`: each is had by one caller."""

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
