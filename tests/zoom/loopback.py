"""A server on a loopback socket that sends byte for byte what it is told to: what Zoom sends when things break.

    async with Loopback() as zoom:
        zoom.will(json({"participants": []}), STALLS, RESET)
        ...                                  # zoom.settings, zoom.requests

It knows nothing of Zoom but that tokens are asked for at /oauth/token, where it has answers of their own.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import parse_qsl

import orjson

from server.zoom.client import ZoomSettings

TOKEN = "eyJ.first.token"


@dataclass(frozen=True, slots=True)
class Reply:
    """`gate`: not sent before that is set."""

    data: bytes
    then: Literal["go on", "close", "reset", "stall"] = "go on"
    gate: asyncio.Event | None = None


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


def json(body: Any, status: int = 200, **headers: str) -> Reply:
    """`retry_after="1"` is `Retry-After: 1`."""
    return plain(orjson.dumps(body), status, **{"content_type": "application/json", **headers})


def plain(body: bytes, status: int = 200, **headers: str) -> Reply:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *lines])
    return Reply(head.encode() + b"\r\n\r\n" + body)


def token(value: str = TOKEN, *, lasts: float = 3600, scope: str = "report:read:admin") -> Reply:
    return json({"access_token": value, "token_type": "bearer", "expires_in": lasts, "scope": scope})


RESET = Reply(b"", "reset")
STALLS = Reply(b"", "stall")
STALLS_IN_HEADERS = Reply(b"HTTP/1.1 200 OK\r\nContent-Type: app", "stall")
STALLS_IN_BODY = Reply(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"participants": [', "stall")
CUT_SHORT = Reply(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"participants": [', "close")
NO_HTTP = Reply(b"\x16\x03\x01 what is this\r\n\r\n", "close")


class Loopback:
    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[Request] = []
        """All but those for tokens."""
        self.token_requests: list[Request] = []
        self.tokens: deque[Reply] = deque()
        """What is answered to them; nothing in it: the same token each time."""
        self._replies: deque[Reply] = deque()
        self._connections: set[asyncio.Task[None]] = set()
        self._came = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self.url = ""
        self.accepted = 0
        """Connections."""

    @property
    def settings(self) -> ZoomSettings:
        return ZoomSettings(
            "acc", "client-1", "s3cret-of-the-app", f"{self.url}/v2", f"{self.url}/oauth/token"
        )

    def will(self, *replies: Reply) -> None:
        self._replies += replies

    async def received(self, number: int) -> None:
        """Wait for so many requests."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.requests) >= number)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, ssl=self._tls)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"{'https' if self._tls else 'http'}://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self.accepted += 1
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        try:
            while request := await _received(reader):
                reply = self._reply_to(request)
                async with self._came:
                    self._came.notify_all()
                if reply.gate is not None:
                    await reply.gate.wait()
                writer.write(reply.data)
                if reply.then == "stall":
                    await reader.read()
                elif reply.then == "reset":
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                if reply.then != "go on":
                    return
                await writer.drain()
        except OSError:
            pass  # gone
        finally:
            writer.close()

    def _reply_to(self, request: Request) -> Reply:
        if request.path == "/oauth/token":
            self.token_requests.append(request)
            return self.tokens.popleft() if self.tokens else token()
        self.requests.append(request)
        return self._replies.popleft() if self._replies else json({"message": "not told what to say"}, 418)


async def _received(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = first.split(" ")
    return Request(method, target, headers, body)
