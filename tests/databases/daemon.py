"""A server that others wrote, as a process that ends when this one does, and the folder it lives in."""

from __future__ import annotations

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"
START_TIMEOUT = 30.0
STOP_TIMEOUT = 20.0

# Outlives whoever holds the other end of its input, and those who are ended with them.
_REMOVE = 'trap "" HUP INT TERM; cat >/dev/null; rm -rf "$0" 2>/dev/null || { sleep 2; rm -rf "$0"; }'


def free_port() -> int:
    """A port of loopback that nothing listens at.

    Not one of those that the kernel gives to outgoing connections: a server that is down for a moment would find
    its port taken by a client, or a client that asks for it be connected to itself.
    """
    for _ in range(1000):
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")


def _user() -> pwd.struct_passwd | None:
    """Whom servers run as when root starts them: PostgreSQL and pgbouncer refuse root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def program(name: str) -> str:
    """Where it is installed; servers often are where only root looks."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin")
    if path is None:
        raise RuntimeError(f"{name} is not installed. Run: bash tests/install.sh")
    return path


class Folder:
    """A new folder that belongs to the user servers run as. It goes when it is removed, or this process ends."""

    def __init__(self, name: str) -> None:
        self.user = _user()
        self.path = Path(tempfile.mkdtemp(prefix=f"reconvene-{name}-"))
        if self.user:
            os.chown(self.path, self.user.pw_uid, self.user.pw_gid)
        self._remover = subprocess.Popen(
            ["sh", "-c", _REMOVE, str(self.path)], stdin=subprocess.PIPE, start_new_session=True
        )

    def remove(self) -> None:
        assert self._remover.stdin
        self._remover.stdin.close()
        self._remover.wait()

    def command(self, program: Sequence[str], death_signal: str) -> list[str]:
        """As the folder's user, and with a signal for when the thread that started it ends."""
        if (setpriv := shutil.which("setpriv")) is None:
            if self.user:
                raise RuntimeError("setpriv (util-linux) is not installed; root needs it to start a database")
            return list(program)
        becoming = (
            (f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups")
            if self.user
            else ()
        )
        return [setpriv, *becoming, "--pdeathsig", death_signal, "--", *program]

    async def run(self, *program: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *self.command(program, "KILL"),
            cwd=self.path,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"{program[0]} failed:\n{output.decode(errors='replace')}")


class Daemon:
    """`answers` tells whether it is ready. What it writes is in the folder, in `name`.log."""

    def __init__(
        self,
        folder: Folder,
        name: str,
        command: Sequence[str],
        answers: Callable[[], Awaitable[bool]],
        *,
        environ: Mapping[str, str] | None = None,
        death_signal: str = "KILL",
    ) -> None:
        self.name = name
        self._folder = folder
        self._command = folder.command(command, death_signal)
        self._answers = answers
        self._environ = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", **(environ or {})}
        self._log = folder.path / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None, "was not started"
        return self._process.pid

    async def start(self) -> None:
        """Return once it answers. May be called again after a stop."""
        assert not self.running, f"{self.name} runs already"
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder.path,
                env=self._environ,
                stdin=asyncio.subprocess.DEVNULL,
                # Nobody writes there, but every child of it has it open: at its end all have ended.
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        await self.until(self._answers)

    async def until(self, answers: Callable[[], Awaitable[bool]]) -> None:
        """Ask until the answer is yes; fail when the process ends, or takes too long."""
        assert self._process is not None, "was not started"
        try:
            async with asyncio.timeout(START_TIMEOUT):
                while not await answers():
                    if self._process.returncode is not None:
                        raise RuntimeError(f"{self.name} ended:\n{self.tail()}")
                    # It tells nobody; one has to ask.
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise RuntimeError(f"{self.name} did not answer in {START_TIMEOUT} s:\n{self.tail()}") from None

    async def stop(self, name: str) -> None:
        """Send it a signal and wait until it and all its children have ended. Nothing if it has ended before."""
        if self._process is None:
            return
        assert self._process.stdout is not None
        if self.running:
            self._process.send_signal(signal.Signals[f"SIG{name}"])
        try:
            await asyncio.wait_for(self._process.stdout.read(), STOP_TIMEOUT)
        except TimeoutError:
            self._process.kill()
            raise RuntimeError(f"{self.name} did not end in {STOP_TIMEOUT} s:\n{self.tail()}") from None
        await self._process.wait()

    async def kill(self) -> None:
        await self.stop("KILL")

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.log().splitlines()[-lines:])


class Started:
    """`async with`: started, and at the end stopped."""

    async def start(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
