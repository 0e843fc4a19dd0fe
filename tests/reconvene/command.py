"""The commands, as processes of their own: `async with Command("echo", room, "--server", url) as echo: …`"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson

from tests.forking import Forked, begin
from tests.process import ROOT, environment

WITHIN = 30.0


@contextlib.asynccontextmanager
async def running(*arguments: str, directory: Path = ROOT, within: float = WITHIN) -> AsyncIterator[Forked]:
    """`reconvene` with these arguments, whose stdout and stderr are read by whoever runs it, `within` seconds."""
    process = await begin("reconvene.cli.main", arguments, environment(directory, {}), printing=True)
    try:
        async with asyncio.timeout(within):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class Command:
    """`reconvene` with these arguments, without a terminal."""

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.lines: list[str] = []
        """Of stderr."""
        self.log: list[dict[str, Any]] = []
        """Those that are JSON objects."""
        self._process: Forked | None = None
        self._reader: asyncio.Task[None] | None = None
        self._more = asyncio.Event()

    @property
    def process(self) -> Forked:
        assert self._process is not None
        return self._process

    async def tells(self, event: str, **fields: object) -> dict[str, Any]:
        """The first line of the log with this text and these fields, waited for."""
        async with asyncio.timeout(WITHIN):
            while True:
                for line in self.log:
                    if line.get("event") == event and fields.items() <= line.items():
                        return line
                assert self._reader is not None
                assert not self._reader.done(), (
                    f"ended without telling {event!r} {fields}: {self.lines[-20:]}"
                )
                self._more.clear()
                await self._more.wait()

    async def end(self) -> int:
        """The exit code, once it has ended and all its lines are read."""
        async with asyncio.timeout(WITHIN):
            code = await self.process.wait()
            assert self._reader is not None
            await self._reader
        return code

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.end()

    async def __aenter__(self) -> Command:
        self._process = await begin("reconvene.cli.main", self.arguments, environment(ROOT, {}))
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.end()

    async def _read(self) -> None:
        while line := await self.process.stderr.readline():
            self.lines.append(line.decode().rstrip("\n"))
            with contextlib.suppress(orjson.JSONDecodeError):
                self.log.append(orjson.loads(line))
            self._more.set()
        self._more.set()
