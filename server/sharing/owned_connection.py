"""A client's connection as the owner of its room has it, wherever the socket is.

For all that handles messages it stands for a `Connection`. What is written to it goes into the batch of its room.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Protocol

from server.network.client_address import UNKNOWN
from signalling.nodes.owner import Counts
from signalling.protocol.errors import CloseCode

if TYPE_CHECKING:
    from server.sharing.owned_room import OwnedRoom


class Owner(Protocol):
    """Whom such connections report to."""

    def received(self, connection: OwnedConnection, data: bytes) -> None: ...
    def closing(self, connection: OwnedConnection) -> None: ...
    def is_behind(self, connection: OwnedConnection) -> bool: ...


class OwnedConnection(Counts):
    """`place`: what its edge was told that it has ("seat", "wait", "none")."""

    __slots__ = (
        *("_held", "_owner", "client", "closing", "goodbye", "joined", "place", "renew_ice_at"),
        *("renew_login_at", "room", "since", "vouched_until", "waits"),
    )

    def __init__(self, owner: Owner, room: OwnedRoom, edge: str, number: int, done: int = 0) -> None:
        super().__init__(edge, number, done)
        self._owner = owner
        self._held: deque[bytes] | None = None
        self.room = room
        self.client = UNKNOWN
        self.closing = self.goodbye = self.joined = self.waits = False
        self.place = "none"
        self.renew_ice_at = self.renew_login_at = self.vouched_until = math.inf
        self.since = 0.0

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return f"<OwnedConnection {self.number} of {self.edge}>"

    @property
    def close_code(self) -> int:
        """Its edge knows."""
        return 1006

    @property
    def is_behind(self) -> bool:
        return self._owner.is_behind(self)

    @property
    def has(self) -> str:
        """What it has by now."""
        return "seat" if self.joined else "wait" if self.waits else "none"

    def take(self, data: bytes) -> None:
        """Its next frame."""
        if self.closing:
            self.done = self.taken
            self.room.answers(self)
        elif self._held is not None:
            self._held.append(data)
        else:
            self._carry_out(data)

    def _carry_out(self, data: bytes) -> None:
        self._owner.received(self, data)
        if self._held is None:
            self.done = max(self.done, self.taken)
            self.room.answers(self)

    def ends(self, *, goodbye: bool) -> None:
        """Its socket is gone."""
        self.closing, self.goodbye = True, goodbye
        self._held = None
        self.done = self.taken

    def close(self, code: CloseCode) -> None:
        if self.closing:
            return
        self.closing = True
        self.room.shut(self, code)
        self._owner.closing(self)
        self.release()

    def seat(self) -> None:
        self.joined = True

    def wait(self) -> None:
        self.waits = True

    def count_more(self, messages: float) -> None:
        """Its edge counts them."""

    def hold(self) -> None:
        """Keep later frames until `release`."""
        if self._held is None:
            self._held = deque()

    @property
    def is_held(self) -> bool:
        return self._held is not None

    def release(self) -> None:
        held, self._held = self._held, None
        if held is None:
            return
        self.done = self.taken - len(held)
        while held and not self.closing and self._held is None:
            self._owner.received(self, held.popleft())
            if self._held is None:
                self.done = self.taken - len(held)
        if self._held is not None:
            self._held.extend(held)
        elif self.closing:
            self.done = self.taken
        self.room.answers(self)
