"""A client that keeps no account of what it saw: the state machine of programs and pages, its socket and its timer."""

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
    """Its socket is in `sockets` while connected. `known`: frames that are passed to `took` as events."""

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
        """Stop as a closed page does."""
        self.run(self.machine.suspend())
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """Close everything at once."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._socket.abort()
            self._socket = None

    def run(self, actions: Iterable[Action]) -> None:
        """Carry out the machine's actions."""
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
            # A later deadline is picked up when this timer fires.
            if self._timer is not None:
                self._timer.cancel()
            self._due = wake_at
            delay = max(0.0, wake_at - seconds())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    # Hooks for subclasses.

    def heard(self, name: str, detail: Mapping[str, Any]) -> None:
        """The machine emitted an event."""

    def before_machine(self) -> None:
        """Called before each input to the machine."""

    # Called by the socket.

    def took(self, event: Event) -> None:
        """A known frame arrived."""

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
