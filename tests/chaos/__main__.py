"""Three nodes, an engine with Sentinel, PostgreSQL and nginx, 300 people who talk, and everything that breaks.

    python -m tests.chaos [--small] [--meetings N] [--seed N] [act …]

Nothing may be lost or come twice, nobody may be seen to leave, and the record must say who was there. Ends with 1
otherwise. All of it is on loopback, or in networks of its own that lead nowhere else, which root can make; without
them the acts that cut networks are left out. It ends by itself, and nothing is left of it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.chaos import record, space
from tests.chaos.acts import ACTS, Act, Stage
from tests.chaos.cluster import Cluster
from tests.chaos.people import People

ROOMS, SIZE, RATE = 30, 10, 1.0
SMALL_ROOMS, SMALL_SIZE = 3, 4
TELL_EVERY = 5.0
LOGS = Path("test-artifacts") / f"chaos-{os.getpid()}"
LONGEST = 900.0
"""Seconds for one act."""

_began = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - _began:7.1f} s  {text}", flush=True)


@contextlib.asynccontextmanager
async def told(people: People) -> AsyncIterator[None]:
    async def tell() -> None:
        while True:
            await asyncio.sleep(TELL_EVERY)
            say(f"    {people.told()}")

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.wait([telling])


async def play(
    act: Act, cluster: Cluster, chance: random.Random, meetings: int | None, *, is_small: bool
) -> list[str]:
    """What went wrong."""
    rooms, size = (SMALL_ROOMS, SMALL_SIZE) if is_small else (ROOMS, SIZE)
    rooms = meetings or rooms
    people = People(cluster.url, rooms, size, RATE)
    say(f"{act.name}: {act.told}")
    found: list[str] = []
    try:
        async with asyncio.timeout(LONGEST):
            await people.come()
            say(f"{rooms * size} people are in {rooms} meetings")
            async with told(people):
                await act.run(Stage(cluster, chance, say, is_small, people.all_back))
                if not await people.all_back():
                    found.append(f"not everybody came back: {people.told()}")
            await people.stop_talking()
            found += people.complaints(is_whole=act.is_whole)
            await people.leave()
            found += await record.complaints(cluster.postgres, people.meetings, size, people.at)
            found += cluster.complaints
            say(people.story())
    except TimeoutError:
        found.append(f"it did not end within {LONGEST:.0f} s")
    finally:
        await people.close()
    for each in found[:40]:
        say(f"WRONG: {each}")
    if not found:
        say(f"{act.name}: nothing lost, nothing doubled, nobody left, and the record is right")
    return found


async def main(acts: Sequence[Act], seed: int, meetings: int | None, *, is_small: bool) -> int:
    wrong = {}
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with tempfile.TemporaryDirectory(prefix="reconvene-chaos-") as folder:
        async with Cluster(Path(folder)) as cluster:
            say(f"{len(cluster.nodes)} nodes are there, nginx in front of them; --seed {seed}")
            for act in acts:
                chance = random.Random(f"{act.name} {seed}")  # noqa: S311
                wrong[act.name] = await play(act, cluster, chance, meetings, is_small=is_small)
            if any(wrong.values()):
                cluster.keep_logs(LOGS)
                say(f"the nodes' logs are in {LOGS}")
    failed = sum(bool(found) for found in wrong.values())
    print(f"{len(wrong) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--small", action="store_true", help="few people, one blow of each kind")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--meetings", type=int, metavar="N", help="fewer or more, for another machine")
    parser.add_argument("act", nargs="*", help=", ".join(act.name for act in ACTS))
    given = parser.parse_args()
    if unknown := set(given.act) - {act.name for act in ACTS}:
        parser.error(f"there is no act {', '.join(sorted(unknown))}")
    if not space.is_divided() and space.may_divide():
        space.divide("tests.chaos", sys.argv[1:])
    os.environ["PATH"] = space.PATH
    chosen = [act for act in ACTS if act.name in given.act or not given.act]
    if not space.is_divided():
        for act in chosen:
            if act.divides:
                say(
                    f"{act.name} is left out: only root can make networks (apt-get install iproute2 iptables)"
                )
        chosen = [act for act in chosen if not act.divides]
    sys.exit(asyncio.run(main(chosen, given.seed, given.meetings, is_small=given.small)))
