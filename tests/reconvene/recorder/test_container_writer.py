"""Files on the disk: what players find in them, whatever happened while they were written."""

from __future__ import annotations

import asyncio
import errno
import gc
import io
import os
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from reconvene.recorder import writer_thread
from reconvene.recorder.container_writer import CannotWrite, Format, MediaFile
from reconvene.recorder.file_names import file_name, new_folder, slug
from reconvene.recorder.video_fit import Size
from reconvene.recorder.writer_thread import WriterThread
from tests.process import ROOT
from tests.reconvene.made import frames_of, picture, played, probed, sound

FORMATS: list[Format] = ["webm", "mp4"]

NEAR = 20
"""How far shades may be from what they were before they were encoded."""


def play(
    writer: WriterThread, first: float, last: float, luma: int, size: tuple[int, int], source: int = 0
) -> None:
    """A camera and a microphone, from one moment to another."""
    for number in range(round(first * 50), round(last * 50)):
        at = number / 50
        writer.sound(source, sound(at), at)
        if number % 5 == 0:
            writer.picture(source, picture(at, size, luma), at)
        if number % 12 == 0:
            writer.tick(at)


@pytest.mark.parametrize("form", FORMATS)
async def test_a_stay_with_all_that_happens(
    tmp_path: Path, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This comes all at once, and is to be in the file nevertheless.
    monkeypatch.setattr(writer_thread, "MOST_PICTURES", 1_000)
    monkeypatch.setattr(writer_thread, "MOST_BYTES", 1 << 30)
    monkeypatch.setattr(writer_thread, "STALLED_FOR", 60.0)
    writer = WriterThread(tmp_path / f"file.{form}", form, camera=True)
    play(writer, 0.5, 3, 100, (640, 360))
    # The network says less, and a phone is turned.
    play(writer, 3, 4, 140, (320, 180))
    play(writer, 4, 5, 180, (180, 320))
    # The camera goes off, and everything for three seconds.
    writer.camera(False, 5.0)
    for number in range(12):
        writer.tick(5 + number / 4)
    # Another page, with another camera and times of its own.
    writer.camera(True, 8.0)
    play(writer, 8, 10, 220, (1280, 720), source=1)
    writer.finish(10)
    await writer.finished.wait()
    assert writer.error is None
    assert writer.dropped == 0
    assert writer.seconds == pytest.approx(10, abs=0.1)

    found = played(writer.path)
    assert found.size == (640, 360)
    assert len(found.pictures) == writer.pictures
    assert found.seconds == pytest.approx(10, abs=0.1)
    shades = [found.luma(at) for at in (0.2, 2.5, 3.5, 4.5, 7.5, 9.5)]
    assert shades == pytest.approx([16, 100, 140, 180, 16, 220], abs=NEAR)
    # In step: the tone begins and ends with the pictures, up to what codecs smear.
    for first, last, share in [(0, 0.4, 0), (0.6, 4.9, 1), (5.1, 7.9, 0), (8.1, 9.9, 1)]:
        assert found.loud(first, last) == pytest.approx(share, abs=0.03), (first, last)
    probe = probed(writer.path)
    assert [stream["codec_name"] for stream in probe["streams"]] in (["vp8", "opus"], ["h264", "aac"])
    assert frames_of(probe, "video") == writer.pictures
    assert float(probe["format"]["duration"]) == pytest.approx(10, abs=0.1)


async def test_sound_only(tmp_path: Path) -> None:
    writer = WriterThread(tmp_path / "file.webm", "webm")
    for number in range(100):
        writer.sound(0, sound(number / 50), 0.5 + number / 50)
    writer.finish(2.5)
    await writer.finished.wait()
    found = played(writer.path)
    assert found.size == (640, 360)
    assert {luma for _, luma in found.pictures} == {16}
    assert found.loud(0.6, 2.4) == 1


# Writes as fast as it can, tells how far it is, and is killed.
WRITING = """
import sys
from pathlib import Path
from reconvene.recorder.video_fit import black
from reconvene.recorder.container_writer import MediaFile

size = (320, 180)
file = MediaFile(Path(sys.argv[1]), size, sys.argv[2])
second = bytes(48000 * 4)
for at in range(0, 30_000, 100):
    if at % 1000 == 0:
        file.sound(second)
    file.picture(black(size), at)
    if at % 1000 == 0:
        print(at // 1000, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_of_one_who_was_killed_is_played_to_the_last_seconds(tmp_path: Path, form: Format) -> None:
    path = tmp_path / f"file.{form}"
    command = [sys.executable, "-c", WRITING, str(path), form]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 29:
                break
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    found = played(path)
    assert found.pictures[-1][0] > 26
    assert found.seconds > 26
    probe = probed(path)
    assert frames_of(probe, "video") == len(found.pictures)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="No such file"):
        MediaFile(tmp_path / "nowhere" / "file", (64, 36))
    (tmp_path / "there").touch()
    # Nothing is ever written over.
    with pytest.raises(CannotWrite, match="File exists"):
        MediaFile(tmp_path / "there", (64, 36))


@pytest.mark.parametrize("form", FORMATS)
async def test_a_full_disk_ends_a_file_and_disturbs_no_other(
    tmp_path: Path, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, other = FullDisk(40_000), WriterThread(tmp_path / f"other.{form}", form)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda *_args, **_options: disk)
        full = WriterThread(tmp_path / f"full.{form}", form)
        play(full, 0, 10, 100, (320, 180))
        full.finish(10)
        await full.finished.wait()
    assert full.error == "No space left on device"
    dropped = full.dropped
    play(full, 10, 20, 100, (320, 180))
    assert full.dropped == dropped, "it is not too slow, it is over"
    play(other, 0, 1, 100, (320, 180))
    other.finish(1)
    await other.finished.wait()
    assert other.error is None
    assert played(other.path).seconds == pytest.approx(1, abs=0.1)


class FullDisk(io.BytesIO):
    """With so many bytes of space."""

    def __init__(self, space: int) -> None:
        super().__init__()
        self._space = space

    def write(self, content: Any, /) -> int:
        if self.tell() + len(content) > self._space:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(content)


async def test_pictures_are_left_out_where_encoding_is_too_slow_and_sound_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()
    writer = WriterThread(tmp_path / "file.webm", "webm", camera=True)
    openly = writer._open

    def slowly(size: Size) -> MediaFile:
        opened.wait()
        return openly(size)

    monkeypatch.setattr(writer._av_file, "_open_file", slowly)
    play(writer, 0, 10, 100, (320, 180))
    # The thread may hold one, which does not wait any more.
    assert writer.dropped in {100 - writer_thread.MOST_PICTURES, 99 - writer_thread.MOST_PICTURES}
    opened.set()
    writer.finish(10)
    await writer.finished.wait()
    found = played(writer.path)
    assert found.loud(0.1, 9.9) == 1
    # In between, the last one is repeated.
    assert writer_thread.MOST_PICTURES <= len(found.pictures) == writer.pictures < 50


async def test_a_disk_that_stands_still_ends_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, again = threading.Event(), threading.Event()
    writer = WriterThread(tmp_path / "file.webm", "webm")

    def never(_size: Size) -> MediaFile:
        stuck.set()
        again.wait()
        raise CannotWrite("it never could")

    monkeypatch.setattr(writer._av_file, "_open_file", never)
    writer.tick(0)
    await asyncio.to_thread(stuck.wait)
    for number in range(4 * 62):
        writer.tick(number / 4)
    assert writer.error == "it could not be written for 60 seconds"
    waiting = writer._queue.qsize()
    writer.sound(0, sound(0), 62)
    assert writer._queue.qsize() == waiting
    again.set()
    writer.finish(62)
    await writer.finished.wait()


async def test_after_standing_still_time_catches_up_step_by_step(tmp_path: Path) -> None:
    """Sound that waited in the network meanwhile comes after the first tick, and is not lost."""
    writer = WriterThread(tmp_path / "file.webm", "webm")
    play(writer, 0, 2, 100, (320, 180))
    writer.tick(5)
    for number in range(100, 250):
        writer.sound(0, sound(number / 50), 5)
    for number in range(12):
        writer.tick(5 + number / 4)
    writer.finish(8)
    await writer.finished.wait()
    found = played(writer.path)
    assert found.loud(0.1, 4.9) == pytest.approx(1, abs=0.02)
    assert found.loud(5.2, 7.9) == 0


def test_names_are_for_people_and_file_systems() -> None:
    assert slug("Ann O'Neil (Sales)") == "ann-o-neil-sales"
    assert slug("../../etc/passwd") == "etc-passwd"
    assert slug("Zoë Ångström") == "zoë-ångström"
    assert slug("山田 太郎") == "山田-太郎"
    assert slug("हिन्दी कुमार") == "हिन्दी-कुमार"
    assert slug("🎉 ") == ""
    assert len(slug("山" * 80).encode()) <= 60
    assert file_name("Ann", "p_1", 3, screen=False, form="webm") == "ann-p_1-3.webm"
    assert file_name("🎉", "../p", 4, screen=True, form="mp4") == "___p-4-screen.mp4"


def test_each_run_has_a_folder_of_its_own(tmp_path: Path) -> None:
    out = tmp_path / "not" / "there"
    names = [new_folder(out, "ABC123", 1_795_256_130.25).name for _ in range(2)]
    assert names == ["ABC123-20261121T101530Z", "ABC123-20261121T101530Z-2"]


async def test_a_loop_that_is_gone_is_no_reason_to_stay(tmp_path: Path) -> None:
    writer = WriterThread(tmp_path / "file.webm", "webm")
    writer._loop = asyncio.new_event_loop()
    writer._loop.close()
    writer.finish(0.1)
    await asyncio.to_thread(writer._thread.join)
    assert played(writer.path).seconds == pytest.approx(0.1, abs=0.05)


async def test_a_file_that_is_complete_leaves_nothing_in_memory(tmp_path: Path) -> None:
    """Encoders and pictures are megabytes, and Python does not look for circles among few objects for hours."""
    gc.disable()
    try:
        writer = WriterThread(tmp_path / "file.webm", "webm", camera=True)
        play(writer, 0, 1, 100, (320, 180))
        inside = weakref.ref(writer._av_file)
        writer.finish(1)
        await writer.finished.wait()
        file = weakref.ref(writer._file) if writer._file is not None else None
        writer._thread.join()
        assert file is not None
        del writer
        assert inside() is None
        assert file() is None
    finally:
        gc.enable()
