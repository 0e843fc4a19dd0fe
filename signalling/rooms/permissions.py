"""Who may do what in a meeting: one table. Every command is held against it; the rest is decided by the store's join.

| command | least role | of whom |
|---|---|---|
| admit, deny, settings, spotlight, lower_hands | cohost | anybody |
| chat_delete, of what others wrote | cohost | anybody |
| ask, mute, allow, remove, readmit, chat_erase | cohost | only those of a lower role |
| set_role | host | only those of a lower role |
| end | host | |

Invites, which are made over HTTP, are like the commands of the second row: the role that they grant is a lower one. The
host alone may make one that makes host, which is like `set_role`. Who is host of a meeting that somebody creates, says
`hosts_what_it_makes`.

Who may write in the chat is a right, and a setting (`check_chat`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, Protocol, TypeVar

from signalling.protocol.chat import ChatDelete, ChatErase
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import (
    Admit,
    Allow,
    Ask,
    Command,
    Deny,
    End,
    LowerHands,
    Mute,
    Readmit,
    Remove,
    SetRole,
    Settings,
    Spotlight,
)
from signalling.protocol.rights import RANK, MeetingSettings, Rights, Role, allows

Standing = Role | Literal["admin"]
"""Of whoever gives a command: a role in the meeting, or the admin key's, which is above all."""

Ruled = Command | ChatDelete | ChatErase
"""What the table is about. Of `chat_delete`: the deletion of what others wrote; one's own everybody may delete."""


class Permission(NamedTuple):
    """`least`: the role that may give the command. `below`: only to those of a lower role than one's own."""

    least: Role
    below: bool


PERMISSIONS: dict[type[Ruled], Permission] = {
    Admit: Permission("cohost", below=False),
    Deny: Permission("cohost", below=False),
    Settings: Permission("cohost", below=False),
    Spotlight: Permission("cohost", below=False),
    LowerHands: Permission("cohost", below=False),
    ChatDelete: Permission("cohost", below=False),
    Ask: Permission("cohost", below=True),
    Mute: Permission("cohost", below=True),
    Allow: Permission("cohost", below=True),
    Remove: Permission("cohost", below=True),
    Readmit: Permission("cohost", below=True),
    ChatErase: Permission("cohost", below=True),
    SetRole: Permission("host", below=True),
    End: Permission("host", below=False),
}

ABOVE_ALL = len(RANK)

CHARGE = "Only the host and co-hosts may do this."
HOST = "Only the host may do this."
BELOW = "Nobody may do this to somebody of the same or a higher role."


TO_HOSTS_ALONE = "In this meeting one writes to the host and co-hosts alone."

THE_HOST = "A meeting has a host: make somebody else host first."


def is_in_charge(role: Role) -> bool:
    """Whether this role keeps order: it hears of knocks, reads what is written to the hosts, and has a seat in a full
    meeting."""
    return RANK[role] > 0


def hosts_what_it_makes(claim: Role | None) -> bool:
    """Whoever creates a meeting is its host, unless the application's token gives another role in it (`claim`): then it
    has no host until somebody comes whose token says so, or the admin key makes somebody host."""
    return claim is None or claim == "host"


def is_fixed(role: Role) -> bool:
    """The host is neither removed nor demoted, not by the admin key either: `set_role` host moves the role."""
    return role == "host"


def check_not_fixed(role: Role) -> None:
    """Raises `Refused` (forbidden)."""
    if is_fixed(role):
        raise Refused(ErrorCode.FORBIDDEN, THE_HOST)


def check_invite(standing: Standing, granted: Role) -> None:
    """Raises `Refused` (forbidden) unless somebody of that standing may make, or revoke, an invite to this role."""
    if granted == "host":
        check(standing, SetRole)
        return
    check(standing, Remove)
    if RANK[granted] >= rank(standing):
        raise Refused(ErrorCode.FORBIDDEN, "An invite grants a lower role than one's own.")


def rank(standing: Standing) -> int:
    return ABOVE_ALL if standing == "admin" else RANK[standing]


def may(standing: Standing, command: type[Ruled]) -> bool:
    """Whether somebody of that standing may give the command to anybody at all."""
    return rank(standing) >= RANK[PERMISSIONS[command].least]


def check(standing: Standing, command: type[Ruled], addressees: Iterable[Role] = ()) -> None:
    """Raises `Refused` (forbidden) unless somebody of that standing may give the command to these."""
    needed = PERMISSIONS[command]
    if not may(standing, command):
        raise Refused(ErrorCode.FORBIDDEN, HOST if needed.least == "host" else CHARGE)
    if needed.below and any(RANK[role] >= rank(standing) for role in addressees):
        raise Refused(ErrorCode.FORBIDDEN, BELOW)


def check_chat(role: Role, own: Rights, settings: MeetingSettings, *, to_hosts: bool) -> None:
    """Raises `Refused` (forbidden) unless somebody with these rights may write to everyone and to anyone, or, with
    `to_hosts`, to those in charge alone."""
    if settings.chat == "off":
        raise Refused(ErrorCode.FORBIDDEN, "The chat of this meeting is off.")
    if settings.chat == "hosts" and not to_hosts and not is_in_charge(role):
        raise Refused(ErrorCode.FORBIDDEN, TO_HOSTS_ALONE)
    if not allows(role, own, settings.may, "chat"):
        raise Refused(ErrorCode.FORBIDDEN, "You may not write in this meeting.")


class HasRole(Protocol):
    @property
    def role(self) -> Role: ...


Addressee = TypeVar("Addressee", bound=HasRole)


def addressed(
    find: Callable[[str], Addressee | None], standing: Standing, command: type[Ruled], ids: Iterable[str]
) -> list[Addressee]:
    """Those whom a command names, each once. Raises `Refused`: forbidden, unknown_participant."""
    # First whether the sender may at all: those who may not learn nothing of others.
    check(standing, command)
    found = [find(each) for each in dict.fromkeys(ids)]
    people = [person for person in found if person is not None]
    if len(people) < len(found):
        raise Refused(ErrorCode.UNKNOWN_PARTICIPANT)
    check(standing, command, [person.role for person in people])
    return people
