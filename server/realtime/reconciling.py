"""Compares the open stays in the record with the hub's members at intervals, and corrects the record.

    store.open_stays(node) ──► compared with the hub ──► differences are queued at the attendance writer

This finds, without having to remember any of it: entries that were dropped, or lost by a store that had confirmed them;
joins that were recorded but not seated; stays that another process closed because this one was silent; and stays whose
beginning was recorded by a clock that was set since.

The store's answer is older than the hub's state. That does no harm: people with a pending join or with unwritten
entries are left to the next comparison, and an entry that is written twice counts once.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.pending_joins import PendingJoins
from server.realtime.unwritten_stays import StayAbandoned
from server.runtime import clock
from signalling.rooms.effects import StayResumed
from signalling.rooms.hub import Hub
from storage.open_stays import OpenStay
from storage.store import Store

log = structlog.get_logger()

EVERY = 6
"""Heartbeats from one comparison to the next."""

SAME = 0.001
"""Seconds by which two beginnings of one stay may differ and still count as equal."""

Key = tuple[str, str]
"""Participant and session."""


class Reconciler:
    """Call `look` after each heartbeat. If `is_due`, the next call compares, whenever the last comparison was."""

    def __init__(
        self, store: Store, node_id: str, hub: Hub, pending: PendingJoins, writer: AttendanceWriter
    ) -> None:
        self.is_due = False
        self.owns: Callable[[str], bool] = lambda room: True
        """Whether the room is here. Else another process may have it, and tell the record soon who is in it."""
        self.is_draining = False
        """If set, members who are away can no longer return to this process: they left when they were lost."""
        self._store = store
        self._node_id = node_id
        self._hub = hub
        self._pending = pending
        self._writer = writer
        self._heartbeats = 0
        # Open stays, each with the time when room and record last agreed about it.
        self._agreed: dict[Key, float] = {}
        # Stays that nobody was ever in, each with the time when that was first seen.
        self._unclaimed: dict[Key, float] = {}

    def due(self) -> None:
        """Compare at the next heartbeat: other nodes may have closed this node's stays, or the clock was set."""
        self.is_due = True

    async def look(self) -> None:
        """Compare if it is time. Raises what the store raises."""
        self._heartbeats += 1
        if self.is_due or self._heartbeats % EVERY == 0:
            await self.reconcile()
            self.is_due = False

    async def reconcile(self, *, is_last: bool = False) -> None:
        """Make the record agree with the rooms. `is_last`: close never-occupied stays at once, not after the grace.

        Raises what the store raises.
        """
        asked = clock.monotonic()
        found = await self._store.open_stays(self._node_id)
        now = clock.monotonic()
        here = {(stay.participant_id, stay.session_id): stay for stay in self._hub.stays.present(now)}
        away = {(end.participant_id, end.session_id): end for end in self._hub.stays.lost()}
        if self.is_draining and self.is_due:
            for end in away.values():
                # A node that closed this stay meanwhile could only guess its end. (The node's stop closes the others.)
                self._writer.record(end)
        agreed: dict[Key, float] = {}
        unclaimed: dict[Key, float] = {}
        for stay in found:
            key = stay.participant_id, stay.session_id
            known = here.pop(key, None)
            if key in self._agreed:
                # Keep it until the record shows it closed: the entry that closes it may be lost as well.
                agreed[key] = self._agreed[key]
            if self._is_under_way(stay.room, stay.user_id):
                continue
            if known is not None:
                agreed[key] = min(asked, away[key].at) if key in away else asked
                if self.is_draining and key in away:
                    continue
                if known.instance != stay.instance or _is_corrected(known, stay):
                    self._writer.record(known)
            elif key in self._agreed and self.owns(stay.room):
                self._close(stay, agreed[key])
            elif (is_last and self.owns(stay.room)) or now - self._unclaimed.get(key, now) >= self._hub.grace:
                self._close(stay, agreed.get(key))
            else:
                # The joiner may ask again, and continue this stay.
                unclaimed[key] = self._unclaimed.get(key, now)
        for key, missing in here.items():
            # Members who are away may be at another node now. Their return here, or their leave, is recorded then.
            if key not in away and not self._is_under_way(missing.room, missing.user_id):
                self._writer.record(missing._replace(if_free=True))
        self._agreed, self._unclaimed = agreed, unclaimed

    def _is_under_way(self, room: str, user_id: str) -> bool:
        return self._writer.has_to_write(room, user_id) or self._pending.has(room, user_id)

    def _close(self, stay: OpenStay, seen_at: float | None) -> None:
        """`seen_at`: when room and record last agreed about the stay; None: nobody was ever in it."""
        who = stay.room, stay.user_id, stay.participant_id, stay.session_id
        self._writer.record(StayAbandoned(*who, seen_at))
        log.info("closing a stay that nobody is in", meeting=stay.room, participant=stay.participant_id)


def _is_corrected(known: StayResumed, stay: OpenStay) -> bool:
    return known.joined_at is not None and abs(known.joined_at - stay.joined_at) > SAME
