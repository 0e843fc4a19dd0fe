"""Files in a loop: in step, of sizes that fit, whatever they are; and what is no such file."""

from __future__ import annotations

import asyncio
import math
import os
import struct
import threading
from array import array
from fractions import Fraction
from itertools import pairwise, takewhile
from pathlib import Path

import av
import pytest
from av import AudioFrame, VideoFrame
from av.stream import Disposition

from reconvene.media.file_loop import FileLoop, Media
from reconvene.media.frames import SAMPLES
from reconvene.media.shared_file import BadClip, Clip

CODECS = {
    "mp4": ("libx264", "aac"),
    "webm": ("libvpx", "libopus"),
    "mkv": ("ffv1", "flac"),
    "mp3": ("", "libmp3lame"),
}
START = 0.3
"""Seconds at the beginning of which there are light and sound; dark and silence follow."""


def shade(size: tuple[int, int], left: int, right: int) -> VideoFrame:
    frame = VideoFrame(*size, "yuv420p")
    for index, plane in enumerate(frame.planes):
        half = plane.width // 2
        row = bytes([left]) * half + bytes([right]) * (plane.line_size - half)
        plane.update((row if index == 0 else bytes([128]) * plane.line_size) * plane.height)
    return frame


def film(
    path: Path,
    *,
    pictures: float = 1.0,
    sound: float = 1.0,
    size: tuple[int, int] = (64, 48),
    rate: int = 20,
    aspect: Fraction | None = None,
    split: bool = False,
    begins: float = 0.0,
) -> Path:
    """A file with so many seconds of pictures and sound; 0 for none. `split`: the left half of pictures is light."""
    picture_codec, sound_codec = CODECS[path.suffix[1:]]
    with av.open(str(path), "w") as out:
        seen = out.add_stream(picture_codec, rate=rate) if pictures else None
        heard = out.add_stream(sound_codec, rate=48_000) if sound else None
        if isinstance(seen, av.VideoStream):
            seen.width, seen.height, seen.pix_fmt = *size, "yuv420p"
            if aspect is not None:
                seen.codec_context.sample_aspect_ratio = aspect
        if isinstance(heard, av.AudioStream):
            heard.layout = "stereo"
        packets = []
        for number in range(round(pictures * rate)):
            light = 220 if number / rate < START else 30
            frame = shade(size, 220, 30) if split else shade(size, light, light)
            frame.pts, frame.time_base = number + round(begins * rate), Fraction(1, rate)
            assert isinstance(seen, av.VideoStream)
            packets += seen.encode(frame)
        for number in range(round(sound * 50)):
            loud = 9000 if number / 50 < START else 0
            wave = array(
                "h", (round(loud * math.sin(math.tau * n / 48)) for n in range(SAMPLES) for _ in "lr")
            )
            noise = AudioFrame("s16", "stereo", SAMPLES)
            noise.planes[0].update(wave.tobytes())
            noise.sample_rate, noise.pts, noise.time_base = 48_000, number * SAMPLES, Fraction(1, 48_000)
            noise.pts += round(begins * 48_000)
            assert isinstance(heard, av.AudioStream)
            packets += heard.encode(noise)
        for stream in (seen, heard):
            if isinstance(stream, av.VideoStream | av.AudioStream):
                packets += stream.encode(None)
        out.mux(sorted(packets, key=lambda each: (each.dts or 0) * each.time_base))
    return path


def first(file_loop: FileLoop, seconds: float) -> list[Media]:
    frames = file_loop.frames()
    taken = list(takewhile(lambda frame: (frame.time or 0) < seconds, frames))
    frames.close()
    return taken


def is_light(frame: VideoFrame) -> bool:
    return bytes(frame.planes[0])[frame.planes[0].line_size * (frame.height // 2) + frame.width // 2] > 120


def is_loud(frame: AudioFrame) -> bool:
    return max(array("h", bytes(frame.planes[0]))) > 3000


def beginnings(frames: list[Media]) -> tuple[list[float], list[float]]:
    """When it becomes light, and when loud."""
    light = [(frame.time or 0.0, is_light(frame)) for frame in frames if isinstance(frame, VideoFrame)]
    loud = [(frame.time or 0.0, is_loud(frame)) for frame in frames if isinstance(frame, AudioFrame)]
    return tuple(  # type: ignore[return-value]
        [at for (_, before), (at, now) in pairwise([(0.0, False), *events]) if now and not before]
        for events in (light, loud)
    )


@pytest.mark.parametrize(
    ("name", "pictures", "sound"),
    [("a.mp4", 1.0, 1.0), ("a.webm", 1.0, 0.6), ("a.mkv", 0.6, 1.0), ("b.mp4", 0.5, 1.01)],
)
def test_light_and_sound_are_in_step_time_after_time(
    tmp_path: Path, name: str, pictures: float, sound: float
) -> None:
    frames = first(FileLoop(film(tmp_path / name, pictures=pictures, sound=sound)), 10)
    assert [frame.time for frame in frames] == sorted(frame.time or 0 for frame in frames)
    packets = [frame.pts or 0 for frame in frames if isinstance(frame, AudioFrame)]
    assert {after - before for before, after in pairwise(packets)} == {SAMPLES}, "without a gap"
    light, loud = beginnings(frames)
    assert len(light) == len(loud) >= 9
    assert all(abs(one - other) <= 0.05 for one, other in zip(light, loud, strict=True)), (light, loud)


def test_a_file_that_begins_late_begins_at_once(tmp_path: Path) -> None:
    light, loud = beginnings(first(FileLoop(film(tmp_path / "a.mkv", begins=5.0)), 3))
    assert len(light) == len(loud) == 3
    assert light[0] < 0.1


def test_sound_alone_and_pictures_alone(tmp_path: Path) -> None:
    sound = FileLoop(film(tmp_path / "a.mp3", pictures=0))
    assert (sound.has_sound, sound.has_pictures) == (True, False)
    assert {type(frame) for frame in first(sound, 3)} == {AudioFrame}
    pictures = FileLoop(film(tmp_path / "a.mp4", sound=0))
    assert (pictures.has_sound, pictures.has_pictures) == (False, True)
    frames = first(pictures, 3)
    assert [round((frame.time or 0) * 20) for frame in frames] == list(range(60))


def test_a_cover_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    with av.open(str(path), "w") as out:
        heard, cover = out.add_stream("libmp3lame", rate=48_000), out.add_stream("png")
        assert isinstance(cover, av.VideoStream)
        assert isinstance(heard, av.AudioStream)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "rgb24"
        cover.disposition = Disposition.attached_pic
        packets = cover.encode(shade((64, 48), 30, 200).reformat(format="rgb24")) + cover.encode(None)
        for number in range(50):
            silence = AudioFrame("s16", "stereo", SAMPLES)
            silence.planes[0].update(bytes(SAMPLES * 4))
            silence.sample_rate, silence.pts, silence.time_base = (
                48_000,
                number * SAMPLES,
                Fraction(1, 48_000),
            )
            packets += heard.encode(silence)
        out.mux(packets + heard.encode(None))
    file_loop = FileLoop(path)
    assert (file_loop.has_sound, file_loop.has_pictures) == (True, False)


@pytest.mark.parametrize(
    ("name", "size", "aspect", "fit"),
    [
        ("a.mkv", (101, 75), None, (100, 76)),
        ("a.mp4", (1920, 1080), None, (1280, 720)),
        ("a.mp4", (180, 144), Fraction(16, 15), (192, 144)),
    ],
)
def test_pictures_are_made_to_fit(
    tmp_path: Path, name: str, size: tuple[int, int], aspect: Fraction | None, fit: tuple[int, int]
) -> None:
    file_loop = FileLoop(film(tmp_path / name, size=size, aspect=aspect, pictures=0.1, sound=0))
    assert {
        (frame.width, frame.height) for frame in first(file_loop, 1) if isinstance(frame, VideoFrame)
    } == {fit}


@pytest.mark.parametrize(
    ("matrix", "size", "light"),
    [
        ((0, 1, -1, 0), (48, 64), "top"),
        ((0, -1, 1, 0), (48, 64), "bottom"),
        ((-1, 0, 0, -1), (64, 48), "right"),
        ((1, 0, 0, 1), (64, 48), "left"),
    ],
)
def test_pictures_of_a_phone_that_was_held_otherwise_stand_upright(
    tmp_path: Path, matrix: tuple[int, ...], size: tuple[int, int], light: str
) -> None:
    path = film(tmp_path / "a.mp4", sound=0, split=True)
    content = bytearray(path.read_bytes())
    # ISO/IEC 14496-12, 8.3.2: the matrix of a track header (version 0) is 40 bytes behind its version.
    at = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (value * 0x10000 for value in matrix)
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path.write_bytes(content)
    frame = first(FileLoop(path), 0.1)[0]
    assert isinstance(frame, VideoFrame)
    assert (frame.width, frame.height) == size
    plane, middle = frame.planes[0], (frame.width // 2, frame.height // 2)
    places = {"top": (middle[0], 4), "bottom": (middle[0], size[1] - 5), "left": (4, middle[1])}
    places["right"] = (size[0] - 5, middle[1])
    brightness = {where: bytes(plane)[y * plane.line_size + x] for where, (x, y) in places.items()}
    across = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}[light]
    assert brightness[light] > 200 > 50 > brightness[across], brightness


def test_no_more_pictures_than_can_be_sent(tmp_path: Path) -> None:
    frames = first(FileLoop(film(tmp_path / "a.mp4", rate=60, sound=0)), 2.99)
    assert 87 <= len(frames) <= 91


def test_what_is_no_such_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("No film.\n" * 100)
    (tmp_path / "empty.mp4").touch()
    whole = film(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "film: 1.mp4\n").write_bytes(b"\0" * 5000)
    for name in (
        "missing.mp4",
        "text.mp4",
        "empty.mp4",
        "cut.mp4",
        "pipe.mp4",
        "film: 1.mp4\n",
        ".",
        "x" * 300,
        "\0",
    ):
        with pytest.raises(BadClip) as caught:
            FileLoop(tmp_path / name)
        assert len(str(caught.value).splitlines()) == 1, name


def test_what_is_damaged_is_left_out(tmp_path: Path) -> None:
    path = film(tmp_path / "a.webm", pictures=2, sound=2)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 500] = bytes(range(250)) * 2
    path.write_bytes(content)
    frames = first(FileLoop(path), 6)
    assert len([frame for frame in frames if isinstance(frame, VideoFrame)]) > 60
    assert len([frame for frame in frames if isinstance(frame, AudioFrame)]) == 300


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux")
def test_beginning_again_leaves_nothing_open(tmp_path: Path) -> None:
    file_loop = FileLoop(film(tmp_path / "a.webm", pictures=0.2, sound=0.2))
    before = descriptors(), threading.active_count()
    frames = file_loop.frames()
    for frame in frames:
        if (frame.time or 0) > 10:
            break
    frames.close()
    assert (descriptors(), threading.active_count()) == before


async def test_everyone_who_wants_it_gets_it(tmp_path: Path) -> None:
    before = asyncio.all_tasks(), threading.active_count()
    async with Clip(film(tmp_path / "a.webm")) as clip:
        sounds, pictures = [clip.sound(), clip.sound()], [clip.picture(), clip.picture()]
        got = []
        async with asyncio.timeout(20):
            for track in (*sounds, *pictures):
                assert track is not None
                got.append([await track.recv() for _ in range(3)])
        assert len({id(frame) for frames in got for frame in frames}) == 12, "nobody shares a frame"
        for frames in got:
            assert [frame.pts for frame in frames] == sorted({frame.pts or 0 for frame in frames})
        late = pictures[0]
    assert late is not None
    assert late.readyState == "ended"
    assert (asyncio.all_tasks() - {asyncio.current_task()}) <= before[0]
    assert threading.active_count() <= before[1] + 1, "the thread ends by itself"


async def test_a_file_that_goes_away_is_told(tmp_path: Path) -> None:
    path = film(tmp_path / "a.webm", pictures=0.2, sound=0.2)
    async with Clip(path) as clip, asyncio.timeout(20):
        path.unlink()
        assert clip.sound() is not None
        with pytest.raises(BadClip, match="cannot be played: No such file or directory"):
            await clip.broken()
