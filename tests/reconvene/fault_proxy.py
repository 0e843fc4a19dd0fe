"""A proxy that changes what passes: what stands between browsers and servers may do so, too.

    async with FaultProxy(server.port, down=lambda data: data.replace(b"candidate:", b"xandidate:")) as proxy:
        ...                             # clients connect to proxy.port

Frames from the server are neither masked nor compressed, so that bytes can be exchanged for as many others.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Self

HOST = "127.0.0.1"

Change = Callable[[bytes], bytes]


def _as_it_is(data: bytes) -> bytes:
    return data


class FaultProxy:
    """`up`: what clients send; `down`: what the server sends. What is changed into nothing is not passed on."""

    def __init__(self, target: int, *, up: Change = _as_it_is, down: Change = _as_it_is) -> None:
        self.up, self.down = up, down
        self.refusing = False
        """New connections are closed at once."""
        self._target = target
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None, "was not started"
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def shut(self) -> None:
        """Closed for all, those who are connected already included."""
        self.refusing = True
        for task in self._tasks:
            task.cancel()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, HOST, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.shut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        ends = [writer]
        try:
            if not self.refusing:
                far_reader, far_writer = await asyncio.open_connection(HOST, self._target)
                ends.append(far_writer)
                await asyncio.gather(
                    self._pass(reader, far_writer, lambda data: self.up(data)),
                    self._pass(far_reader, writer, lambda data: self.down(data)),
                )
        except OSError:
            pass
        except asyncio.CancelledError:
            pass  # the streams' own callback would tell of it as of an error
        finally:
            for end in ends:
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, change: Change) -> None:
        while data := await reader.read(1024 * 1024):
            writer.write(change(data))
        with contextlib.suppress(OSError):
            writer.close()
