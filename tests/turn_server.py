"""coturn, started for a test on loopback.

async with TurnServer() as turn:
    ...                             # turn.port (UDP and TCP), turn.tls_port, turn.secret, turn.authority
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Mapping, Sequence

from tests.databases.daemon import HOST, Daemon, Folder, Started, free_port, program

STUN_BINDING_REQUEST = bytes.fromhex("000100002112a442")
"""RFC 8489 section 5: type, length, cookie. A transaction id of 12 bytes follows."""


class TurnServer(Started):
    """Its credentials are made with `secret`, as RECONVENE_TURN_SECRET makes them; its certificate is for "localhost",
    valid for `days`, and trusted by whoever trusts the file `authority`. `options` are those of turnserver, without
    dashes and with underscores; None takes one away, several values give one several times."""

    def __init__(self, days: int = 90, /, **options: str | Sequence[str] | None) -> None:
        self.port = free_port()
        self.tls_port = free_port()
        self.secret = secrets.token_hex(16)
        self._days = days
        self._folder = Folder("turn")
        self.authority = self._folder.path / "certificate.pem"
        self._key = self._folder.path / "key.pem"
        self._daemon = Daemon(self._folder, "turnserver", self._command(options), self._answers)

    def _command(self, changed: Mapping[str, str | Sequence[str] | None]) -> list[str]:
        folder = self._folder.path
        options: dict[str, str | Sequence[str] | None] = {
            "listening_ip": HOST,
            "relay_ip": HOST,
            "listening_port": str(self.port),
            "tls_listening_port": str(self.tls_port),
            "cert": str(self.authority),
            "pkey": str(self._key),
            "realm": "example.org",
            "use_auth_secret": "",
            "static_auth_secret": self.secret,
            "no_cli": "",
            "no_dtls": "",
            "userdb": str(folder / "users"),
            "pidfile": str(folder / "pid"),
            "log_file": str(folder / "turnserver.log"),
            "simple_log": "",
        }
        given = {name: value for name, value in {**options, **changed}.items() if value is not None}
        named = (
            f"--{name.replace('_', '-')}" + (f"={value}" if value else "")
            for name, values in given.items()
            for value in ([values] if isinstance(values, str) else values)
        )
        return [program("turnserver"), "-n", *named]

    async def start(self) -> None:
        if not self.authority.exists():
            await self._folder.run(
                program("openssl"),
                *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
                *(
                    "-days",
                    str(self._days),
                    "-subj",
                    "/CN=localhost",
                    "-addext",
                    "subjectAltName=DNS:localhost",
                ),
                *("-keyout", str(self._key), "-out", str(self.authority)),
            )
        await self._daemon.start()

    async def stop(self) -> None:
        await self._daemon.stop("TERM")

    async def close(self) -> None:
        await self._daemon.kill()
        self._folder.remove()

    async def _answers(self) -> bool:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            try:
                await loop.sock_connect(asking, (HOST, self.port))
                await loop.sock_sendall(asking, STUN_BINDING_REQUEST + secrets.token_bytes(12))
                async with asyncio.timeout(0.2):
                    return bool(await loop.sock_recv(asking, 2048))
            except OSError:
                return False
