"""Histories of calls, carried out by several stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from storage.import_store import StoreWithImports
from tests.storage.backends import BACKENDS, Servers
from tests.storage.histories import Call, outcome, plain


class Told(Protocol):
    """Calls that depend on the answers to the former ones."""

    def next(self) -> Call: ...

    def told(self, answer: Any) -> None: ...


@asynccontextmanager
async def opened(stores: Sequence[StoreWithImports]) -> AsyncIterator[Sequence[StoreWithImports]]:
    try:
        for store in stores:
            await store.open()
        yield stores
    finally:
        for store in stores:
            await store.close()


@asynccontextmanager
async def one_of_each(servers: Servers, folder: Path) -> AsyncIterator[Sequence[StoreWithImports]]:
    """A store on each backend, in their order."""
    places = [await place(servers, folder) for place in BACKENDS.values()]
    async with opened([place.store() for place in places]) as stores:
        yield stores


async def answer_alike(stores: Sequence[StoreWithImports], history: Told, calls: int) -> None:
    """Each call goes to one store of each backend, and they have to say the same."""
    for number in range(calls):
        call = history.next()
        answers = await asyncio.gather(*(outcome(store, call) for store in stores))
        first, *others = [plain(answer) for answer in answers]
        for name, other in zip(list(BACKENDS)[1:], others, strict=True):
            assert other == first, f"{name}, call {number}: {call}"
        history.told(answers[0])


async def answer_at_once(
    stores: Sequence[StoreWithImports], history: Told, *, callers: int, calls: int
) -> None:
    """So many callers of each store make so many calls at the same time, all of which have to be answered."""

    async def caller(store: StoreWithImports) -> None:
        for _ in range(calls):
            answer = await outcome(store, history.next())
            assert answer not in ("StoreUnavailable", "CallFailed")
            history.told(answer)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for _ in range(callers):
            for store in stores:
                group.create_task(caller(store))
