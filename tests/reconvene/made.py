"""Frames as they come from aiortc, made here; and files as FFmpeg sees them."""

from __future__ import annotations

import json
import math
import struct
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av import AudioFrame, VideoFrame

RATE = 48_000
FRAME = 960
"""Samples in a frame of Opus: 20 ms."""


def picture(at: float, size: tuple[int, int] = (320, 180), luma: int = 120) -> VideoFrame:
    """Of one shade; `at` is the sender's time, in seconds."""
    frame = VideoFrame(*size, "yuv420p")
    for plane, value in zip(frame.planes, (luma, 128, 128), strict=True):
        plane.update(bytes((value,)) * plane.buffer_size)
    frame.pts, frame.time_base = round(at * 90_000), Fraction(1, 90_000)
    return frame


def sound(at: float, loud: bool = True) -> AudioFrame:
    """20 ms of a tone, or of silence."""
    frame = AudioFrame(format="s16", layout="stereo", samples=FRAME)
    frame.planes[0].update(tone() if loud else bytes(FRAME * 4))
    frame.sample_rate = RATE
    frame.pts, frame.time_base = round(at * RATE), Fraction(1, RATE)
    return frame


def tone() -> bytes:
    """Of 1 kHz, so that frames go on from one another."""
    values = (round(8000 * math.sin(2 * math.pi * 1000 * n / RATE)) for n in range(FRAME))
    return b"".join(struct.pack("<hh", value, value) for value in values)


def loudness(samples: bytes) -> list[bool]:
    """Of each 20 ms, whether there is a tone in most of it."""
    step = FRAME * 4
    heard = []
    for start in range(0, len(samples) - step + 1, step):
        values = struct.unpack(f"<{step // 2}h", samples[start : start + step])
        heard.append(sum(abs(value) > 500 for value in values) > len(values) / 2)
    return heard


@dataclass(frozen=True, slots=True)
class Played:
    """What a player gets out of a file. `pictures`: (seconds, luma in the middle); `heard` as of `loudness`."""

    size: tuple[int, int]
    pictures: list[tuple[float, int]]
    heard: list[bool]

    @property
    def seconds(self) -> float:
        """Of sound."""
        return len(self.heard) / 50

    def luma(self, at: float) -> int:
        """What is to be seen then."""
        return [luma for shown, luma in self.pictures if shown <= at][-1]

    def loud(self, first: float, last: float) -> float:
        """Which part of this time has a tone."""
        part = self.heard[round(first * 50) : round(last * 50)]
        return sum(part) / len(part)


def played(path: Path) -> Played:
    """All of it, by PyAV; fails if anything in it cannot be decoded."""
    pictures, samples = [], bytearray()
    with av.open(path) as container:
        video = container.streams.video[0]
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        for frame in container.decode(video, container.streams.audio[0]):
            if isinstance(frame, VideoFrame):
                plane = frame.planes[0]
                middle = frame.height // 2 * plane.line_size + frame.width // 2
                pictures.append((frame.time, bytes(plane)[middle]))
            elif isinstance(frame, AudioFrame):
                for even in resampler.resample(frame):
                    samples += bytes(even.planes[0])[: even.samples * 4]
        return Played((video.width, video.height), pictures, loudness(bytes(samples)))


def probed(path: Path, *options: str) -> dict[str, Any]:
    """ffprobe's view: `streams`, `format`. Fails if it complains."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-count_frames", "-show_streams", "-show_format"]
    done = subprocess.run([*command, *options, str(path)], capture_output=True, text=True, check=True)
    assert not done.stderr, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def frames_of(probe: dict[str, Any], kind: str) -> int:
    (stream,) = [stream for stream in probe["streams"] if stream["codec_type"] == kind]
    return int(stream["nb_read_frames"])
