"""Pages without a browser: the client that programs use, remembering all it was told."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from reconvene.meeting_socket import GetToken, MeetingSocket
from signalling.client.actions import Action, Emit, Send
from signalling.client.place import Place
from signalling.client.roster import Participant, Roster
from tests.signalling.frames import Dialogue

TIMEOUT = 40.0

_numbers = itertools.count(1)


class Page(MeetingSocket):
    """`heard` has what was emitted, in order. Waiting for something fails after `TIMEOUT` seconds."""

    def __init__(
        self, url: str, meeting: str, name: str, get_token: GetToken | None = None, **place: Any
    ) -> None:
        self.heard: list[Emit] = []
        self._dialogue = Dialogue()
        page = f"page{next(_numbers)}"
        at = Place(meeting, name, page, create=True, **place)
        super().__init__(url, at, self.hear, get_token=get_token)

    def hear(self, emit: Emit) -> None:
        self.heard.append(emit)

    def received(self, link: Any, text: str) -> None:
        self._dialogue.received(text)
        super().received(link, text)

    def _do(self, action: Action) -> None:
        if isinstance(action, Send):
            self._dialogue.sent(action.text)
        super()._do(action)

    @property
    def id(self) -> str:
        return self.client.membership.my_id

    @property
    def roster(self) -> Roster:
        return self.client.membership.roster

    @property
    def is_joined(self) -> bool:
        return self.client.phase == "joined"

    def count(self, name: str) -> int:
        """How often this was emitted."""
        return sum(emit.name == name for emit in self.heard)

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [emit.detail for emit in self.heard if emit.name == "event" and emit.detail["type"] == kind]

    def signals(self) -> list[Any]:
        return [event["data"] for event in self.events("signal")]

    async def sees(self, condition: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                await self.until(condition)
        except TimeoutError:
            story = "\n".join(f"  {emit.name} {emit.detail}" for emit in self.heard[-10:])
            raise AssertionError(
                f"{self.client.phase}, {self.client.membership.unanswered} unanswered; last:\n{story}"
            ) from None

    async def joined(self) -> None:
        await self.sees(lambda: self.is_joined)

    async def hears(self, name: str, times: int = 1) -> None:
        await self.sees(lambda: self.count(name) >= times)

    async def knows(self, size: int) -> None:
        """So many are in the meeting."""
        await self.sees(lambda: len(self.roster) == size)

    async def settles(self, is_right: Callable[[Participant], bool]) -> None:
        """Everyone is there and as they should be, and nothing waits for an answer."""
        await self.sees(
            lambda: (
                self.is_joined
                and self.client.membership.unanswered == 0
                and all(
                    person["state"] == "connected" and is_right(person) for person in self.roster.values()
                )
            )
        )

    def others_came(self) -> list[str]:
        """The ids of those who were seen to join."""
        return [event["participant"]["id"] for event in self.events("participant_joined")]

    def unsettling(self) -> list[Emit]:
        """Events that must not come in a meeting in which all stay: that someone left or joined anew, or worse."""
        kinds = {"participant_left", "participant_rejoined", "meeting_ended"}
        return [
            emit
            for emit in self.heard
            if emit.name in {"closed", "refused", "error"}
            or (emit.name == "event" and emit.detail["type"] in kinds)
        ]


P = TypeVar("P", bound=Page)


@contextlib.asynccontextmanager
async def together(pages: Sequence[P], size: int) -> AsyncIterator[dict[str, list[P]]]:
    """All in their meetings of `size`, by meeting in the order in which they came; each knows the others."""
    async with contextlib.AsyncExitStack() as stack:
        for page in pages:
            await stack.enter_async_context(page)
        await asyncio.gather(*(page.joined() for page in pages))
        await asyncio.gather(*(page.knows(size) for page in pages))
        rooms: dict[str, list[P]] = defaultdict(list)
        for page in pages:
            rooms[page.client.membership.meeting["id"]].append(page)
        for room in rooms.values():
            order = list(room[0].roster)
            room.sort(key=lambda page: order.index(page.id))
        yield rooms
