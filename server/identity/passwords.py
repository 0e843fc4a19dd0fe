"""Passwords of meetings: hashed with scrypt (RFC 7914), in threads, a few at once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict

import msgspec

from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import HASHED, Settings

N, R, P = 2**14, 8, 1
"""About 16 MiB and 50 ms of one processor."""

SALT = 16
AT_ONCE = 4
MOST_QUEUED = 64
"""Passwords that are tried and wait to be hashed; others are refused. About a second of one processor's time."""

SET_AT_ONCE = 1
MOST_SET = 16
"""The same of passwords that are set, and one of each meeting. They take no place of those that are tried: whoever sets
passwords without end keeps nobody out of other meetings."""

REMEMBERED = 1000
"""Hashes of which the right password was shown lately."""


class _Lane:
    """Hashes few at once. `most`: those in hand and in the queue."""

    def __init__(self, at_once: int, most: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = most
        self._queued = 0

    async def derive(self, password: str, salt: bytes) -> bytes:
        """Raises `Refused` (unavailable) if so much is to be hashed already."""
        if self._queued >= self._most:
            raise _busy()
        self._queued += 1
        try:
            async with self._free:
                return await asyncio.to_thread(
                    hashlib.scrypt, password.encode(), salt=salt, n=N, r=R, p=P, maxmem=64 * 2**20
                )
        finally:
            self._queued -= 1


class Passwords:
    def __init__(self) -> None:
        self._tried = _Lane(AT_ONCE, MOST_QUEUED)
        self._set = _Lane(SET_AT_ONCE, MOST_SET)
        self._setting: set[str] = set()
        # The right password is shown often: by everyone who comes in. It is compared by a digest that is good for this
        # process alone.
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[str, bytes] = OrderedDict()

    async def hash(self, password: str) -> str:
        """Raises `Refused` (unavailable) if so much is to be hashed already."""
        salt = secrets.token_bytes(SALT)
        return _text(salt, await self._set.derive(password, salt))

    async def in_place(self, command: Settings, meeting: str) -> Settings:
        """The command with the hash in place of the password, if it sets one.

        Raises `Refused` as `hash` does, and while another one of the meeting is hashed.
        """
        password = command.settings.password
        if not isinstance(password, str):
            return command
        if meeting in self._setting:
            raise _busy()
        self._setting.add(meeting)
        try:
            hashed = await self.hash(password)
        finally:
            self._setting.discard(meeting)
        settings = msgspec.structs.replace(command.settings, password=hashed)
        return msgspec.structs.replace(command, settings=settings)

    async def fits(self, password: str, hashed: str) -> bool:
        """`hashed` is what `hash` made. Raises `Refused` (unavailable) if so much is to be hashed already."""
        digest = hmac.digest(self._key, password.encode(), "sha256")
        known = self._right.get(hashed)
        if known is not None and hmac.compare_digest(known, digest):
            return True
        salt, key = (base64.b64decode(part) for part in hashed.removeprefix(HASHED).split("$"))
        fits = hmac.compare_digest(key, await self._tried.derive(password, salt))
        if fits:
            self._right[hashed] = digest
            while len(self._right) > REMEMBERED:
                self._right.popitem(last=False)
        return fits


def _busy() -> Refused:
    return Refused(ErrorCode.UNAVAILABLE, retry_after=1.0)


def _text(salt: bytes, key: bytes) -> str:
    return HASHED + "$".join(base64.b64encode(part).decode() for part in (salt, key))
