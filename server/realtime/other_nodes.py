"""The other nodes, as those parts of the server see them that know nothing of how nodes share rooms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Unanswered(Exception):  # noqa: N818 - named for what happened
    """What was asked for may have been done, and may not."""


class Moved(Exception):  # noqa: N818 - named for what happened
    """What was asked for was not done: another node has the room."""


class OtherNodes(Protocol):
    """Nodes and rooms are named by their ids. `until` is by the monotonic clock.

    `answer` is to answer what other nodes ask here.
    """

    answer: Callable[[bytes], Awaitable[bytes]]

    @property
    def here(self) -> str: ...
    @property
    def first(self) -> str:
        """The node that does what one has to do for all."""

    async def owner(self, room: str, *, takes: bool, until: float) -> str:
        """The node that owns the room, and lives; "": nobody does. With `takes` this node owns it then, so that it
        writes behind nobody's back. Raises `Refused`."""

    async def ask(self, node: str, room: str, body: bytes, until: float) -> bytes:
        """The answer of a node, if it owns the room. Raises `Moved`, `Unanswered`, or `Refused`: nothing was done."""

    async def committed(self, room: str, work: Awaitable[Result]) -> Result:
        """The work, done about the room, once all that it did there holds. Raises `Refused` if that was lost: asked
        again, the next owner does it, or knows that it is done."""
