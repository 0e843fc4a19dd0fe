"""Somebody in a meeting without a page, for tests of what everyone is told: a page more costs seconds of a processor.

async with looking_on(server, meeting) as bob:
    await bob.sees(ada, audio="off", hand="raised")
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.e2e.waiting import GONE_WITHIN, WITHIN
from tests.process import ServerProcess
from tests.server.client import Client, playing
from tests.signalling.frames import check_server_frame


class Onlooker:
    def __init__(self, client: Client) -> None:
        self.heard: list[dict[str, Any]] = []
        """Every message until what was last to be seen."""
        self._client = client
        self._people = {person["id"]: dict(person) for person in client.joined["participants"]}

    @property
    def token(self) -> str:
        return self._client.token

    async def sees(self, other: str, **data: str) -> None:
        """Is told of it, or was: their microphone and camera are `on` or `off`, their hand is `raised` or `lowered`."""
        await self._shows(other, data, WITHIN)

    async def is_called(self, name: str) -> None:
        """From now on."""
        await self._client.order("rename", name=name)

    async def hears(self, kind: str) -> None:
        """Is told such a message, or was."""
        async with asyncio.timeout(WITHIN):
            while not any(message["type"] == kind for message in self.heard):
                self._take(await self._client.ws.recv())

    async def loses(self, other: str) -> None:
        """Is told that they are not there any more."""
        await self._shows(other, {"state": "gone"}, GONE_WITHIN)

    async def _shows(self, other: str, data: dict[str, str], within: float) -> None:
        await self._hear_all()
        try:
            async with asyncio.timeout(within):
                while not data.items() <= self._shown(other).items():
                    self._take(await self._client.ws.recv())
        except TimeoutError:
            raise AssertionError(f"{data} expected of {other}, who is {self._shown(other)}") from None

    async def _hear_all(self) -> None:
        """What is on its way, too."""
        number = await self._client.send("ping", t="is that all")
        while self._take(await self._client.ws.recv()) != {"type": "pong", "id": number, "t": "is that all"}:
            pass

    def _take(self, frame: str | bytes) -> dict[str, Any]:
        assert isinstance(frame, str)
        check_server_frame(frame)
        message: dict[str, Any] = json.loads(frame)
        self.heard.append(message)
        if "participant" in message:
            person = message["participant"]
            self._people.setdefault(person["id"], {}).update(person)
            if message["type"] == "participant_left":
                self._people[person["id"]]["state"] = "gone"
        return message

    def _shown(self, other: str) -> dict[str, str]:
        person = self._people.get(other, {})
        media = {kind: "on" if on else "off" for kind, on in person.get("media", {}).items()}
        return {
            **media,
            "hand": "raised" if person.get("hand") else "lowered",
            "state": person.get("state", "unknown"),
        }


@asynccontextmanager
async def looking_on(server: ServerProcess, meeting: str, **how: Any) -> AsyncIterator[Onlooker]:
    """`how` else they join, such as `create=True` for the host."""
    async with playing(server) as play:
        yield Onlooker(await play.joined(meeting, "Bob", **how))
