"""One echo's process, seen from the server: started without the server's secrets, heard in its log, ended by its id."""

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
"""All that a child gets of the environment. It joins as any client does, and needs no setting and no secret."""

MOST_LINES = 100
"""Lines of one process that are told; what comes after these is only read."""
MOST_IN_A_LINE = 300
"""Characters."""
NOT_TOLD = frozenset({"event", "level", "timestamp", "name"})
"""Of its lines: what this server's own have, too, and what people are called, which they have not."""
LAST = 3
"""Lines kept to tell why it failed."""

LEAVES_WITHIN = 5.0
"""Seconds from being asked to end to being killed."""


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name in HANDED_ON or name.startswith("LC_")}


class EchoProcess:
    """`end` is done with the exit code (negative: the signal it died of) when it has ended and all it said is told."""

    def __init__(self, process: Popen[bytes], room: str) -> None:
        self.pid = process.pid
        self.last: deque[str] = deque(maxlen=LAST)
        self._process = process
        self._room = room
        self._told = 0
        self.end = asyncio.create_task(self._follow())

    @classmethod
    async def start(cls, command: Sequence[str], room: str) -> EchoProcess:
        """`room` is what lines are told of. Raises `OSError` when it cannot be started."""
        # On a thread, where Python has a way (vfork) that takes a millisecond. Event loops fork, and stand still
        # meanwhile: for a tenth of a second in a server that holds half a gigabyte.
        return cls(await asyncio.to_thread(_started, command), room)

    def terminate(self) -> None:
        """Ask it to leave; when it has not within `LEAVES_WITHIN` seconds, it is killed."""
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
                    continue  # longer than the reader's buffer, and let go
                if not line:
                    break
                self._heard(line.decode(errors="replace").strip())
        # Its end of the pipe is closed when it ends: this is a matter of a moment.
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
            # No line of ours: a library's, or one of a traceback, of which the last is what counts.
            if line:
                self.last.append(line[:MOST_IN_A_LINE])
            return
        self.last.append(text[:MOST_IN_A_LINE])
        self._told += 1
        if self._told > MOST_LINES:
            return
        about = {key: _bounded(value) for key, value in said.items() if key not in NOT_TOLD}
        about |= {"meeting": self._room, "pid": self.pid}
        # What is an error to it is none of the server's.
        tell = {"debug": log.debug, "info": log.info}.get(str(said.get("level")), log.warning)
        tell("echo: " + text[:MOST_IN_A_LINE], **about)


def _started(command: Sequence[str]) -> Popen[bytes]:
    given = environment(os.environ)
    return Popen(command, bufsize=0, stdin=PIPE, stdout=DEVNULL, stderr=PIPE, env=given)  # noqa: S603 - ours


def _bounded(value: object) -> object:
    return value if isinstance(value, int | float | None) else str(value)[:MOST_IN_A_LINE]
