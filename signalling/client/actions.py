"""What a client's state machine wants done, as data. The shell carries the actions out in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from signalling.client.outbox import Message

INTERRUPTED = {
    "code": "interrupted",
    "message": "The connection was lost: it is not known whether this was carried out.",
}
TOO_LATE = {
    "code": "unavailable",
    "message": "The server could not carry this out in time, and is not asked again.",
}


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
    """Close the socket, and report nothing from it afterwards."""

    code: int


class Goodbye(NamedTuple):
    """Tell the server that the page is going away, without the socket (`POST /api/goodbye`).

    Not needed when the shell closes the socket normally, which says the same.
    """

    session: str
    attempt: int


class Emit(NamedTuple):
    """Tell the application.

    `joined`, `waiting`, `event`, `ice_servers`, `token_expiring` and `authenticated` (the message), `resumed`
    (`replayed`, `restarted`, `ice_servers`; `session` and `snapshot` if sent), `away`, `refused` and `error` (`code`,
    `message`), `closed` (`code`). `token_needed` (`code`, `message`): nothing goes on before `renew` or `no_token` is
    called.

    `muted` (`media`: what to turn off; `by` if somebody did that, otherwise it is not allowed), `answered` (`order`;
    `again` if it had taken effect before; `error` with `code` and `message` if it was refused, or if nobody will answer
    it; `page` of a `chat_history`). `reaction` (the message).
    """

    name: str
    detail: Message


Action = Open | Send | Drop | Goodbye | Emit


def away(was_answered: bool) -> list[Action]:
    return [Emit("away", {})] if was_answered else []


def interrupted(orders: Iterable[Message]) -> list[Action]:
    """Nobody will answer these orders."""
    return [Emit("answered", {"order": order, "error": dict(INTERRUPTED)}) for order in orders]


def too_late(refused: Iterable[Message], unknown: Iterable[Message]) -> list[Action]:
    """These orders are not sent any more: the server did not carry them out, or nobody knows."""
    told: list[Action] = [Emit("answered", {"order": order, "error": dict(TOO_LATE)}) for order in refused]
    return [*told, *interrupted(unknown)]
