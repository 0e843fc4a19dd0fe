"""Carries out what the hub wants done: frames to sockets, ends of stays to the record."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from server.realtime.admission import Admission
from server.realtime.attendance_writer import Recorder
from server.realtime.frames import text_frame
from server.runtime.metrics import Metrics
from signalling.rooms.effects import Broadcast, Close, Effect, Send, StayEnded, StayResumed, Together

log = structlog.get_logger()


class Carrier:
    def __init__(self, admission: Admission, recorder: Recorder, metrics: Metrics) -> None:
        self._admission = admission
        self._recorder = recorder
        self._metrics = metrics
        self._under_way = False
        self._behind: list[Effect] = []

    def carry_out(self, effects: Iterable[Effect]) -> None:
        """In order. What follows from an effect, as when a socket that reads too slowly is closed, is carried out when
        all of them are: events keep their order for everyone."""
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

    def _do(self, effects: Iterable[Effect]) -> None:
        metrics = self._metrics
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
                written = b"".join([text_frame(payload) for payload in effect.payloads])
                for connection in effect.to:
                    connection.tell(written)
                metrics.delivered += len(effect.to) * len(effect.payloads)
            elif isinstance(effect, StayEnded):
                metrics.departures[effect.reason] += 1
                self._admission.stay_ended(effect.room, effect.user_id)
                self._recorder.record(effect)
                log.info(
                    "participant left",
                    meeting=effect.room,
                    participant=effect.participant_id,
                    reason=effect.reason,
                )
            elif isinstance(effect, Close):
                effect.to.close(effect.code)
            elif isinstance(effect, StayResumed):
                self._recorder.record(effect)
