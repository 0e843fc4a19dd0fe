"""A test picture: bars, a name, a clock with milliseconds, a light, and a block that moves to and fro.

It is drawn with bytes: nearly everything is the same in every picture, and only a few rows change. That takes a
fraction of a millisecond; encoding takes several.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from av import VideoFrame

from reconvene.media.bitmap_font import PITCH, ROWS, plain, rows

# SMPTE bars at 75 %: luma, and blue and red difference (ITU-R BT.601).
_BARS = [
    (180, 128, 128),
    (162, 44, 142),
    (131, 156, 44),
    (112, 72, 58),
    (84, 184, 198),
    (65, 100, 212),
    (35, 212, 114),
]
_PAPER, _INK, _TRACK, _BLOCK = 28, 225, 60, 220
_GREY = 128
_LAMP, _LIT = (20, _GREY, _GREY), 235
_TINTS = [(100, 150), (150, 100), (110, 110), (150, 150), (128, 160), (160, 128), (96, 128), (128, 96)]
"""Tints of the paper, to tell several senders apart."""

_CLOCK = 12
"""The number of letters of `09:00:00.000`."""

_ACROSS = 4.0
"""Seconds for the block's way there and back."""


class Pattern:
    """`width` and `height` in pixels, rounded down to even numbers; at least 96 by 48."""

    def __init__(self, name: str, number: int, width: int, height: int) -> None:
        self.width, self.height = max(96, width & ~1), max(48, height & ~1)
        strides = [plane.line_size for plane in VideoFrame(self.width, self.height, "yuv420p").planes]
        # From the top: bars, paper with the name and the clock, the track of the block.
        self._paper = self.height // 4
        self._track = self.height - self.height // 8
        # The page crops pictures left and right to fit its tiles.
        self._safe = min(self.width, self.height * 11 // 10)
        self._clock_scale = self._fitting(_CLOCK)
        self._clock_top = (self._paper + self._track - ROWS * self._clock_scale) // 2 + self._clock_scale * 2
        self._stride = strides[0]
        planes = [bytearray().join(self._background(*at, number)) for at in enumerate(strides)]
        for plane, stride in enumerate(strides):
            self._light(memoryview(planes[plane]), stride, _LAMP[plane], 2 if plane else 1)
        self._names(memoryview(planes[0]), plain(name))
        self._planes = [bytes(plane) for plane in planes]

    def draw(self, now: float, *, light: bool) -> VideoFrame:
        """A picture with the time `now` (seconds since the epoch). It has no `pts` yet."""
        frame = VideoFrame(self.width, self.height, "yuv420p")
        for plane, content in zip(frame.planes, self._planes, strict=True):
            plane.update(content)
        luma = memoryview(frame.planes[0])
        self._write(luma, _clock(now), self._clock_top, self._clock_scale)
        self._block(luma, now)
        if light:
            self._light(luma, self._stride, _LIT)
        return frame

    def _fitting(self, letters: int) -> int:
        """How many pixels a dot can have if a line, one of three, must hold so many letters."""
        room = (self._track - self._paper) // (4 * ROWS)
        return max(1, min(room, self._safe // (letters * PITCH)))

    def _background(self, plane: int, stride: int, number: int) -> Iterator[bytes]:
        shrink = 2 if plane else 1
        width = self.width // shrink
        turned = _BARS[number % len(_BARS) :] + _BARS[: number % len(_BARS)]
        bars = bytes(turned[x * len(turned) // width][plane] for x in range(width))
        paper = (_PAPER, *_TINTS[number % len(_TINTS)])[plane]
        track = (_TRACK, _GREY, _GREY)[plane]
        yield bars.ljust(stride, b"\0") * (self._paper // shrink)
        yield bytes([paper]) * (stride * (self._track // shrink - self._paper // shrink))
        yield bytes([track]) * (stride * (self.height // shrink - self._track // shrink))

    def _names(self, luma: memoryview, name: str) -> None:
        """Write the sender's name and the clock's label."""
        scale = self._fitting(max(_CLOCK, len(name)))
        name = name[: self.width // (PITCH * scale)]
        self._write(luma, name, (self._paper + self._clock_top - ROWS * scale) // 2, scale)
        scale = max(1, self._clock_scale // 2)
        below = self._clock_top + ROWS * self._clock_scale
        self._write(luma, "UTC", (below + self._track - ROWS * scale) // 2, scale)

    def _write(self, luma: memoryview, text: str, top: int, scale: int) -> None:
        left = (self.width - len(text) * PITCH * scale) // 2
        for number, row in enumerate(rows(text, scale, _INK, _PAPER)):
            _fill(luma, self._stride, top + number * scale, scale, left, row)

    def _block(self, luma: memoryview, now: float) -> None:
        width = self.width // 12
        left = round(abs(now / _ACROSS % 1 * 2 - 1) * (self.width - width))
        _fill(luma, self._stride, self._track, self.height - self._track, left, bytes([_BLOCK]) * width)

    def _light(self, plane: memoryview, stride: int, value: int, shrink: int = 1) -> None:
        size = self._paper // 2 // shrink
        edge = size // 4
        left = (self.width + self._safe) // 2 // shrink - size - edge
        _fill(plane, stride, edge, size, left, bytes([value]) * size)


def _fill(plane: memoryview, stride: int, top: int, height: int, left: int, row: bytes) -> None:
    for start in range(top * stride + left, (top + height) * stride + left, stride):
        plane[start : start + len(row)] = row


def _clock(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%H:%M:%S.%f}"[:-3]
