"""A WebSocket client down to the bytes, which may do everything wrong (RFC 6455)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import socket
from dataclasses import dataclass
from typing import Any

from tests.signalling.frames import check_client_frame, check_server_frame

TIMEOUT = 10.0
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
# Section 1.3: the key and this GUID, hashed, are what the server answers.
ACCEPT = base64.b64encode(
    hashlib.sha1(f"{KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()  # noqa: S324
).decode()

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Frame:
    first: int
    """FIN, RSV bits and opcode, as they came."""
    payload: bytes

    @property
    def opcode(self) -> int:
        return self.first & 0xF

    @property
    def code(self) -> int:
        assert self.opcode == CLOSE
        return int.from_bytes(self.payload[:2], "big")


def frame(
    opcode: int,
    payload: bytes | str = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    size: int | None = None,
) -> bytes:
    """One frame's bytes. `size`: a length to declare instead of the payload's own."""
    data = payload.encode() if isinstance(payload, str) else payload
    declared = len(data) if size is None else size
    mask_bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if declared < 126:
        head += bytes([mask_bit | declared])
    elif declared < 65536:
        head += bytes([mask_bit | 126]) + declared.to_bytes(2, "big")
    else:
        head += bytes([mask_bit | 127]) + declared.to_bytes(8, "big")
    if not masked:
        return head + data
    mask = os.urandom(4)
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(key, "big")
    return head + mask + mixed.to_bytes(len(data), "big")


def join(room: str, number: int = 1, **fields: Any) -> str:
    text = json.dumps({"type": "join", "id": number, "meeting": room, "name": "Raw", "create": True} | fields)
    check_client_frame(text)
    return text


class Raw:
    """`async with await Raw.open(port) as raw: …`"""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, *, receive_buffer: int | None = None) -> Raw:
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=sock, limit=4096 if receive_buffer else 2**16)
        return cls(reader, writer)

    async def __aenter__(self) -> Raw:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    @property
    def is_cut(self) -> bool:
        """Whether sending has met the end of the connection."""
        return self._writer.transport.is_closing()

    @property
    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._writer.is_closing()

    async def handshake(self, **headers: str | None) -> Response:
        """Ask for the upgrade. `headers` replace the right ones (`_` for `-`); None leaves one out."""
        wanted: dict[str, str | None] = {
            "Host": "localhost",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": KEY,
        }
        wanted |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in wanted.items() if value is not None]
        head = "\r\n".join(["GET /ws HTTP/1.1", *lines, "", ""])
        await self.send(head.encode("latin-1"))
        return await self.response()

    async def response(self) -> Response:
        async with asyncio.timeout(TIMEOUT):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Response(int(first.split()[1]), headers, body.decode())

    async def upgraded(self) -> Raw:
        response = await self.handshake()
        assert response.status == 101
        return self

    async def joined(self, room: str, **fields: Any) -> dict[str, Any]:
        await self.upgraded()
        await self.send(frame(TEXT, join(room, **fields)))
        return await self.message("joined")

    async def frame(self) -> Frame:
        async with asyncio.timeout(TIMEOUT):
            first, second = await self._reader.readexactly(2)
            assert not second & 0x80, "server frames are not masked (section 5.1)"
            size = second
            if size == 126:
                size = int.from_bytes(await self._reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self._reader.readexactly(8), "big")
            return Frame(first, await self._reader.readexactly(size))

    async def message(self, kind: str) -> dict[str, Any]:
        """The next frame, a whole text message of this type."""
        received = await self.frame()
        assert received.first == 0x80 | TEXT, received
        check_server_frame(received.payload)
        message = json.loads(received.payload)
        assert isinstance(message, dict)
        assert message["type"] == kind, message
        return message

    async def close_frame(self) -> Frame:
        """The server's close frame; whatever comes before it is passed over."""
        while (received := await self.frame()).opcode != CLOSE:
            pass
        return received

    async def closed(self) -> int:
        """The code the server closes with; finishes the handshake and sees the connection end."""
        received = await self.close_frame()
        await self.send(frame(CLOSE, received.payload[:2]))
        assert await self.rest() == b""
        return received.code

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        async with asyncio.timeout(TIMEOUT):
            try:
                return await self._reader.read(-1)
            except ConnectionResetError:
                return b""
