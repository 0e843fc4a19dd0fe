"""What a client's state machine wants done, as data. Its shell does it, in order."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from signalling.client.outbox import Message


class Open(NamedTuple):
    """Open a WebSocket, then report `opened` or `closed`."""


class Send(NamedTuple):
    """Write a message to the socket."""

    message: Message

    @property
    def text(self) -> str:
        """The frame."""
        return orjson.dumps(self.message).decode()


class Drop(NamedTuple):
    """Close the socket and listen to it no longer; nothing of it is reported after that."""

    code: int


class Goodbye(NamedTuple):
    """Tell the server that the page goes, by a way that does not need its socket (`POST /api/goodbye`).

    A shell that closes its socket in good order, which tells as much, need not.
    """

    session: str
    attempt: int


class Emit(NamedTuple):
    """Tell the application.

    `joined` (the message), `resumed` (`replayed`, `restarted`, `ice_servers`, `snapshot` where one came), `event` (the
    message), `ice_servers` (the message), `away`, `refused` (`code`, `message`), `error` (the same), `closed` (`code`).
    """

    name: str
    detail: Message


Action = Open | Send | Drop | Goodbye | Emit
