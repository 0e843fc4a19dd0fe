"""Frames of sound and picture, as aiortc's encoders take them."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from av import AudioFrame, VideoFrame

SAMPLE_RATE = 48_000
SAMPLES = 960
"""20 ms: one packet of Opus."""

SOUND = Fraction(1, SAMPLE_RATE)
PICTURES = Fraction(1, 90_000)
"""RTP clock rates (RFC 7587 section 4.1, RFC 7741 section 4.1)."""

LONGEST = 1280
"""Pixels. aiortc's encoder sends at most 1.5 Mbit/s, at which more than 1280 by 720 only looks worse."""

Layout = Literal["mono", "stereo"]
_BYTES: dict[Layout, int] = {"mono": 2, "stereo": 4}


def sound(samples: bytes, pts: int, layout: Layout) -> AudioFrame:
    """A frame of these samples, 16 bits each at 48 kHz, channels in turn."""
    frame = AudioFrame("s16", layout, len(samples) // _BYTES[layout])
    frame.planes[0].update(samples)
    frame.sample_rate = SAMPLE_RATE
    frame.pts = pts
    frame.time_base = SOUND
    return frame


def fitting(width: int, height: int, aspect: Fraction = Fraction(1)) -> tuple[int, int]:
    """The size to send a picture in: even, in square pixels. `aspect`: the width of its pixels over their height."""
    wide = width * aspect
    shrink = max(Fraction(1), wide / LONGEST, Fraction(height, LONGEST))
    return max(2, round(wide / shrink / 2) * 2), max(2, round(height / shrink / 2) * 2)


def fitted(frame: VideoFrame) -> VideoFrame:
    width, height = fitting(frame.width, frame.height)
    return frame.reformat(width, height, "yuv420p")


def copied(frame: VideoFrame) -> VideoFrame:
    """A copy for another encoder: encoders change their frames. The frame is `yuv420p`."""
    copy = VideoFrame(frame.width, frame.height, "yuv420p")
    for mine, theirs in zip(copy.planes, frame.planes, strict=True):
        if mine.line_size == theirs.line_size:
            mine.update(bytes(theirs))
            continue
        to, of = memoryview(mine), memoryview(theirs)
        for row in range(mine.height):
            start, begin = row * mine.line_size, row * theirs.line_size
            to[start : start + mine.width] = of[begin : begin + mine.width]
    copy.pts = frame.pts
    if frame.time_base is not None:
        copy.time_base = frame.time_base
    return copy
