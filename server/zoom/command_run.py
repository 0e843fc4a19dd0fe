"""A sync that a command waits for, in a process of its own: its store, its client, and the signals that stop it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from server.runtime.clock import RecordClock, monotonic
from server.settings.config import Config
from server.zoom.client import ZoomClient
from server.zoom.progress import Progress
from server.zoom.settings import zoom_settings
from server.zoom.sync import Outcome, Sync, SyncRequest
from storage.import_store import StoreWithImports

T = TypeVar("T")

STOPS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):  # noqa: N818 - named for what happened
    """A signal came."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.exit_code = 128 + number


async def sync(config: Config, request: SyncRequest, tell: Callable[[Progress], None]) -> Outcome:
    """Raises `ZoomFailure`, `StoreError`; `ValueError` for an id that cannot be."""
    settings = zoom_settings(config)
    store = config.make_store()
    await store.open()
    try:
        clock = await _record_clock(store)
        # The client reports its waits to the sync, which shows them: each needs the other.
        async with ZoomClient(
            settings, on_wait=lambda seconds, why: run.waits(seconds, why), clock=clock.now
        ) as client:
            run = Sync(client, store, request, tell=tell, clock=clock.now)
            return await run.run()
    finally:
        await store.close()


async def _record_clock(store: StoreWithImports) -> RecordClock:
    """All runs of a store go by one clock: it says how long a walk belongs to one of them."""
    found, asked = RecordClock(), monotonic()
    found.follow(await store.clock(), asked, monotonic())
    return found


def attended(work: Coroutine[Any, Any, T], stopping: Callable[[], None]) -> T:
    """Run the work. The first Ctrl-C or SIGTERM calls `stopping` and cancels it; the next one kills the process.

    Raises `Stopped`, after everything is tidied up.
    """
    return asyncio.run(_stopped_by_signals(work, stopping))


async def _stopped_by_signals(work: Coroutine[Any, Any, T], stopping: Callable[[], None]) -> T:
    task = asyncio.ensure_future(work)
    came: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        came.append(number)
        for each in STOPS:
            asyncio.get_running_loop().remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        stopping()
        task.cancel()

    with _handled(stop):
        try:
            return await task
        except asyncio.CancelledError:
            if came:
                raise Stopped(came[0]) from None
            raise


@contextlib.contextmanager
def _handled(stop: Callable[[signal.Signals], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    try:
        for number in STOPS:
            loop.add_signal_handler(number, stop, number)
    except NotImplementedError:
        # Windows: there Ctrl-C cancels the whole program instead.
        pass
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            for number in STOPS:
                loop.remove_signal_handler(number)
