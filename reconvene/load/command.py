"""`reconvene load`: from options to exit code."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any

import typer
from rich.console import Console

from reconvene.command_line import fail
from reconvene.load import result
from reconvene.load.meetings import Meetings
from reconvene.load.plan import BadPlan, Plan, allow_files
from reconvene.load.progress_display import Lines, Live
from reconvene.load.result import Outcome
from reconvene.load.statistics import Progress, Tally
from reconvene.load.target import CallRefused, Target, Unreachable
from reconvene.load.workers import Broken, Worker, begin
from reconvene.progress_screen import on_terminal
from reconvene.server_address import Address, BadAddress
from server.runtime import event_loop

MAKE_WITHIN = 60.0
"""Seconds allowed for creating the meetings."""

TELL = 0.5

Tell = Callable[[str, Progress], None]
"""Called with the phase and the progress."""

PERMISSION = "--i-may-load-this-server"


def run(
    url: str,
    *,
    rooms: int,
    size: int,
    rate: float,
    seconds: float,
    signals: float = 0.0,
    payload: int = 400,
    join_rate: float | None = None,
    processes: int = 1,
    allowed: bool = False,
    as_json: bool = False,
    tokens: Sequence[str] = (),
) -> int:
    """Run the command. Exits with 2 for an impossible plan."""
    try:
        plan = Plan(rooms, size, rate, seconds, signals, payload, join_rate, processes)
        address = Address.parse(url)
        allow_files(plan)
        with _screen(plan) as screen:
            work = put_under_load(plan, address, allowed=allowed, tell=screen.tell, tokens=tokens)
            outcome = event_loop.run(work)
    except (BadPlan, BadAddress) as error:
        fail(str(error))
    except (Unreachable, CallRefused) as error:
        advice = result.ADVICE.get(error.code, "") if isinstance(error, CallRefused) else ""
        first = f"{error}; {advice}" if advice else str(error)
        for line in (first, *getattr(error, "__notes__", ())):
            typer.echo(f"reconvene: {line}", err=True)
        return 1
    except OSError as error:
        typer.echo(f"reconvene: this machine refuses what it takes: {error}", err=True)
        return 1
    result.show(outcome, as_json=as_json)
    return outcome.exit_code


async def put_under_load(
    plan: Plan, address: Address, *, allowed: bool, tell: Tell, tokens: Sequence[str] = ()
) -> Outcome:
    """`tokens`: of the clients in each meeting; without them the server makes identities.

    Raises `BadPlan`, `Unreachable` and `CallRefused`, with a note of the meetings left behind.
    """
    target = await Target.find(address)
    if not target.is_here and not allowed:
        raise BadPlan(
            f"{address.host} is not this machine, and this is a load generator: it takes all that a server has. "
            f"Where you may do that, say {PERMISSION}"
        )
    target = await target.reached()
    meetings = Meetings(target, tokens[0] if tokens else "")
    outcome = Outcome(address.base, plan, Tally())
    workers: list[Worker] = []
    failure: Exception | None = None
    asked = asyncio.Event()

    def stop() -> None:
        asked.set()
        for worker in workers:
            worker.stop()

    with _interruptions(stop):
        try:
            async with _told(tell, workers) as turn:
                turn("making the meetings")
                await _unless(asked, meetings.make(plan.rooms, MAKE_WITHIN))
                if not asked.is_set():
                    workers += await begin(plan, target, meetings.ids, tokens)
                turn("joining")
                await _all(outcome, workers, lambda worker: worker.join())
                turn("load")
                await _all(outcome, workers, lambda worker: worker.load())
        except (Unreachable, CallRefused) as error:
            failure = error
            raise
        finally:
            for worker in workers:
                outcome.tally += worker.tally
            await asyncio.gather(*(worker.close() for worker in workers))
            tell("removing the meetings", Progress())
            await meetings.remove()
            if failure is not None and meetings.ids:
                failure.add_note(result.left_behind(meetings.ids, meetings.why))
    outcome.interrupted = asked.is_set()
    outcome.left, outcome.why = meetings.ids, meetings.why
    return outcome


async def _unless(asked: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run the steps until asked to stop."""
    waits = [asyncio.ensure_future(work), asyncio.ensure_future(asked.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if waits[0].done():
            waits[0].result()
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.wait(waits)


async def _all(
    outcome: Outcome, workers: Sequence[Worker], step: Callable[[Worker], Awaitable[None]]
) -> None:
    for end in await asyncio.gather(*(step(worker) for worker in workers), return_exceptions=True):
        if isinstance(end, Broken):
            outcome.broken.append(str(end))
        elif isinstance(end, BaseException):
            raise end


@contextlib.asynccontextmanager
async def _told(tell: Tell, workers: Sequence[Worker]) -> AsyncIterator[Callable[[str], None]]:
    """Calls `tell` with the progress at intervals. Yields a function that sets the phase."""
    phase = ""

    def tell_now() -> None:
        progress = Progress()
        for worker in workers:
            progress += worker.progress()
        tell(phase, progress)

    def turn(to: str) -> None:
        nonlocal phase
        phase = to
        tell_now()

    async def go_on() -> None:
        while True:
            await asyncio.sleep(TELL)
            tell_now()

    telling = asyncio.create_task(go_on())
    try:
        yield turn
    finally:
        telling.cancel()
        await asyncio.wait([telling])


@contextlib.contextmanager
def _interruptions(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM stops in good order; the next one kills."""
    running = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]

    def asked() -> None:
        for number in numbers:
            running.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stop()

    # Windows has no signal handlers on the loop: there Ctrl-C ends the program.
    with contextlib.suppress(NotImplementedError):
        for number in numbers:
            running.add_signal_handler(number, asked)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            for number, handler in zip(numbers, before, strict=True):
                running.remove_signal_handler(number)
                signal.signal(number, handler)


def _screen(plan: Plan) -> Live | Lines:
    """The progress display, on standard error."""
    console = Console(stderr=True, highlight=False)
    if on_terminal(console):
        return Live(plan, console)
    return Lines(plan, lambda line: print(line, file=sys.stderr, flush=True))
