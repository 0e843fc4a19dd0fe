"""Notices that a client reads no more of an answer, however long the answer is and however slowly it is read."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import struct
import termios
from collections.abc import Callable

LEAST = 64 * 1024
"""Bytes that a client has to read within the time it is given, unless fewer are left."""


class UnreadAnswer:
    """Keeps nothing of the connection but a timer, so that it makes no reference cycle with it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, transport: asyncio.Transport, patience: float, stalled: Callable[[], None]) -> None:
        """Call `stalled` when the client has read less than `LEAST` in `patience` seconds. Does nothing if the client
        is watched already."""
        if self._timer is not None:
            return
        before = unread(transport)

        def look() -> None:
            self._timer = None
            if unread(transport) > max(0, before - LEAST):
                stalled()
            else:
                self.watch(transport, patience, stalled)

        self._timer = self._loop.call_later(patience, look)

    def forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def unread(transport: asyncio.Transport) -> int:
    """Bytes that the remote has not acknowledged, here and in the kernel: a slow line shows there first, as the kernel
    takes more only when much of what it has is gone (tcp(7), SIOCOUTQ)."""
    size = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    # A socket that is closed by now is -1, which is a ValueError.
    with contextlib.suppress(OSError, AttributeError, ValueError, struct.error):
        (in_kernel,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))
        size += in_kernel
    return size
