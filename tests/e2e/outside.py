"""Another site, with pages of its own: those of docs/samples."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.process import ROOT

SAMPLES = ROOT / "docs" / "samples"
SERVER = "https://meet.example.org"
"""The server's address in the samples."""


class Outside:
    """Serves a folder at an origin of its own, another site than the server's. The samples name `server` there.

    `answers`: what its backend answers, by path; None: 404.
    """

    def __init__(self, folder: Path = SAMPLES) -> None:
        self.server = ""
        self.answers: dict[str, Callable[[], str | None]] = {}
        self.policy = ""
        """Of all its pages, if it is set: what they may load and connect to."""
        self._folder = folder
        self._listening: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def origin(self) -> str:
        assert self._listening is not None
        # Not by its address, as the server is.
        return f"http://localhost:{self._listening.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listening is not None
        self._listening.close()
        for writer in self._open:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Browsers open connections that they may want later, and close them again."""
        self._open.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1].partition("?")[0]
        text = self._text(path)
        status = "404 Not Found" if text is None else "200 OK"
        body = (text or "").encode()
        policy = f"Content-Security-Policy: {self.policy}\r\n" if self.policy else ""
        media_type = mimetypes.guess_type(path)[0] or "text/plain"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
            f"{policy}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        await writer.drain()

    def _text(self, path: str) -> str | None:
        if path in self.answers:
            return self.answers[path]()
        file = self._folder / path.strip("/")
        return file.read_text(encoding="utf-8").replace(SERVER, self.server) if file.is_file() else None
