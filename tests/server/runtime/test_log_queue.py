"""A log that nobody reads, or that cannot be written, holds up nobody."""

from __future__ import annotations

import errno
import fcntl
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from server.runtime.log_queue import LogQueue
from tests.process import ROOT, ServerProcess
from tests.server.client import playing

WAIT = 10.0


class Pipe:
    """`written` is what a log is written to, and `read()` what somebody reads of it."""

    def __init__(self) -> None:
        descriptor, end = os.pipe()
        self._reader = os.fdopen(descriptor, "rb")
        self.written: TextIO = os.fdopen(end, "w", encoding="utf-8")

    def read(self) -> str:
        return self._reader.readline().decode()

    def leave(self) -> None:
        self._reader.close()

    def close(self) -> None:
        self.leave()
        self.written.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def untold(lines: int) -> None:
    raise AssertionError(f"{lines} were dropped")


def test_lines_come_in_order(pipe: Pipe) -> None:
    lines = LogQueue(pipe.written, untold)
    for number in range(1000):
        lines.write(f"line {number} ü\n")
    assert [pipe.read() for _ in range(1000)] == [f"line {number} ü\n" for number in range(1000)]
    assert lines.dropped == 0


def test_what_is_written_last_is_there_at_the_end(pipe: Pipe) -> None:
    lines = LogQueue(pipe.written, untold)
    lines.write("stopped\n")
    lines.close(WAIT)
    os.set_blocking(pipe._reader.fileno(), False)
    assert pipe.read() == "stopped\n"


def test_what_nobody_reads_is_kept_up_to_a_bound_and_then_dropped_and_counted_and_told(pipe: Pipe) -> None:
    def tell(dropped: int) -> None:
        lines.write(f"{dropped} dropped\n")

    lines = LogQueue(pipe.written, tell, most_waiting=100_000)
    line = "x" * 999 + "\n"
    for _ in range(1000):
        lines.write(line)
    # The pipe's 64 KiB, a batch on its way and one that waits: the rest has no place.
    dropped = lines.dropped
    assert 1000 - 100 - 100 - 65 <= dropped < 1000
    # What is dropped before the first batch is on its way is told by itself.
    read: list[str] = []
    told = 0
    while told < dropped:
        read.append(pipe.read())
        told += 0 if read[-1] == line else int(read[-1].removesuffix(" dropped\n"))
    assert (told, read.count(line)) == (dropped, 1000 - dropped)
    lines.write("flows again\n")
    assert pipe.read() == "flows again\n"


def test_an_end_does_not_wait_for_whoever_does_not_read(pipe: Pipe) -> None:
    lines = LogQueue(pipe.written, untold)
    lines.write("x" * 500_000 + "\n")
    lines.close(0.01)


def test_a_pipe_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.written.fileno(), False)
    lines = LogQueue(pipe.written, untold)
    line = "x" * 500_000 + "\n"
    lines.write(line)
    assert pipe.read() == line


def test_a_log_whose_reader_went_away_drops_and_goes_on(pipe: Pipe) -> None:
    lines = LogQueue(pipe.written, untold)
    pipe.leave()
    for _ in range(3):
        lines.write("to nobody\n")
        lines.close(WAIT)
    assert lines.dropped == 3


def test_a_disk_that_was_full_in_the_middle_of_a_line_tells_of_it_on_a_line_of_its_own(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes: queue.SimpleQueue[int] = queue.SimpleQueue()
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if takes.empty():
            return write(descriptor, data)
        if (number := takes.get()) == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[:number])

    def tell(dropped: int) -> None:
        lines.write(f"{dropped} dropped\n")

    monkeypatch.setattr(os, "write", full)
    lines = LogQueue(pipe.written, tell)
    takes.put(4)
    takes.put(0)
    lines.write("the first\n")
    lines.close(WAIT)
    for text in ("the second\n", "the third\n"):
        lines.write(text)
        lines.close(WAIT)
    assert [pipe.read() for _ in range(4)] == ["the \n", "the second\n", "the third\n", "1 dropped\n"]


async def test_a_server_whose_stderr_nobody_reads_goes_on_and_ends(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_LOG_LEVEL="debug") as server, playing(server) as play:
        with server.unread():
            # Some 200 bytes a line, two lines each: several times what the pipe holds.
            for number in range(30):
                await play.joined(f"ROOM-{number}", "Ann", create=True)
            assert (await play.http.get("/healthz")).status_code == 200
            page = (await play.http.get("/metrics")).text
            assert "\nreconvene_log_lines_dropped_total 0.0\n" in page
        for number in range(30):
            await server.logged("meeting created", meeting=f"ROOM-{number}")
        with server.unread():
            for number in range(30):
                await play.joined(f"AGAIN-{number}", "Ann", create=True)
            server.signal(signal.SIGTERM)
            assert await server.ended() == 0


BOT = """
import structlog, typer
from reconvene.cli import participants
async def stays():
    for number in range(200):
        structlog.get_logger().info("heard", number=number)
    return 7
try:
    participants.go(stays())
except typer.Exit as end:
    exit(end.exit_code)
"""


def test_a_bot_whose_stderr_nobody_reads_goes_on_and_ends(pipe: Pipe) -> None:
    fcntl.fcntl(pipe.written, fcntl.F_SETPIPE_SZ, 4096)
    ended = subprocess.run(
        [sys.executable, "-c", BOT],
        cwd=ROOT,
        stderr=pipe.written,
        timeout=60,
    )
    assert ended.returncode == 7
    assert '"heard"' in pipe.read()
