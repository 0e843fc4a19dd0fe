"""What `reconvene probe` does, from its options to its exit code."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import sys
import threading

from server import logs
from server.commands import fail
from server.daemon_threads import DaemonThreads
from server.peer.address import Address, BadAddress
from server.peer.probe import report
from server.peer.probe.running import probe
from server.peer.probe.steps import INTERRUPTED, STUCK
from server.peer.staying import interruptions

OVERTIME = 5.0
"""Seconds past --timeout after which the process ends, whatever it is at."""


def run(url: str, *, meeting: str | None, turn_only: bool, timeout: float, as_json: bool) -> int:
    """The exit code. Never hangs."""
    try:
        address = Address.parse(url, meeting)
    except BadAddress as error:
        fail(str(error))
    if math.isnan(timeout):
        fail("--timeout is a number of seconds")
    # What goes wrong is told by the steps; what libraries say of it besides is for nobody.
    logs.configure("critical")
    screen = report.screen(as_json=as_json)
    watchdog = threading.Timer(timeout + OVERTIME, _end, (timeout,))
    watchdog.daemon = True
    watchdog.start()
    try:
        return asyncio.run(_probed(address, screen, turn_only=turn_only, seconds=timeout))
    except BrokenPipeError:
        raise  # whoever read it has seen enough, and the command line knows what to do then
    except OSError as error:
        fail(f"the probe cannot go on: {error.strerror or error}")
    finally:
        watchdog.cancel()


async def _probed(address: Address, screen: report.Screen, *, turn_only: bool, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(DaemonThreads())
    loop.set_exception_handler(lambda _loop, _context: None)
    async with interruptions() as asked:
        probing = asyncio.create_task(probe(address, screen, turn_only=turn_only, seconds=seconds))
        stopping = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({probing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if probing.done():
                found = probing.result()
                screen.over(found)
                return found.exit_code
            probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await probing
            return INTERRUPTED
        finally:
            stopping.cancel()
            screen.close()


def _end(timeout: float) -> None:
    """From another thread: the event loop may be what hangs."""
    print(
        f"reconvene: the probe did not end within {timeout:g} s, which is a bug", file=sys.stderr, flush=True
    )
    os._exit(STUCK)
