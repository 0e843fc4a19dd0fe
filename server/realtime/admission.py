"""The way of a join: who is it, may they come in, and is it recorded. Ends with an `Arrival` for the hub.

The store is asked while the rooms go on, so what was true before may not be true after. What matters is checked
again: when the stay that the store went on with was closed meanwhile, the store is asked once more.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from server.identity.ids import kind_of, new_id
from server.identity.tokens import Session, Tokens
from server.realtime.attendance_writer import Recorder
from server.realtime.comings import Comings
from server.realtime.credentials import Credentials, Proof
from server.realtime.ice_servers import IceServers
from server.runtime import clock
from server.runtime.clock import RecordClock
from server.settings.config import Config
from signalling.protocol.client_messages import Join, Resume
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.features import known
from signalling.protocol.identifiers import IMPORTED, instance, page_of, reserved
from signalling.rooms.effects import StayResumed
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Arrival, Return
from signalling.rooms.member import Handle, Member
from storage.errors import MeetingEnded, StoreUnavailable, UnknownMeeting
from storage.records import Joined, JoinRequest, Meeting
from storage.store import Store

SETTLE_TIMEOUT = 2.0
ATTEMPTS = 5
FAILED = 10_000
"""Joins that failed after the store was asked, of which it is known when that was."""


@dataclass(slots=True, eq=False)
class Flight:
    """A join on its way to the store and back. Stale: its user's stay was closed meanwhile. Revoked: their credentials
    are void since."""

    stale: bool = False
    revoked: bool = False


class Asked(NamedTuple):
    """When a join was asked for: by the monotonic clock, and as the store was told.

    `set_by`: that of the record's clock then.
    """

    since: float
    at: float
    set_by: float


class Admission:
    def __init__(
        self,
        config: Config,
        hub: Hub,
        store: Store,
        recorder: Recorder,
        tokens: Tokens,
        node: str,
        record_clock: RecordClock,
    ) -> None:
        self.ice = IceServers(config, hub)
        self._config = config
        self._hub = hub
        self._store = store
        self._recorder = recorder
        self._tokens = tokens
        self._credentials = Credentials(tokens, hub, store)
        self._node = node
        self._clock = record_clock
        self._comings = Comings(limited=config.message_rate > 0)
        self._flights: dict[str, dict[str, list[Flight]]] = {}
        self._orders = itertools.count(1)
        # Joins that failed, and may have begun a stay by a clock that was set since: oldest first, a person once.
        self._failed: dict[tuple[str, str], Asked] = {}

    def returning(self, connection: Handle, resume: Resume) -> tuple[Session, Return]:
        """A page that comes back, for the hub to look for its place. Raises `Refused`."""
        now = time.time()
        session = self._tokens.read_session(resume.session)
        self._comings.count(session.room, session.user_id, clock.monotonic())
        member = self._hub.present(session.room, session.user_id)
        credential, renewed = resume.session, session.is_due(now)
        features = known(resume.features)
        if member is not None and (renewed or member.instance != session.instance):
            seat = Session(session.user_id, session.room, member.session_id, member.instance)
            credential = self._tokens.session(seat, now)
        back = Return(
            connection=connection,
            message_id=resume.id,
            room=session.room,
            user_id=session.user_id,
            instance=session.instance,
            session=credential,
            epoch=resume.epoch,
            seq=resume.seq,
            attempt=resume.attempt,
            media=resume.media,
            hand=resume.hand,
            ice_servers=self.ice.given(connection, session.user_id, features, clock.monotonic()),
            renewed=renewed,
            features=features,
        )
        return session, back

    async def readmit(self, connection: Handle, resume: Resume, session: Session) -> tuple[Arrival, Joined]:
        """For a page that comes back after its place was given up: the join that it would send.

        It takes the place of no newer page (`duplicate`). Raises `Refused`.
        """
        join = Join(
            id=resume.id,
            meeting=session.room,
            name="",
            media=resume.media,
            page=page_of(session.instance) or None,
            attempt=resume.attempt,
            features=resume.features,
        )
        order = next(self._orders)
        proof = await self._credentials.of_resume(resume, session, time.time())
        return await self._admit(connection, join, proof, order, comes_back=True)

    async def admit(self, connection: Handle, join: Join) -> tuple[Arrival, Joined]:
        """What the hub needs to seat the joiner. Raises `Refused`, with nothing left half done."""
        order = next(self._orders)
        proof = await self._credentials.of_join(join, time.time())
        self._comings.count(join.meeting, proof.user_id, clock.monotonic())
        return await self._admit(connection, join, proof, order, comes_back=False)

    async def _admit(
        self, connection: Handle, join: Join, proof: Proof, order: int, *, comes_back: bool
    ) -> tuple[Arrival, Joined]:
        user_id, token, session = proof
        flight = Flight()
        flights = self._flights.setdefault(join.meeting, {})
        same_user = flights.setdefault(user_id, [])
        same_user.append(flight)
        asked = self._now()
        recorded = False
        try:
            for _ in range(ATTEMPTS):
                await self._check(join, user_id, session, comes_back)
                flight.stale = False
                joined = await self._record(join, user_id, session)
                recorded = True
                if not flight.stale:
                    break
            else:
                raise Refused(ErrorCode.UNAVAILABLE, retry_after=1.0)
            await self._check(join, user_id, session, comes_back, joined.meeting)
            if flight.revoked:
                raise Refused(ErrorCode.REVOKED)
        except Refused:
            if recorded:
                self._not_seated(join.meeting, user_id, asked)
            raise
        finally:
            same_user.remove(flight)
            if not same_user:
                del flights[user_id]
            if not flights:
                self._flights.pop(join.meeting, None)
        return self._arrival(connection, join, user_id, token, joined, order), joined

    def is_joining(self, room: str, user_id: str) -> bool:
        """Whether a join of theirs is on its way to the store."""
        return user_id in self._flights.get(room, {})

    def forget(self, asked_before: float) -> None:
        """Joins that failed before that moment. `reconciling` has closed by now what they may have begun."""
        for person, _ in list(
            itertools.takewhile(lambda each: each[1].since <= asked_before, self._failed.items())
        ):
            del self._failed[person]

    def stay_ended(self, room: str, user_id: str) -> None:
        """A stay was closed, or is recorded anew: a join on its way that went on with it has to ask again."""
        for flight in self._flights.get(room, {}).get(user_id, ()):
            flight.stale = True

    def revoked(self, user_ids: Collection[str]) -> None:
        """The credentials of these users are void: their joins on the way come too late."""
        for flights in self._flights.values():
            for user_id in flights.keys() & set(user_ids):
                for flight in flights[user_id]:
                    flight.revoked = True

    def meeting_ended(self, room: str) -> None:
        for flights in self._flights.get(room, {}).values():
            for flight in flights:
                flight.stale = True

    async def _check(
        self,
        join: Join,
        user_id: str,
        session: Session | None,
        comes_back: bool,
        meeting: Meeting | None = None,
    ) -> None:
        """Raises `Refused`. It waits for nothing where the `meeting` is known."""
        member = self._hub.present(join.meeting, user_id)
        if member is None:
            if self._is_full(join.meeting, user_id) and not await self._is_host(join, user_id, meeting):
                raise Refused(
                    ErrorCode.MEETING_FULL, f"The meeting is full: {self._config.max_participants} are in it."
                )
        elif comes_back:
            if join.page != page_of(member.instance):
                raise Refused(ErrorCode.DUPLICATE)
        elif join.on_duplicate == "reject" and not _is_own(member, session, join.page):
            raise Refused(ErrorCode.DUPLICATE)

    def _is_full(self, room: str, user_id: str) -> bool:
        """Those who are away have a place to come back to, and take none from those who are here: with them there may
        be twice as many."""
        most = self._config.max_participants
        here, size = self._hub.connected(room), self._hub.size(room)
        flights = self._flights.get(room, {})
        if size + len(flights) <= most:
            return False
        # Places are kept for those who asked earlier (dictionaries keep their order) and are not in the room yet.
        for other in flights:
            if other == user_id:
                break
            member = self._hub.present(room, other)
            size += member is None
            here += member is None or member.connection is None
        return here >= most or size >= 2 * most

    async def _is_host(self, join: Join, user_id: str, meeting: Meeting | None) -> bool:
        """A meeting is never too full for its host."""
        try:
            meeting = meeting or await self._store.meeting(join.meeting)
        except StoreUnavailable as error:
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after) from error
        return meeting is not None and meeting.host_user_id == user_id

    async def _record(self, join: Join, user_id: str, session: Session | None) -> Joined:
        if not await self._recorder.settle(join.meeting, user_id, SETTLE_TIMEOUT):
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=SETTLE_TIMEOUT)
        # Who has a place goes on with its stay, however long ago a former process left it.
        place = self._hub.present(join.meeting, user_id)
        previous = place or session
        asked = self._now()
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
            grace=math.inf if place else self._config.grace,
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
                self._has_failed(join.meeting, user_id, asked)
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after) from error
        except BaseException:
            self._has_failed(join.meeting, user_id, asked)
            raise

        before = self._failed.get((join.meeting, user_id), asked)
        began = before if before.at == joined.stay.joined_at else asked
        set_by = self._clock.set_by - began.set_by
        place = self._hub.present(join.meeting, user_id)
        if not set_by or (place is not None and place.session_id == joined.stay.session_id):
            # Of who has a place, the hub knows when the stay began.
            return joined
        return self._corrected(joined, set_by)

    def _corrected(self, joined: Joined, set_by: float) -> Joined:
        """The record's clock was set by so many seconds since the join was asked for, or an earlier one that failed."""
        person = joined.participant
        stay = dataclasses.replace(joined.stay, joined_at=joined.stay.joined_at + set_by)
        who = person.room, person.user_id, person.id, stay.session_id, stay.instance
        self._recorder.record(StayResumed(*who, clock.monotonic(), False, stay.joined_at))
        return dataclasses.replace(joined, stay=stay)

    def _now(self) -> Asked:
        return Asked(clock.monotonic(), self._clock.now(), self._clock.set_by)

    def _has_failed(self, room: str, user_id: str, asked: Asked) -> None:
        """A stay may be open that nobody came to."""
        if len(self._failed) < FAILED:
            self._failed.setdefault((room, user_id), asked)

    def _not_seated(self, room: str, user_id: str, asked: Asked) -> None:
        """A join was recorded and then refused."""
        here = self._hub.present_stay(room, user_id, clock.monotonic())
        if here is None:
            self._has_failed(room, user_id, asked)
        else:
            # The record has the instance of the page that was refused. Who is on the way in is recorded after this.
            self.stay_ended(room, user_id)
            self._recorder.record(here)

    def _arrival(
        self, connection: Handle, join: Join, user_id: str, token: str | None, joined: Joined, order: int
    ) -> Arrival:
        stay, features = joined.stay, known(join.features)
        return Arrival(
            connection=connection,
            message_id=join.id,
            room=join.meeting,
            title=joined.meeting.title,
            created=joined.created,
            hosting=joined.meeting.host_user_id == user_id,
            participant_id=joined.participant.id,
            user_id=user_id,
            name=joined.participant.name,
            role=joined.participant.role,
            session_id=stay.session_id,
            session=self._tokens.session(
                Session(user_id, join.meeting, stay.session_id, stay.instance), time.time()
            ),
            token=token,
            instance=stay.instance,
            epoch=new_id("e"),
            rejoined=joined.rejoined,
            joined_at=stay.joined_at,
            media=join.media,
            ice_servers=self.ice.given(connection, user_id, features, clock.monotonic()),
            attempt=join.attempt,
            order=order,
            kind=kind_of(user_id),
            features=features,
        )


def _is_own(member: Member, session: Session | None, page: str | None) -> bool:
    """Whether the tab that joins is the one whose place it is, or the place stands empty."""
    if member.connection is None or page == page_of(member.instance):
        return True
    return session is not None and session.session_id == member.session_id
