"""`reconvene record`: from options to exit code."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO, cast

import typer

from reconvene.http_api import ApiFailure
from reconvene.participants.bot import Bot
from reconvene.participants.credentials import NO_CREDENTIALS, Credentials
from reconvene.participants.lifetime import stay
from reconvene.participants.progress_log import Tally, address_of, reached, refused, told
from reconvene.participants.stay_end import Over
from reconvene.recorder.container_writer import Format
from reconvene.recorder.recording import Recording, cannot_write
from reconvene.recorder.status_line import StatusLine, said
from reconvene.terminal import counted
from server.runtime import logs
from signalling.protocol.reach import Reach


async def run(
    meeting: str,
    server: str | None,
    *,
    out: Path,
    name: str = "Recorder",
    create: bool = False,
    seconds: float | None = None,
    form: Format = "webm",
    reach: Reach = Reach.ANY,
    credentials: Credentials = NO_CREDENTIALS,
) -> int:
    """Record until told to stop, for `seconds`, or until the meeting ends. Prints the recording's folder; returns the
    exit code."""
    address = address_of(server, meeting)
    began, tally = time.monotonic(), Tally()
    line = StatusLine(sys.stderr) if sys.stderr.isatty() else None
    if line is not None:
        logs.configure("info", cast(TextIO, line))
    try:
        _try_to_write(out)
        await reached(address)
    except OSError as error:
        raise refused(cannot_write(out, error)) from None
    except ApiFailure as error:
        raise refused(str(error)) from None
    recording = Recording(out, form, tally=tally)
    bot = Bot(address, name, recording, kind="recorder", create=create, reach=reach, **credentials.of(1))
    over = await _record(bot, recording, seconds, line)
    if recording.folder is not None:
        told(tally, address, began)
        files = counted(recording.files, "file")
        typer.echo(f"{recording.folder}: {files}, {recording.size / 1_000_000:.1f} MB")
    if recording.failure is not None:
        raise refused(recording.failure)
    # If it never got in, the meeting's end is a refusal too.
    if over is not None and not (over.ended and tally.been_in):
        raise refused(str(over))
    return 0


async def _record(
    bot: Bot, recording: Recording, seconds: float | None, line: StatusLine | None
) -> Over | None:
    """Record until all files are complete. Returns why the stay ended, or None if it was told to stop."""
    keeping = [asyncio.create_task(recording.keep())]
    if line is not None:
        keeping.append(asyncio.create_task(_show(line, recording)))
    how, ended = "recording stopped", None
    try:
        async with bot:
            try:
                await stay(bot, seconds=seconds)
            except Over as over:
                ended = over
                if over.ended:
                    how = "meeting ended"
            finally:
                recording.end(how)
    finally:
        for task in keeping:
            task.cancel()
        await asyncio.wait(keeping)
        await recording.complete()
        if line is not None:
            line.show("")
    return ended


async def _show(line: StatusLine, recording: Recording) -> None:
    while True:
        if recording.folder is not None:
            line.show(said(recording.now, recording.people, recording.size))
        await asyncio.sleep(1)


def _try_to_write(out: Path) -> None:
    """Try before anybody sees a recorder join. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(tempfile.TemporaryFile(dir=out)):
        pass
