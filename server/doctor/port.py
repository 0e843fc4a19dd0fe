"""Checks the port: free, in use by a Reconvene, or in use by something else."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
from collections.abc import Sequence

from server.doctor.checks import Finding, failure, ok, warning
from server.runtime.sockets import bind
from server.settings.config import Config

AREA = "port"

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
MOST_BYTES = 64 * 1024


async def check(config: Config, within: float) -> Sequence[Finding]:
    where = f"{config.host}:{config.port}"
    found, advice = (
        f"RECONVENE_HOST={config.host} cannot be resolved",
        "Look after this machine's name servers",
    )
    try:
        async with asyncio.timeout(within):
            finding = await _bindable(config.host, config.port)
            found, advice = (
                f"what listens on {where} does not answer",
                "Stop it, or set RECONVENE_PORT to a free port",
            )
            return [finding or await _taken(config.host, config.port, config.base_path)]
    except TimeoutError:
        return [failure(AREA, f"{found} within {within:g} s", advice)]


async def _bindable(host: str, port: int) -> Finding | None:
    """None if the port is in use."""
    try:
        for listener in await asyncio.to_thread(bind, host, port, listen=False):
            listener.close()
    except socket.gaierror as error:
        return failure(
            AREA,
            f"RECONVENE_HOST={host} cannot be resolved: {error.strerror}",
            "Set RECONVENE_HOST to an address of this machine, such as 127.0.0.1",
        )
    except OSError as error:
        return None if error.errno == errno.EADDRINUSE else _refused(host, port, error)
    return ok(AREA, "the system chooses a free one at the start" if port == 0 else f"{host}:{port} is free")


def _refused(host: str, port: int, error: OSError) -> Finding:
    if error.errno == errno.EADDRNOTAVAIL:
        return failure(
            AREA,
            f"RECONVENE_HOST={host} is no address of this machine",
            "Set RECONVENE_HOST to one, such as 127.0.0.1, or to 0.0.0.0 for all of them",
        )
    if error.errno == errno.EACCES:
        return failure(
            AREA,
            f"this user may not listen on port {port}",
            "Set RECONVENE_PORT to 1024 or higher and put a reverse proxy in front, or give the server"
            " CAP_NET_BIND_SERVICE",
        )
    return failure(
        AREA,
        f"cannot listen on {host}:{port}: {error.strerror or error}",
        "Set RECONVENE_HOST or RECONVENE_PORT to something else",
    )


async def _taken(host: str, port: int, base: str) -> Finding:
    try:
        status, body = await get(EVERYWHERE.get(host, host), port, "/healthz")
        if (status, body) != (200, {"status": "ok"}):
            raise ValueError("another program")
        status, body = await get(EVERYWHERE.get(host, host), port, f"{base}/readyz")
    except (OSError, ValueError, EOFError):
        return failure(
            AREA,
            f"something listens on {host}:{port} that is no Reconvene",
            "Stop it, or set RECONVENE_PORT to a free port",
        )
    if base and status == 404:
        return warning(
            AREA,
            f"the Reconvene on {host}:{port} is not below {base}",
            "Start it again: it was started with another RECONVENE_BASE_PATH, or none",
        )
    if status != 200:
        detail = body.get("detail") if isinstance(body, dict) else None
        return warning(
            AREA,
            f"the Reconvene on {host}:{port} is not ready: {detail or status}",
            "Look for the reason in its log, and at what is said of RECONVENE_STORE here",
        )
    return ok(AREA, f"a Reconvene listens on {host}:{port}, and is ready")


async def get(host: str, port: int, path: str) -> tuple[int, object]:
    """Status and decoded JSON body. Raises `OSError`, `EOFError`, and `ValueError` for anything but HTTP and JSON."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        # HTTP/1.0, so that the body is not chunked and the connection ends after it.
        writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost:{port}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        version, _, rest = head.decode("latin-1").partition(" ")
        if not version.startswith("HTTP/"):
            raise ValueError("no HTTP")
        return int(rest[:3]), json.loads(await _rest(reader))
    except asyncio.LimitOverrunError:
        raise ValueError("no HTTP") from None
    finally:
        writer.transport.abort()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readexactly(MOST_BYTES)
    except asyncio.IncompleteReadError as end:
        return end.partial
