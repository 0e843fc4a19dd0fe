"""Keeps an issuer's public keys: read again every ten minutes, and when a token names a key that is not among them.

What was read is used for a day while it cannot be read again. One reading at a time, however many tokens wait for it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from server.identity.jws import Jws, bad
from server.identity.keys import BadKeys, Key, of_bytes
from signalling.protocol.errors import ErrorCode, Refused

log = structlog.get_logger()

FRESH = 600.0
"""Seconds after which the keys are read again."""
STALE = 24 * 3600.0
"""Seconds for which they are used while they cannot be read again."""
AGAIN = 30.0
"""Least seconds between two readings because of an unknown key."""
AGAIN_WITHOUT = 3.0
"""The same while there are no keys at all."""

Fetch = Callable[[], Awaitable[bytes]]


class CannotFetch(Exception):  # noqa: N818 - named for what happened
    """The keys cannot be read. The text is a clause that says why. `status`: of the answer, if there was one."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class KeyCache:
    """`fetch` reads the keys, or raises `CannotFetch`. `source`: what it reads them from, for the log."""

    def __init__(self, fetch: Fetch, source: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._source = source
        self._clock = clock
        self._keys: Sequence[Key] = ()
        self._read_at = -math.inf
        self._tried_at = -math.inf
        self._looked_at = -math.inf
        """When they were last read because one was missing."""
        self._reading: asyncio.Task[None] | None = None
        self._failing = False

    def start(self) -> None:
        """Read the keys for the first time, so that the first token need not wait and the log tells what is wrong."""
        self._read()

    async def stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def settled(self) -> None:
        """Wait until no reading is under way."""
        if self._reading is not None:
            await asyncio.shield(self._reading)

    async def candidates(self, jws: Jws) -> Sequence[Key]:
        """The keys that may have signed the token. Raises `Refused`: unavailable if there are none, bad_token if the
        one that it names is of another kind, and was read just now."""
        now = self._clock()
        has_none = now - self._read_at >= STALE
        if has_none and (self._reading is not None or now - self._tried_at >= AGAIN_WITHOUT):
            await asyncio.shield(self._read())
        elif now - self._read_at >= FRESH and now - self._tried_at >= AGAIN:
            self._read()  # in the background
        found = self._matching(jws)
        if not found and not has_none:
            await self.look_again()
            found = self._matching(jws)
        if not found and self._read_at >= now and self._knows(jws):
            raise bad("The token is signed with another algorithm than that of the key it names.")
        if not found:
            raise self._unavailable()
        return found

    async def look_again(self) -> bool:
        """Read the keys again because one is missing, unless that was done a moment ago. Returns whether they were
        read."""
        before, now = self._keys, self._clock()
        if self._reading is None and now - self._looked_at < AGAIN:
            return False
        self._looked_at = now
        await asyncio.shield(self._read())
        return self._keys is not before

    def refuse_unknown(self, jws: Jws) -> None:
        """Raises `Refused`, unavailable, unless the token names a key that is known: it may be signed with a new one
        without an id."""
        if not self._knows(jws):
            raise self._unavailable()

    def _knows(self, jws: Jws) -> bool:
        """Whether the token names a key, and one is known by that name."""
        return any(key.kid == jws.kid is not None for key in self._keys)

    def _matching(self, jws: Jws) -> Sequence[Key]:
        if self._clock() - self._read_at >= STALE:
            return ()
        # A key without an id may be any: PEM names none.
        meant = [key for key in self._keys if jws.kid is None or key.kid in {jws.kid, None}]
        return [key for key in meant if jws.algorithm in key.algorithms]

    def _unavailable(self) -> Refused:
        now = self._clock()
        has_none = now - self._read_at >= STALE
        wait = max(1.0, (self._tried_at + AGAIN_WITHOUT if has_none else self._looked_at + AGAIN) - now)
        return Refused(
            ErrorCode.UNAVAILABLE,
            "The key that the token is signed with is not known here yet; try again.",
            round(wait, 3),
        )

    def _read(self) -> asyncio.Task[None]:
        if self._reading is None:
            self._tried_at = self._clock()
            self._reading = asyncio.create_task(self._carry_out())
        return self._reading

    async def _carry_out(self) -> None:
        try:
            self._keys = of_bytes(await self._fetch())
            self._read_at = self._clock()
            if self._failing:
                log.info("the issuer's keys are read again", source=self._source)
            self._failing = False
        except (CannotFetch, BadKeys) as error:
            if not self._failing:
                log.warning("the issuer's keys cannot be read", source=self._source, why=str(error))
            self._failing = True
        except Exception:
            # Whatever an answer brings about, those who wait for it are told that there are no keys.
            log.exception("the issuer's keys cannot be read", source=self._source)
            self._failing = True
        finally:
            self._reading = None
