"""Passwords of meetings: hashed with scrypt (RFC 7914), in threads, a few at once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets

N, R, P = 2**14, 8, 1
"""About 16 MiB and 50 ms of one processor."""

SALT = 16
AT_ONCE = 4

PREFIX = "scrypt$"


class Passwords:
    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        salt = secrets.token_bytes(SALT)
        return _text(salt, await self._derive(password, salt))

    async def fits(self, password: str, hashed: str) -> bool:
        """`hashed` is what `hash` made."""
        salt, key = (base64.b64decode(part) for part in hashed.removeprefix(PREFIX).split("$"))
        return hmac.compare_digest(key, await self._derive(password, salt))

    async def _derive(self, password: str, salt: bytes) -> bytes:
        async with self._free:
            return await asyncio.to_thread(
                hashlib.scrypt, password.encode(), salt=salt, n=N, r=R, p=P, maxmem=64 * 2**20
            )


def _text(salt: bytes, key: bytes) -> str:
    return PREFIX + "$".join(base64.b64encode(part).decode() for part in (salt, key))
