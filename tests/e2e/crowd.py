"""A large meeting that is over, and its record."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from storage.factory import open_store
from storage.records import JoinRequest, StayEnd, StayResume
from storage.store import Store
from tests.process import ServerProcess

START = 1_772_442_000.0
"""2026-03-02 09:00:00 UTC, which is 10:00 in Berlin."""

GUESTS = 296
ROWS = GUESTS + 5
"""Of the crowd: its people and a bot."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """A meeting that was: 300 people, one of whom came twice, one reconnected, one was cut off with the server; and
    a bot, which came first and stayed longest."""

    meeting: str
    token: str


async def gathered(server: ServerProcess) -> Crowd:
    async with httpx.AsyncClient(base_url=server.url) as http:
        token = (await http.post("/api/identity")).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        wish = {"meeting": "ALL-HANDS", "title": "All hands"}
        (await http.post("/api/meetings", json=wish, headers=bearer)).raise_for_status()
        store = open_store(f"sqlite:///{server.database}")
        await store.open()
        try:
            await _fill(store, "ALL-HANDS")
        finally:
            await store.close()
        (await http.post("/api/meetings/ALL-HANDS/end", headers=bearer)).raise_for_status()
    return Crowd("ALL-HANDS", token)


async def _fill(store: Store, room: str) -> None:
    await store.heartbeat("n_gone", START + 2700)

    async def stay(name: str, begin: float, end: float | None, *returns: float) -> None:
        user = f"{'b_rec' if name == 'Scribe' else 'u'}_{name}"
        participant, session = f"p_{name}", f"s_{name}_{begin}"
        await store.join(JoinRequest(room, user, name, participant, session, "i_1", "n_gone", START + begin))
        for at in returns:
            await store.resume_stay(
                StayResume(room, user, participant, session, "n_gone", "i_1", START + at, returned=True)
            )
        if end is not None:
            await store.leave(StayEnd(room, user, participant, session, "n_gone", START + end, "left"))

    await stay("Scribe", -600, 4200)
    await stay("Ada Lovelace", 0, 3600)
    await stay("Hedy Lamarr", 10, 610)
    await stay("Hedy Lamarr", 1800, 3000)
    await asyncio.gather(
        stay("Zoë Ångström", 120, 2520, 600, 1200),
        stay("Cut Off", 300, None),
        *(stay(f"Guest {number}", 400 + number, 3000 + number) for number in range(1, GUESTS + 1)),
    )
    await store.close_dead_nodes(START + 2701)
