"""What the store says of a meeting, with all that those in charge have changed until the answer is there.

Who may give a command is decided by such an answer: while it was on its way, whoever asks may have been demoted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from server.realtime.change_writer import ChangeWriter
from server.realtime.pending_joins import PendingJoins
from signalling.protocol.errors import ErrorCode, Refused

T = TypeVar("T")

ATTEMPTS = 10


class AsRecorded:
    def __init__(self, changes: ChangeWriter, pending: PendingJoins) -> None:
        self._changes = changes
        self._pending = pending

    async def answer(self, room: str, question: Callable[[], Awaitable[T]], within: float) -> T:
        """The answer holds until the caller awaits something. Where changes come all the time, the last one has to do:
        whoever floods a meeting with commands holds up nobody.

        Raises what the question raises, and `Refused` (unavailable) if changes before it are not recorded `within`
        seconds.
        """
        for attempt in range(ATTEMPTS):
            if not await self._changes.settle(room, within):
                break
            with self._pending.watch(room) as watch:
                watch.stale = self._changes.is_behind(room)
                answer = await question()
            if not watch.stale or attempt == ATTEMPTS - 1:
                return answer
        raise Refused(ErrorCode.UNAVAILABLE, retry_after=within)
