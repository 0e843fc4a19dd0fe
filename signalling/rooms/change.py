"""What a command of somebody in charge sets, as data: the room takes it over, and the store records the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import msgspec

from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import Back
from signalling.protocol.rights import ALL, Rights, Role
from signalling.rooms.command_ids import CommandIds
from signalling.rooms.member import Member
from signalling.rooms.permissions import Standing


class Actor(NamedTuple):
    """Who gives a command. `participant`: as others are told, if it is somebody in the meeting."""

    standing: Standing
    user_id: str
    participant: str | None = None


class Person(NamedTuple):
    """Somebody whom a command is about. `may`: their own rights."""

    user_id: str
    role: Role = "participant"
    may: Rights = ALL


AT_THE_DOOR = frozenset(
    {
        "locked",
        "lobby",
        "password_hash",
        "password_version",
        "password_skips_lobby",
        "join_before_host",
        "opens_at",
    }
)
"""Settings by which somebody may come in who had to wait."""

NOBODY: Mapping[str, Person] = {}


class ChatChange(msgspec.Struct, frozen=True):
    """What is written, edited or deleted in the chat. `id`: of the message; "": only its key is known. Of
    "erase", which deletes all that `author` (a user) wrote before it, `id` is their participant. `at`: by the record's
    clock. `to_user`: None is everyone, "" those in charge. `any_author`: also what others wrote. `only_to`: a
    message to everyone, or to somebody else, is not edited."""

    kind: Literal["say", "edit", "delete", "erase"]
    id: str
    at: float
    text: str = ""
    to_user: str | None = None
    reply_to: str | None = None
    any_author: bool = False
    only_to: tuple[str, ...] | None = None
    author: str = ""


class Posted(NamedTuple):
    """A message that was edited or deleted, as the store has it. `user_id`: its author; `deleted_by`: a participant.
    `is_new`: it was not so before."""

    user_id: str
    to_user: str | None
    deleted_by: str | None
    is_new: bool = True


class Erased(NamedTuple):
    """All that somebody wrote until then is deleted. `messages`: the ids of what was; `deleted_by`, `is_new`: as of a
    message."""

    messages: frozenset[str]
    until: float
    deleted_by: str | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Users are named by their ids.

    `settings`: new values by name, as the record has them; None: the default again. `host`: who is host from now on.
    `may`: all rights of a user in which they differ from the meeting's default. `chat`: nothing else is in it then. The
    same holds of `name`: another one for whoever gives it. `names`: what those who waited call themselves, by user.
    """

    action: str
    whom: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None
    if_revision: int | None = None
    host: str | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    may: Mapping[str, Rights] = field(default_factory=dict)
    remove: Mapping[str, Back] = field(default_factory=dict)
    readmit: tuple[str, ...] = ()
    admit: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    chat: ChatChange | None = None
    name: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def users(self) -> frozenset[str]:
        """Those whom it is about."""
        host = () if self.host is None else (self.host,)
        return frozenset(
            (*host, *self.roles, *self.may, *self.remove, *self.readmit, *self.admit, *self.deny)
        )

    @property
    def promotes(self) -> bool:
        """Whether somebody is in charge by it who may not have been before."""
        return self.host is not None or "cohost" in self.roles.values()

    @property
    def is_at_the_door(self) -> bool:
        """Whether all who wait may come in by it, as far as settings go."""
        return not AT_THE_DOOR.isdisjoint(self.settings or ())

    def touches(self, other: Change) -> bool:
        """Whether it makes a difference which of the two is made first."""
        if self.host is not None or other.host is not None:
            return True
        settings = self.settings is not None and other.settings is not None
        return settings or not self.users.isdisjoint(other.users)


LOOK_UP = Change("", if_revision=-1)
"""Changes nothing: the store answers whether a change with this key was made before, and otherwise `changed`."""


class Reply(NamedTuple):
    """Whom to answer once the store has: the member, unless another page has its place by then."""

    member: Member
    ids: CommandIds
    message_id: int


class Unsettled(NamedTuple):
    """An effect: record the change, then call `Hub.settled` with this and the outcome. Changes of one room are
    recorded in order.

    `key` is the command's, so that the store takes it once. `told`: the room has taken the change over already.
    `refused`: what to answer a command that may have been carried out before, and would be refused now. `again`: its
    sender says that it may have been. `anew`: asked before by another hub, from which this one took the room over.
    `since`: when it was commanded, by the record's clock.
    """

    room: str
    actor: Actor
    key: str
    change: Change
    told: bool
    reply: Reply | None = None
    refused: Refused | None = None
    again: bool = False
    anew: bool = False
    since: float = math.inf

    @property
    def is_about_entry(self) -> bool:
        """Whether who may come in may be another question by it."""
        return self.change.chat is None and self.change.name is None and self.change != LOOK_UP

    def as_first(self, outcome: Outcome) -> Outcome:
        """Of what was sent once: recorded before the room was taken over, it was told to nobody."""
        if isinstance(outcome, Recorded) and self.anew and not self.again:
            return outcome._replace(again=False)
        return outcome

    def answer(self, outcome: Outcome) -> Outcome:
        """What its sender is to be answered when this is the store's answer."""
        is_unknown = isinstance(outcome, Refused) and outcome.code is ErrorCode.CHANGED
        return self.refused if self.refused is not None and is_unknown else outcome


class Recorded(NamedTuple):
    """The store's answer. `again`: the change had been recorded before, and nothing was changed now. `posted`: the
    message, if one was edited or deleted; `erased`: if all of somebody's were."""

    again: bool
    settings: Mapping[str, Any] = {}
    revision: int = 0
    posted: Posted | None = None
    erased: Erased | None = None


Outcome = Recorded | Refused
