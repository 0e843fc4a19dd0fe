"""A server with good members who talk, while strangers do to it what they can.

    python -m tests.abuse [seconds [attack …]]

First come strangers, then those who have meetings of their own, each for so long; or whoever is named. The good must
not notice: none is cut off, 99 of 100 statuses are answered in a quarter of a second, memory does not grow, and the log
has nothing above a warning. Ends with 1 otherwise. Loopback only.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from tests.abuse.attacks import STRANGERS
from tests.abuse.owners import OWNERS
from tests.process import ServerProcess
from tests.server.client import Client

ROOMS, SIZE = 10, 20
EVERY = 4.0
"""Seconds between two statuses of a member."""
WARM_UP = 10.0
SLOWEST = 0.25
GROWTH = 32 * 1024 * 1024
"""Bytes in the second half of an attack: in the first it takes what it needs, such as 16 MiB for each password that is
hashed."""


class Member:
    def __init__(self, number: int) -> None:
        self.number = number
        self.waits: list[tuple[float, float]] = []
        """Of each status: when it was sent, and how long its answer took."""
        self.cut = False

    async def stay(self, server: ServerProcess, until: float) -> None:
        client = await Client.open(server.ws_url, address=f"192.0.2.{self.number % 250}")
        await client.join(f"GOOD-{self.number % ROOMS}", f"Member {self.number}", create=True)
        try:
            due = time.monotonic() + self.number % 40 / 40 * EVERY
            while due < until:
                await self._listen(client, due)
                began = time.monotonic()
                number = await client.send("status", hand=len(self.waits) % 2 == 0)
                await client.until("ack", id=number)
                self.waits.append((began, time.monotonic() - began))
                due += EVERY
            await client.leave()
        except ConnectionClosed:
            self.cut = True

    async def _listen(self, client: Client, until: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                while True:
                    await client.ws.recv()
        except TimeoutError:
            return


def slowest_of(waits: list[float]) -> float:
    """The 99th percentile; infinity of none."""
    return sorted(waits)[math.ceil(len(waits) * 0.99) - 1] if waits else math.inf


def memory(pid: int) -> int:
    """Bytes that it has in memory."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024


async def under_attack(server: ServerProcess, seconds: float, attacks: Sequence[str]) -> tuple[int, int]:
    """Bytes that the server has in memory at half-time and in the end. Whoever attacks has machines of their own: here
    they take only what others leave."""
    command = ("nice", sys.executable, "-m", "tests.abuse.attacks", server.url, str(seconds), *attacks)
    attackers = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    await asyncio.sleep(seconds / 2)
    half = memory(server.pid)
    done, _ = await attackers.communicate()
    print("attacks:", json.loads(done or b"{}"))
    return half, memory(server.pid)


async def campaign(seconds: float, *rounds: Sequence[str]) -> list[str]:
    """What the good noticed."""
    with tempfile.TemporaryDirectory() as directory:
        async with ServerProcess(Path(directory)) as server:
            until = time.monotonic() + WARM_UP + len(rounds) * seconds
            members = [Member(number) for number in range(ROOMS * SIZE)]
            staying = [asyncio.create_task(member.stay(server, until)) for member in members]
            await asyncio.sleep(WARM_UP)
            began, before = time.monotonic(), memory(server.pid)
            grown = 0
            for attacks in rounds:
                half, after = await under_attack(server, seconds, attacks)
                print(f"memory: {before / 2**20:.0f} MiB, {half / 2**20:.0f} MiB, {after / 2**20:.0f} MiB")
                grown = max(grown, after - half)
            await asyncio.gather(*staying)
    waits = [each for member in members for each in member.waits]
    calm = slowest_of([wait for at, wait in waits if at < began])
    slow = slowest_of([wait for at, wait in waits if at >= began])
    print(f"p99 of {len(waits)} statuses: {calm * 1000:.0f} ms before, {slow * 1000:.0f} ms under attack")
    found = []
    if cut := sum(member.cut for member in members):
        found.append(f"{cut} members were cut off")
    if slow > SLOWEST:
        found.append(f"p99 of statuses is {slow * 1000:.0f} ms")
    if grown > GROWTH:
        found.append(f"memory grew by {grown / 2**20:.0f} MiB")
    found += [str(line) for line in server.logs if line["level"] in {"error", "critical"}]
    found += [line for line in server.output if not line.startswith("{")]
    return found


if __name__ == "__main__":
    seconds, *named = sys.argv[1:] or ["20"]
    rounds = [named] if named else [[attack.__name__ for attack in group] for group in (STRANGERS, OWNERS)]
    noticed = asyncio.run(campaign(float(seconds), *rounds))
    print(*noticed or ["nobody noticed"], sep="\n")
    sys.exit(1 if noticed else 0)
