"""What a page sees of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from signalling.client.actions import Emit, Goodbye
from tests.simulation.browser_socket import Socket
from tests.simulation.clock import VirtualLoop

if TYPE_CHECKING:
    from tests.simulation.page import Page


class Internet(Protocol):
    loop: VirtualLoop

    def now(self) -> float:
        """By the machine's monotonic clock, which stands still while it sleeps."""

    def wall(self) -> float:
        """By the clock that the machine shows, and that is set now and then."""

    @property
    def asleep(self) -> bool: ...

    def connect(self, socket: Socket) -> None:
        """Try to; `connected` or `refused` is called, or neither."""

    def say(self, text: str) -> None: ...
    def told(self, page: Page, emitted: Emit) -> None: ...
    def get_token(self, page: Page) -> None: ...
    def goodbye(self, page: Page, said: Goodbye) -> None:
        """Take it to the server, or lose it."""
