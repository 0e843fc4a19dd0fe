"""Carries out what the hub wants done: frames to sockets, ends of stays to the record."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from server.admission import Admission
from server.frames import text_frame
from server.metrics import Metrics
from server.recorder import Recorder
from signalling.effects import Broadcast, Close, Effect, Send, StayEnded, StayResumed
from signalling.room import Handle

log = structlog.get_logger()


class Carrier:
    def __init__(self, admission: Admission, recorder: Recorder, metrics: Metrics) -> None:
        self._admission = admission
        self._recorder = recorder
        self._metrics = metrics

    def carry_out_together(self, effects: Iterable[Effect]) -> None:
        """As `carry_out`, for much at once: all that a room is told is one write to each socket, before what is for
        single ones."""
        rooms: dict[int, tuple[tuple[Handle, ...], list[bytes]]] = {}
        others: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Broadcast):
                # Who is told is one tuple for as long as it is the same sockets.
                rooms.setdefault(id(effect.to), (effect.to, []))[1].append(text_frame(effect.payload))
            else:
                others.append(effect)
        for to, frames in rooms.values():
            written = b"".join(frames)
            for connection in to:
                connection.tell(written)
            self._metrics.delivered += len(to) * len(frames)
        self.carry_out(others)

    def carry_out(self, effects: Iterable[Effect]) -> None:
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
