"""Admits a join: identifies the user, decides whether they may enter, records the stay. Yields the hub's `Arrival`.

Rooms change while the store is answering: then the decision is checked again, and the store asked again if need be.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext

import msgspec

from server.identity.identities import Identities
from server.identity.ids import kind_of, new_id
from server.identity.revocations import voids
from server.identity.tokens import TabSession, Tokens, Voucher
from server.realtime.appearance import Appearance
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.change_writer import ChangeWriter
from server.realtime.comings import Comings
from server.realtime.credentials import Credentials, Proof
from server.realtime.entry import Door, HasToWait, Turn, answer_to
from server.realtime.host_news import HostNews
from server.realtime.ice_servers import IceServers
from server.realtime.in_charge import comes_in_charge
from server.realtime.join_order import JoinOrder
from server.realtime.join_record import JoinRecord
from server.realtime.login_expiry import LoginExpiry
from server.realtime.pending_joins import PendingJoins
from server.runtime import clock
from server.runtime.clock import RecordClock
from server.settings.config import Config
from signalling.protocol.client_messages import Join, Resume
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.features import known
from signalling.protocol.identifiers import page_of
from signalling.protocol.rights import rights_of
from signalling.rooms.admission import Request, decide, leaders
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Arrival, Return
from signalling.rooms.member import Handle, Member, Order
from storage.errors import NotLetIn
from storage.records import Joined
from storage.store import Store

ATTEMPTS = 5


class Admission:
    def __init__(
        self,
        config: Config,
        hub: Hub,
        store: Store,
        writer: AttendanceWriter,
        changes: ChangeWriter,
        tokens: Tokens,
        node: str,
        record_clock: RecordClock,
        identities: Identities | None = None,
    ) -> None:
        self.ice = IceServers(config, hub)
        self.expiry = LoginExpiry(config, hub)
        self._config = config
        self._clock = record_clock
        self._hub = hub
        self._store = store
        self.appearance = Appearance(config)
        guests_wait = config.anonymous == "lobby"
        self.door = Door(hub, tokens, record_clock.now, config.max_waiting, guests_wait=guests_wait)
        self.pending = PendingJoins()
        self.hosts = HostNews(hub, store, self.pending, changes)
        self._record = JoinRecord(
            config, hub, store, writer, changes, node, record_clock, self.hosts, self.pending
        )
        self.put_back: Callable[[Joined], None] = lambda joined: None
        """Called with a join by which nobody is seated: the record may have its name."""
        self._tokens = tokens
        self._identities = identities or Identities(config, tokens)
        self._credentials = Credentials(config, tokens, hub, store, self._identities)
        self._comings = Comings(limited=config.message_rate > 0)
        self.order = JoinOrder()

    def session_of(self, resume: Resume) -> TabSession:
        """What the page that resumes shows. Raises `Refused`."""
        session = self._tokens.read_session(resume.session)
        self._comings.count(session.room, session.user_id, clock.monotonic())
        return session

    async def vouched(self, resume: Resume, session: TabSession) -> Voucher | None:
        """Until when the page of an application's user may stay in its place; None if it has been given up. Raises
        `Refused`."""
        if session.voucher is None or self._hub.present(session.room, session.user_id) is None:
            return None
        return await self._credentials.of_place(resume, session, session.voucher, time.time())

    def returning(
        self, connection: Handle, resume: Resume, session: TabSession, voucher: Voucher | None
    ) -> Return:
        """The hub's input for a page that resumes. The hub then looks for its place. `voucher`: the one that counts."""
        now = time.time()
        member = self._hub.present(session.room, session.user_id)
        credential, renewed = resume.session, session.is_due(now) or voucher != session.voucher
        features = known(resume.features)
        if member is not None and (renewed or member.instance != session.instance):
            credential = self._session(member, session.room, voucher)
        self.expiry.given(connection, voucher, clock.monotonic())
        return Return(
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

    async def authenticate(self, token: str, room: str, user_id: str) -> Proof:
        """What a newer token of the user is good for. Raises `Refused`."""
        return await self._credentials.renewed(token, room, user_id, time.time())

    def authenticated(self, connection: Handle, room: str, member: Member, voucher: Voucher | None) -> str:
        """Let the member stay for longer; returns a session that says so."""
        self.expiry.given(connection, voucher, clock.monotonic())
        return self._session(member, room, voucher)

    def _session(self, member: Member, room: str, voucher: Voucher | None) -> str:
        place = TabSession(member.user_id, room, member.session_id, member.instance, voucher=voucher)
        return self._tokens.session(place, time.time())

    async def readmit(
        self,
        connection: Handle,
        resume: Resume,
        session: TabSession,
        turn: Turn = nullcontext,
        proof: Proof | None = None,
    ) -> tuple[Arrival, Joined]:
        """Join on behalf of a page that resumes after its place was given up. `turn`, `proof`: as in `admit`.

        It does not replace a newer page (`duplicate`). Raises `Refused`.
        """
        join = Join(
            id=resume.id,
            meeting=session.room,
            name="",
            media=resume.media,
            page=page_of(session.instance) or None,
            attempt=resume.attempt,
            features=resume.features,
            password=resume.password,
            invite=resume.invite,
        )
        order = self.order.next(session.room)
        proof = proof or await self._credentials.of_resume(resume, session, time.time())
        return await self._admit(connection, join, proof, order, turn, comes_back=True)

    async def admit(
        self, connection: Handle, join: Join, turn: Turn = nullcontext, proof: Proof | None = None
    ) -> tuple[Arrival, Joined]:
        """What the hub needs to seat the joiner. Raises `Refused`, and then leaves nothing half done.

        `turn`: a password is tried within it. `proof`: of somebody who waits, and is asked for once more.
        """
        order, wanted = self.order.next(join.meeting), join.create
        if proof is None:
            proof = await self._credentials.of_join(join, time.time())
            self._comings.count(join.meeting, proof.user_id, clock.monotonic())
        join = self._as_the_token_says(join, proof)
        try:
            return await self._admit(connection, join, proof, order, turn, comes_back=False)
        except Refused as refused:
            why = self._identities.refuses_to_create(proof.who)
            if refused.code is ErrorCode.UNKNOWN_MEETING and wanted and why:
                raise Refused(refused.code, f"{refused.text} {why}") from None
            raise

    def _as_the_token_says(self, join: Join, proof: Proof) -> Join:
        """The join with the name that the token gives, or gave, whatever the page says, and without the wish to create
        the meeting if that is not for its bearer. Raises `Refused` if nobody says a name."""
        user = None if proof.who is None else proof.who.outside
        name = (user.name if user else None) or proof.name or join.name
        if not name:
            raise Refused(ErrorCode.BAD_MESSAGE, "A name is needed: the token gives none.")
        may = join.create and self._identities.refuses_to_create(proof.who) is None
        return msgspec.structs.replace(join, name=name, create=may)

    async def _admit(
        self, connection: Handle, join: Join, proof: Proof, order: Order, turn: Turn, *, comes_back: bool
    ) -> tuple[Arrival, Joined]:
        user_id = proof.user_id
        joined: Joined | None = None
        try:
            with self.pending.begin(join.meeting, user_id) as pending:
                for _ in range(ATTEMPTS):
                    await self._let_in(join, proof, comes_back)
                    pending.begin_anew()
                    here = self._who_is_here(join.meeting, user_id)
                    # An end recorded after this point marks the join stale.
                    try:
                        joined = await self._recorded(join, proof, turn, comes_back)
                    except NotLetIn as refused:
                        has_changed = pending.stale or pending.hosts
                        if has_changed or self._who_is_here(join.meeting, user_id) != here:
                            continue  # It was decided by what has changed since.
                        if pending.revoked:
                            raise Refused(ErrorCode.REVOKED) from None
                        raise answer_to(refused, proof, join.name) from None
                    if not pending.is_older_than_known(joined):
                        break
                else:
                    raise Refused(ErrorCode.UNAVAILABLE, retry_after=1.0)
                if joined.meeting.host_user_id == user_id:
                    self.hosts.heard(join.meeting, user_id, by_link=join.invite is not None)
                await self._let_in(join, proof, comes_back, joined)
                if pending.revoked:
                    raise Refused(ErrorCode.REVOKED)
        except (Refused, HasToWait):
            if joined is not None:
                self.not_seated(joined)
                if join.invite is not None:
                    self.hosts.ask(join.meeting, user_id)
            raise
        arrival = self._arrival(connection, join, proof, joined, order)
        hand_at = pending.hand_at(arrival.hand_at)
        return (arrival if hand_at is arrival.hand_at else arrival._replace(hand_at=hand_at)), joined

    def _who_is_here(self, room: str, user_id: str) -> tuple[bool, Member | None]:
        return bool(leaders(self._hub.rooms.get(room))), self._hub.present(room, user_id)

    async def _recorded(self, join: Join, proof: Proof, turn: Turn, comes_back: bool) -> Joined:
        """Raises `Refused`, `NotLetIn`."""
        shown = self.door.shown(join, proof, returns=comes_back)
        try:
            return await self._record.join(join, proof.user_id, proof.session, shown)
        except NotLetIn as refused:
            if refused.reason != "password_required":
                raise
            shown = await self.door.with_password(shown, join, refused, turn)
            return await self._record.join(join, proof.user_id, proof.session, shown)

    async def _let_in(self, join: Join, proof: Proof, comes_back: bool, joined: Joined | None = None) -> None:
        """Raises `Refused`. Does not wait for the store if `joined` is given."""
        session = proof.session
        request = Request(
            page=join.page,
            session_id=session.session_id if session else None,
            comes_back=comes_back,
            replaces=join.on_duplicate != "reject",
        )
        refused = self._decide(join.meeting, proof.user_id, request)
        if refused is ErrorCode.MEETING_FULL:
            at = self._clock.now()
            is_in_charge = await comes_in_charge(self._store, join, proof.user_id, joined, at)
            refused = self._decide(join.meeting, proof.user_id, request._replace(is_in_charge=is_in_charge))
        if refused is ErrorCode.MEETING_FULL:
            raise Refused(refused, f"The meeting is full: {self._config.max_participants} are in it.")
        if refused is not None:
            raise Refused(refused)

    def _decide(self, room: str, user_id: str, request: Request) -> ErrorCode | None:
        asking, most = self.pending.asking(room), self._config.max_participants
        return decide(self._hub.admission_view(room, user_id, asking, most), request)

    def is_revoked(self, user_id: str, since: float) -> bool:
        """Whether the user, who has been in a meeting `since` then, may not be there any more."""
        return voids(self._tokens.revoked, user_id, since)

    def not_seated(self, joined: Joined) -> None:
        """A join was recorded, and then refused or left."""
        self.put_back(joined)
        self._record.not_seated(joined)

    def _arrival(self, connection: Handle, join: Join, proof: Proof, joined: Joined, order: Order) -> Arrival:
        user_id, stay, features = proof.user_id, joined.stay, known(join.features)
        self.expiry.given(connection, proof.voucher, clock.monotonic())
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
                TabSession(user_id, join.meeting, stay.session_id, stay.instance, voucher=proof.voucher),
                time.time(),
            ),
            token=proof.token,
            instance=stay.instance,
            epoch=new_id("e"),
            rejoined=joined.rejoined,
            joined_at=stay.joined_at,
            media=join.media,
            ice_servers=self.ice.given(connection, user_id, features, clock.monotonic()),
            attempt=join.attempt,
            order=order,
            kind=kind_of(user_id),
            look=self.appearance.of(proof),
            features=features,
            may=rights_of(joined.participant.may),
            settings=joined.meeting.settings,
            revision=joined.meeting.revision,
            hand_at=joined.participant.hand_at,
        )
