"""A client's connection as the owner of its room has it, wherever the socket is.

For all that handles messages it stands for a `Connection`. What is written to it goes into the batch of its room.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Protocol

from server.network.client_address import UNKNOWN
from server.realtime.socket_writer import BEHIND
from signalling.nodes.owner import Counts
from signalling.protocol.errors import CloseCode

if TYPE_CHECKING:
    from server.sharing.owned_room import OwnedRoom


EVERY = BEHIND // 4
"""Bytes after which its edge is asked again how far they are read."""


class Owner(Protocol):
    """Whom such connections report to."""

    def received(self, connection: OwnedConnection, data: bytes) -> None: ...
    def closing(self, connection: OwnedConnection) -> None: ...
    def is_behind(self, connection: OwnedConnection) -> bool: ...


class OwnedConnection(Counts):
    """`place`: what its edge was told that it has ("seat", "wait", "none"). `sent`: bytes that were sent to it alone,
    and of these `marked` those whose reading is asked for, and `read` those that it has read, but for little; -1 while
    its edge has said nothing of that, as an earlier release does not."""

    __slots__ = (
        *("_held", "_owner", "behind", "client", "closing", "goodbye", "joined", "marked", "place"),
        *("read", "renew_ice_at", "renew_login_at", "room", "sent", "since", "vouched_until", "waits"),
    )

    def __init__(self, owner: Owner, room: OwnedRoom, edge: str, number: int, done: int = 0) -> None:
        super().__init__(edge, number, done)
        self._owner = owner
        self._held: deque[bytes] | None = None
        self.room = room
        self.client = UNKNOWN
        self.behind = self.closing = self.goodbye = self.joined = self.waits = False
        self.place = "none"
        self.sent = self.marked = 0
        self.read = -1
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
        """As its edge has told, and by what is on its way: a burst is not to get there before it is known."""
        is_far = self.read >= 0 and self.sent - self.read > BEHIND
        return is_far or self.behind or self._owner.is_behind(self)

    def sends(self, size: int) -> int:
        """So many bytes go to it alone. Returns the mark that is to go with them; 0: none."""
        self.sent += size
        if self.marked and self.sent - self.marked < EVERY:
            return 0
        self.marked = self.sent
        return self.sent

    def has_read(self, mark: int) -> None:
        # It may be that of an owner before this one.
        if mark <= self.sent:
            self.read = max(self.read, mark)
            self.behind = not mark

    def asks_anew(self) -> None:
        """What its edge told of that may be lost."""
        self.marked, self.read = 0, self.sent if self.read >= 0 else -1
        self.behind = False

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

    def wait_no_more(self) -> None:
        self.waits = False

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
