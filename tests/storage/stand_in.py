"""In place of a Supabase project: what PostgREST and a gateway cannot be made to answer."""

from __future__ import annotations

import asyncio
import contextlib

import orjson

KEY = "sb_secret_0123456789abcdefghij"


class StandIn:
    """Takes requests as a project does, and answers each with the same bytes."""

    def __init__(self, answer: bytes | None) -> None:
        """`None` answers nothing, and `gone` is set when the client has hung up."""
        self.answer = answer
        self.gone = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = orjson.loads(await reader.readexactly(int(headers["content-length"])))
            assert first == "POST /rest/v1/rpc/reconvene HTTP/1.1"
            assert (headers["apikey"], headers["authorization"]) == (KEY, f"Bearer {KEY}")
            assert list(body) == ["calls"]
            if self.answer is None:
                await reader.read()
                self.gone.set()
            else:
                writer.write(self.answer)
        writer.close()


def http(status: str, body: str | bytes = b"", *headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *headers, f"content-length: {len(content)}", "connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def page(status: str, text: str = "") -> bytes:
    return http(status, f"<html><title>{status}</title>{text}</html>", "content-type: text/html")


def told(status: str, **fields: str) -> bytes:
    return http(status, orjson.dumps(fields), "content-type: application/json")
