"""`reconvene probe`: from options to exit code."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from reconvene.command_line import fail
from reconvene.participants.credentials import NO_CREDENTIALS, Credentials
from reconvene.participants.lifetime import interruptions
from reconvene.probe import report
from reconvene.probe.runner import probe
from reconvene.probe.steps import INTERRUPTED, STUCK, Report
from reconvene.server_address import Address, BadAddress
from server.runtime import logs
from server.runtime.daemon_threads import DaemonThreads

OVERTIME = 5.0
"""Seconds past --timeout after which the process ends in any case."""


def run(
    url: str,
    *,
    meeting: str | None,
    turn_only: bool,
    timeout: float,
    as_json: bool,
    credentials: Credentials = NO_CREDENTIALS,
) -> int:
    """Run the probe; returns the exit code. Never hangs."""
    try:
        address = Address.parse(url, meeting)
    except BadAddress as error:
        fail(str(error))
    if math.isnan(timeout):
        fail("--timeout is a number of seconds")
    # The steps report what goes wrong; log lines of the libraries would only add noise.
    logs.configure("critical")
    watchdog = threading.Timer(timeout + OVERTIME, _end, (timeout,))
    watchdog.daemon = True
    watchdog.start()
    try:
        with report.screen(as_json=as_json) as screen:
            begin = partial(
                probe, address, screen, turn_only=turn_only, seconds=timeout, credentials=credentials
            )
            found = asyncio.run(_probed(begin))
            if found is None:
                return INTERRUPTED
            screen.over(found)
            return found.exit_code
    except BrokenPipeError:
        raise  # the reader closed the pipe; the command line handles that
    except OSError as error:
        fail(f"the probe cannot go on: {error.strerror or error}")
    finally:
        watchdog.cancel()


async def _probed(begin: Callable[[], Coroutine[Any, Any, Report]]) -> Report | None:
    """The report, or None after an interruption."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(DaemonThreads())
    loop.set_exception_handler(lambda _loop, _context: None)
    async with interruptions() as asked:
        probing = asyncio.create_task(begin())
        stopping = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({probing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if probing.done():
                return probing.result()
            probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await probing
            return None
        finally:
            stopping.cancel()


def _end(timeout: float) -> None:
    """End the process from another thread, as the event loop may hang."""
    print(
        f"reconvene: the probe did not end within {timeout:g} s, which is a bug", file=sys.stderr, flush=True
    )
    os._exit(STUCK)
