"""The real server, as a process of its own.

    async with ServerProcess(directory, RECONVENE_GRACE="2") as server:
        ...                             # server.url, server.ws_url, server.logs

Its store and its secret live in `directory`, so that the next process started there carries on.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.forking import Forked, begin

ROOT = Path(__file__).parent.parent

OURS = ("RECONVENE_", "SUPABASE_", "ZOOM_")

START_TIMEOUT = 20.0
STOP_TIMEOUT = 20.0


def environment(directory: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Ours, without any setting of the machine the tests run on."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {
        **inherited,
        "PYTHONUNBUFFERED": "1",
        "RECONVENE_PORT": "0",
        "RECONVENE_STORE": f"sqlite:///{directory / 'reconvene.db'}",
        **settings,
    }


class ServerProcess:
    """`python -m reconvene.cli.main serve` on a free loopback port. `settings` are `RECONVENE_…` variables."""

    module = "reconvene.cli.main"
    starts_within = START_TIMEOUT

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.settings = settings
        self.output: list[str] = []
        """Every line of stderr."""
        self.logs: list[dict[str, Any]] = []
        """Those of them that are JSON objects, parsed."""
        self.url = ""
        self._process: Forked | None = None
        self._reader: asyncio.Task[None] | None = None
        self._logged = asyncio.Condition()

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    @property
    def ws_url(self) -> str:
        return f"ws{self.url.removeprefix('http')}/ws"

    @property
    def database(self) -> Path:
        return self.directory / "reconvene.db"

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode if self._process else None

    async def start(self, **settings: str) -> ServerProcess:
        """Start, and return once it listens. May be called again after a stop; `settings` change those given first."""
        assert self._process is None or self._process.returncode is not None, "runs already"
        self.settings |= settings
        self.output, self.logs = [], []
        self._process = await self._begin()
        self._reader = asyncio.create_task(self._read(self._process))
        self.url = str((await self.logged("listening", within=self.starts_within))["url"])
        return self

    async def _begin(self) -> Forked:
        return await begin(self.module, ["serve"], environment(self.directory, self.settings))

    def lines(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """The log lines with this text and these fields that have come until now."""
        return [line for line in self.logs if line.get("event") == event and fields.items() <= line.items()]

    async def logged(
        self, event: str, *, within: float = 10.0, past: int = 0, **fields: object
    ) -> dict[str, Any]:
        """The first log line with this text and these fields, `past` others of the kind, waited for. Fails when the
        process ends without it."""

        def found() -> dict[str, Any] | None:
            return next(iter(self.lines(event, **fields)[past:]), None)

        try:
            async with asyncio.timeout(within), self._logged:
                while (line := found()) is None:
                    assert self._reader is not None
                    assert not self._reader.done(), f"ended without logging {event!r}:\n{self.tail()}"
                    await self._logged.wait()
                return line
        except TimeoutError:
            raise AssertionError(f"{event!r} {fields} was not logged:\n{self.tail()}") from None

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop and answer its exit code. A process that has ended already is left alone."""
        self.signal(number)
        return await self.wait()

    async def kill(self) -> None:
        """SIGKILL: it gets no chance to tidy up."""
        self.signal(signal.SIGKILL)
        await self.wait()

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def wait(self, within: float = STOP_TIMEOUT) -> int:
        """The exit code, once it has ended and all its log lines are read."""
        reader = self._reader  # of this process: another may be started meanwhile
        code = await self.ended(within)
        if reader is not None:
            await reader
        return code

    async def ended(self, within: float = STOP_TIMEOUT) -> int:
        """The exit code, once it has ended."""
        process = self._running()
        try:
            return await asyncio.wait_for(process.wait(), within)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"did not end within {within} s:\n{self.tail()}") from None

    @contextlib.contextmanager
    def unread(self) -> Iterator[None]:
        """Nobody reads its stderr meanwhile, a pipe that holds no more than a page (Linux: pipe(7), 4 KiB)."""
        pipe = self._running().pipe
        pipe.pause_reading()
        fcntl.fcntl(pipe.get_extra_info("pipe"), fcntl.F_SETPIPE_SZ, 4096)
        try:
            yield
        finally:
            pipe.resume_reading()

    @property
    def loud(self) -> list[dict[str, Any]]:
        """What the server complains of, unless it is that a busy machine had no processor for it."""
        return [
            line
            for line in self.logs
            if line["level"] not in {"debug", "info"} and not _had_no_processor(line)
        ]

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.output[-lines:])

    async def __aenter__(self) -> ServerProcess:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _running(self) -> Forked:
        assert self._process is not None, "was not started"
        return self._process

    async def _read(self, process: Forked) -> None:
        while line := await process.stderr.readline():
            text = line.decode(errors="replace").rstrip("\n")
            self.output.append(text)
            try:
                parsed = json.loads(text)
            except ValueError:
                parsed = None
            if isinstance(parsed, dict):
                self.logs.append(parsed)
            async with self._logged:
                self._logged.notify_all()
        async with self._logged:
            self._logged.notify_all()


@contextlib.asynccontextmanager
async def quiet_server(directory: Path) -> AsyncIterator[ServerProcess]:
    """A server with the settings it comes with, for many tests. Whatever peers do, it has nothing to complain of:
    it ends with 0, logs nothing above info, and writes nothing but JSON lines."""
    async with ServerProcess(directory) as server:
        yield server
    assert server.exit_code == 0
    assert not server.loud, server.loud
    assert len(server.logs) == len(server.output), server.tail()


def _had_no_processor(line: dict[str, Any]) -> bool:
    """On a busy machine: it stood still, but not since it worked."""
    return line["event"] == "the server stood still" and bool(line["cpu"] < line["seconds"] / 2)
