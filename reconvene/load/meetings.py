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
    """`ids` are the existing meetings. Who creates them is their host, and so may remove them: the bearer of `token`,
    or an identity made for that."""

    def __init__(self, target: Target, token: str = "") -> None:
        self.ids: list[str] = []
        self.why = ""
        """Why the remaining meetings could not be removed."""
        self._target = target
        self._token = token
        self._has_lobby = False

    async def make(self, count: int, within: float) -> None:
        """Raises `Unreachable` and `CallRefused`; some meetings may exist even then."""
        if not self._token:
            answer = await self._target.call("POST", "/api/identity", body={"kind": "bot", "name": TITLE})
            self._token = str(answer.get("token", ""))
        try:
            async with asyncio.timeout(within):
                wanted = (f"LOAD-{secrets.token_hex(8).upper()}" for _ in range(count))
                first = next(wanted)
                await self._make(first)
                self._has_lobby = await self._begins_with_a_lobby(first)
                if self._has_lobby:
                    await self._switch_lobby_off(first)
                await _each(wanted, self._make)
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
        if self._has_lobby:
            await self._switch_lobby_off(meeting)

    async def _begins_with_a_lobby(self, meeting: str) -> bool:
        """Whether new meetings of this server have one, which nobody would be there to let people in from."""
        try:
            answer = await self._target.call("GET", f"/api/meetings/{meeting}/settings", self._token)
        except CallRefused:
            return False  # a server of before 0.7.0
        settings = answer.get("settings")
        return isinstance(settings, dict) and settings.get("lobby", "off") != "off"

    async def _switch_lobby_off(self, meeting: str) -> None:
        await self._target.call("PATCH", f"/api/meetings/{meeting}", self._token, {"lobby": "off"})

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
