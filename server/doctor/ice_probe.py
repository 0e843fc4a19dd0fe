"""Asks STUN servers for an answer and TURN servers for a relay, with aioice. Imported only if aioice is installed."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from aioice import stun
from aioice.turn import UDP_TRANSPORT, TurnClientTcpProtocol, TurnClientUdpProtocol

T = TypeVar("T")

LIFETIME = 60
"""Requested lifetime of a relay in seconds. The relay is deleted at once; this applies if the deletion is lost."""

INSIDE = {
    4: ("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "224.0.0.1"),
    6: ("::1", "fc00::1", "fe80::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "ff02::1"),
}
"""Addresses that no relay on the Internet should send to, by IP version: one of each kind (RFC 6890).
169.254.169.254 serves clouds' instance metadata, with secrets; some IPv6 addresses embed an IPv4 address."""

OTHER_WITHIN = 1.5
"""Seconds for testing a relay of the other IP version, which a server need not offer."""

FAMILY = "REQUESTED-ADDRESS-FAMILY"
"""The attribute that requests such a relay (RFC 8656 section 18.6). aioice does not know it."""
stun.ATTRIBUTES_BY_NAME.setdefault(FAMILY, (0x0017, FAMILY, stun.pack_unsigned, stun.unpack_unsigned))


MISMATCH = 437
"""Allocation Mismatch (RFC 8656 section 19)."""


class Refused(Exception):  # noqa: N818 - named for what happened
    """The server answered with an error (RFC 8489 section 14.8, RFC 8656 section 19)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server's address, with its name if TLS is used."""

    address: str
    port: int
    stream: bool
    tls: ssl.SSLContext | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Relay:
    address: str
    port: int
    guarded: bool
    """The server required credentials."""
    inside: Sequence[str]
    """Addresses of `INSIDE` to which this relay, or the server's relay of the other IP version, sends."""


async def binding(endpoint: Endpoint) -> str:
    """The address at which the server sees this machine. Raises `Refused`, `OSError`."""
    async with client(endpoint, None, None) as asked:
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        response, _ = await asked.answered(asked.request(request))
        seen = response.attributes.get("XOR-MAPPED-ADDRESS") or response.attributes.get("MAPPED-ADDRESS")
        if seen is None:
            raise ConnectionError("the answer has no address in it")
        return str(seen[0])


async def allocation(endpoint: Endpoint, username: str, credential: str) -> Relay:
    """Allocate a relay and delete it at once; nothing is sent through it. Raises `Refused`, `OSError`."""
    try:
        return await _allocation(endpoint, username, credential)
    except Refused as refused:
        if refused.code != MISMATCH:
            raise
        # Whoever had this port before left an allocation behind: from another port it is tried once more.
        return await _allocation(endpoint, username, credential)


async def _allocation(endpoint: Endpoint, username: str, credential: str) -> Relay:
    async with client(endpoint, username, credential) as asked:
        address, port = await asked.answered(asked.connect())
        version = ipaddress.ip_address(address).version
        guarded = asked.integrity_key is not None
        inside = [peer for peer in INSIDE[version] if await _permits(asked, peer)]
        await asked.answered(asked.delete())
    inside += await _inside_of_other(endpoint, username, credential, 10 - version)
    return Relay(address, port, guarded, inside)


async def _inside_of_other(endpoint: Endpoint, username: str, credential: str, version: int) -> list[str]:
    """Which of `INSIDE` a relay of this IP version sends to; none if the server gives no such relay."""
    found: list[str] = []
    # Most servers have no such relay, and refuse in different ways.
    with contextlib.suppress(Refused, OSError):
        async with asyncio.timeout(OTHER_WITHIN), client(endpoint, username, credential) as asked:
            request = stun.Message(message_method=stun.Method.ALLOCATE, message_class=stun.Class.REQUEST)
            request.attributes["LIFETIME"] = LIFETIME
            request.attributes["REQUESTED-TRANSPORT"] = UDP_TRANSPORT
            request.attributes[FAMILY] = {4: 1, 6: 2}[version] << 24
            await asked.answered(asked.request_with_retry(request))
            found += [peer for peer in INSIDE[version] if await _permits(asked, peer)]
            await asked.answered(asked.delete())
    return found


async def _permits(asked: _Udp | _Stream, peer: str) -> bool:
    """Whether the server grants a permission for this peer, which is needed to send there (RFC 8656 section 9)."""
    request = stun.Message(message_method=stun.Method.CREATE_PERMISSION, message_class=stun.Class.REQUEST)
    request.attributes["XOR-PEER-ADDRESS"] = (peer, 9)
    try:
        await asked.answered(asked.request_with_retry(request))
    except Refused:
        return False
    return True


class _Answered:
    """Stops waiting for an answer if the connection breaks; aioice would wait on."""

    _waiting: asyncio.Future[Any] | None = None
    _broken: OSError | None = None

    async def answered(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        self._waiting = task
        try:
            return await task
        except asyncio.CancelledError:
            if self._broken is not None:
                raise self._broken from None
            raise
        except stun.TransactionFailed as error:
            code, reason = error.response.attributes.get("ERROR-CODE", (0, "no error code"))
            raise Refused(code, reason) from None
        except stun.TransactionError:
            raise TimeoutError from None

    def broken(self, error: Exception | None) -> None:
        self._broken = error if isinstance(error, OSError) else ConnectionResetError(str(error or "closed"))
        if self._waiting is not None:
            self._waiting.cancel()


class _Udp(_Answered, TurnClientUdpProtocol):
    def error_received(self, exc: Exception) -> None:
        self.broken(exc)


class _Stream(_Answered, TurnClientTcpProtocol):
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.broken(exc)


@asynccontextmanager
async def client(
    endpoint: Endpoint, username: str | None, credential: str | None
) -> AsyncIterator[_Udp | _Stream]:
    where = (endpoint.address, endpoint.port)
    loop = asyncio.get_running_loop()
    transport: asyncio.BaseTransport
    client: _Udp | _Stream
    if endpoint.stream:
        transport, client = await loop.create_connection(
            lambda: _Stream(where, username, credential, LIFETIME, LIFETIME),
            *where,
            ssl=endpoint.tls,
            server_hostname=endpoint.name if endpoint.tls else None,
        )
    else:
        transport, client = await loop.create_datagram_endpoint(
            lambda: _Udp(where, username, credential, LIFETIME, LIFETIME), remote_addr=where
        )
    try:
        yield client
    finally:
        if client.refresh_task is not None:
            client.refresh_task.cancel()
        transport.abort()
