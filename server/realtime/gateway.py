"""Between the sockets and the hub: decodes what comes in, carries out the effects that come out, keeps the time.

Everything here runs on the event loop and, but for joins on their way to the store, at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Coroutine, Iterable
from typing import Any

import structlog

from server.network.limits import Limits
from server.realtime import liveness
from server.realtime.admission import Admission
from server.realtime.attendance_writer import Recorder
from server.realtime.carrier import Carrier
from server.realtime.connection import Buffer, Connection
from server.realtime.join_limits import JoinLimits
from server.realtime.open_sockets import OpenSockets, room_for_sockets
from server.realtime.overload import Overload, Rank
from server.runtime import clock
from server.runtime.metrics import Metrics
from server.runtime.retry_after import away_for
from server.settings.config import Config
from signalling.protocol.client_messages import BadMessage, Join, Resume, decode
from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.rooms import server_messages
from signalling.rooms.commands import refuse
from signalling.rooms.effects import Close, Departure, Effect, Send, StayEnded
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Arrival, Goodbye
from signalling.rooms.telling import DELAY
from storage.records import Joined

log = structlog.get_logger()

TICK = 0.25
FORGOTTEN_AFTER = 10
"""Grace times after which it does not matter any more when a join was asked for that failed."""
STANDSTILL = 2.0
"""Seconds between two ticks that are no longer taken for load."""


class Gateway:
    """Owns the open connections. `connection.Gateway` is what they see of it."""

    def __init__(
        self, config: Config, hub: Hub, admission: Admission, recorder: Recorder, metrics: Metrics
    ) -> None:
        self.limits = Limits(config.limits, metrics)
        self.allowed_origins = config.allowed_origins
        self.proxies = config.trusted_proxies
        self.hosts = config.hosts
        self.base_path = config.base_path
        self.message_rate = config.message_rate
        self.draining = False
        self.overload = Overload(config.overload, metrics)
        self.sockets = OpenSockets(config.max_unjoined, metrics, room_for_sockets())
        self._heartbeat = config.heartbeat
        self._hub = hub
        self._admission = admission
        self._join_limits = JoinLimits(self.limits, admission)
        self._recorder = recorder
        self._metrics = metrics
        self._carrier = Carrier(admission, recorder, metrics)
        self._release: asyncio.TimerHandle | None = None
        self._telling: asyncio.Handle | None = None
        self._connections: set[Connection] = set()
        self._joins: set[asyncio.Task[None]] = set()
        self._clock: asyncio.Task[None] | None = None
        metrics.connections = lambda: self.connections
        metrics.rooms = lambda: len(hub.rooms)
        metrics.log_bytes = lambda: hub.logs.size

    def start(self) -> None:
        self._clock = asyncio.create_task(self._keep_time())

    @property
    def connections(self) -> int:
        return len(self._connections)

    @property
    def joins(self) -> int:
        """How many joins are on their way to the store."""
        return len(self._joins)

    def drain(self) -> None:
        """Let nobody in from now on."""
        self.draining = True

    def record_absent(self) -> None:
        """This process will not see whether those who are away come back: they left when they were lost."""
        for end in self._hub.lost_stays():
            self._admission.stay_ended(end.room, end.user_id)
            self._recorder.record(end)

    async def stop(self, within: float) -> int:
        """Stop the clock and let joins on their way finish. Answers how many had not after `within` seconds."""
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.wait([self._clock])
            self._clock = None
        if not self._joins:
            return 0
        _, late = await asyncio.wait(self._joins, timeout=within)
        for join in late:
            join.cancel()
        if late:
            await asyncio.wait(late)
        return len(late)

    def going(self) -> Refused:
        """What is answered to who asks for something that this process will not live to see."""
        retry_after = round(1 + self._away_for(), 3)
        return Refused(ErrorCode.UNAVAILABLE, "The server is going away; try again.", retry_after=retry_after)

    def _away_for(self) -> float:
        return away_for(self.connections, self._hub.grace)

    def end_meeting(self, room: str) -> None:
        """Tell everyone in the room that it is over; the store knows already."""
        self._admission.meeting_ended(room)
        self._carry_out(self._hub.end(room, clock.monotonic()))

    def revoked(self, user_ids: Collection[str]) -> None:
        """The credentials of these users are void: part with them wherever they are, or are on their way to."""
        self._admission.revoked(user_ids)
        for room in tuple(self._hub.rooms.values()):
            for member in [each for each in room if each.user_id in user_ids]:
                self._carry_out(self._hub.remove(room, member, CloseCode.REVOKED, clock.monotonic()))

    def meeting_asked_for(self, room: str, *, created: bool, **context: object) -> None:
        """Say in the log what became of a request to create a meeting."""
        text = "meeting created" if created else "meeting already exists, returning existing meeting"
        log.info(text, meeting=room, **context)

    def goodbye(self, said: Goodbye) -> None:
        """A page goes, as it says over HTTP."""
        effects = self._hub.goodbye(said, clock.monotonic())
        if effects is None:
            return
        log.info("page said goodbye", meeting=said.room, instance=said.instance, back_in=said.back_in)
        self._carry_out(effects)

    # What connections report.

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)
        if self.draining:
            # Too late for the round that tells everyone, and too early for a frame: the handshake is not written yet.
            asyncio.get_running_loop().call_soon(self.going_away, connection)
        log.debug("connection opened", connection=connection.number, remote=connection.client.address)

    def count(self, connection: Connection) -> None:
        refused = self.limits.opened(connection.client)
        if refused is not None:
            # By a message, not by a status, which browsers keep from pages: so they know when to come back.
            self._refuse(connection, refused)

    def upgrade_refused(self, connection: Connection, status: int, why: str) -> None:
        self._metrics.upgrades_refused += 1
        log.info(
            "connection refused",
            connection=connection.number,
            remote=connection.client.address,
            status=status,
            why=why,
        )

    def received(self, connection: Connection, data: Buffer) -> None:
        try:
            message = decode(data)
        except BadMessage as error:
            self._refuse(connection, error, error.message_id)
            return
        self._metrics.received[type(message)] += 1
        if (
            not connection.joined
            and isinstance(message, Join | Resume)
            and self._turned_away(connection, message)
        ):
            return
        try:
            if not connection.joined and isinstance(message, Join):
                admission = self._join_limits.admit(connection, message)
                self._ask_for_a_seat(connection, message, message.meeting, admission)
                return
            if not connection.joined and isinstance(message, Resume):
                self._resume(connection, message)
                return
            self._carry_out(self._hub.receive(connection, message, clock.monotonic()))
        except Exception:
            log.exception("message failed", type=type(message).__name__, **self._who(connection))
            connection.close(CloseCode.INTERNAL_ERROR)

    def _turned_away(self, connection: Connection, message: Join | Resume) -> bool:
        """Whether nobody is let in, or not now."""
        if self.draining:
            log.info("join refused", code=ErrorCode.UNAVAILABLE, connection=connection.number)
            refused: Refused | None = self.going()
        else:
            # Without a line in the log: it has one for all of them.
            refused = self.overload.refusal(Rank.JOIN if isinstance(message, Join) else Rank.RESUME)
        if refused is None:
            return False
        self._metrics.joins[ErrorCode.UNAVAILABLE] += 1
        self._refuse(connection, refused, message.id)
        return True

    def flooded(self, connection: Connection) -> None:
        log.info("connection sends too much", **self._who(connection))
        self._refuse(connection, Refused(ErrorCode.RATE_LIMITED, retry_after=1.0))

    def behind(self, connection: Connection) -> None:
        log.info("connection reads too slowly", **self._who(connection))
        connection.close(CloseCode.TOO_SLOW)

    def going_away(self, connection: Connection) -> None:
        if connection.is_held:
            # Its join is on the way: it is told behind the answer, without which it could not come back to its place.
            return
        delay = round(self._away_for(), 3)
        self._carry_out(
            [Send(connection, server_messages.going_away(delay)), Close(connection, CloseCode.GOING_AWAY)]
        )

    def closing(self, connection: Connection) -> None:
        """The server closes it. A peer that is gone does not finish the handshake, and is not waited for."""
        self._lost(connection)

    def lost(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self.limits.closed(connection.client)
        self._metrics.closed[connection.close_code] += 1
        self._lost(connection)

    def _lost(self, connection: Connection) -> None:
        goodbye = connection.goodbye
        if self._hub.seated(connection) is not None:
            text = "connection closed, place kept for a moment" if goodbye else "connection lost, place kept"
            log.info(text, code=connection.close_code, **self._who(connection))
        self._carry_out(self._hub.lost(connection, clock.monotonic(), goodbye=goodbye))

    # What happens to them.

    def _resume(self, connection: Connection, resume: Resume) -> None:
        try:
            session, back = self._admission.returning(connection, resume)
        except Refused as refused:
            self._refuse(connection, refused, resume.id)
            return
        effects = self._hub.resume(back, clock.monotonic())
        if effects is None:
            admission = self._admission.readmit(connection, resume, session)
            self._ask_for_a_seat(connection, resume, session.room, admission)
            return
        self._carry_out(effects)
        seat = self._hub.seated(connection)
        if seat is None:
            self._metrics.resumes["replaced"] += 1
            return
        connection.seat()
        (answer,) = [
            effect.payload
            for effect in effects
            if isinstance(effect, Send)
            and effect.payload.startswith((b'{"type":"resumed"', b'{"type":"joined"'))
        ]
        self._metrics.resumed(answer)
        log.info("participant resumed", **self._who(connection))

    def _ask_for_a_seat(
        self,
        connection: Connection,
        message: Join | Resume,
        meeting: str,
        admission: Coroutine[Any, Any, tuple[Arrival, Joined]],
    ) -> None:
        connection.hold()
        task = asyncio.create_task(self._join(connection, message, meeting, admission))
        self._joins.add(task)
        task.add_done_callback(self._joins.discard)

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
                self._not_seated(arrival, joined)
                return
            if isinstance(message, Join) and message.create:
                self.meeting_asked_for(meeting, created=joined.created, connection=connection.number)
            if joined.rejoined:
                log.info(
                    "participant already exists, updating status",
                    participant=arrival.participant_id,
                    **context,
                )
            connection.seat()
            if self._telling is None:
                # Behind the other joins that were recorded together with it.
                self._telling = asyncio.get_running_loop().call_soon(self._tell_soon)
            self._carry_out(self._hub.join(arrival, clock.monotonic(), soon=True))
            self._metrics.joins["rejoined" if joined.rejoined else "joined"] += 1
            log.info("participant joined", participant=arrival.participant_id, role=arrival.role, **context)
        except Refused as refused:
            self._metrics.joins[refused.code] += 1
            log.info("join refused", code=refused.code, **context)
            if refused.code == ErrorCode.DUPLICATE and isinstance(message, Resume):
                connection.close(CloseCode.REPLACED)
                return
            connection.since = asyncio.get_running_loop().time()
            self._refuse(connection, refused, message.id)
        except Exception:
            log.exception("join failed", **context)
            connection.close(CloseCode.INTERNAL_ERROR)
        finally:
            self._metrics.join_seconds.observe(time.perf_counter() - began)
            connection.release()
            if self.draining:
                self.going_away(connection)

    def _not_seated(self, arrival: Arrival, joined: Joined) -> None:
        """The joiner went away while the join was recorded: unless they are here by another socket, end that stay."""
        here = self._hub.present_stay(arrival.room, arrival.user_id, clock.monotonic())
        if here is not None:
            # The record has the instance of the page that is gone. Who is on the way in is recorded after this.
            self._admission.stay_ended(arrival.room, arrival.user_id)
            self._recorder.record(here)
        else:
            # A page may come back to a stay it knows; of one that has just begun nobody has heard.
            reason: Departure = "lost" if joined.continued else "left"
            stay = arrival.room, arrival.user_id, arrival.participant_id, arrival.session_id
            self._carry_out([StayEnded(*stay, clock.monotonic(), reason)])

    def _refuse(self, connection: Connection, refused: Refused, message_id: int | None = None) -> None:
        self._metrics.refused[refused.code] += 1
        self._carry_out(refuse(connection, refused, message_id))

    def _who(self, connection: Connection) -> dict[str, object]:
        """What a log line about a connection says."""
        seat = self._hub.seated(connection)
        if seat is None:
            return {"connection": connection.number}
        return {"connection": connection.number, "meeting": seat.room.id, "participant": seat.member.id}

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        self._carrier.carry_out(effects)
        if self._release is None and self._hub.keeps_back:
            self._release = asyncio.get_running_loop().call_later(DELAY, self._release_now)

    def _tell_soon(self) -> None:
        self._telling = None
        try:
            self._carry_out(self._hub.tell_soon(clock.monotonic()))
        except Exception:
            log.exception("telling failed")

    # Time.

    def _release_now(self) -> None:
        self._release = None
        try:
            self._carry_out(self._hub.release(clock.monotonic()))
        except Exception:
            log.exception("release failed")

    async def _keep_time(self) -> None:
        loop = asyncio.get_running_loop()
        now = clock.monotonic()
        while True:
            await asyncio.sleep(TICK)
            try:
                before, now = now, clock.monotonic()
                if now - before > STANDSTILL:
                    log.warning("the server stood still", seconds=round(now - before, 3))
                    self._hub.stood_still(now - before, now)
                self._carry_out(self._hub.tick(now))
                self._admission.forget(now - FORGOTTEN_AFTER * self._hub.grace)
                self._carry_out(self._admission.ice.due(self._connections, now))
                liveness.check(self._connections, self._heartbeat, loop.time(), self._who)
            except Exception:
                log.exception("tick failed")
