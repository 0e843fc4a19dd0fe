"""A client without an account of what it saw: the state machine that programs and pages run, its socket, its timer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconvene.load.client_socket import LOST, ClientSocket
from reconvene.load.expected_events import Event
from reconvene.load.target import Target
from signalling.client.actions import Action, Drop, Emit, Open, Send
from signalling.client.state_machine import SignallingClient

_NONE: Mapping[bytes, Event] = {}

clock = time.monotonic_ns


def seconds() -> float:
    return clock() / 1e9


class Client:
    """Its socket is among the `sockets` as long as it is connected. `known`: frames that `took` is given as events."""

    __slots__ = ("_due", "_socket", "_sockets", "_target", "_timer", "known", "machine")

    def __init__(self, machine: SignallingClient, target: Target, sockets: set[ClientSocket]) -> None:
        self.machine = machine
        self.known = _NONE
        self._target = target
        self._sockets = sockets
        self._socket: ClientSocket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = float("inf")

    def start(self) -> None:
        self.run(self.machine.start(seconds()))

    def stop(self) -> None:
        """As when a page is closed."""
        self.run(self.machine.suspend())
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """Leave nothing open."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._socket.abort()
            self._socket = None

    def run(self, actions: Iterable[Action]) -> None:
        """Carry out what the machine wants."""
        for action in actions:
            match action:
                case Send():
                    if self._socket is not None:
                        self._socket.send(orjson.dumps(action.message))
                case Emit():
                    self.heard(action.name, action.detail)
                case Open():
                    self._socket = ClientSocket(self, self._target, self._sockets)
                case Drop():
                    if self._socket is not None:
                        self._socket.drop(action.code)
                        self._socket = None
        if (wake_at := self.machine.wake_at) < self._due:
            # A later one is found when this one is due.
            if self._timer is not None:
                self._timer.cancel()
            self._due = wake_at
            delay = max(0.0, wake_at - seconds())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    # What whoever extends it is told.

    def heard(self, name: str, detail: Mapping[str, Any]) -> None:
        """What the machine tells its page."""

    def before_machine(self) -> None:
        """The machine is about to be told something."""

    # What the socket reports.

    def took(self, event: Event) -> None:
        """A frame came that is known."""

    def received(self, raw: bytes, payload: bytes) -> None:
        self.feed(payload)

    def opened(self) -> None:
        self.run(self.machine.opened(seconds()))

    def unopened(self, why: str) -> None:
        self._lost(LOST)

    def closed(self, code: int) -> None:
        self._lost(code)

    def feed(self, payload: bytes) -> None:
        self.before_machine()
        self.run(self.machine.received(payload, seconds()))

    def _lost(self, code: int) -> None:
        self._socket = None
        self.before_machine()
        self.run(self.machine.closed(code, seconds()))

    def _tick(self) -> None:
        self._timer, self._due = None, float("inf")
        self.before_machine()
        self.run(self.machine.tick(seconds()))
