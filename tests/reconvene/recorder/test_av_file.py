"""What is in a file of what happened: which pictures, of which size, when. Times are seconds of the file."""

from __future__ import annotations

from av import VideoFrame

from reconvene.recorder.av_file import AT_LEAST_EVERY, FROZEN, PATIENCE, AvFile
from reconvene.recorder.video_fit import DEFAULT, Size, VideoFit, black, file_size
from tests.reconvene.made import RATE, picture, sound

BLACK = 16


class Shown:
    """A file that remembers: `pictures` are (milliseconds, luma in the middle)."""

    def __init__(self) -> None:
        self.size: Size | None = None
        self.pictures: list[tuple[int, int]] = []
        self.sounds = 0
        self.closed = False

    def open(self, size: Size) -> Shown:
        assert self.size is None
        self.size = size
        return self

    def picture(self, frame: VideoFrame, at: int) -> None:
        assert (frame.width, frame.height) == self.size
        assert not self.pictures or at > self.pictures[-1][0]
        self.pictures.append((at, luma(frame)))

    def sound(self, samples: bytes) -> None:
        assert self.size is not None
        self.sounds += len(samples) // 4

    def close(self) -> None:
        self.closed = True

    def between(self, first: float, last: float) -> set[int]:
        """The shades that are shown from one moment to the other."""
        before = [shade for at, shade in self.pictures if at <= first * 1000][-1:]
        return {*before, *(shade for at, shade in self.pictures if first * 1000 < at < last * 1000)}


def luma(frame: VideoFrame, x: float = 0.5, y: float = 0.5) -> int:
    plane = frame.planes[0]
    return bytes(plane)[int(frame.height * y) * plane.line_size + int(frame.width * x)]


def tick(av_file: AvFile, first: float, last: float) -> None:
    for number in range(round(first * 4) + 1, round(last * 4) + 1):
        av_file.tick(number / 4)


def test_a_camera_that_is_on_says_the_size() -> None:
    shown = Shown()
    av_file = AvFile(shown.open, camera=True)
    tick(av_file, 0, 1)
    av_file.sound(0, sound(0.5), 0.5)
    assert shown.size is None
    av_file.picture(1, picture(70, (1280, 720), luma=99), 1.2)
    assert shown.size == (1280, 720)
    av_file.finish(2)
    assert shown.pictures[:2] == [(0, BLACK), (1200, 99)]
    assert shown.sounds == 2 * RATE
    assert shown.closed


def test_nobody_waits_for_a_camera_that_is_off_or_does_not_come() -> None:
    off, silent = Shown(), Shown()
    AvFile(off.open).tick(0.25)
    assert off.size == DEFAULT
    av_file = AvFile(silent.open, camera=True)
    tick(av_file, 0, PATIENCE - 0.25)
    assert silent.size is None
    tick(av_file, PATIENCE - 0.25, PATIENCE)
    assert silent.size == DEFAULT


def test_a_stay_of_a_moment_has_a_file_too() -> None:
    shown = Shown()
    AvFile(shown.open, camera=True).finish(0.1)
    assert shown.pictures == [(0, BLACK)]
    assert shown.sounds == round(0.1 * RATE)
    assert shown.closed


def test_without_a_camera_there_is_a_black_picture_each_second() -> None:
    shown = Shown()
    av_file = AvFile(shown.open)
    tick(av_file, 0, 10)
    assert [at for at, _ in shown.pictures] == [round(n * AT_LEAST_EVERY * 1000) for n in range(11)]
    assert shown.between(0, 10) == {BLACK}


def test_turning_the_camera_off_is_black_at_once_and_stays_so() -> None:
    shown = Shown()
    av_file = AvFile(shown.open, camera=True)
    av_file.picture(0, picture(5, luma=99), 0.0)
    tick(av_file, 0, 2)
    assert shown.between(0, 2) == {99}
    av_file.camera(False, 2.1)
    # One was on its way still.
    av_file.picture(0, picture(7.15, luma=99), 2.15)
    tick(av_file, 2, 6)
    assert shown.between(4, 6) == {BLACK}
    av_file.camera(True, 6.1)
    av_file.picture(0, picture(11.5, luma=77), 6.5)
    assert shown.between(6.5, 6.6) == {77}


def test_a_picture_stands_for_those_that_do_not_come_but_not_for_ever() -> None:
    shown = Shown()
    av_file = AvFile(shown.open, camera=True)
    av_file.picture(0, picture(0, luma=99), 0.0)
    tick(av_file, 0, FROZEN + 3)
    assert shown.between(0, FROZEN) == {99}
    assert shown.between(FROZEN + 2, FROZEN + 3) == {BLACK}


def test_a_screen_may_stand_still() -> None:
    shown = Shown()
    av_file = AvFile(shown.open, screen=True)
    av_file.picture(0, picture(0, (1920, 1080), luma=99), 0.0)
    tick(av_file, 0, 60)
    assert shown.between(0, 60) == {99}
    assert shown.pictures[0] == (0, 99)


def test_pictures_keep_the_senders_pace_and_never_go_back() -> None:
    shown = Shown()
    av_file = AvFile(shown.open, camera=True)
    for number in range(10):
        # They come in pairs, the first of each late.
        av_file.picture(0, picture(50 + number / 10), (number | 1) / 10)
    assert [at for at, _ in shown.pictures][3:] == [(number * 100) for number in range(2, 10)]
    # The sender counts anew; and what takes its place counts as it likes.
    av_file.picture(0, picture(3), 1.1)
    av_file.picture(1, picture(9_000), 1.1)
    av_file.picture(1, picture(9_000.1), 1.2)
    av_file.picture(0, picture(3.1), 1.3)
    assert [at for at, _ in shown.pictures][11:] == [1100, 1101, 1200]


def test_pictures_that_were_held_up_are_shown_when_they_were_sent() -> None:
    """As their sound is."""
    shown = Shown()
    av_file = AvFile(shown.open, camera=True)
    for number in range(20):
        held = 5 <= number < 13
        av_file.picture(0, picture(50 + number / 10), 1.3 if held else number / 10)
    assert [at for at, _ in shown.pictures] == [number * 100 for number in range(20)]


def test_browsers_that_begin_small_get_a_file_that_is_not() -> None:
    sizes = {
        (1280, 720): (1280, 720),
        (640, 480): (640, 480),
        (320, 180): (640, 360),
        (160, 90): (640, 360),
        (180, 320): (360, 640),
        (641, 359): (640, 358),
        (1, 1): (512, 512),
    }
    assert {size: file_size(picture(0, size)) for size in sizes} == sizes


def test_other_sizes_are_scaled_with_black_beside_them() -> None:
    fitting = VideoFit((640, 360))
    same = picture(0, (640, 360))
    assert fitting.fitted(same) is same
    assert luma(fitting.fitted(picture(0, (1280, 720), luma=99)), 0.01, 0.01) == 99
    upright = fitting.fitted(picture(0, (360, 640), luma=99))
    assert [luma(upright, x) for x in (0.1, 0.5, 0.9)] == [BLACK, 99, BLACK]
    wide = fitting.fitted(picture(0, (1000, 100), luma=99))
    assert [luma(wide, y=y) for y in (0.1, 0.5, 0.9)] == [BLACK, 99, BLACK]
    for size in [(1, 1), (641, 361), (639, 359)]:
        assert luma(fitting.fitted(picture(0, size, luma=99))) == 99
    for size in [(1, 2000), (3000, 1)]:
        fitted = fitting.fitted(picture(0, size))
        assert (fitted.width, fitted.height) == (640, 360)


def test_black_is_black() -> None:
    frame = black((64, 36))
    assert {bytes(plane)[0] for plane in frame.planes} == {16, 128}
