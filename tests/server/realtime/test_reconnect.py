"""Two hundred in twenty meetings, through a network that cuts, stalls and half-opens: nobody loses anything."""

from __future__ import annotations

import asyncio
import math
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson
import pytest

from signalling.client.actions import Emit
from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.pages import Page, together
from tests.server.proxy import HOST, Proxy, Wire

pytestmark = pytest.mark.early

ADMIN_KEY = "reconnect-reconnect"
ROOMS, SIZE = 20, 10
ROUNDS = 16
FAULTS = 60
PACE = 26
"""Rounds between two faults. All faults are over before half of the rounds are done, so that they never wait for
the rounds of those whom they hold up."""


class Talker(Page):
    """Flips the hand `ROUNDS` times, each when the last has come back, and sends numbered signals around."""

    def __init__(self, url: str, meeting: str, name: str) -> None:
        super().__init__(url, meeting, name)
        self.hands: dict[str, list[bool]] = defaultdict(list)
        """By participant: each value that was told, in order."""
        self.got: dict[str, list[int]] = defaultdict(list)
        """By sender: the numbers."""
        self.sent: dict[str, list[int]] = defaultdict(list)
        """By addressee."""
        self.repeated = 0
        """Events that had come before; the client ignores them, and they should not come at all."""

    def hear(self, emit: Emit) -> None:
        super().hear(emit)
        if emit.name == "event" and emit.detail["type"] == "signal":
            self.got[emit.detail["from"]].append(emit.detail["data"]["number"])
        elif emit.name == "event" and "hand" in emit.detail.get("participant", {}):
            participant = emit.detail["participant"]
            if emit.detail["type"] == "participant_updated":
                self.hands[participant["id"]].append(participant["hand"])

    async def talk(self, chance: random.Random, rounds: asyncio.Queue[None]) -> None:
        others = [other for other in self.roster if other != self.id]
        for number in range(ROUNDS):
            self.status(hand=number % 2 == 0)
            for other in chance.choices(others, k=3):
                self.sent[other].append(len(self.sent[other]))
                self.signal(other, {"number": self.sent[other][-1]})
            await self.was_told(number + 1)
            rounds.put_nowait(None)

    async def was_told(self, flips: int) -> None:
        await self.sees(lambda: len(self.hands[self.id]) >= flips)

    def received(self, link: Any, text: str) -> None:
        if link is self._link and self.is_joined:
            self.repeated += orjson.loads(text).get("seq", math.inf) <= self.client.membership.seq
        super().received(link, text)


class Faults:
    """What the network does to pages, a few at a time, by the numbers it is given."""

    def __init__(self, proxy: Proxy, pages: list[Talker], chance: random.Random) -> None:
        self._proxy, self._pages, self._chance = proxy, pages, chance
        self._stalled: list[Wire] = []
        self._deaf: list[Page] = []
        self.left_alone: list[Page] = []

    def strike(self) -> None:
        self.relent()
        kind = self._chance.choice(["cut", "stall", "client deaf", "server deaf", "both deaf", "refuse"])
        pages = self._chance.sample(self._pages, 12)
        wires = [(page, wire) for page in pages if (wire := self._wire(page))]
        if kind == "refuse":
            self._proxy.refusing = True
        for page, wire in wires:
            match kind:
                case "cut" | "refuse":
                    wire.cut()
                case "stall":
                    wire.stall()
                    self._stalled.append(wire)
                case "server deaf":
                    wire.half_open(cut="client")
                case "client deaf":
                    wire.half_open(cut="server")
                    self._deaf.append(page)
                case "both deaf":
                    wire.half_open()
                    self._deaf.append(page)

    def relent(self) -> None:
        """Let what was stalled flow on, and give most of the deaf a sign that the network may have changed; the others
        find out by their heartbeat."""
        self._proxy.refusing = False
        for wire in self._stalled:
            wire.release()
        for page in self._deaf:
            if self._chance.random() < 0.9:
                page.hurry()
            else:
                self.left_alone.append(page)
        self._stalled, self._deaf = [], []

    def _wire(self, page: Page) -> Wire | None:
        """None while the page is not connected."""
        port = page.local_port
        return next((wire for wire in self._proxy.wires if port and wire.client_port == port), None)


async def test_two_hundred_through_a_bad_network_lose_nothing(tmp_path: Path) -> None:
    chance = random.Random(20)  # noqa: S311 - a plan, to be repeated
    settings = {"RECONVENE_HEARTBEAT": "2", "RECONVENE_ADMIN_KEY": ADMIN_KEY}
    async with ServerProcess(tmp_path, **settings) as server, Proxy(server.port) as proxy:
        url = f"ws://{HOST}:{proxy.port}/ws"
        pages = [Talker(url, f"ROOM-{number % ROOMS}", f"P{number}") for number in range(ROOMS * SIZE)]
        async with together(pages, SIZE) as rooms:
            await talk_under_faults(proxy, pages, chance)
            for room in rooms.values():
                await ended_right(room)
        assert sum(page.count("resumed") for page in pages) > FAULTS
        async with playing(server) as play:
            for name in rooms:
                for row in await play.attendance(name, ADMIN_KEY):
                    assert (row["session_count"], len(row["sessions"])) == (1, 1)
    assert not server.loud


async def talk_under_faults(proxy: Proxy, pages: list[Talker], chance: random.Random) -> None:
    faults = Faults(proxy, pages, chance)
    rounds: asyncio.Queue[None] = asyncio.Queue()
    async with asyncio.TaskGroup() as talks:
        for page in pages:
            talks.create_task(page.talk(chance, rounds))
        for _ in range(FAULTS):
            for _ in range(PACE):
                await rounds.get()
            faults.strike()
        faults.relent()
    assert faults.left_alone
    # Whoever had said everything before finds out later.
    await asyncio.gather(*(page.hears("away") for page in faults.left_alone))


async def ended_right(room: list[Talker]) -> None:
    """Everyone was told everything once, in order, and agrees on who is there."""
    for page in room:
        page.status(media={"audio": True})
    # Events of a room are in one order: by the time this is known to all, what was told twice has arrived.
    await asyncio.gather(*(page.settles(lambda person: person["media"]["audio"]) for page in room))
    flips = [number % 2 == 0 for number in range(ROUNDS)]
    ids = [page.id for page in room]
    for position, page in enumerate(room):
        assert list(page.roster.items()) == list(room[0].roster.items())
        for other in room:
            assert page.hands[other.id] == flips
            if other is not page:
                assert page.got[other.id] == other.sent[page.id]
        assert not page.repeated
        assert page.others_came() == ids[position + 1 :]
        assert page.unsettling() == []
