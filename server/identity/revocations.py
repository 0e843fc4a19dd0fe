"""Revokes credentials. Revocations are kept in the store; every process reads them with each heartbeat.

Tokens have no id of their own, so a revocation voids all of a user's tokens issued before a given time. A user whose
identity was made by this server is never given another token for the same user id.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping

import structlog

from server.identity.ids import is_outside
from server.identity.tokens import LIFETIME, Tokens
from storage.revocations import Revocations as Kept

log = structlog.get_logger()

VOID_FOR = 86_400.0
"""Credentials issued within this many seconds after a revocation are void as well: a process that has not read it yet
may renew one, and one issued by a clock that was ahead (and set back since) is dated in the future."""

VOID_FOR_OUTSIDE = 60.0
"""The same for users of an application. It issues their tokens, with a clock that may be ahead by half of this; one
that they get by logging in again counts."""


def voids(revoked: Mapping[str, float], user_id: str, since: float) -> bool:
    """Whether the credentials are void of a user who has been in a meeting `since` then (epoch seconds)."""
    before = revoked.get(user_id)
    return before is not None and not (is_outside(user_id) and since > before - VOID_FOR_OUTSIDE)


class Revocations:
    """`part` is called with the users whose connections to this process are to be closed. `now`: the record's clock, by
    which links are void. Tokens are issued, and void, by the machine's."""

    def __init__(
        self,
        kept: Kept,
        tokens: Tokens,
        part: Callable[[Collection[str]], None],
        now: Callable[[], float],
    ) -> None:
        self._kept = kept
        self._tokens = tokens
        self._part = part
        self._now = now

    async def revoke(self, user_id: str) -> None:
        """Void the user's credentials, and the links that they have made. Raises what the store raises; the revocation
        may then be lost."""
        now = time.time()
        before = now + (VOID_FOR_OUTSIDE if is_outside(user_id) else VOID_FOR)
        await self._kept.revoke(user_id, before, now - LIFETIME, self._now())
        log.info("credentials revoked", user=user_id)
        self._learn({user_id: before}, now)

    async def hear(self) -> None:
        """Read the revocations of all processes from the store. Raises what the store raises."""
        self._learn(await self._kept.revocations(), time.time())

    def _learn(self, told: dict[str, float], now: float) -> None:
        known = self._tokens.revoked
        new = {user: before for user, before in told.items() if before > known.get(user, -math.inf)}
        if new:
            # Merged, so that an answer from before a local revocation does not undo it.
            self._tokens.revoked = {
                user: before for user, before in (known | new).items() if before > now - LIFETIME
            }
            self._part(new.keys())
