"""How long a report over ten thousand stays takes, and for how long others are not answered meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence

import httpx
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench.clients import LoadError
from bench.figures import Figure, Verdict, held
from bench.measure import PATIENCE, Plan, Say, attempt, blaming
from bench.servers import RECONVENE, Server
from reconvene.load.cpu_usage import usage
from storage import open_store
from storage.errors import StoreError
from storage.records import JoinRequest, StayEnd
from storage.store import Store

STAYS = 10_000
PEOPLE = (300, STAYS)
"""Of so many are the stays of a meeting."""

ASKED = 300
"""Milliseconds, from the request to the last byte of the answer."""

AT_ONCE = 250
LASTS, AWAY = 240.0, 60.0
"""Seconds, of each stay and until the next one."""

PING = '{"type":"ping","t":0}'
PAUSE = 0.002
"""Seconds between an answer and the next question of someone who wants to be answered meanwhile."""


def report(plan: Plan, say: Say) -> list[Figure]:
    figures = [Figure(_name(people), "ms") for people in PEOPLE]
    waits = [Figure(f"… others wait, {people} people", "ms") for people in PEOPLE]
    say(f"report over {STAYS} stays: JSON over HTTP, while someone else pings all the time")

    def fill(_: Figure) -> None:
        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        with Server(RECONVENE) as server, blaming(server), runner:
            runner.run(_measured(server, figures, waits, plan, say))

    attempt(figures[0], fill, say)
    for figure in (*figures, *waits):
        figure.invalid = figures[0].invalid
    return [figure for pair in zip(figures, waits, strict=True) for figure in pair]


async def _measured(
    server: Server, figures: Sequence[Figure], waits: Sequence[Figure], plan: Plan, say: Say
) -> None:
    url = f"127.0.0.1:{server.port}"
    try:
        async with (
            httpx.AsyncClient(base_url=f"http://{url}", timeout=60, trust_env=False) as http,
            connect(f"ws://{url}/ws", ping_interval=None, compression=None, proxy=None) as other,
        ):
            identity = (await http.post("/api/identity")).json()
            http.headers["Authorization"] = f"Bearer {identity['token']}"
            await other.send('{"type":"join","id":1,"meeting":"ELSEWHERE","name":"Other","create":true}')
            await other.recv()
            for people, figure, wait in zip(PEOPLE, figures, waits, strict=True):
                room = f"MEETING-OF-{people}"
                (await http.post("/api/meetings", json={"meeting": room})).raise_for_status()
                await _fill(f"sqlite:///{server.folder}/meetings.db", room, people)
                await _ask(http, room, people)  # the first one is nobody's measure
                number = 0
                while figure.clean < plan.rounds and number < PATIENCE * plan.rounds:
                    before = server.usage(), usage(os.getpid())
                    async with _pinging(other) as longest:
                        began = time.perf_counter()
                        size = await _ask(http, room, people)
                        took = time.perf_counter() - began
                    used, spent = server.usage() - before[0], usage(os.getpid()) - before[1]
                    figure.values[RECONVENE.name].append(took * 1000)
                    figure.by_cpu[RECONVENE.name].append(used.ran * 1000)
                    wait.values[RECONVENE.name].append(max(longest) * 1000)
                    figure.waited.append((used.waited + spent.waited) / took)
                    number += 1
                    say(
                        f"  round {number} {people:6} people: {took * 1000:.0f} ms for {size / 1024:,.0f} KB, "
                        f"{used.ran * 1000:.0f} ms of CPU, others wait {max(longest) * 1000:.1f} ms at most, "
                        f"held up {figure.waited[-1]:.0%}"
                    )
    except (StoreError, httpx.HTTPError, WebSocketException) as error:
        raise LoadError(str(error) or repr(error)) from error


async def _fill(url: str, room: str, people: int) -> None:
    """Everyone comes, stays and leaves, again and again, until there are enough stays. One in ten comes back once."""
    store = open_store(url)
    await store.open()
    began = time.time() - STAYS / people * (LASTS + AWAY)
    for first in range(0, STAYS, AT_ONCE):
        await asyncio.gather(
            *(_stay(store, room, number % people, number, began) for number in range(first, first + AT_ONCE))
        )
    await store.close()


async def _stay(store: Store, room: str, person: int, number: int, began: float) -> None:
    at = began + number // PEOPLE[0] * (LASTS + AWAY) + person * 0.01
    for again in range(2 if number % 10 == 0 else 1):
        joined = await store.join(
            JoinRequest(
                room=room,
                user_id=f"u_{person:016}",
                name=f"Participant {person}",
                participant_id=f"p_{room}_{person:016}",
                session_id=f"s_{number:016}",
                instance=f"page{number:012}.j_{again:016}",
                node_id="n_bench",
                at=at + again * LASTS / 2,
            )
        )
    end = StayEnd(
        room, f"u_{person:016}", joined.participant.id, joined.stay.session_id, "n_bench", at + LASTS, "left"
    )
    await store.leave(end)


async def _ask(http: httpx.AsyncClient, room: str, people: int) -> int:
    """The report with everything about the meeting; answers its size, in bytes."""
    answer = await http.get(f"/api/meetings/{room}/attendance")
    answer.raise_for_status()
    totals = answer.json()["totals"]
    if (totals["sessions"], totals["participants"], totals["reconnects"]) != (STAYS, people, STAYS // 10):
        raise LoadError(f"the report says: {totals}")
    return len(answer.content)


@contextlib.asynccontextmanager
async def _pinging(other: ClientConnection) -> AsyncIterator[list[float]]:
    """Someone asks the server for an answer again and again meanwhile. How long each took, in seconds."""
    took: list[float] = []
    over = False

    async def ask() -> None:
        while not over:
            began = time.perf_counter()
            await other.send(PING)
            await other.recv()
            took.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)

    asking = asyncio.create_task(ask())
    try:
        yield took
    finally:
        # Not cut short: the answer to the last one may be the one that is late.
        over = True
        await asking


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    return held(figures, [_name(people) for people in PEOPLE], ASKED, "ms", at_most=True)


def _name(people: int) -> str:
    return f"report, {STAYS} stays, {people} people"
