"""``python -m bench.import_run``: one import from Zoom in a process of its own, whose memory is then its own.

Prints a JSON object: how long it took, how much of that the store had, and the most memory that was resident.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson
import uvloop

from server.settings.config import Config
from server.zoom.client import Label, Limits, ZoomClient
from server.zoom.settings import zoom_settings
from server.zoom.sync import Sync, SyncRequest
from storage import open_store
from storage.import_store import StoreWithImports
from storage.imports import Kind

# What is measured is the import, not Zoom's limits.
UNLIMITED: dict[Label, float] = {"light": 1e6, "medium": 1e6, "heavy": 1e6}
KIND: Kind = "webinar"


@dataclass
class Result:
    """`seconds` of the import, of which the store had `in_store`; `peak` in bytes."""

    rows: int
    seconds: float
    in_store: float
    peak: int


class Timed:
    """A store whose calls are timed. They follow one another: what they took together is their share."""

    def __init__(self, store: StoreWithImports) -> None:
        self.seconds = 0.0
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._store, name)

        async def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return await call(*arguments)
            finally:
                self.seconds += time.perf_counter() - began

        return timed


async def bring_in(client: ZoomClient, external_id: str, url: str) -> tuple[int, float]:
    """Into a store. Rows, and the seconds the store had."""
    store = open_store(url)
    await store.open()
    timed = Timed(store)
    outcome = await Sync(client, cast(StoreWithImports, timed), SyncRequest(external_id, KIND)).run()
    await store.close()
    if not outcome.complete:
        sys.exit(f"the import is not complete: {outcome.reasons}")
    return outcome.totals.stays + outcome.totals.uncounted, timed.seconds


async def only_read(client: ZoomClient, external_id: str) -> tuple[int, float]:
    """The same pages, of which nothing is kept."""
    rows = 0
    for instance in await client.instances(KIND, external_id):
        token, more = "", True
        while more:
            page = await client.participants(KIND, instance.uuid, "report", token)
            rows += len(page.rows)
            token = page.next_page_token
            more = token != ""
    return rows, 0.0


async def run(options: argparse.Namespace) -> Result:
    settings = zoom_settings(Config.from_env(os.environ))
    began = time.perf_counter()
    async with ZoomClient(settings, limits=Limits(UNLIMITED)) as client:
        work = bring_in(client, options.id, options.store) if options.store else only_read(client, options.id)
        rows, in_store = await work
    seconds = time.perf_counter() - began
    return Result(rows, seconds, in_store, _peak())


def _peak() -> int:
    """Of this program: what `getrusage` tells is that of the one that started it, where that is more."""
    (line,) = [
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")
    ]
    return int(line.split()[1]) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.import_run", description=__doc__)
    parser.add_argument("id", help="of the webinar; ZOOM_… settings come from the environment")
    parser.add_argument("--store", help="URL; left out: only read")
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(run(options))
    sys.stdout.buffer.write(orjson.dumps(result) + b"\n")


if __name__ == "__main__":
    main()
