"""Joins, as the store records them: corrected when the clock of the record was set meanwhile."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import NamedTuple

from server.identity.ids import new_id
from server.identity.tokens import TabSession
from server.realtime.attendance_writer import AttendanceWriter
from server.runtime import clock
from server.runtime.clock import RecordClock
from signalling.protocol.client_messages import Join
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.identifiers import IMPORTED, instance, reserved
from signalling.rooms.effects import StayResumed
from signalling.rooms.hub import Hub
from signalling.rooms.member import Member
from storage.errors import MeetingEnded, StoreUnavailable, UnknownMeeting
from storage.records import Joined, JoinRequest
from storage.store import Store

SETTLE_TIMEOUT = 2.0
FAILED = 10_000
"""Joins that failed after the store was asked, of which it is known when that was."""


class Asked(NamedTuple):
    """When a join was asked for: by the monotonic clock, and as the store was told.

    `set_by`: that of the record's clock then.
    """

    since: float
    at: float
    set_by: float


class JoinRecord:
    def __init__(
        self,
        grace: float,
        hub: Hub,
        store: Store,
        writer: AttendanceWriter,
        node: str,
        record_clock: RecordClock,
    ) -> None:
        self._grace = grace
        self._hub = hub
        self._store = store
        self._writer = writer
        self._node = node
        self._clock = record_clock
        # Joins that failed, and may have begun a stay by a clock that was set since: oldest first, a person once.
        self._failed: dict[tuple[str, str], Asked] = {}

    def forget(self, asked_before: float) -> None:
        """Joins that failed before that moment."""
        for person, _ in list(
            itertools.takewhile(lambda each: each[1].since <= asked_before, self._failed.items())
        ):
            del self._failed[person]

    def now(self) -> Asked:
        return Asked(clock.monotonic(), self._clock.now(), self._clock.set_by)

    async def settle(self, room: str, user_id: str) -> None:
        """Wait until nothing about the user is left to be written. Raises `Refused` when that takes too long."""
        if not await self._writer.settle(room, user_id, SETTLE_TIMEOUT):
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=SETTLE_TIMEOUT)

    async def join(
        self, join: Join, user_id: str, place: Member | None, session: TabSession | None
    ) -> Joined:
        """Who has a place goes on with its stay, however long ago a former process left it. Raises `Refused`."""
        previous = place or session
        asked = self.now()
        request = JoinRequest(
            room=join.meeting,
            user_id=user_id,
            name=join.name,
            participant_id=new_id("p"),
            session_id=new_id("s"),
            instance=instance(join.page or new_id("i"), new_id("j")),
            node_id=self._node,
            at=asked.at,
            previous_session=previous.session_id if previous else None,
            grace=math.inf if place else self._grace,
            # One that exists can be joined whatever it is called.
            create=join.create and reserved(join.meeting) is None,
            title=join.title,
        )
        try:
            joined = await self._store.join(request)
        except (UnknownMeeting, MeetingEnded) as error:
            # Whether there is an import by this id is nobody's to know: it has ended, and is refused like none.
            if isinstance(error, MeetingEnded) and not join.meeting.startswith(IMPORTED):
                raise Refused(ErrorCode.MEETING_ENDED) from None
            if join.create:
                raise Refused(ErrorCode.BAD_MESSAGE, reserved(join.meeting)) from None
            raise Refused(ErrorCode.UNKNOWN_MEETING) from None
        except StoreUnavailable as error:
            if not error.certain:
                self.has_failed(join.meeting, user_id, asked)
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after) from error
        except BaseException:
            self.has_failed(join.meeting, user_id, asked)
            raise

        before = self._failed.get((join.meeting, user_id), asked)
        began = before if before.at == joined.stay.joined_at else asked
        set_by = self._clock.set_by - began.set_by
        if not set_by:
            return joined
        place = self._hub.present(join.meeting, user_id)
        if place is not None and place.session_id == joined.stay.session_id:
            # Of who has a place, the hub knows when the stay began.
            return joined
        return self._corrected(joined, set_by)

    def _corrected(self, joined: Joined, set_by: float) -> Joined:
        """The record's clock was set by so many seconds since the join was asked for, or an earlier one that failed."""
        person = joined.participant
        stay = dataclasses.replace(joined.stay, joined_at=joined.stay.joined_at + set_by)
        who = person.room, person.user_id, person.id, stay.session_id, stay.instance
        self._writer.record(StayResumed(*who, clock.monotonic(), False, stay.joined_at))
        return dataclasses.replace(joined, stay=stay)

    def has_failed(self, room: str, user_id: str, asked: Asked) -> None:
        """A stay may be open that nobody came to."""
        if len(self._failed) < FAILED:
            self._failed.setdefault((room, user_id), asked)
