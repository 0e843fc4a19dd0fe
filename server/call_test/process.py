"""The process of one echo: started without the server's secrets; its lines are logged; ended by its process id."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Mapping, Sequence
from subprocess import DEVNULL, PIPE, Popen

import orjson
import structlog

log = structlog.get_logger()

HANDED_ON = frozenset(
    (
        "PATH",
        "HOME",
        "LANG",
        "TZ",
        "TMPDIR",
        "PYTHONPATH",
        "PYTHONHOME",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
    )
)
"""Environment variables the child inherits. It joins like any client and needs no settings or secrets."""

TOKEN = "RECONVENE_TOKEN"  # noqa: S105 - a name
"""The variable in which programs that take part are given their token."""

MOST_LINES = 100
"""Lines of one process that are logged; further lines are read and discarded."""
MOST_IN_A_LINE = 300
"""Characters."""
NOT_TOLD = frozenset({"event", "level", "timestamp", "name"})
"""Fields of its lines that are not logged: those the server's lines set themselves, and people's names."""
LAST = 3
"""Last lines kept, to say why it failed."""

LEAVES_WITHIN = 5.0
"""Seconds from SIGTERM to SIGKILL."""


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name in HANDED_ON or name.startswith("LC_")}


class EchoProcess:
    """`end` yields the exit code (negative: the signal it died of) when it has ended and its lines are logged."""

    def __init__(self, process: Popen[bytes], room: str) -> None:
        self.pid = process.pid
        self.last: deque[str] = deque(maxlen=LAST)
        self._process = process
        self._room = room
        self._told = 0
        self.end = asyncio.create_task(self._follow())

    @classmethod
    async def start(cls, command: Sequence[str], room: str, token: str = "") -> EchoProcess:
        """`room` is the meeting named in the log lines; `token`: who the process is, if it is told. Raises `OSError` if
        it cannot be started."""
        # On a thread, where Popen uses vfork, which takes a millisecond. Event loops use fork, which would block this
        # one: for a tenth of a second in a server that holds half a gigabyte.
        return cls(await asyncio.to_thread(_started, command, token), room)

    def terminate(self) -> None:
        """Ask the process to leave; kill it if it has not ended within `LEAVES_WITHIN` seconds."""
        if not self.end.done():
            self._process.terminate()
            asyncio.get_running_loop().call_later(LEAVES_WITHIN, self.kill)

    def kill(self) -> None:
        if not self.end.done():
            self._process.kill()

    async def _follow(self) -> int:
        loop = asyncio.get_running_loop()
        lines = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(lines)
        transport, _ = await loop.connect_read_pipe(lambda: protocol, self._process.stderr)
        with contextlib.closing(transport):
            while True:
                try:
                    line = await lines.readline()
                except ValueError:
                    continue  # longer than the reader's buffer: discarded
                if not line:
                    break
                self._heard(line.decode(errors="replace").strip())
        # End of file means that the process is ending, so this wait is short.
        code = await asyncio.to_thread(self._process.wait)
        if self._process.stdin is not None:
            self._process.stdin.close()
        return code

    def _heard(self, line: str) -> None:
        try:
            said = orjson.loads(line)
        except orjson.JSONDecodeError:
            said = None
        text = said.get("event") if isinstance(said, dict) else None
        if not isinstance(text, str):
            # Not a structured line: a library's, or part of a traceback, whose last line matters.
            if line:
                self.last.append(line[:MOST_IN_A_LINE])
            return
        self.last.append(text[:MOST_IN_A_LINE])
        self._told += 1
        if self._told > MOST_LINES:
            return
        about = {key: _bounded(value) for key, value in said.items() if key not in NOT_TOLD}
        about |= {"meeting": self._room, "pid": self.pid}
        # An error of the echo is not an error of the server.
        tell = {"debug": log.debug, "info": log.info}.get(str(said.get("level")), log.warning)
        tell("echo: " + text[:MOST_IN_A_LINE], **about)


def _started(command: Sequence[str], token: str) -> Popen[bytes]:
    # Not among the arguments: everybody on the machine can read those.
    given = environment(os.environ) | ({TOKEN: token} if token else {})
    return Popen(command, bufsize=0, stdin=PIPE, stdout=DEVNULL, stderr=PIPE, env=given)  # noqa: S603 - ours


def _bounded(value: object) -> object:
    return value if isinstance(value, int | float | None) else str(value)[:MOST_IN_A_LINE]
