"""Whether the record and the rooms agree about who is here, looked at again and again, whatever happened in between.

    store.open_stays(node) ──► compared with the hub ──► what differs goes to the writer, behind what waits there

Entries that were dropped, or lost by a store that had said they were kept; joins that were recorded and not seated;
stays that another process closed because this one was silent, or whose beginning the record has by a clock that was
set since: all of it is found here as a difference, and nothing of it has to be remembered.

The store's answer is older than what the hub knows by now. That does no harm: whoever is on their way in, or has
something waiting at the writer, is looked at the next time, and what is written twice counts once.
"""

from __future__ import annotations

import structlog

from server.realtime.admission import Admission
from server.realtime.attendance_writer import AttendanceWriter, StayAbandoned
from server.runtime import clock
from signalling.rooms.effects import StayResumed
from signalling.rooms.hub import Hub
from storage.open_stays import OpenStay
from storage.store import Store

log = structlog.get_logger()

EVERY = 6
"""Heartbeats from one look to the next."""

SAME = 0.001
"""Seconds by which two beginnings of one stay may differ."""

Key = tuple[str, str]
"""Participant and session."""


class Reconciler:
    """`look` is to be called after each heartbeat. `is_due` makes the next one look, whatever the last one saw."""

    def __init__(
        self, store: Store, node_id: str, hub: Hub, admission: Admission, writer: AttendanceWriter
    ) -> None:
        self.is_due = False
        self.is_draining = False
        """From now on nobody who is away comes back here: they left when they were lost."""
        self._store = store
        self._node_id = node_id
        self._hub = hub
        self._admission = admission
        self._writer = writer
        self._heartbeats = 0
        # Stays that are open, each with the moment when room and record last agreed about it.
        self._agreed: dict[Key, float] = {}
        # Stays that nobody has come to, each with the moment since when that is known.
        self._unclaimed: dict[Key, float] = {}

    def due(self) -> None:
        """Others may have closed the stays of this node, or its clock was set."""
        self.is_due = True

    async def look(self) -> None:
        """If it is time. Raises what the store raises."""
        self._heartbeats += 1
        if self.is_due or self._heartbeats % EVERY == 0:
            await self.reconcile()
            self.is_due = False

    async def reconcile(self, *, is_last: bool = False) -> None:
        """Make the record agree with the rooms. `is_last`: nobody comes to a stay any more who has not by now.

        Raises what the store raises.
        """
        asked = clock.monotonic()
        found = await self._store.open_stays(self._node_id)
        now = clock.monotonic()
        here = {(stay.participant_id, stay.session_id): stay for stay in self._hub.stays.present(now)}
        away = {(end.participant_id, end.session_id): end for end in self._hub.stays.lost()}
        if self.is_draining and self.is_due:
            for end in away.values():
                # Who closed it meanwhile could only guess. (All others, the node's stop will close.)
                self._writer.record(end)
        agreed: dict[Key, float] = {}
        unclaimed: dict[Key, float] = {}
        for stay in found:
            key = stay.participant_id, stay.session_id
            known = here.pop(key, None)
            if key in self._agreed:
                # Until it is closed in the record, too: what closes it may be lost as well.
                agreed[key] = self._agreed[key]
            if self._is_under_way(stay.room, stay.user_id):
                continue
            if known is not None:
                agreed[key] = min(asked, away[key].at) if key in away else asked
                if self.is_draining and key in away:
                    continue
                if known.instance != stay.instance or _is_corrected(known, stay):
                    self._writer.record(known)
            elif key in self._agreed:
                self._close(stay, agreed[key])
            elif is_last or now - self._unclaimed.get(key, now) >= self._hub.grace:
                self._close(stay, None)
            else:
                # The joiner may ask again, and go on with it.
                unclaimed[key] = self._unclaimed.get(key, now)
        for key, missing in here.items():
            # Who is away may be at another process by now. When they are back here, or stay away, that is recorded.
            if key not in away and not self._is_under_way(missing.room, missing.user_id):
                self._writer.record(missing._replace(if_free=True))
        self._agreed, self._unclaimed = agreed, unclaimed

    def _is_under_way(self, room: str, user_id: str) -> bool:
        return self._writer.has_to_write(room, user_id) or self._admission.is_joining(room, user_id)

    def _close(self, stay: OpenStay, seen_at: float | None) -> None:
        """`seen_at`: when room and record last agreed about it; None: nobody has come to it."""
        who = stay.room, stay.user_id, stay.participant_id, stay.session_id
        self._writer.record(StayAbandoned(*who, seen_at))
        log.info("closing a stay that nobody is in", meeting=stay.room, participant=stay.participant_id)


def _is_corrected(known: StayResumed, stay: OpenStay) -> bool:
    return known.joined_at is not None and abs(known.joined_at - stay.joined_at) > SAME
