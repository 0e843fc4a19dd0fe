"""Carries a join from the message to the seat: through the limits, the admission and the store to the hub."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import msgspec
import structlog

from server.identity.tokens import TabSession, Voucher
from server.network.limits import Limits
from server.realtime.admission import Admission
from server.realtime.carrier import Carrier
from server.realtime.connection import Connection
from server.realtime.credentials import Proof
from server.realtime.entry import HasToWait
from server.realtime.held_joins import HeldJoins
from server.realtime.join_limits import JoinLimits
from server.realtime.log_context import of_connection
from server.runtime import clock
from server.runtime.happening import ends
from server.runtime.metrics import Metrics
from signalling.protocol.client_messages import Authenticate, Join, Resume
from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.protocol.rights import rights_of
from signalling.rooms import server_messages
from signalling.rooms.effects import LetIn, Send
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Arrival
from storage.records import Joined

log = structlog.get_logger()

WAITING_RETRY = 30.0
"""Seconds after which somebody may ask again to wait, if others of the same address wait already."""

RETRY = 1.0
"""Seconds after which a join of somebody who was let in is asked again, if the store is unavailable."""


def meeting_asked_for(room: str, *, created: bool, **context: object) -> None:
    """Log the outcome of a request to create a meeting."""
    text = "meeting created" if created else "meeting already exists, returning existing meeting"
    log.info(text, meeting=room, **context)


class Joining:
    """`answered` is called with each connection whose join has been answered, with success or not."""

    def __init__(
        self,
        hub: Hub,
        admission: Admission,
        limits: Limits,
        carrier: Carrier,
        metrics: Metrics,
        answered: Callable[[Connection], None],
    ) -> None:
        self._hub = hub
        self._admission = admission
        admission.put_back = self._put_back
        self._limits = limits
        self._join_limits = JoinLimits(limits, admission)
        self._carrier = carrier
        self._metrics = metrics
        self._answered = answered
        self._held = HeldJoins()
        self._joins: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """Number of pending joins."""
        return len(self._joins)

    async def stop(self, within: float) -> int:
        """Wait for pending joins, then cancel them. Returns how many were unfinished after `within` seconds."""
        return await ends(self._joins, within)

    def join(self, connection: Connection, join: Join, proof: Proof | None = None) -> None:
        """`proof`: of somebody who waits, and is asked for once more."""
        self._ask_for_a_seat(connection, join, join.meeting, self._join_limits.admit(connection, join, proof))

    def resume(self, connection: Connection, resume: Resume) -> None:
        try:
            session = self._admission.session_of(resume)
        except Refused as refused:
            self._carrier.refuse(connection, refused, resume.id)
            return
        if session.voucher is not None:
            connection.hold()
            self._begin(self._resume_with_login(connection, resume, session))
        elif not self._go_on(connection, resume, session, None):
            admission = self._join_limits.readmit(connection, resume, session)
            self._ask_for_a_seat(connection, resume, session.room, admission)

    def authenticate(self, connection: Connection, message: Authenticate) -> asyncio.Task[None] | None:
        """Verify a newer token of a member, or of somebody who waits. Nothing waits for that but to be let in, and a
        token that is refused changes nothing."""
        seat, waits = self._hub.seated(connection), self._hub.waiting.of(connection)
        if seat is not None:
            return self._begin(self._authenticate(connection, message, seat.room.id, seat.member.user_id))
        if waits is not None:
            task = self._begin(self._authenticate(connection, message, waits.room.id, waits.knock.user_id))
            self._held.verifies(connection, task)
            return task
        if not connection.joined:
            self._carrier.refuse(connection, Refused(ErrorCode.NOT_JOINED), message.id)
        return None

    async def _authenticate(
        self, connection: Connection, message: Authenticate, room: str, user_id: str
    ) -> None:
        renewing = self._admission.expiry.renewing
        renewing.add(connection)
        try:
            proof = await self._admission.authenticate(message.token, room, user_id)
            seat, waits_as = self._hub.seated(connection), self._held.proof_of(connection)
            if seat is not None:
                session = self._admission.authenticated(connection, room, seat.member, proof.voucher)
                # The connection knows until when, and is kept with the member.
                seat.member.touch()
                answer = server_messages.authenticated(message.id, session)
                self._carrier.carry_out([Send(connection, answer)])
            elif waits_as is not None:
                self._held.shows(connection, proof._replace(session=waits_as.session))
                self._carrier.carry_out([Send(connection, server_messages.ack(message.id))])
        except Refused as refused:
            # Not closed, whatever it is: the token that was shown before may still be valid.
            self._metrics.refused[refused.code] += 1
            log.info("newer token refused", code=refused.code, **of_connection(self._hub, connection))
            self._carrier.carry_out([Send(connection, server_messages.error(refused, message.id))])
        except Exception:
            log.exception("authentication failed", **of_connection(self._hub, connection))
            connection.close(CloseCode.INTERNAL_ERROR)
        finally:
            renewing.discard(connection)

    async def _resume_with_login(self, connection: Connection, resume: Resume, session: TabSession) -> None:
        """As `resume`, for a user whom an application has identified: a newer token may have to be verified first."""
        given_up = False
        try:
            voucher = await self._admission.vouched(resume, session)
            if not connection.closing:
                given_up = not self._go_on(connection, resume, session, voucher or session.voucher)
        except Refused as refused:
            connection.since = asyncio.get_running_loop().time()
            self._carrier.refuse(connection, refused, resume.id)
        except Exception:
            log.exception("resume failed", meeting=session.room, connection=connection.number)
            connection.close(CloseCode.INTERNAL_ERROR)
        finally:
            if not given_up:
                connection.release()
                self._answered(connection)
        if given_up:
            admission = self._join_limits.readmit(connection, resume, session)
            await self._join(connection, resume, session.room, admission)

    def _go_on(
        self, connection: Connection, resume: Resume, session: TabSession, voucher: Voucher | None
    ) -> bool:
        """Seat the page in its place. False if that has been given up."""
        back = self._admission.returning(connection, resume, session, voucher)
        effects = self._hub.resume(back, clock.monotonic())
        if effects is None:
            return False
        self._carrier.carry_out(effects)
        seat = self._hub.seated(connection)
        if seat is None:
            self._metrics.resumes["replaced"] += 1
            return True
        connection.seat()
        (answer,) = [
            effect.payload
            for effect in effects
            if isinstance(effect, Send)
            and effect.payload.startswith((b'{"type":"resumed"', b'{"type":"joined"'))
        ]
        self._metrics.resumed(answer)
        log.info("participant resumed", **of_connection(self._hub, connection))
        return True

    def _ask_for_a_seat(
        self,
        connection: Connection,
        message: Join | Resume,
        meeting: str,
        admission: Coroutine[Any, Any, tuple[Arrival, Joined]],
    ) -> None:
        connection.hold()
        self._begin(self._join(connection, message, meeting, admission))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._joins.add(task)
        task.add_done_callback(self._joins.discard)
        return task

    async def _join(
        self,
        connection: Connection,
        message: Join | Resume,
        meeting: str,
        admission: Coroutine[Any, Any, tuple[Arrival, Joined]],
    ) -> None:
        began = time.perf_counter()
        context = {"meeting": meeting, "connection": connection.number}
        try:
            arrival, joined = await admission
            if connection.closing:
                self._admission.not_seated(joined)
                return
            if isinstance(message, Join) and message.create:
                meeting_asked_for(meeting, created=joined.created, connection=connection.number)
            who = arrival.participant_id
            if joined.rejoined:
                log.info("participant already exists, updating status", participant=who, **context)
            self._held.release(connection)
            connection.seat()
            self._carrier.tell_soon()
            self._carrier.carry_out(self._hub.join(arrival, clock.monotonic(), soon=True))
            self._metrics.joins["rejoined" if joined.rejoined else "joined"] += 1
            log.info("participant joined", participant=who, role=arrival.role, **context)
        except HasToWait as waits:
            try:
                self._wait(connection, message, meeting, waits)
            except Refused as refused:
                self._carrier.refuse(connection, refused, message.id)
        except Refused as refused:
            self._metrics.joins[refused.code] += 1
            # Of a token the log says more, for whoever sets up a login; never the token itself.
            why = {"why": refused.text} if refused.code is ErrorCode.BAD_TOKEN else {}
            log.info("join refused", code=refused.code, **why, **context)
            if self._waits_on(connection, refused):
                return
            if refused.code == ErrorCode.DUPLICATE and isinstance(message, Resume):
                connection.close(CloseCode.REPLACED)
                return
            connection.since = asyncio.get_running_loop().time()
            self._carrier.refuse(connection, refused, message.id)
        except Exception:
            log.exception("join failed", **context)
            connection.close(CloseCode.INTERNAL_ERROR)
        finally:
            self._metrics.join_seconds.observe(time.perf_counter() - began)
            connection.release()
            self._answered(connection)

    def _wait(self, connection: Connection, message: Join | Resume, room: str, waits: HasToWait) -> None:
        if connection.closing:
            return
        if connection not in self._held:
            held = self._held.of_network(connection.client.network)
            self._limits.hold("waiting", connection.client, held, WAITING_RETRY)
            self._count_knock(connection, room, waits)
        log.info("participant waits to be let in", meeting=room, connection=connection.number)
        # Whoever is let in is the one who knocked, however long ago: the token may have expired meanwhile.
        self._held.hold(connection, partial(self._again, connection, message), waits.proof)
        connection.wait()
        knocking = self._admission.door.knocking(connection, message, room, waits)
        self._carrier.carry_out(self._hub.wait(knocking, clock.monotonic()))
        if self._hub.waiting.of(connection) is None:
            # So many wait that there is no place.
            self._held.release(connection)
            connection.wait_no_more()

    def _count_knock(self, connection: Connection, room: str, waits: HasToWait) -> None:
        """Raises `Refused`: those in charge are told of each knock, and that it is over. Whoever waits already, and has
        lost the connection, knocks no more than once."""
        found = self._hub.rooms.get(room)
        if found is None or waits.proof.user_id not in found.knocks:
            client = connection.client
            self._limits.take("knocks", client, f"{client.network} {room}")

    def _again(self, connection: Connection, message: Join | Resume, proof: Proof) -> None:
        if connection.closing or connection.is_held:
            return
        if isinstance(message, Join):
            self.join(connection, msgspec.structs.replace(message, create=False), proof)
        elif proof.session is not None:
            session = proof.session
            admission = self._join_limits.readmit(connection, message, session, proof)
            self._ask_for_a_seat(connection, message, session.room, admission)

    def let_in(self, effect: LetIn) -> None:
        """Ask once more for the seat that the connection waits for."""
        self._held.ask_again(effect.connection)

    def lost(self, connection: Connection) -> None:
        self._held.release(connection)

    def _waits_on(self, connection: Connection, refused: Refused) -> bool:
        """Whether a connection that waits goes on waiting although its join was refused."""
        if connection not in self._held:
            return False
        if refused.code is ErrorCode.UNAVAILABLE:
            # Unless it is answered until then: another change may have had it asked again.
            asyncio.get_running_loop().call_later(
                refused.retry_after or RETRY, self._held.ask_again, connection
            )
            return True
        self._held.release(connection)
        connection.wait_no_more()
        waits = self._hub.waiting.of(connection)
        if waits is not None:
            self._carrier.carry_out(self._hub.waiting.end(*waits, "left", clock.monotonic()))
        return False

    def _put_back(self, joined: Joined) -> None:
        """Nobody is seated by this join: whoever has the place keeps the name, and gets the role and rights."""
        who, hub = joined.participant, self._hub
        room = hub.rooms.get(who.room)
        if room is not None and (member := room.member_of(who.user_id)) is not None:
            name = hub.renaming.put_back(room, member, who.name, joined.stay.instance, member.name)
            self._carrier.carry_out(name + hub.changes.compare(room, member, who.role, rights_of(who.may)))
