"""The sound of one file: gapless from the start, whenever frames arrive. Times are seconds of the file."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from av import AudioFrame, AudioResampler

from reconvene.recorder.clock_mapping import ClockMapping
from reconvene.recorder.container_writer import RATE, SAMPLE

LOOKAHEAD = 0.4
"""Seconds for which sound is kept, so that the frames after it help to place it."""

LAG = 0.8
"""Seconds after which silence replaces missing sound: more than the lookahead plus ordinary lateness."""

EARLIER = 0.1
"""Seconds that sound may run late; beyond this it is moved forward, which loses some sound once."""

LATER = 0.3
"""Seconds by which sound may arrive late; beyond this the sender is taken to have paused."""

HELD = 0.02
"""Seconds by which aiortc delivers sound later than pictures: sound waits for four more packets (80 ms), a picture
until the next one begins (some 50 ms)."""

SECOND = RATE * SAMPLE


class _Sound(NamedTuple):
    sent: float
    arrival: float
    samples: bytes


class AudioTimeline:
    """Writes 48 kHz, 16-bit stereo in order. Of several sources the latest counts."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.write = write
        self._position = 0
        """Samples written so far."""
        self._source = -1
        self._mapping = ClockMapping(earlier=EARLIER, later=LATER)
        self._waiting: deque[_Sound] = deque()
        self._resampler: tuple[tuple[str, str, int], AudioResampler] | None = None

    def add(self, source: int, frame: AudioFrame, arrival: float) -> None:
        if source < self._source:
            return
        if source > self._source:
            self._release(len(self._waiting))
            self._source = source
            self._mapping = ClockMapping(earlier=EARLIER, later=LATER)
        for even in self._evened(frame):
            time_base = even.time_base or Fraction(1, RATE)
            samples = bytes(even.planes[0])[: even.samples * SAMPLE]
            self._waiting.append(_Sound(float((even.pts or 0) * time_base), arrival, samples))
        self._release_until(arrival - LOOKAHEAD)

    def tick(self, now: float) -> None:
        """Advance to `now`: write sound that has waited long enough, and silence for missing sound."""
        self._release_until(now - LOOKAHEAD)
        # Waiting sound will itself show how much silence precedes it.
        if not self._waiting:
            self._fill(round((now - LAG) * RATE))

    def finish(self, now: float) -> None:
        self._release(len(self._waiting))
        self._fill(round(now * RATE))

    def _release_until(self, arrival: float) -> None:
        count = 0
        for sound in self._waiting:
            if sound.arrival > arrival:
                break
            count += 1
        self._release(count)

    def _release(self, count: int) -> None:
        for _ in range(count):
            sound = self._waiting[0]
            ahead = ((next_one.sent, next_one.arrival) for next_one in islice(self._waiting, 1, None))
            at = round((self._mapping.place(sound.sent, sound.arrival, ahead) - HELD) * RATE)
            self._waiting.popleft()
            self._fill(at)
            samples = sound.samples[max(0, self._position - at) * SAMPLE :]
            if samples:
                self._hand_out(samples)

    def _fill(self, position: int) -> None:
        while (missing := (position - self._position) * SAMPLE) > 0:
            self._hand_out(bytes(min(missing, SECOND)))

    def _hand_out(self, samples: bytes) -> None:
        self._position += len(samples) // SAMPLE
        self.write(samples)

    def _evened(self, frame: AudioFrame) -> list[AudioFrame]:
        """Opus frames already have the right format; those of telephone codecs are resampled."""
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape == ("s16", "stereo", RATE):
            return [frame]
        if self._resampler is None or self._resampler[0] != shape:
            self._resampler = (shape, AudioResampler(format="s16", layout="stereo", rate=RATE))
        return self._resampler[1].resample(frame)
