"""A relay between a client and a server that changes what the server says."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Message = dict[str, Any]

Change = Callable[[Message], list[Message]]
"""What is passed on in place of a message of the server."""


@contextlib.asynccontextmanager
async def meddling(
    url: str, change: Change = lambda message: [message], code: Callable[[int], int] = lambda code: code
) -> AsyncIterator[str]:
    """The URL of a server like that at `url`, but for its messages and close codes."""

    async def relay(near: ServerConnection) -> None:
        target = f"ws{url.removeprefix('http')}/ws"
        subprotocols = [Subprotocol(near.subprotocol)] if near.subprotocol else None
        async with connect(target, subprotocols=subprotocols, proxy=None, compression=None) as far:

            async def up() -> None:
                with contextlib.suppress(ConnectionClosed):
                    async for frame in near:
                        await far.send(frame)
                if near.close_code == 1006:
                    far.transport.abort()
                else:
                    await far.close()

            task = asyncio.create_task(up())
            with contextlib.suppress(ConnectionClosed):
                async for frame in far:
                    for message in change(json.loads(frame)):
                        await near.send(json.dumps(message, separators=(",", ":"), ensure_ascii=False))
            await near.close(code(far.close_code or 1011))
            await task

    subprotocols = [Subprotocol("reconvene.v1")]
    async with serve(
        relay, "127.0.0.1", 0, subprotocols=subprotocols, compression=None, max_size=None
    ) as server:
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
