"""Records joins in the store, and corrects a stay's beginning if the record's clock was set meanwhile."""

from __future__ import annotations

import dataclasses
import itertools
import math
import operator
from typing import NamedTuple

import msgspec

from server.identity.ids import new_id
from server.identity.tokens import TabSession
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.change_writer import ChangeWriter
from server.realtime.host_news import HostNews
from server.runtime import clock
from server.runtime.clock import RecordClock
from server.settings.config import Config
from signalling.protocol.client_messages import Join
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.identifiers import IMPORTED, instance, reserved
from signalling.rooms.admission import leaders
from signalling.rooms.effects import StayResumed
from signalling.rooms.hub import Hub
from signalling.rooms.permissions import hosts_what_it_makes
from storage.errors import MeetingEnded, NotLetIn, StoreUnavailable, UnknownMeeting
from storage.records import Joined, JoinRequest, Shown
from storage.store import Store

SETTLE_TIMEOUT = 2.0
_SHOWN = tuple(field.name for field in dataclasses.fields(Shown))
_shown = operator.attrgetter(*_SHOWN)
FAILED = 10_000
"""Failed joins that are remembered, with the time at which the store was asked."""


class Asked(NamedTuple):
    """When a join was asked for: `since` by the monotonic clock, `at` by the record's clock.

    `set_by`: `RecordClock.set_by` at that time.
    """

    since: float
    at: float
    set_by: float


class JoinRecord:
    def __init__(
        self,
        config: Config,
        hub: Hub,
        store: Store,
        writer: AttendanceWriter,
        changes: ChangeWriter,
        node: str,
        record_clock: RecordClock,
        hosts: HostNews,
    ) -> None:
        self._hosts = hosts
        self._changes = changes
        self._grace = config.grace
        self._settings = config.of_new_meetings
        self._hub = hub
        self._store = store
        self._writer = writer
        self._node = node
        self._clock = record_clock
        # Failed joins, each person's first, oldest first: they may have begun a stay before the clock was set.
        self._failed: dict[tuple[str, str], Asked] = {}

    def forget(self, asked_before: float) -> None:
        """Forget joins that were asked for until that moment and failed."""
        for person, _ in list(
            itertools.takewhile(lambda each: each[1].since <= asked_before, self._failed.items())
        ):
            del self._failed[person]

    def now(self) -> Asked:
        return Asked(clock.monotonic(), self._clock.now(), self._clock.set_by)

    async def join(self, join: Join, user_id: str, session: TabSession | None, shown: Shown) -> Joined:
        """Record the join, after all entries of the user, and of those who have to be there, and all changes of the
        meeting are written.

        Raises `Refused`, also if that takes too long, and `NotLetIn`.
        """
        for each in (user_id, *leaders(self._hub.rooms.get(join.meeting))):
            if not await self._writer.settle(join.meeting, each, SETTLE_TIMEOUT):
                raise Refused(ErrorCode.UNAVAILABLE, retry_after=SETTLE_TIMEOUT)
        if not await self._changes.settle(join.meeting, SETTLE_TIMEOUT):
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=SETTLE_TIMEOUT)
        # From here to the store nothing is awaited. A user who has a place continues its stay, however old.
        place = self._hub.present(join.meeting, user_id)
        previous = place or session
        asked = self.now()
        # An existing meeting can be joined whatever its id.
        creates = join.create and reserved(join.meeting) is None
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
            create=creates and hosts_what_it_makes(shown.role),
            title=join.title,
            settings=self._settings,
            **dict(zip(_SHOWN, _shown(shown), strict=True)),
        )
        try:
            joined = await self._store.join(request)
        except (UnknownMeeting, MeetingEnded) as error:
            if isinstance(error, UnknownMeeting) and creates and not request.create:
                return await self._create_without_host(join, user_id, session, shown, asked.at)
            # Must not reveal whether an import by this id exists: it has ended, and is refused like an unknown meeting.
            if isinstance(error, MeetingEnded) and not join.meeting.startswith(IMPORTED):
                raise Refused(ErrorCode.MEETING_ENDED) from None
            if join.create:
                raise Refused(ErrorCode.BAD_MESSAGE, reserved(join.meeting)) from None
            raise Refused(ErrorCode.UNKNOWN_MEETING) from None
        except NotLetIn:
            raise
        except StoreUnavailable as error:
            if not error.certain:
                self.has_failed(join.meeting, user_id, asked)
                if shown.invite is not None:
                    self._hosts.ask(join.meeting)
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
            # For a user who has a place, the hub knows when the stay began.
            return joined
        return self._corrected(joined, set_by)

    async def _create_without_host(
        self, join: Join, user_id: str, session: TabSession | None, shown: Shown, at: float
    ) -> Joined:
        """Create the meeting for somebody who is not to be its host, and record the join."""
        try:
            _, created = await self._store.create_meeting(join.meeting, "", join.title, at, self._settings)
        except StoreUnavailable as error:
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after) from error
        joined = await self.join(msgspec.structs.replace(join, create=False), user_id, session, shown)
        return dataclasses.replace(joined, created=created)

    def _corrected(self, joined: Joined, set_by: float) -> Joined:
        """Shift the beginning by `set_by`: seconds the record's clock was set by since the join that began the stay."""
        person = joined.participant
        stay = dataclasses.replace(joined.stay, joined_at=joined.stay.joined_at + set_by)
        who = person.room, person.user_id, person.id, stay.session_id, stay.instance
        self._writer.record(StayResumed(*who, clock.monotonic(), False, stay.joined_at))
        return dataclasses.replace(joined, stay=stay)

    def has_failed(self, room: str, user_id: str, asked: Asked) -> None:
        """Remember a failed join: it may have opened a stay."""
        if len(self._failed) < FAILED:
            self._failed.setdefault((room, user_id), asked)
