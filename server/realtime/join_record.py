"""Records joins in the store, and corrects a stay's beginning if the record's clock was set meanwhile."""

from __future__ import annotations

import dataclasses
import math
import operator

import msgspec

from server.identity.ids import new_id
from server.identity.tokens import TabSession
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.change_writer import ChangeWriter
from server.realtime.host_news import HostNews
from server.realtime.pending_joins import PendingJoins
from server.realtime.unwritten_stays import StayAbandoned
from server.runtime import clock
from server.runtime.clock import RecordClock
from server.settings.config import Config
from signalling.protocol.client_messages import Join
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.identifiers import IMPORTED, instance, reserved
from signalling.protocol.rights import rights_of
from signalling.rooms.admission import leaders
from signalling.rooms.effects import StayEnded, StayResumed
from signalling.rooms.hub import Hub
from signalling.rooms.permissions import hosts_what_it_makes
from storage.errors import MeetingEnded, StoreUnavailable, UnknownMeeting
from storage.records import Joined, JoinRequest, Shown
from storage.store import Store

SETTLE_TIMEOUT = 2.0
_SHOWN = tuple(field.name for field in dataclasses.fields(Shown))
_shown = operator.attrgetter(*_SHOWN)


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
        pending: PendingJoins,
    ) -> None:
        self._hosts = hosts
        self._pending = pending
        self._changes = changes
        self._grace = config.grace
        self._settings = config.of_new_meetings
        self._hub = hub
        self._store = store
        self._writer = writer
        self._node = node
        self._clock = record_clock

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
        if not self._pending.are_ours(join.meeting):
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=1.0)
        # From here to the store nothing is awaited. A user who has a place continues its stay, however old.
        place = self._hub.present(join.meeting, user_id)
        previous = place or session
        asked_at = self._clock.now()
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
            at=asked_at,
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
                return await self._create_without_host(join, user_id, session, shown, asked_at)
            # Must not reveal whether an import by this id exists: it has ended, and is refused like an unknown meeting.
            if isinstance(error, MeetingEnded) and not join.meeting.startswith(IMPORTED):
                raise Refused(ErrorCode.MEETING_ENDED) from None
            if join.create:
                raise Refused(ErrorCode.BAD_MESSAGE, reserved(join.meeting)) from None
            raise Refused(ErrorCode.UNKNOWN_MEETING) from None
        except StoreUnavailable as error:
            if not error.certain and shown.invite is not None:
                self._hosts.ask(join.meeting, user_id)
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after) from error
        member, who = self._hub.present(join.meeting, user_id), joined.participant
        if member is not None and (member.role, member.may) != (who.role, rights_of(who.may)):
            self._pending.person_changed(join.meeting)
        if self._hub.stays.start_of(join.meeting, user_id, joined.stay.session_id) is not None:
            return joined
        began_at = self._clock.as_set_now(joined.stay.joined_at)
        return joined if began_at == joined.stay.joined_at else self._corrected(joined, began_at)

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

    def _corrected(self, joined: Joined, began_at: float) -> Joined:
        """The stay was begun by a join that nobody was seated by, or was asked once more, before the clock was set."""
        person = joined.participant
        self._hub.stays.corrected(joined.stay.session_id, began_at)
        stay = dataclasses.replace(joined.stay, joined_at=began_at)
        who = person.room, person.user_id, person.id, stay.session_id, stay.instance
        self._writer.record(StayResumed(*who, clock.monotonic(), False, stay.joined_at))
        return dataclasses.replace(joined, stay=stay)

    def not_seated(self, joined: Joined) -> None:
        """A join was recorded, and then refused or left. Pending joins of the user are recorded after this."""
        who = joined.participant
        self._pending.stay_ended(who.room, who.user_id)
        # Whoever has a place by another socket keeps the stay: the record names an instance that was not seated.
        here = self._hub.stays.of(who.room, who.user_id, clock.monotonic())
        self._writer.record(here or self._end_of(joined))

    def _end_of(self, joined: Joined) -> StayAbandoned | StayEnded:
        who = joined.participant
        stay = who.room, who.user_id, who.id, joined.stay.session_id
        began_at = self._hub.stays.start_of(who.room, who.user_id, joined.stay.session_id)
        if joined.continued and began_at is None:
            # Nobody was ever in it here: it is only known when it was asked for.
            return StayAbandoned(*stay, None)
        # A page may return to a stay that was continued. It was never told of a new one.
        return StayEnded(*stay, clock.monotonic(), "lost" if joined.continued else "left", began_at)
