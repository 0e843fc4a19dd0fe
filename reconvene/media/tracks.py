"""Tracks that participants without devices send: a test picture, a tone, or frames from other tracks.

Frames are sent as they are made. If a machine cannot keep up, pictures and sound are dropped, so nothing lags behind
the clock or piles up.
"""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack, convert_timebase
from av import AudioFrame, VideoFrame
from av.frame import Frame
from av.packet import Packet
from av.video.frame import PictureType

from reconvene.media.color_bars import Pattern
from reconvene.media.frames import PICTURES, SAMPLE_RATE, SAMPLES, SOUND, fitted, fitting, sound

Clock = Callable[[], float]
"""Seconds since the epoch."""

Kind = Literal["audio", "video"]
Media = AudioFrame | VideoFrame

BEEP = 0.1
"""Seconds that light and beep last at the start of each second."""

KEPT = Fraction(1, 5)
"""Most seconds of sound that wait to be sent."""
REPEAT = 1.0
"""Seconds after which the last picture is repeated: a requested keyframe is only sent with the next picture."""
JUMP = 10
"""A step of more seconds ahead, or any step back, means that the source's clock was reset."""


class Pace:
    """Ticks aligned with the clock: at each full second there is one.

    A caller more than `patience` seconds late gets the tick that is due, without the missed ones.
    """

    def __init__(self, rate: int, patience: float, clock: Clock) -> None:
        self._rate = rate
        self._patience = patience
        self._clock = clock
        self._start = 0.0
        self._tick: int | None = None

    def next(self, now: float) -> tuple[int, float]:
        """The number of the next tick, from 0, and the seconds until then. `now`: seconds of a monotonic clock."""
        if self._tick is None:
            self._start = now + -self._clock() % (1 / self._rate)
            self._tick = 0
        else:
            self._tick += 1
            if now - self._due(self._tick) > self._patience:
                self._tick = max(self._tick, math.floor((now - self._start) * self._rate))
        return self._tick, max(0.0, self._due(self._tick) - now)

    async def tick(self) -> int:
        """Waits for the next tick and returns its number."""
        number, wait = self.next(asyncio.get_running_loop().time())
        await asyncio.sleep(wait)
        return number

    def _due(self, number: int) -> float:
        return self._start + number / self._rate


class Picture(MediaStreamTrack):
    """A test picture with a name, a running clock, something that moves, and a light that is on when `Tone` beeps."""

    kind = "video"

    def __init__(
        self,
        name: str,
        number: int = 1,
        *,
        width: int = 640,
        height: int = 360,
        rate: int = 15,
        clock: Clock = time.time,
    ) -> None:
        super().__init__()
        self._pattern = Pattern(name, number, width, height)
        self._rate = rate
        self._clock = clock
        self._pace = Pace(rate, 1 / rate, clock)

    async def recv(self) -> VideoFrame:
        _alive(self)
        tick = await self._pace.tick()
        _alive(self)
        now = self._clock()
        frame = self._pattern.draw(now, light=now % 1 < BEEP)
        frame.pts = round(tick / (self._rate * PICTURES))
        frame.time_base = PICTURES
        return frame


class Tone(MediaStreamTrack):
    """A soft tone, with a pitch for each `number`, and a beep at each full second."""

    kind = "audio"

    def __init__(self, number: int = 1, *, clock: Clock = time.time) -> None:
        super().__init__()
        # Multiples of 50 Hz: a whole number of waves in 20 ms, so that every frame is the same and none clicks.
        pitch = 200 + 50 * (number % 12)
        self._quiet = _waves({pitch: 0.05})
        self._beep = _waves({pitch: 0.05, 1000: 0.2})
        self._clock = clock
        self._pace = Pace(SAMPLE_RATE // SAMPLES, float(KEPT), clock)

    async def recv(self) -> AudioFrame:
        _alive(self)
        tick = await self._pace.tick()
        _alive(self)
        return sound(self._beep if self._clock() % 1 < BEEP else self._quiet, tick * SAMPLES, "mono")


def _waves(strengths: dict[int, float]) -> bytes:
    """20 ms of sine waves, strength (1 is the loudest there is) by frequency in Hz."""
    return array(
        "h",
        (
            round(
                32767
                * sum(s * math.sin(math.tau * hertz * n / SAMPLE_RATE) for hertz, s in strengths.items())
            )
            for n in range(SAMPLES)
        ),
    ).tobytes()


class Newest(MediaStreamTrack):
    """Forwards the frames put in, keeping only the newest: one picture, or the last 200 ms of sound.

    For one reader. Sources may change and restart their clocks; the output has one continuous clock. Pictures above
    the useful size are made smaller.
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self.dropped = 0
        """Frames that were not read in time."""
        self._time_base = SOUND if kind == "audio" else PICTURES
        self._frames: deque[Media] = deque()
        self._kept = Fraction(0)
        self._shown: Media | None = None
        self._wake: asyncio.Future[None] | None = None
        # The last output time, in time bases, and the loop's time at that moment.
        self._last = -1
        self._last_at = 0.0
        self._offset: int | None = None

    def put(self, frame: Media) -> None:
        """Never waits. The track takes over the frame."""
        if self.readyState != "live":
            return
        self._frames.append(frame)
        self._kept += _duration(frame)
        while len(self._frames) > 1 and (self.kind == "video" or self._kept > KEPT):
            self._kept -= _duration(self._frames.popleft())
            self.dropped += 1
        self._rouse()

    def clear(self) -> None:
        """Forget the last picture: the camera was turned off."""
        self._frames.clear()
        self._kept = Fraction(0)
        self._shown = None

    async def recv(self) -> Media:
        while True:
            _alive(self)
            if self._frames:
                frame = self._frames.popleft()
                self._kept -= _duration(frame)
                break
            if not await self._roused() and not self._frames and self._shown is not None:
                return self._stamped(self._shown, self._last + self._passed())
        moment = self._moment(frame)
        if isinstance(frame, VideoFrame):
            if fitting(frame.width, frame.height) != (frame.width, frame.height):
                frame = await asyncio.to_thread(fitted, frame)
            # An encoder would take the type from the file or the network as a request for that type.
            frame.pict_type = PictureType.NONE
            self._shown = frame
        return self._stamped(frame, moment)

    def stop(self) -> None:
        super().stop()
        self.clear()
        self._rouse()

    async def _roused(self) -> bool:
        """Wait for a new frame; False when it is time to repeat the last one."""
        self._wake = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(REPEAT if self._shown is not None else None):
                await self._wake
        except TimeoutError:
            return False
        finally:
            self._wake = None
        return True

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _moment(self, frame: Media) -> int:
        """The frame's time on the output clock."""
        theirs = 0
        if frame.pts is not None and frame.time_base is not None:
            theirs = convert_timebase(frame.pts, frame.time_base, self._time_base)
        if self._offset is None or not 0 < theirs + self._offset - self._last <= JUMP / self._time_base:
            # A new source clock: the output continues after the time that has passed.
            self._offset = self._last + self._passed() - theirs
        return theirs + self._offset

    def _passed(self) -> int:
        """Time bases since the last frame; at least one, so that times rise."""
        passed = asyncio.get_running_loop().time() - self._last_at
        return max(1, round(passed / self._time_base)) if self._last >= 0 else 1

    def _stamped(self, frame: Media, moment: int) -> Media:
        self._last = frame.pts = moment
        self._last_at = asyncio.get_running_loop().time()
        frame.time_base = self._time_base
        return frame


class Gate(MediaStreamTrack):
    """Passes on the frames of a track while it is open; while it is shut nothing is sent."""

    def __init__(self, track: MediaStreamTrack, *, is_open: bool = True) -> None:
        super().__init__()
        self.kind = track.kind
        self._track = track
        self._opened = asyncio.Event()
        self.set(is_open=is_open)

    def set(self, *, is_open: bool) -> None:
        if is_open:
            self._opened.set()
        else:
            self._opened.clear()

    async def recv(self) -> Frame | Packet[Any]:
        while True:
            await self._opened.wait()
            _alive(self)
            frame = await self._track.recv()
            # It may have been shut meanwhile.
            if self._opened.is_set():
                return frame

    def stop(self) -> None:
        super().stop()
        self._track.stop()
        # Whoever waits for a frame is told that there will be none.
        self._opened.set()


def _duration(frame: Media) -> Fraction:
    """Seconds of a sound frame; 0 for a picture."""
    return Fraction(frame.samples, frame.sample_rate) if isinstance(frame, AudioFrame) else Fraction(0)


def _alive(track: MediaStreamTrack) -> None:
    if track.readyState != "live":
        raise MediaStreamError
