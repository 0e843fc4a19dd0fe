"""What is noted of pages while a meeting goes on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.simulation.page import Page

ROOM = "STORM-1"


class Whole(NamedTuple):
    """The page was given the whole picture, as of `seq`."""

    at: float
    epoch: str
    seq: int
    missing: set[str]
    """Who was in the page's list before and is not in this one."""
    joined: bool


class Interval(NamedTuple):
    since: float
    until: float


class Said(NamedTuple):
    """A goodbye that came to a server."""

    at: float
    """When the page said it,"""
    arrived: float
    """and when the server numbered `server` heard it."""
    server: int
    instance: str
    attempt: int
    back_in: float


class Sent(NamedTuple):
    """A signal that a page gave its client: the id of the command, and when."""

    command: int
    at: float


class Waited(NamedTuple):
    """A page began to wait to be let in: when it had asked, and when it heard that it has to."""

    asked: float
    heard: float


@dataclass(eq=False)
class Order:
    """A command of somebody in charge, or of somebody who takes themselves for that.

    `users`: whom it is about. `answer`: "ack", or the code of the refusal; empty until there is one.
    `again`: it had been carried out before. `twice`: it was sent twice by one connection.
    `epoch`: of the room in which it was answered, and `others`: the participants there who are not in charge.
    `on_their_way`: what users had turned on by statuses that were not answered yet when it was given.
    """

    page: Page
    message: dict[str, Any]
    users: tuple[str, ...]
    sent_at: float
    answered_at: float = math.inf
    answer: str = ""
    again: bool = False
    twice: bool = False
    epoch: str = ""
    others: frozenset[str] = frozenset()
    on_their_way: frozenset[tuple[str, str]] = frozenset()

    @property
    def kind(self) -> str:
        return str(self.message["type"])

    @property
    def key(self) -> str:
        """Empty: it does not last."""
        return str(self.message.get("key", ""))

    @property
    def is_acknowledged(self) -> bool:
        return self.answer == "ack"
