"""A small issuer of tokens: signs them with any algorithm, and publishes its keys over HTTP, well or badly.

async with KeyServer() as keys:
    signer = Signer("ES256", "key 1")
    keys.publish(signer)
    token = signer.token(sub="ann")     # for a server with keys.settings()
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from functools import cache
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://login.example.org/"
AUDIENCE = "reconvene"
SECRET = "a secret shared by an application and this server"

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def part(data: bytes | dict[str, Any]) -> str:
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return urlsafe_b64encode(text).rstrip(b"=").decode()


@cache
def rsa_key(bits: int, number: str) -> rsa.RSAPrivateKey:
    """`number`: other keys have others. Kept, as making one takes long."""
    return rsa.generate_private_key(65537, bits)


class Signer:
    """A key and its algorithm. `name`: what the header calls the algorithm, if not so. `kid` None: none is named."""

    def __init__(
        self, algorithm: str = "ES256", kid: str | None = "key 1", secret: str = SECRET, bits: int = 2048
    ) -> None:
        self.algorithm = algorithm
        self.kid = kid
        self._how = jwt.get_algorithm_by_name("EdDSA" if algorithm == "Ed25519" else algorithm)
        self.key: Any
        match algorithm[:2]:
            case "HS":
                self.key = secret.encode()
            case "ES":
                curves: dict[str, Any] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
                self.key = ec.generate_private_key(curves[algorithm]())
            case "Ed":
                self.key = ed25519.Ed25519PrivateKey.generate()
            case _:
                self.key = rsa_key(bits, kid or "")

    @property
    def jwk(self) -> dict[str, Any]:
        public = self._how.to_jwk(self.key.public_key(), as_dict=True)
        about = {"kid": self.kid, "alg": self.algorithm, "use": "sig"}
        return public | {name: value for name, value in about.items() if value is not None}

    @property
    def pem(self) -> bytes:
        pem: bytes = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem

    def token(
        self,
        *,
        header: dict[str, Any] | None = None,
        now: float | None = None,
        lasts: float = 600.0,
        **claims: Any,
    ) -> str:
        """A token that is valid for `lasts` seconds from `now`; a claim that is None is left out."""
        at = time.time() if now is None else now
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": int(at), "exp": at + lasts}
        said = {name: value for name, value in (usual | claims).items() if value is not None}
        return self.compact({"alg": self.algorithm, "typ": "JWT", "kid": self.kid} | (header or {}), said)

    def compact(self, header: dict[str, Any], claims: dict[str, Any] | bytes) -> str:
        said = {name: value for name, value in header.items() if value is not None}
        signed = f"{part(said)}.{part(claims)}"
        return f"{signed}.{part(self._how.sign(signed.encode(), self.key))}"


def login(**settings: str) -> dict[str, str]:
    """Settings of a server that takes tokens of this issuer. `SECRET=…`: RECONVENE_JWT_SECRET."""
    about = {"ISSUER": ISSUER, "AUDIENCE": AUDIENCE} | settings
    return {f"RECONVENE_JWT_{name}": value for name, value in about.items()}


def jwks(*signers: Signer) -> bytes:
    return json.dumps({"keys": [signer.jwk for signer in signers]}).encode()


class KeyServer:
    """Answers each request with `answer`, one for a path in `elsewhere` with what is there; `asked` counts them."""

    def __init__(self, port: int = 0) -> None:
        self.asked = 0
        self.answer: Answer = says(404, b"{}")
        self.elsewhere: dict[str, Answer] = {}
        self._port = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._more = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """From now on nothing listens there; `start` begins again at the same address."""
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/jwks.json"

    def settings(self, **others: str) -> dict[str, str]:
        return login(JWKS_URL=self.url, **others)

    def publish(self, *signers: Signer) -> None:
        self.answer = says(200, jwks(*signers))

    async def was_asked(self, times: int) -> None:
        async with self._more:
            await self._more.wait_for(lambda: self.asked >= times)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                request = await reader.readuntil(b"\r\n\r\n")
                self.asked += 1
                async with self._more:
                    self._more.notify_all()
                await self.elsewhere.get(request.split()[1].decode(), self.answer)(writer)
        finally:
            self._open.discard(writer)
            writer.close()


def says(status: int, body: bytes, *headers: str, kind: str = "application/json") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} So", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
        await writer.drain()

    return answer


async def hangs(writer: asyncio.StreamWriter) -> None:
    """Never answers, until the other side or the server closes."""
    await asyncio.Event().wait()
