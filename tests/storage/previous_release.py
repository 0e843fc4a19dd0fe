"""The release before this one, as it was published: its files, and a process that has its store open."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from storage.migrations import FunctionFile, Migration, SchemaFiles

ROOT = Path(__file__).parent.parent.parent

VERSION = "0.7.0"

NAMES = (f"v{VERSION}", "0b43f8b0db7ff07f901de13035899cf2486ac194")
"""Its tag, and the tag's commit, for where tags were not cloned."""

# What is written by hand is what is asked of it: each line of stdin is an expression, its value is printed.
PROCESS = """
import asyncio, sys
from importlib.metadata import version
from storage import open_store
from storage.store import JoinRequest, StayEnd, StayResume

def request(user, at):
    return JoinRequest(
        room="OLD", user_id=user, name=user, participant_id=f"p_{user}", session_id=f"s_{user}_{at:g}", instance="tab",
        node_id="n_old", at=at, create=True,
    )

async def join(user, at):
    global joined
    joined = await store.join(request(user, at))
    return joined.participant.id, joined.created, joined.rejoined

async def leave(user, at):
    stay = joined.stay
    await store.leave(StayEnd("OLD", user, stay.participant_id, stay.session_id, "n_old", at, "left"))

async def came_back(user, at):
    stay = joined.stay
    await store.resume_stay(StayResume("OLD", user, stay.participant_id, stay.session_id, "n_old", "tab", at))

async def stays():
    people = (await store.attendance("OLD")).participants
    return [(person.name, stay.joined_at, stay.left_at, stay.reason, stay.connections) for person, of in people for stay in of]

async def main():
    global store
    store = open_store(sys.argv[1])
    try:
        await store.open()
        print("open", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(repr(await eval(line)), flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
    await store.close()

asyncio.run(main())
"""  # noqa: E501


def archive() -> bytes:
    """The release's source, as a tar file. Skips the test where git does not have it."""
    for name in NAMES:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            return subprocess.run(["git", "archive", name], cwd=ROOT, capture_output=True, check=True).stdout
    pytest.skip("not a git checkout with the previous release")


def unpack(folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(archive())) as files:
        files.extractall(folder, filter="data")
    # It is not installed: without this it would find the version of the release that is.
    metadata = folder / f"reconvene-{VERSION}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: reconvene\nVersion: {VERSION}\n", encoding="utf-8")
    return folder


def migrations(release: Path, backend: str) -> Sequence[Migration]:
    """The numbered files that the release has."""
    return [
        Migration(int(file.name[:4]), file.stem, file.read_text(encoding="utf-8"))
        for file in sorted(
            (release / "storage" / "sql" / backend).rglob("[0-9]*.sql"), key=lambda file: file.name
        )
    ]


def schema(release: Path) -> SchemaFiles:
    """All that the release has of PostgreSQL."""
    root = release / "storage" / "sql" / "postgres"
    functions = [
        FunctionFile(file.relative_to(root).with_suffix("").as_posix(), file.read_text(encoding="utf-8"))
        for file in sorted((root / "functions").rglob("*.sql"))
    ]
    numbers = tuple(int(number) for number in VERSION.split("."))
    return SchemaFiles(migrations(release, "postgres"), functions, numbers)


class Previous:
    """`ask` has a line evaluated by the process. The first answer is "open", or the name of what was raised."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def answer(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            return (await self._process.stdout.readline()).decode().strip()

    async def ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        return await self.answer()


@contextlib.asynccontextmanager
async def previous_release(release: Path, url: str) -> AsyncIterator[Previous]:
    """A process of the release that opens the store at `url`, with the libraries that are installed today."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROCESS, url),
        cwd=release,
        env={**os.environ, "PYTHONPATH": str(release)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Previous(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(30):
                await process.wait()
        except TimeoutError:
            # What it was asked goes on for ever: the answer that did not come tells what that was.
            process.kill()
            await process.wait()
