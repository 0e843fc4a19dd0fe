"""Durable joins per second of each store, against the same store with a transaction or call for each join."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import uvloop

from bench.callers import Callers, Joining
from bench.clients import LoadError
from bench.figures import Figure, Verdict, ratio
from bench.measure import PATIENCE, WARM_UP, Plan, Say, attempt
from bench.reference_stores import PostgresEach, SqliteEach, SqliteEachTuned, SupabaseEach
from bench.servers import DISK, GENERATOR_CORE, RECONVENE, SERVER_CORE, TICKS, Spec, on_core
from reconvene.load.cpu_usage import Usage, usage
from storage import open_store
from storage.errors import StoreError
from tests.databases import PostgresServer, PostgrestServer
from tests.storage.backends import apply_migrations

CALLERS = (1, 10, 100)
EACH = Spec("one each", lambda port: [])
TUNED = Spec("tuned", lambda port: [])
"""The columns of the references, which start nothing: what one would write, and for SQLite with fewer hops."""


class Opened(Joining, Protocol):
    async def open(self) -> None: ...

    async def close(self) -> None: ...


Rivals = Mapping[str, Opened]
"""The store and its references, by the name of their columns, on the same database."""


@asynccontextmanager
async def sqlite() -> AsyncIterator[Rivals]:
    with tempfile.TemporaryDirectory(prefix="reconvene-bench-", dir=DISK) as folder:
        path = Path(folder) / "meetings.db"
        # Embedded: its thread has what the process has.
        os.sched_setaffinity(0, {SERVER_CORE, GENERATOR_CORE})
        try:
            yield {
                RECONVENE.name: open_store(f"sqlite:///{path}"),
                EACH.name: SqliteEach(path),
                TUNED.name: SqliteEachTuned(path),
            }
        finally:
            os.sched_setaffinity(0, {GENERATOR_CORE})


@asynccontextmanager
async def postgres() -> AsyncIterator[Rivals]:
    async with _cluster() as cluster:
        url = await cluster.make_database("meetings")
        yield {RECONVENE.name: open_store(url), EACH.name: PostgresEach(url)}


@asynccontextmanager
async def supabase() -> AsyncIterator[Rivals]:
    async with _cluster() as cluster, AsyncExitStack() as stack:
        url = await cluster.make_database("project", owner="project")
        with on_core(SERVER_CORE):
            project = await stack.enter_async_context(PostgrestServer(cluster, url))
        await apply_migrations(url)
        await project.has("reconvene")
        yield {
            RECONVENE.name: open_store(
                "supabase", supabase_url=project.url, supabase_key=project.service_key
            ),
            EACH.name: SupabaseEach(project.url, project.service_key),
        }


@asynccontextmanager
async def _cluster() -> AsyncIterator[PostgresServer]:
    async with AsyncExitStack() as stack:
        with on_core(SERVER_CORE):
            cluster = await stack.enter_async_context(PostgresServer(fsync=True))
        yield cluster


class Contest(NamedTuple):
    backend: str
    asked: float
    """How many times as fast as the reference, with the most callers."""
    rivals: Callable[[], AbstractAsyncContextManager[Rivals]]


CONTESTS = (
    Contest("SQLite", 10, sqlite),
    Contest("PostgreSQL", 3, postgres),
    Contest("Supabase", 8, supabase),
)


def stores(plan: Plan, say: Say) -> list[Figure]:
    figures = []
    for contest in CONTESTS:
        own = [Figure(_name(contest, count), "joins/s") for count in CALLERS]
        say(f"{contest.backend} joins: half of people who are there already, by {CALLERS} callers at once")

        def fill(first: Figure, contest: Contest = contest, own: list[Figure] = own) -> None:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_measured(contest, own, plan, say))

        attempt(own[0], fill, say)
        for figure in own:
            figure.invalid = own[0].invalid
        figures += own
    return figures


async def _measured(contest: Contest, figures: Sequence[Figure], plan: Plan, say: Say) -> None:
    folder, tempfile.tempdir = tempfile.tempdir, str(DISK)  # for the databases' own folders
    try:
        async with contest.rivals() as rivals, AsyncExitStack() as stack:
            for store in rivals.values():
                await store.open()
                stack.push_async_callback(store.close)
            for figure, count in zip(figures, CALLERS, strict=True):
                await _rounds(
                    figure, {name: Callers(store, count) for name, store in rivals.items()}, plan, say
                )
    except (StoreError, RuntimeError) as error:
        raise LoadError(f"{contest.backend}: {error}") from error
    finally:
        tempfile.tempdir = folder


async def _rounds(figure: Figure, callers: Mapping[str, Callers], plan: Plan, say: Say) -> None:
    for each in callers.values():
        await each.run(WARM_UP)
    number = 0
    while figure.clean < plan.rounds and number < PATIENCE * plan.rounds:
        waited = 0.0
        # Another one goes first in each round.
        first = number % len(callers)
        for name in [*callers, *callers][first : first + len(callers)]:
            before = _usage()
            run = await callers[name].run(plan.seconds)
            used = _usage() - before
            figure.values[name].append(run.rate)
            figure.by_cpu[name].append(run.joins / used.ran)
            waited = max(waited, used.waited / run.seconds)
            say(
                f"  round {number + 1} {name:10} {run.rate:8,.0f}/s, {used.ran / run.joins * 1e6:5.0f} us of CPU each, "
                f"p50 {run.took(0.5):.1f} p99 {run.took(0.99):.1f} ms, others {used.waited / run.seconds:.0%}"
            )
        figure.waited.append(waited)
        number += 1


def _usage() -> Usage:
    """Ran: this process and whatever it started. Waited: what others ran meanwhile, as if they all ran on one core.

    That its threads and children wait for each other is the store's own affair.
    """
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(fields[1])
    family, found = {os.getpid()}, 0
    while len(family) > found:
        found = len(family)
        family |= {pid for pid, parent in parents.items() if parent in family}
    ran = 0.0
    for pid in family:
        with contextlib.suppress(OSError):
            ran += usage(pid).ran
    # user, nice, system, idle, iowait, irq, softirq, steal
    ticks = [int(field) for field in Path("/proc/stat").read_text().split(maxsplit=9)[1:9]]
    return Usage(ran, (sum(ticks) - ticks[3] - ticks[4]) / TICKS - ran)


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    asked = {_name(contest, CALLERS[-1]): contest.asked for contest in CONTESTS}
    return [
        Verdict(f"{figure.name} / {EACH.name}", asked[figure.name], ratio(figure, EACH), "x")
        for figure in figures
        if figure.name in asked
    ]


def _name(contest: Contest, count: int) -> str:
    return f"{contest.backend} joins, {count} at once"
