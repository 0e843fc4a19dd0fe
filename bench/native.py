"""The programs in C, built when they are first needed, and the fleet whose clients are in one of them."""

from __future__ import annotations

import atexit
import functools
import select
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.clients import LoadError
from bench.load import Run

COMPILER = shutil.which("cc") or shutil.which("gcc")
SLACK = 90.0
"""Seconds that an answer may take beyond what was asked for."""


@functools.cache
def built(program: str) -> str:
    """The path of `bench/<program>.c`, compiled."""
    if COMPILER is None:
        raise LoadError("there is no C compiler: install gcc")
    folder = tempfile.TemporaryDirectory(prefix="reconvene-bench-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / program
    source = Path(__file__).with_name(f"{program}.c")
    subprocess.run([COMPILER, "-O2", "-o", path, source], check=True)
    return str(path)


class NativeFleet:
    """As `load.Fleet`, for fan-out and joins."""

    def __init__(self, port: int, rooms: int, size: int, name: str = "NATIVE") -> None:
        self.count = rooms * size
        self._process = subprocess.Popen(
            [built("generator"), str(port), str(rooms), str(size), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def join(self) -> float:
        """Seconds until the last `joined`."""
        return self._ask("join", "joined")[0]

    def tend(self, seconds: float = 0.0) -> None:
        """It answers pings by itself."""

    def fanout(self, seconds: float) -> Run:
        took, deliveries, median, most = self._ask(f"fanout {seconds}", "ran", seconds)
        return Run(took, int(deliveries), median, most)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> NativeFleet:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, command: str, answer: str, seconds: float = 0.0) -> list[float]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{command}\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], seconds + SLACK)
        said = process.stdout.readline() if ready else ""
        first, _, values = said.partition(" ")
        if first != answer:
            raise LoadError(values.strip() or f"the generator in C says nothing to {command!r}")
        return [float(value) for value in values.split()]
