"""Somebody who waits to be let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from signalling.protocol.knocks import Knock as KnockView
from signalling.rooms.member import Handle, rfc3339


class Knocking(NamedTuple):
    """A join that the store did not let in yet. `at`: when this user began to wait (epoch seconds); `knock`, the token
    to come back with, says so. `epoch` names the log if nobody is in the room. `most`: how many may wait. `token`: of
    a new identity, to hand out."""

    connection: Handle
    message_id: int
    room: str
    title: str
    epoch: str
    id: str
    user_id: str
    name: str
    anonymous: bool
    at: float
    knock: str
    most: int
    token: str | None = None
    settings: Mapping[str, Any] = {}
    revision: int = 0


class Knock:
    """`connection`: None once it is lost, which was at `lost_at` (the hub's clock). `admitted`: the next join lets them
    in; those in charge have been told that the knock is over. `hosted`: whether they were told that one of those is
    there; None: nothing yet. `unknown`: fields of a newer release, which are handed on as they are
    (`signalling.state`)."""

    __slots__ = (
        "admitted",
        "anonymous",
        "at",
        "connection",
        "hosted",
        "id",
        "identity",
        "lost_at",
        "message_id",
        "name",
        "position",
        "token",
        "unknown",
        "user_id",
    )

    def __init__(self, knocking: Knocking) -> None:
        self.id = knocking.id
        self.user_id = knocking.user_id
        self.at = knocking.at
        self.admitted = False
        self.position = 0
        self.hosted: bool | None = None
        self.lost_at = 0.0
        self.unknown: Mapping[str, Any] | None = None
        self.come(knocking)

    def come(self, knocking: Knocking) -> None:
        """The page asks again, or another one of the same user."""
        self.connection: Handle | None = knocking.connection
        self.message_id = knocking.message_id
        self.name = knocking.name
        self.anonymous = knocking.anonymous
        self.token = knocking.knock
        self.identity = knocking.token

    def view(self) -> KnockView:
        return KnockView(self.id, self.name, rfc3339(self.at), self.anonymous)
