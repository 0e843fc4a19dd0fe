"""Carries a join from the message to the seat: through the limits, the admission and the store to the hub."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import msgspec
import structlog

from server.network.limits import Limits
from server.realtime.admission import Admission
from server.realtime.carrier import Carrier
from server.realtime.connection import Connection
from server.realtime.entry import HasToWait
from server.realtime.join_limits import JoinLimits
from server.realtime.log_context import of_connection
from server.runtime import clock
from server.runtime.metrics import Metrics
from signalling.protocol.client_messages import Join, Resume
from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.rooms.effects import Departure, LetIn, Send, StayEnded
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
        self._limits = limits
        self._join_limits = JoinLimits(limits, admission)
        self._carrier = carrier
        self._metrics = metrics
        self._answered = answered
        # How to ask once more for the seat of those who wait to be let in.
        self._waiting: dict[Connection, Callable[[], None]] = {}
        self._joins: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """Number of pending joins."""
        return len(self._joins)

    async def stop(self, within: float) -> int:
        """Wait for pending joins, then cancel them. Returns how many were unfinished after `within` seconds."""
        if not self._joins:
            return 0
        _, late = await asyncio.wait(self._joins, timeout=within)
        for join in late:
            join.cancel()
        if late:
            await asyncio.wait(late)
        return len(late)

    def join(self, connection: Connection, join: Join) -> None:
        self._ask_for_a_seat(connection, join, join.meeting, self._join_limits.admit(connection, join))

    def resume(self, connection: Connection, resume: Resume) -> None:
        try:
            session, back = self._admission.returning(connection, resume)
        except Refused as refused:
            self._carrier.refuse(connection, refused, resume.id)
            return
        effects = self._hub.resume(back, clock.monotonic())
        if effects is None:
            admission = self._admission.readmit(connection, resume, session)
            self._ask_for_a_seat(connection, resume, session.room, admission)
            return
        self._carrier.carry_out(effects)
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
        log.info("participant resumed", **of_connection(self._hub, connection))

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
                meeting_asked_for(meeting, created=joined.created, connection=connection.number)
            if joined.rejoined:
                log.info(
                    "participant already exists, updating status",
                    participant=arrival.participant_id,
                    **context,
                )
            self._waiting.pop(connection, None)
            connection.seat()
            self._carrier.tell_soon()
            self._carrier.carry_out(self._hub.join(arrival, clock.monotonic(), soon=True))
            self._metrics.joins["rejoined" if joined.rejoined else "joined"] += 1
            log.info("participant joined", participant=arrival.participant_id, role=arrival.role, **context)
        except HasToWait as waits:
            try:
                self._wait(connection, message, meeting, waits)
            except Refused as refused:
                self._carrier.refuse(connection, refused, message.id)
        except Refused as refused:
            self._metrics.joins[refused.code] += 1
            log.info("join refused", code=refused.code, **context)
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
        if connection not in self._waiting:
            network = connection.client.network
            held = sum(other.client.network == network for other in self._waiting)
            self._limits.hold("waiting", connection.client, held, WAITING_RETRY)
        log.info("participant waits to be let in", meeting=room, connection=connection.number)
        if isinstance(message, Join) and waits.token is not None:
            # Whoever is let in is the one who knocked.
            message = msgspec.structs.replace(message, token=waits.token)
        self._waiting[connection] = partial(self._again, connection, message)
        connection.wait()
        knocking = self._admission.knocking(connection, message, room, waits)
        self._carrier.carry_out(self._hub.wait(knocking, clock.monotonic()))
        if self._hub.waiting.of(connection) is None:
            # So many wait that there is no place.
            del self._waiting[connection]

    def _again(self, connection: Connection, message: Join | Resume) -> None:
        if connection.closing or connection.is_held:
            return
        if isinstance(message, Join):
            self.join(connection, message)
        else:
            self.resume(connection, message)

    def let_in(self, effect: LetIn) -> None:
        """Ask once more for the seat that the connection waits for."""
        self._retry(effect.connection)

    def _retry(self, connection: Connection) -> None:
        again = self._waiting.get(connection)
        if again is not None:
            again()

    def lost(self, connection: Connection) -> None:
        self._waiting.pop(connection, None)

    def _waits_on(self, connection: Connection, refused: Refused) -> bool:
        """Whether a connection that waits goes on waiting although its join was refused."""
        if connection not in self._waiting:
            return False
        if refused.code is ErrorCode.UNAVAILABLE:
            # Unless it is answered until then: another change may have had it asked again.
            asyncio.get_running_loop().call_later(refused.retry_after or RETRY, self._retry, connection)
            return True
        del self._waiting[connection]
        waits = self._hub.waiting.of(connection)
        if waits is not None:
            self._carrier.carry_out(self._hub.waiting.end(*waits, "left", clock.monotonic()))
        return False

    def _not_seated(self, arrival: Arrival, joined: Joined) -> None:
        """The joiner left while the join was recorded: end that stay, unless they have a place by another socket."""
        if not self._admission.record_again(arrival.room, arrival.user_id):
            # A page may return to a stay that was continued. It was never told of a new one.
            reason: Departure = "lost" if joined.continued else "left"
            stay = arrival.room, arrival.user_id, arrival.participant_id, arrival.session_id
            # A place that was restored knows when the stay began, also if the clock was set since.
            place = self._hub.present(arrival.room, arrival.user_id)
            is_same = place is not None and place.session_id == arrival.session_id
            began_at = place.began_at if place is not None and is_same else None
            self._carrier.carry_out([StayEnded(*stay, clock.monotonic(), reason, began_at)])
