"""The `reconvene` command as a process, which is asked, watched, interrupted."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.forking import Forked, begin
from tests.process import environment
from tests.zoom.stand_in import ZoomStandIn

WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Ran:
    """Exit code, and what went to standard output and standard error, which are no terminals."""

    code: int
    out: str
    err: str


def settings(directory: Path, zoom: ZoomStandIn | None, **more: str) -> dict[str, str]:
    given = {"TZ": "UTC", "COLUMNS": "80", "TERM": "xterm", **(zoom.environ if zoom else {}), **more}
    environ = environment(directory, given)
    if zoom is None:
        return {name: value for name, value in environ.items() if not name.startswith("ZOOM_")}
    return environ


class Reconvene:
    """`async with Reconvene(directory, zoom, "zoom", "sync", …) as running`; killed at the end if it still runs."""

    def __init__(self, directory: Path, zoom: ZoomStandIn | None, *arguments: str, **more: str) -> None:
        self._arguments = arguments
        self._environ = settings(directory, zoom, **more)
        self._process: Forked | None = None
        self._err = b""

    @property
    def process(self) -> Forked:
        assert self._process is not None
        return self._process

    async def __aenter__(self) -> Self:
        self._process = await begin("reconvene.cli.main", self._arguments, self._environ, printing=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.communicate()

    async def complains(self, text: str) -> None:
        """Wait until that is on standard error."""
        async with asyncio.timeout(WITHIN):
            while text.encode() not in self._err:
                more = await self.process.stderr.read(65536)
                assert more, self._err.decode()
                self._err += more

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self) -> Ran:
        out, err = await asyncio.wait_for(self.process.communicate(), WITHIN)
        assert self.process.returncode is not None
        return Ran(self.process.returncode, out.decode(), (self._err + err).decode())


async def run(directory: Path, zoom: ZoomStandIn | None, *arguments: str, **more: str) -> Ran:
    async with Reconvene(directory, zoom, *arguments, **more) as running:
        return await running.ended()
