"""When negotiation of a stuck connection is restarted, and when a failed connection is replaced."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

PATIENCE = 10.0
"""Seconds without progress before negotiation is restarted; doubles each time."""

LONGEST_PATIENCE = 60.0

RENEW_AFTER = 1.0
"""Seconds between a connection's end and the start of the next. Mostly the participant has left or reloaded, and the
server says so meanwhile. Doubles each time until a connection lasts."""

LONGEST_PAUSE = 30.0

STEADY = 10.0
"""A connection that lasts for so many seconds ends a series of failures."""


class Recovery:
    """Calls `help_on` when a connection makes no progress, `renew` when it is time for a new one."""

    def __init__(self, help_on: Callable[[], None], renew: Callable[[], None]) -> None:
        self._help_on = help_on
        self._renew = renew
        self._loop = asyncio.get_running_loop()
        self._patience = PATIENCE
        self._failures = 0
        self._connected_at = math.inf
        self._watch: asyncio.TimerHandle | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._stopped = False

    def begun(self) -> None:
        """A new connection has been opened."""
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        self.watch()

    def connected(self) -> None:
        self._connected_at = self._loop.time()
        self._patience = PATIENCE
        self._unwatch()

    def watch(self) -> None:
        """Watch a connection that is not connected: lost signals must not leave it stuck."""
        self._unwatch()
        if not self._stopped:
            self._watch = self._loop.call_later(self._patience, self._help)

    def failed(self) -> None:
        if self._renewal is not None or self._stopped:
            return
        if self._loop.time() - self._connected_at >= STEADY:
            self._failures = 0
        self._connected_at = math.inf
        pause = min(LONGEST_PAUSE, RENEW_AFTER * 2.0 ** min(self._failures, 10))
        self._failures += 1
        self._renewal = self._loop.call_later(pause, self._renew_now)

    def stop(self) -> None:
        self._stopped = True
        self._unwatch()
        if self._renewal is not None:
            self._renewal.cancel()

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _help(self) -> None:
        self._patience = min(LONGEST_PATIENCE, self._patience * 2)
        self._help_on()
        self.watch()

    def _renew_now(self) -> None:
        self._renewal = None
        self._renew()
