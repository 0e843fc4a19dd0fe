"""Where the clients run: in this process, or in others, which get their orders line by line.

A process reads orders from stdin (`join`, `load`, `close`, and `stop` at any time) and writes JSON objects to stdout:
its progress, and the result of each step. The end of its input is an order to close.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import signal
import sys
from collections.abc import Sequence
from typing import Any, Protocol

from reconvene.load.crowd import DRAIN, GOODBYE, Crowd
from reconvene.load.plan import Plan
from reconvene.load.statistics import Progress, Tally
from reconvene.load.target import Target
from reconvene.server_address import Address
from server.runtime.event_loop import run

TELL = 0.5
"""Seconds between two progress lines of a process."""

MARGIN = 15.0
"""Seconds that a step of another process may overrun before the process is given up."""

LARGEST = 64 * 1024 * 1024
"""Most bytes of a line."""


class Broken(Exception):  # noqa: N818 - named for what happened
    """A worker process has ended or does not answer."""


class Worker(Protocol):
    """One share of the clients. The steps may raise `Broken`."""

    tally: Tally

    async def join(self) -> None: ...
    async def load(self) -> None: ...
    async def close(self) -> None: ...
    def stop(self) -> None: ...
    def progress(self) -> Progress: ...


async def begin(
    plan: Plan, target: Target, meetings: Sequence[str], tokens: Sequence[str] = ()
) -> list[Worker]:
    """Start one worker for each process of the plan."""
    if plan.processes == 1:
        return [Crowd(plan, target, meetings, tokens)]
    workers = []
    for number in range(plan.processes):
        share = plan.share(number)
        order = {
            "plan": dataclasses.asdict(share),
            "address": target.address.base,
            "host": target.hosts[0],
            "meetings": plan.rooms_of(number, meetings),
            "tokens": list(tokens),
        }
        workers.append(await WorkerProcess.begin(share, order))
    return list(workers)


class WorkerProcess:
    """A share in a process of its own."""

    def __init__(self, plan: Plan, process: asyncio.subprocess.Process) -> None:
        self.tally = Tally(clients=plan.clients)
        self._plan = plan
        self._process = process
        self._progress = Progress()
        self._answers: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def begin(cls, plan: Plan, order: dict[str, Any]) -> WorkerProcess:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # do not import modules from the current folder
            "-m",
            "reconvene.load.workers",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LARGEST,
        )
        worker = cls(plan, process)
        worker._say(json.dumps(order))
        return worker

    async def join(self) -> None:
        await self._step("join", self._plan.join_within)

    async def load(self) -> None:
        answer = await self._step("load", self._plan.seconds + DRAIN)
        self.tally = Tally.unpacked(answer["load"])

    async def close(self) -> None:
        try:
            await self._step("close", GOODBYE)
        except Broken:
            pass  # already reported when it happened
        finally:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            await self._reader

    def stop(self) -> None:
        self._say("stop")

    def progress(self) -> Progress:
        return self._progress

    def _say(self, line: str) -> None:
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(f"{line}\n".encode())

    async def _step(self, step: str, within: float) -> dict[str, Any]:
        self._say(step)
        try:
            async with asyncio.timeout(within + MARGIN):
                while (answer := await self._answers.get()) is not None:
                    if step in answer:
                        return answer
        except TimeoutError:
            raise Broken("a process of the load generator does not answer") from None
        self._answers.put_nowait(None)
        raise Broken("a process of the load generator has ended")

    async def _read(self) -> None:
        stdout = self._process.stdout
        with contextlib.suppress(ValueError):  # not a line of the worker's
            while stdout is not None and (line := await stdout.readline()):
                answer = json.loads(line)
                if "progress" in answer:
                    self._progress = Progress(**answer["progress"])
                else:
                    self._answers.put_nowait(answer)
        self._answers.put_nowait(None)


async def _serve() -> None:
    """The worker process's side."""
    loop = asyncio.get_running_loop()
    # Ctrl-C reaches all processes of a terminal. The parent tells this one what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders = asyncio.StreamReader(limit=LARGEST)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    order = json.loads(await orders.readline())
    target = Target.of(Address.parse(order["address"]), (order["host"],))
    crowd = Crowd(Plan(**order["plan"]), target, order["meetings"], order["tokens"])
    steps: asyncio.Queue[str] = asyncio.Queue()

    async def listen() -> None:
        while line := await orders.readline():
            if (step := line.decode().strip()) == "stop":
                crowd.stop()
            else:
                steps.put_nowait(step)
        crowd.stop()
        steps.put_nowait("close")

    async def tell() -> None:
        while True:
            await asyncio.sleep(TELL)
            _answer({"progress": dataclasses.asdict(crowd.progress())})

    tasks = [asyncio.create_task(listen()), asyncio.create_task(tell())]
    try:
        while (step := await steps.get()) != "close":
            if step == "join":
                await crowd.join()
                _answer({"join": True})
            elif step == "load":
                await crowd.load()
                _answer({"load": crowd.tally.packed()})
        await crowd.close()
        _answer({"close": True})
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _answer(answer: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The parent is gone; the end of the input says the same.
        sys.stdout = sys.stderr


if __name__ == "__main__":
    run(_serve())
