"""Real clients by the thousand: the state machine that pages run too, on the sockets of `reconvene load`.

They connect, back off and resume as in the field. When their server is killed, each raises its hand and signals to the
next in its room, which waits until there is a server again; those of other servers do the same at that moment. What has
to be true in the end is known beforehand, so an event that is lost, doubled or uncalled for is found.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.clients import LoadError
from bench.load import IN_FLIGHT, undisturbed
from reconvene.load.client import Client, seconds
from reconvene.load.client_socket import UPGRADE_REFUSED, ClientSocket
from reconvene.load.target import Target
from reconvene.server_address import Address
from signalling.client.place import Place
from signalling.client.state_machine import SignallingClient

QUIET = 1.0
"""Seconds after the last event that is expected, in which one too many would show."""


@dataclass(frozen=True)
class Return:
    """How a storm went. In seconds since the kill: when the first connection was served again, when each client that
    was cut off had resumed, when everyone had everything right. ``wrong``: events that are missing, doubled or uncalled
    for."""

    served: float
    resumed: list[float]
    right: float
    wrong: Counter[str]

    def quantile(self, share: float) -> float:
        return self.resumed[min(int(len(self.resumed) * share), len(self.resumed) - 1)]


class Participant(Client):
    """``server``: which one it is at, of the crowd's. ``signals`` counts those from its neighbour, ``odd`` what nobody
    gave cause for."""

    __slots__ = ("_crowd", "neighbour", "odd", "raised", "resumed_at", "server", "signals")

    def __init__(self, crowd: Crowd, place: Place, server: int) -> None:
        super().__init__(SignallingClient(place, random.random), crowd.targets[server], crowd.sockets)
        self.neighbour = self
        self.server = server
        self.raised = False
        self.resumed_at = 0.0
        self.signals = 0
        self.odd = Counter[str]()
        self._crowd = crowd

    def received(self, raw: bytes, payload: bytes) -> None:
        super().received(raw, payload)
        self._crowd.heard(self)

    def opened(self) -> None:
        self._crowd.served()
        super().opened()

    def unopened(self, why: str) -> None:
        if why.startswith(UPGRADE_REFUSED):
            self._crowd.fail(why)
        self._ask_the_next()
        super().unopened(why)

    def closed(self, code: int) -> None:
        self._ask_the_next()
        super().closed(code)

    def speak(self) -> None:
        self.raised = True
        self.run(self.machine.status(hand=True))
        self.run(self.machine.signal(self.neighbour.machine.membership.my_id, {"to": "the next"}))

    def _ask_the_next(self) -> None:
        """As a balancer in front of them would."""
        self.server = (self.server + 1) % len(self._crowd.targets)
        self._target = self._crowd.targets[self.server]

    def heard(self, name: str, detail: Mapping[str, Any]) -> None:
        if not self._crowd.is_storm:
            if name == "joined":
                self._crowd.start_another()
        elif name == "away" and self in self._crowd.cut_off:
            if not self.raised:
                self.speak()
        elif name == "resumed" and not self.resumed_at:
            self.resumed_at = seconds()
        elif name == "event" and detail["type"] == "signal":
            self.signals += 1
        elif name == "event" and detail["type"] != "participant_updated":
            self.odd[detail["type"]] += 1
        elif name in {"joined", "refused", "error", "closed", "away"}:
            self.odd[name] += 1


class Crowd:
    """``rooms`` times ``size`` clients of servers that share meetings. ``where``: at which of them somebody is, by the
    numbers of the room and of the member. The first member of each room comes before all others."""

    def __init__(
        self, ports: Sequence[int], rooms: int, size: int, where: Callable[[int, int], int] = lambda *_: 0
    ) -> None:
        self.targets = [Target.of(Address(f"http://127.0.0.1:{port}"), ("127.0.0.1",)) for port in ports]
        self.sockets = set[ClientSocket]()
        self.is_storm = False
        self.cut_off = set[Participant]()
        self._size = size
        self._participants: list[Participant] = []
        self._pending = set[Participant]()
        """Who has not yet got where the phase under way takes them."""
        self._is_there: Callable[[Participant], bool] = lambda participant: True
        self._settled = asyncio.Event()
        """Nobody is pending, or something failed."""
        self._failure = ""
        self._first_served: Callable[[], None] | None = None
        for room in range(rooms):
            members = []
            for number in range(size):
                name = f"u{number}"
                media = {"audio": True, "video": False, "screen": False}
                place = Place(f"STORM-{room}", name, f"page-{room}-{number}", create=True, media=media)
                members.append(Participant(self, place, where(room, number)))
            for member, neighbour in zip(members, [*members[1:], members[0]], strict=True):
                member.neighbour = neighbour
            self._participants += members
        founders, others = self._participants[::size], self._participants
        self._joining = iter(dict.fromkeys((*founders, *others)))

    async def join(self, within: float = 120.0) -> None:
        """Everyone joins, some hundred at a time, until all know of all others in their room."""
        with undisturbed():
            self._expect(lambda participant: len(participant.machine.membership.roster) == self._size)
            for _ in range(IN_FLIGHT):
                self.start_another()
            await self._all_there(within)

    async def storm(
        self, kill: Callable[[], None], milestone: Callable[[], None], within: float = 60.0
    ) -> Return:
        """``kill`` ends the first server, and starts it again if there is no other; ``milestone`` is called when one is
        served again, and when everyone has everything right."""
        with undisturbed():
            served, self.is_storm = 0.0, True
            self.cut_off = {each for each in self._participants if each.server == 0}
            killed = seconds()
            kill()
            for participant in self._participants:
                if participant not in self.cut_off:
                    participant.speak()

            def note() -> None:
                nonlocal served
                served = seconds() - killed
                milestone()

            self._first_served = note
            self._expect(self._is_right)
            await self._all_there(within)
            right = seconds() - killed
            milestone()
            await asyncio.sleep(QUIET)
        wrong = self._odd()
        wrong["signal doubled"] = sum(each.signals - 1 for each in self._participants)
        wrong["no longer right"] = sum(not self._is_right(each) for each in self._participants)
        return Return(served, sorted(each.resumed_at - killed for each in self.cut_off), right, +wrong)

    async def close(self) -> None:
        for participant in self._participants:
            participant.abort()
        # Transports report their end in the next round of the loop.
        await asyncio.sleep(0)

    # What participants report.

    def start_another(self) -> None:
        if (participant := next(self._joining, None)) is not None:
            participant.start()

    def served(self) -> None:
        """A connection was upgraded."""
        if (told := self._first_served) is not None:
            self._first_served = None
            told()

    def heard(self, participant: Participant) -> None:
        """Something came for them."""
        if participant in self._pending and self._is_there(participant):
            self._pending.discard(participant)
            if not self._pending:
                self._settled.set()

    def fail(self, why: str) -> None:
        self._failure = why
        self._settled.set()

    def _is_right(self, participant: Participant) -> bool:
        """It is back, has its signal, and knows of everyone that they are there with microphone and hand up."""
        roster = participant.machine.membership.roster
        return (
            (participant.resumed_at > 0 or participant not in self.cut_off)
            and participant.signals > 0
            and len(roster) == self._size
            and all(
                person["hand"] and person["media"]["audio"] and person["state"] == "connected"
                for person in roster.values()
            )
        )

    def _odd(self) -> Counter[str]:
        return sum((participant.odd for participant in self._participants), Counter[str]())

    def _expect(self, is_there: Callable[[Participant], bool]) -> None:
        self._pending, self._is_there = set(self._participants), is_there
        self._settled.clear()

    async def _all_there(self, within: float) -> None:
        """Raises `LoadError`."""
        try:
            async with asyncio.timeout(within):
                await self._settled.wait()
        except TimeoutError:
            phases = Counter(participant.machine.phase for participant in self._pending)
            unheard = sum(not participant.signals for participant in self._participants)
            raise LoadError(
                f"{len(self._pending)} of {len(self._participants)} did not get there in {within:.0f} s: "
                f"{dict(phases)}, odd: {dict(self._odd())}, without their signal: {unheard}"
            ) from None
        if self._failure:
            raise LoadError(self._failure)
