"""The meetings under load: created before the load with unguessable ids, and removed afterwards."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable

from reconvene.load.target import CallRefused, Target, Unreachable

AT_ONCE = 8
REMOVE_WITHIN = 20.0
"""Seconds for removing all meetings: enough for a server restarted at the end to be back."""

PAUSE = 0.5
"""Seconds before a failed call is repeated."""

TITLE = "Load test"


class Meetings:
    """`ids` are the existing meetings. The identity that creates them is their host, and so may remove them."""

    def __init__(self, target: Target) -> None:
        self.ids: list[str] = []
        self.why = ""
        """Why the remaining meetings could not be removed."""
        self._target = target
        self._token = ""

    async def make(self, count: int, within: float) -> None:
        """Raises `Unreachable` and `CallRefused`; some meetings may exist even then."""
        answer = await self._target.call("POST", "/api/identity", body={"kind": "bot", "name": TITLE})
        self._token = str(answer.get("token", ""))
        try:
            async with asyncio.timeout(within):
                await _each((f"LOAD-{secrets.token_hex(8).upper()}" for _ in range(count)), self._make)
        except TimeoutError:
            raise Unreachable(
                f"the server made {len(self.ids):,} of {count:,} meetings in {within:.0f} s: take fewer --rooms"
            ) from None

    async def remove(self) -> None:
        """Remove as many as possible. `ids` are then the remaining ones."""
        try:
            async with asyncio.timeout(REMOVE_WITHIN):
                await _each(list(self.ids), self._remove)
        except TimeoutError:
            self.why = self.why or f"not all were removed in {REMOVE_WITHIN:.0f} s"

    async def _make(self, meeting: str) -> None:
        # Noted before the answer, which may be lost.
        self.ids.append(meeting)
        await self._target.call("POST", "/api/meetings", self._token, {"meeting": meeting, "title": TITLE})

    async def _remove(self, meeting: str) -> None:
        while True:
            try:
                await self._target.call("DELETE", f"/api/meetings/{meeting}", self._token)
            except Unreachable as error:
                self.why = str(error)
            except CallRefused as error:
                if error.status < 500 and error.status != 404:
                    self.why = str(error)
                    return
                if error.status == 404:
                    break
                self.why = str(error)
            else:
                break
            await asyncio.sleep(PAUSE)
        self.ids.remove(meeting)


async def _each(meetings: Iterable[str], work: Callable[[str], Awaitable[None]]) -> None:
    """A few calls at a time. The first failure ends them all."""
    left = iter(meetings)

    async def worker() -> None:
        for meeting in left:
            await work(meeting)

    workers = [asyncio.ensure_future(worker()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*workers)
    finally:
        for each in workers:
            each.cancel()
        await asyncio.wait(workers)
