"""Mutations of the record, of clocks and of credentials, to plant as those in `mutations` are."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from server.identity.revocations import Revocations
from server.identity.tokens import Tokens
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.gateway import Gateway
from server.realtime.join_record import JoinRecord
from server.realtime.joining import Joining
from server.realtime.pending_joins import PendingJoins
from server.realtime.reconciling import Reconciler
from server.runtime.clock import RecordClock
from signalling.rooms.effects import Effect, StayResumed
from signalling.rooms.hub import Hub
from signalling.rooms.stays import Stays
from storage.errors import StoreUnavailable
from tests.simulation.person import Person


def restored_stay_not_recorded(patch: pytest.MonkeyPatch) -> None:
    record = AttendanceWriter.record

    def some(self: AttendanceWriter, entry: Any) -> None:
        if not isinstance(entry, StayResumed):
            record(self, entry)

    patch.setattr(AttendanceWriter, "record", some)


def nothing_restored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Hub, "restore", lambda self, stays, now: None)


def newer_page_not_respected(patch: pytest.MonkeyPatch) -> None:
    """A page that comes back takes the place from a newer one."""
    resume = Hub.resume

    def greedy(self: Hub, back: Any, now: float) -> list[Effect] | None:
        member = self.present(back.room, back.user_id)
        return resume(self, back._replace(instance=member.instance) if member else back, now)

    patch.setattr(Hub, "resume", greedy)


def absent_joiner_stays(patch: pytest.MonkeyPatch) -> None:
    """Who went away while the join was recorded is recorded as there for ever."""
    patch.setattr(JoinRecord, "not_seated", lambda self, joined: None)


def names_of_refused_joins(patch: pytest.MonkeyPatch) -> None:
    """Whoever is refused when the join was recorded is called in the record as that join says."""
    patch.setattr(Joining, "_put_back", lambda self, joined: None)


def beginnings_by_an_old_clock(patch: pytest.MonkeyPatch) -> None:
    """Who goes on with a stay of a join that nobody was seated by, from before a clock was set, has its start."""
    patch.setattr(RecordClock, "as_set_now", lambda self, at: at)


def stale_pending_join(patch: pytest.MonkeyPatch) -> None:
    """A join goes on with a stay that was closed while it was on its way."""
    patch.setattr(PendingJoins, "stay_ended", lambda self, room, user_id: None)


def outage_forgets(patch: pytest.MonkeyPatch) -> None:
    """What could not be written is not written later."""
    write = AttendanceWriter._write

    async def once(self: AttendanceWriter, entry: Any) -> None:
        with contextlib.suppress(StoreUnavailable):
            await write(self, entry)

    patch.setattr(AttendanceWriter, "_write", once)


def reconcile_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What was dropped is never looked for."""

    async def nothing(self: Reconciler, *, is_last: bool = False) -> None:
        pass

    patch.setattr(Reconciler, "reconcile", nothing)


def revocation_unheard(patch: pytest.MonkeyPatch) -> None:
    """A process that starts does not ask who is revoked."""

    async def nothing(self: Revocations) -> None:
        pass

    patch.setattr(Revocations, "hear", nothing)


def revoked_keep_their_places(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gateway, "revoked", lambda self, user_ids: None)


def credentials_are_never_void(patch: pytest.MonkeyPatch) -> None:
    """Who is revoked is parted with, and comes back by what they have."""
    patch.setattr(Tokens, "refuse_revoked", lambda self, user_id, issued_at: None)


def deadlines_by_the_wall_clock(patch: pytest.MonkeyPatch) -> None:
    """A page that waits to reconnect, or for an answer, does so until a clock shows a time that may be set."""
    patch.setattr(Person, "now", Person.wall)


def grace_by_the_wall_clock(patch: pytest.MonkeyPatch) -> None:
    """The server's, who is away for so long as a clock says that may be set."""
    lost, tick = Hub.lost, Hub.tick
    patch.setattr(Hub, "lost", lambda self, who, now, **how: lost(self, who, time.time(), **how))
    patch.setattr(Hub, "tick", lambda self, now: tick(self, time.time()))


def clock_set_unnoticed(patch: pytest.MonkeyPatch) -> None:
    """Stays that go on meanwhile end by another clock than they began by."""
    patch.setattr(Stays, "clock_was_set", lambda self, seconds: None)


RECORD_PLANTS = (
    restored_stay_not_recorded,
    nothing_restored,
    newer_page_not_respected,
    absent_joiner_stays,
    beginnings_by_an_old_clock,
    names_of_refused_joins,
    stale_pending_join,
    outage_forgets,
    reconcile_forgotten,
    revocation_unheard,
    revoked_keep_their_places,
    credentials_are_never_void,
    deadlines_by_the_wall_clock,
    grace_by_the_wall_clock,
    clock_set_unnoticed,
)
