"""One WebSocket of a client, from the attempt to connect to its end, on an `asyncio.Protocol`.

It has neither a reading task nor a queue: one process has thousands of these. A frame whose bytes the room's log knows
goes to the client unparsed.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from typing import Protocol, cast

from reconvene.load.expected_events import Event
from reconvene.load.frames import CLOSE, CONTINUED, FINAL, PING, PONG, TEXT, frame, frames, upgrade
from reconvene.load.target import Target
from reconvene.one_line import one_line

LOST = 1006
"""The close code when no close frame arrived (RFC 6455 section 7.1.5)."""

NO_CODE = 1005
"""The close code for a close frame without one (RFC 6455 section 7.1.5)."""

UPGRADE_REFUSED = "the upgrade was answered with"
"""Reasons for which a socket did not open begin with this if the server answered with a status other than 101."""

CLOSE_TIMEOUT = 2.0
"""Seconds for the remote to take what was written before a close."""

MOST = 16 * 1024 * 1024
"""Most bytes of an incomplete frame."""


class Owner(Protocol):
    known: Mapping[bytes, Event]

    def took(self, event: Event) -> None: ...
    def received(self, raw: bytes, payload: bytes) -> None: ...
    def opened(self) -> None: ...
    def unopened(self, why: str) -> None: ...
    def closed(self, code: int) -> None: ...


class ClientSocket(asyncio.Protocol):
    """Reports to its `owner` until one of them drops the other. It is in `sockets` while connected."""

    __slots__ = (
        "_dialling",
        "_fragments",
        "_owner",
        "_rest",
        "_sockets",
        "_transport",
        "is_open",
        "is_writable",
    )

    def __init__(self, owner: Owner, target: Target, sockets: set[ClientSocket]) -> None:
        self._owner: Owner | None = owner
        self._sockets = sockets
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._fragments = b""
        self.is_open = False
        """The server has answered the upgrade."""
        self.is_writable = True
        self._dialling = asyncio.get_running_loop().create_task(self._dial(target))

    def send(self, payload: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame(payload))

    def drop(self, code: int) -> None:
        """Close it; nothing more is reported to its owner."""
        self._owner = None
        if self._transport is None:
            self._dialling.cancel()
        elif self.is_open:
            self._transport.write(frame(code.to_bytes(2, "big"), CLOSE))
            self._transport.close()
            # A remote that does not read would delay the close for ever.
            asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self._transport.abort)
        else:
            self._transport.abort()

    def abort(self) -> None:
        """Close at once and discard unsent data."""
        self._owner = None
        self._dialling.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def _dial(self, target: Target) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self,
                target.hosts[0],
                target.address.port,
                ssl=target.context,
                server_hostname=target.server_name,
            )
        except OSError as error:
            self._fail(_why(error))
        else:
            if self._transport is not None:
                self._transport.write(upgrade(target.authority, target.path))

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports only look like asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._sockets.add(self)
        if self._owner is None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        owner = self._owner
        if owner is None:
            return
        if not self._rest and (event := owner.known.get(data)) is not None:
            owner.took(event)
            return
        self._rest += data
        if self.is_open or self._upgraded():
            self._read()

    def pause_writing(self) -> None:
        self.is_writable = False

    def resume_writing(self) -> None:
        self.is_writable = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._sockets.discard(self)
        if self.is_open:
            self._end(LOST)
        else:
            self._fail("closed before the upgrade" if exc is None else _why(exc))

    def _upgraded(self) -> bool:
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if not end:
            return False
        self._rest = rest
        words = head.split(b"\r\n", 1)[0].split(None, 2)
        status = words[1].decode(errors="replace") if len(words) > 1 else "nothing"
        if status != "101":
            self._fail(f"{UPGRADE_REFUSED} {status[:20]}")
            return False
        self.is_open = True
        if self._owner is not None:
            self._owner.opened()
        return True

    def _read(self) -> None:
        found, self._rest = frames(self._rest)
        for opcode, raw, payload in found:
            owner, transport = self._owner, self._transport
            if owner is None or transport is None:
                return
            if opcode == TEXT and raw[0] & FINAL:
                owner.received(raw, payload)
            elif opcode in {TEXT, CONTINUED}:
                # The server does not fragment messages, but proxies in between may.
                self._fragments += payload
                if raw[0] & FINAL:
                    whole, self._fragments = self._fragments, b""
                    owner.received(whole, whole)
            elif opcode == PING:
                transport.write(frame(payload, PONG))
            elif opcode == CLOSE:
                transport.write(frame(payload[:2], CLOSE))
                self._end(int.from_bytes(payload[:2], "big") if len(payload) > 1 else NO_CODE)
        if len(self._rest) + len(self._fragments) > MOST:
            self._end(LOST)

    def _fail(self, why: str) -> None:
        owner, self._owner = self._owner, None
        if self._transport is not None:
            self._transport.abort()
        if owner is not None:
            owner.unopened(why)

    def _end(self, code: int) -> None:
        owner, self._owner = self._owner, None
        if self._transport is not None:
            self._transport.close()
        if owner is not None:
            owner.closed(code)


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or 'failed'}"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return one_line(error)[:80]
