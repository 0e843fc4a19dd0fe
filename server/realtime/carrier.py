"""Carries out the hub's effects: writes frames to sockets, hands ends and returns of stays to the attendance writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.connection import Connection
from server.realtime.frames import text_frame
from server.realtime.hand_writer import HandWriter
from server.realtime.pending_joins import PendingJoins
from server.runtime import clock
from server.runtime.metrics import Metrics
from signalling.protocol.errors import Refused
from signalling.rooms.commands import refuse
from signalling.rooms.effects import Broadcast, Close, Effect, Send, StayEnded, StayResumed, Together
from signalling.rooms.hands import RECORDED
from signalling.rooms.hub import Hub
from signalling.rooms.telling import DELAY

log = structlog.get_logger()


class Carrier:
    def __init__(
        self, hub: Hub, pending: PendingJoins, writer: AttendanceWriter, hands: HandWriter, metrics: Metrics
    ) -> None:
        self._hub = hub
        self._pending = pending
        self._writer = writer
        self._hands = hands
        self._metrics = metrics
        self.others: dict[type[Effect], Callable[[Any], None]] = {}
        """Who carries out the other effects."""
        self._under_way = False
        self._behind: list[Effect] = []
        self._release: asyncio.TimerHandle | None = None
        self._telling: asyncio.Handle | None = None

    def carry_out(self, effects: Iterable[Effect]) -> None:
        """Carry out the effects in order. Effects that these cause (closing a socket that reads too slowly) are
        carried out after all of them, so that everyone gets events in the same order."""
        if self._under_way:
            self._behind += effects
            return
        self._under_way = True
        try:
            self._do(effects)
            while self._behind:
                behind, self._behind = self._behind, []
                self._do(behind)
        finally:
            self._under_way = False
        if self._hub.hands:
            changed = self._hub.hands.take()
            self._pending.hands_changed(changed)
            self._record_hands(changed)
        if self._release is None and self._hub.keeps_back:
            self._release = asyncio.get_running_loop().call_later(DELAY, self._release_now)

    def _record_hands(self, changed: Mapping[str, RECORDED]) -> None:
        self._hands.record(changed)

    def refuse(self, connection: Connection, refused: Refused, message_id: int | None = None) -> None:
        self._metrics.refused[refused.code] += 1
        self.carry_out(refuse(connection, refused, message_id))

    def tell_soon(self) -> None:
        """Announce joins on the loop's next turn, together with others that the store recorded at the same moment."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_soon(self._tell_now)

    def _tell_now(self) -> None:
        self._telling = None
        try:
            self.carry_out(self._hub.tell_soon(clock.monotonic()))
        except Exception:
            log.exception("telling failed")

    def _release_now(self) -> None:
        self._release = None
        try:
            self.carry_out(self._hub.release(clock.monotonic()))
        except Exception:
            log.exception("release failed")

    def _do(self, effects: Iterable[Effect]) -> None:
        metrics = self._metrics
        # Of events that several are told, each with others.
        frames: dict[bytes, bytes] = {}
        for effect in effects:
            if isinstance(effect, Broadcast):
                frame = text_frame(effect.payload)
                for connection in effect.to:
                    connection.tell(frame)
                metrics.delivered += len(effect.to)
            elif isinstance(effect, Send):
                effect.to.write(text_frame(effect.payload))
                metrics.delivered += 1
            elif isinstance(effect, Together):
                written = b"".join(
                    [
                        frames.get(each) or frames.setdefault(each, text_frame(each))
                        for each in effect.payloads
                    ]
                )
                for connection in effect.to:
                    connection.tell(written)
                metrics.delivered += len(effect.to) * len(effect.payloads)
            elif isinstance(effect, StayEnded):
                metrics.departures[effect.reason] += 1
                self._pending.stay_ended(effect.room, effect.user_id)
                self._writer.record(effect)
                log.info(
                    "participant left",
                    meeting=effect.room,
                    participant=effect.participant_id,
                    reason=effect.reason,
                )
            elif isinstance(effect, Close):
                effect.to.close(effect.code)
            elif isinstance(effect, StayResumed):
                self._writer.record(effect)
            else:
                self.others[type(effect)](effect)
