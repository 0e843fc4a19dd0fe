"""What sources send: pictures and tones in step with the clock, and relays that keep only what is new."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator
from fractions import Fraction
from itertools import pairwise

import pytest
from aiortc import MediaStreamTrack
from aiortc.codecs.opus import OpusDecoder, OpusEncoder
from aiortc.codecs.vpx import Vp8Decoder, Vp8Encoder, vp8_depayload
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from av.video.frame import PictureType

from reconvene.media import tracks
from reconvene.media.bitmap_font import PITCH, ROWS, plain, rows
from reconvene.media.color_bars import Pattern
from reconvene.media.frames import PICTURES, SAMPLE_RATE, SAMPLES, SOUND, copied, fitting, sound
from reconvene.media.tracks import Newest, Pace, Picture, Tone

MOMENT = 1_764_000_000.25
"""2025-11-24 16:00:00.250 UTC"""


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


def luma(frame: VideoFrame) -> list[bytes]:
    plane = frame.planes[0]
    return [
        bytes(plane)[row * plane.line_size : row * plane.line_size + frame.width]
        for row in range(frame.height)
    ]


def reads(frame: VideoFrame, text: str) -> bool:
    """Whether the text is drawn anywhere in the picture, in dots of any size."""
    picture = luma(frame)
    for scale in range(1, 12):
        wanted = rows(text, scale, 225, 28)
        for top in range(frame.height - ROWS * scale):
            left = picture[top].find(wanted[0])
            if left >= 0 and all(
                picture[top + number * scale][left : left + len(row)] == row
                for number, row in enumerate(wanted)
            ):
                return True
    return False


def loudest(frame: AudioFrame) -> int:
    return max(array("h", bytes(frame.planes[0])))


def crossings(frame: AudioFrame) -> int:
    """How often the sound begins a wave."""
    samples = array("h", bytes(frame.planes[0]))
    return sum(one <= 0 < two for one, two in pairwise(samples))


async def test_a_picture_shows_name_and_clock_and_decodes() -> None:
    picture = Picture("Source 1", 1, clock=lambda: MOMENT)
    frames = [await picture.recv() for _ in range(3)]
    encoder, decoder = Vp8Encoder(), Vp8Decoder()
    assert frames[0].pts == 0
    # A machine that has other things to do leaves pictures out.
    assert all((one.pts or 0) < (two.pts or 0) for one, two in pairwise(frames))
    for frame in frames:
        # The encoder takes it for its own.
        pts = frame.pts
        assert pts is not None
        assert (frame.width, frame.height, frame.format.name) == (640, 360, "yuv420p")
        assert (pts % 6000, frame.time_base) == (0, PICTURES)
        assert reads(frame, "Source 1")
        assert reads(frame, "16:00:00.250")
        assert not reads(frame, "16:00:00.251")
        payloads, timestamp = encoder.encode(frame)
        data = b"".join(vp8_depayload(payload) for payload in payloads)
        decoded = decoder.decode(JitterFrame(data=data, timestamp=timestamp))
        assert [(each.width, each.height) for each in decoded if isinstance(each, VideoFrame)] == [(640, 360)]
        assert abs(timestamp - pts) <= 1
    picture.stop()
    with pytest.raises(MediaStreamError):
        await picture.recv()


def test_something_moves_and_numbers_differ() -> None:
    one, two = Pattern("A", 1, 640, 360), Pattern("A", 2, 640, 360)
    before = luma(one.draw(MOMENT, light=False))
    assert luma(one.draw(MOMENT + 0.2, light=False))[-1] != before[-1]
    assert luma(two.draw(MOMENT, light=False))[0] != before[0]


@pytest.mark.parametrize("size", [(1, 1), (97, 49), (641, 361), (90, 2000), (3000, 48), (1920, 1080)])
@pytest.mark.parametrize("name", ["", "x" * 300, "日本 – \N{PILE OF POO}"])
def test_pictures_of_any_size_and_name_can_be_drawn(size: tuple[int, int], name: str) -> None:
    frame = Pattern(name, -1, *size).draw(MOMENT, light=True)
    assert frame.width % 2 == frame.height % 2 == 0
    assert frame.width >= min(size[0] - 1, 96)


def test_letters_are_those_that_are_known() -> None:
    assert plain("Zoë – ½日") == "Zoe - 1\N{WHITE SQUARE}2\N{WHITE SQUARE}"
    assert rows("I", 2, 1, 0)[0] == bytes([0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    assert all(len(row) == 4 * PITCH for row in rows("~日 Z", 1, 1, 0))


@pytest.mark.parametrize(("moment", "on"), [(MOMENT - 0.25, True), (MOMENT - 0.16, True), (MOMENT, False)])
async def test_the_light_is_on_when_the_tone_beeps(moment: float, on: bool) -> None:
    picture, tone = Picture("A", clock=lambda: moment), Tone(clock=lambda: moment)
    frame, heard = await picture.recv(), await tone.recv()
    assert (max(luma(frame)[22]) > 230) == on
    assert (loudest(heard) > 5000) == on
    assert loudest(heard) > 1000


async def test_tones_of_several_differ_and_decode() -> None:
    tones = [Tone(number, clock=lambda: MOMENT) for number in range(1, 9)]
    frames = [await tone.recv() for tone in tones]
    assert [crossings(frame) * 50 for frame in frames] == [250, 300, 350, 400, 450, 500, 550, 600]
    encoder, decoder = OpusEncoder(), OpusDecoder()
    for number in range(3):
        frame = frames[0] if number == 0 else await tones[0].recv()
        # On a machine that is late some are left out.
        pts = frame.pts or 0
        assert (frame.samples, frame.sample_rate, pts % SAMPLES) == (SAMPLES, SAMPLE_RATE, 0)
        assert pts >= number * SAMPLES
        payloads, timestamp = encoder.encode(frame)
        assert timestamp == pts
        for payload in payloads:
            [decoded] = decoder.decode(JitterFrame(data=payload, timestamp=timestamp))
    assert isinstance(decoded, AudioFrame)
    assert loudest(decoded) > 1000


def test_ticks_are_in_step_with_the_clock() -> None:
    pace = Pace(10, 0.1, lambda: 1000.98)
    number, wait = pace.next(5.0)
    assert (number, round(wait, 6)) == (0, 0.02), "the next tenth of a second"
    assert [(n, round(w, 6)) for n, w in (pace.next(5.02), pace.next(5.2))] == [(1, 0.1), (2, 0.02)]


def test_who_is_late_leaves_out_what_was_missed() -> None:
    pace = Pace(8, 0.125, lambda: 1000.0)
    assert pace.next(5.0) == (0, 0.0)
    assert pace.next(5.1875) == (1, 0.0), "a little late: nothing is left out"
    assert pace.next(9.0625) == (32, 0.0)
    assert pace.next(9.0625) == (33, 0.0625)


def shot(shade: int, pts: int, *, width: int = 64, height: int = 48) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([shade]) * plane.buffer_size)
    frame.pts = pts
    frame.time_base = PICTURES
    return frame


def packet(pts: int) -> AudioFrame:
    return sound(bytes(SAMPLES * 2), pts, "mono")


async def test_of_pictures_only_the_newest_is_offered() -> None:
    newest = Newest("video")
    reader = asyncio.create_task(newest.recv())
    await asyncio.sleep(0)
    newest.put(shot(1, 9000))
    first = await reader
    for number in range(2, 6):
        newest.put(shot(number, number * 9000))
    last = await newest.recv()
    assert bytes(last.planes[0])[0] == 5
    assert newest.dropped == 3
    assert first.pts is not None
    assert last.pts == first.pts + 4 * 9000, "the time that they are apart is kept"
    newest.stop()


async def test_of_sound_the_last_fifth_of_a_second_is_kept() -> None:
    newest = Newest("audio")
    for number in range(50):
        newest.put(packet(number * SAMPLES))
    assert newest.dropped == 40
    moments = [(await newest.recv()).pts for _ in range(10)]
    assert [moment and moment - (moments[0] or 0) for moment in moments[1:]] == [
        n * SAMPLES for n in range(1, 10)
    ]
    newest.stop()


@pytest.mark.parametrize("begins", [0, -5, 2**40])
async def test_a_source_that_begins_its_clock_anew_goes_on_from_here(begins: int) -> None:
    newest = Newest("video")
    moments = []
    for pts in (1000, 1500, begins, begins + 500):
        newest.put(shot(0, pts))
        moments.append((await newest.recv()).pts or 0)
    apart = [after - before for before, after in pairwise(moments)]
    assert apart[0] == apart[2] == 500
    assert 0 < apart[1] < 10 / PICTURES
    newest.stop()


async def test_frames_without_a_time_and_of_other_clocks_are_taken() -> None:
    newest = Newest("audio")
    bare = AudioFrame("s16", "mono", 160)
    bare.sample_rate = 8000
    newest.put(bare)
    first = await newest.recv()
    slow = AudioFrame("s16", "mono", 160)
    slow.sample_rate, slow.pts, slow.time_base = 8000, 160, Fraction(1, 8000)
    newest.put(slow)
    second = await newest.recv()
    assert first.pts == 0
    assert (second.pts, second.time_base) == (960, SOUND)
    newest.stop()


async def test_the_last_picture_is_offered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracks, "REPEAT", 0.01)
    newest = Newest("video")
    frame = shot(7, 0)
    frame.pict_type = PictureType.I
    newest.put(frame)
    shown = [((await newest.recv()).pts or 0, bytes(frame.planes[0])[0]) for _ in range(3)]
    assert shown == sorted(set(shown)), "each a little later"
    assert frame.pict_type == PictureType.NONE, "a whole picture is sent where one is asked for"
    newest.clear()
    reader = asyncio.create_task(newest.recv())
    await asyncio.sleep(0.05)
    assert not reader.done(), "but not what was there before the camera was turned off"
    newest.stop()
    with pytest.raises(MediaStreamError):
        await reader


@pytest.mark.parametrize("track", [Newest("audio"), Newest("video"), Picture("A", rate=1), Tone()])
async def test_the_end_is_heard_by_who_waits(track: MediaStreamTrack) -> None:
    reader = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(MediaStreamError):
        await reader
    with pytest.raises(MediaStreamError):
        await track.recv()
    if isinstance(track, Newest):
        track.put(shot(0, 0))
        with pytest.raises(MediaStreamError):
            await track.recv()


async def test_pictures_larger_than_is_of_use_are_made_smaller() -> None:
    newest = Newest("video")
    newest.put(shot(90, 0, width=1441, height=2562))
    frame = await newest.recv()
    assert isinstance(frame, VideoFrame)
    assert (frame.width, frame.height, frame.format.name) == (720, 1280, "yuv420p")
    newest.stop()


@pytest.mark.parametrize(
    ("size", "aspect", "fit"),
    [
        ((640, 360), 1, (640, 360)),
        ((641, 361), 1, (640, 360)),
        ((1920, 1080), 1, (1280, 720)),
        ((1080, 1920), 1, (720, 1280)),
        ((720, 576), Fraction(64, 45), (1024, 576)),
        ((1, 1), 1, (2, 2)),
        ((100_000, 1), 1, (1280, 2)),
    ],
)
def test_sizes_that_fit(size: tuple[int, int], aspect: Fraction, fit: tuple[int, int]) -> None:
    assert fitting(*size, Fraction(aspect)) == fit


def test_a_copy_is_its_own() -> None:
    frame = shot(5, 1)
    same, other = copied(frame), copied(frame)
    other.planes[0].update(bytes(other.planes[0].buffer_size))
    assert luma(same) == luma(frame) != luma(other)
    assert same.pts == 1
