"""`reconvene serve --processes N`: several servers that share a port, and this process, which watches them.

    this process ── socket pair ── server 1 ─┐
                 └─ socket pair ── server 2 ─┴─ one port (SO_REUSEPORT), one engine, one record

A signal is handed down to all. A server that ends is started again, later each time. Servers end with this process, as
their end of the pair is closed with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence

import structlog

from server.runtime.happening import happens
from server.runtime.sockets import bind

log = structlog.get_logger()

CANNOT_START = 2
"""The exit code of a server that has said why it cannot be started."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds until a server that ended is started again; they double with each end."""
LIVED_LONG = 60.0
"""Seconds after which the next end counts as the first."""
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(count: int, host: str, port: int, environ: Mapping[str, str]) -> int:
    """Returns the exit code. Raises `OSError` if the port cannot be had."""
    # Whoever else shares the port would get a part of the connections.
    for listener in bind(host, port):
        listener.close()
    reserved = bind(host, port, listen=False, shared=True)
    try:
        taken = reserved[0].getsockname()[1]
        settings = {**environ, "RECONVENE_PORT": str(taken), "RECONVENE_PROCESSES": "1"}
        return asyncio.run(Processes(count, settings).run())
    finally:
        for listener in reserved:
            listener.close()


class Processes:
    def __init__(self, count: int, environ: Mapping[str, str]) -> None:
        self._count = count
        self._environ = environ
        self._stopping = asyncio.Event()
        self._listens = asyncio.Event()
        """One of them does: the settings can be used, and the record is migrated."""
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self._code = 0

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in STOPS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._signalled, number)
        first = asyncio.create_task(self._keep(0))
        waits = [asyncio.create_task(event.wait()) for event in (self._listens, self._stopping)]
        await asyncio.wait([first, *waits], return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(first, *(self._keep(number) for number in range(1, self._count)))
        log.info("all processes have ended", code=self._code)
        return self._code

    def _signalled(self, number: signal.Signals) -> None:
        self._stopping.set()
        for process in self._running.values():
            if process.returncode is None:
                process.send_signal(number)

    async def _keep(self, number: int) -> None:
        ends = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            process = self._running[number] = await self._start()
            code = await process.wait()
            if self._stopping.is_set():
                self._code = self._code or int(code != 0)
                return
            lived = time.monotonic() - began
            if code == CANNOT_START and not self._listens.is_set():
                self._code = CANNOT_START
                self._stopping.set()
                return
            ends = 1 if lived >= LIVED_LONG else ends + 1
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (ends - 1))
            log.error(
                "a process has ended, it is started again",
                pid=process.pid,
                code=code,
                lived=round(lived, 1),
                wait=wait,
            )
            await happens(self._stopping, wait)

    async def _start(self) -> asyncio.subprocess.Process:
        ours, theirs = socket.socketpair()
        with theirs:
            # A group of its own: a Ctrl-C comes from here alone, not once more from the terminal.
            process = await asyncio.create_subprocess_exec(
                *_command(theirs.fileno()), env=self._environ, pass_fds=(theirs.fileno(),), process_group=0
            )
        if self._stopping.is_set():
            process.send_signal(signal.SIGTERM)
        task = asyncio.create_task(self._hear(ours))
        process_ended = asyncio.create_task(process.wait())
        process_ended.add_done_callback(lambda _: task.cancel())
        return process

    async def _hear(self, link: socket.socket) -> None:
        """Kept open for as long as the server runs."""
        reader, writer = await asyncio.open_connection(sock=link)
        try:
            while await reader.read(1):
                self._listens.set()
        except ConnectionError:
            pass
        finally:
            writer.close()


def _command(link: int) -> Sequence[str]:
    # Without -P, a package `server` in the current directory would be imported instead.
    return (sys.executable, "-P", "-m", "reconvene.cli.main", "serve", "--watched-by", str(link))


class Watcher:
    """What a server sees of the process that watches it. `link`: the descriptor that it was given."""

    def __init__(self, link: int) -> None:
        self._link = socket.socket(fileno=link)

    def listens(self) -> None:
        """Say so, and end with the watcher from now on."""
        self._link.setblocking(False)
        self._link.send(b"1")
        asyncio.get_running_loop().add_reader(self._link, self._gone)

    def _gone(self) -> None:
        asyncio.get_running_loop().remove_reader(self._link)
        log.warning("the process that watches this one is gone, it stops")
        os.kill(os.getpid(), signal.SIGTERM)
