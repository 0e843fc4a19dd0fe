"""The server under load: the address for its sockets, and the few HTTP API calls that are needed.

It uses no HTTP library, so that only the server's own requirements have to be installed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reconvene.server_address import Address

WITHIN = 10.0
"""Seconds for a call."""

LARGEST = 1024 * 1024
"""Most bytes of an answer."""


class Unreachable(Exception):  # noqa: N818 - named for what happened
    """The text is one line with what to do."""


class CallRefused(Exception):  # noqa: N818
    """The server refused; the text is its own. `status` is HTTP's; `code` is the protocol's."""

    def __init__(self, status: int, why: str, code: str = "") -> None:
        super().__init__(f"{why.rstrip('.')} ({status})")
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Target:
    """`hosts` are the IP addresses of the server's name; all connections go to the first reachable one."""

    address: Address
    hosts: tuple[str, ...]
    context: ssl.SSLContext | None

    @classmethod
    async def find(cls, address: Address) -> Target:
        """Raises `Unreachable`."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(WITHIN):
                found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise Unreachable(f"the name {address.host} is not resolved within {WITHIN:g} s") from None
        except OSError as error:
            raise Unreachable(f"the name {address.host} cannot be resolved: {error.strerror}") from None
        return cls.of(address, tuple(dict.fromkeys(str(each[4][0]) for each in found)))

    @classmethod
    def of(cls, address: Address, hosts: tuple[str, ...]) -> Target:
        return cls(address, hosts, ssl.create_default_context() if address.is_secure else None)

    @property
    def authority(self) -> str:
        """Host and port, as in the address."""
        return urlsplit(self.address.base).netloc

    @property
    def path(self) -> str:
        """The path of the websocket."""
        return f"{self.address.prefix}/ws"

    @property
    def server_name(self) -> str | None:
        """The name that the certificate must have."""
        return self.address.host if self.context is not None else None

    @property
    def is_here(self) -> bool:
        """Whether the server runs on this machine."""
        return all(ipaddress.ip_address(host.partition("%")[0]).is_loopback for host in self.hosts)

    async def reached(self) -> Target:
        """This target with only the address that answers. Raises `Unreachable`."""
        failure: Unreachable | None = None
        for host in self.hosts:
            target = Target(self.address, (host,), self.context)
            try:
                await target.call("GET", "/healthz")
            except Unreachable as error:
                failure = failure or error
            except CallRefused as error:
                raise Unreachable(
                    f"{self.address.base} is no Reconvene that works: /healthz answers {error.status}"
                ) from None
            else:
                return target
        raise failure or Unreachable(f"{self.address.host} has no address")

    async def call(
        self, method: str, path: str, token: str = "", body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The parsed answer; empty without a body. Raises `Unreachable` and `CallRefused`."""
        content = b"" if body is None else json.dumps(body).encode()
        # HTTP/1.0: one call per connection; the end of the connection ends the answer.
        lines = [
            f"{method} {self.address.prefix}{path} HTTP/1.0",
            f"Host: {self.authority}",
            "Accept: application/json",
        ]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        request = "\r\n".join([*lines, "", ""]).encode() + content
        try:
            async with asyncio.timeout(WITHIN):
                answer = await self._exchange(request)
        except TimeoutError:
            raise Unreachable(
                f"{self.address.base} does not answer within {WITHIN:g} s; see whether the server runs and has time"
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(
                f"the certificate of {self.address.host} is not accepted: {error.verify_message}; "
                "SSL_CERT_FILE names authorities of your own"
            ) from None
        except ssl.SSLError:
            raise Unreachable(
                f"no TLS is spoken at {self.address.base}: write http:// if it has none"
            ) from None
        except OSError as error:
            raise Unreachable(
                f"{self.address.base} cannot be reached: {error.strerror or error}; start the server, or correct "
                "host and port"
            ) from None
        head, _, rest = answer.partition(b"\r\n\r\n")
        return self._read(head, rest)

    async def _exchange(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(
            self.hosts[0], self.address.port, ssl=self.context, server_hostname=self.server_name
        )
        try:
            writer.write(request)
            answer = bytearray()
            while len(answer) < LARGEST and (data := await reader.read(65536)):
                answer += data
            return bytes(answer)
        finally:
            writer.transport.abort()

    def _read(self, head: bytes, content: bytes) -> dict[str, Any]:
        words = head.split(b"\r\n", 1)[0].split()
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            raise Unreachable(f"what listens at {self.address.base} speaks no HTTP; correct the port")
        status = int(words[1])
        try:
            answer = json.loads(content) if content else {}
        except ValueError:
            answer = None
        if not 200 <= status < 300:
            said = answer if isinstance(answer, dict) else {}
            raise CallRefused(status, str(said.get("detail") or "refused"), str(said.get("code", "")))
        if not isinstance(answer, dict):
            raise Unreachable(f"what answers at {self.address.base} is not Reconvene; correct the address")
        return answer
