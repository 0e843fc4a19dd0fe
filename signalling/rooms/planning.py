"""From a command to the change that it makes: who may give it, to whom, and what it sets. Changes nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.identifiers import is_text
from signalling.protocol.moderation import (
    HASHED,
    Admit,
    Allow,
    Deny,
    Lasting,
    Readmit,
    Remove,
    RightsChange,
    SetRole,
    Settings,
    SettingsChange,
    Spotlight,
)
from signalling.protocol.rights import MeetingSettings, Rights
from signalling.rooms import permissions
from signalling.rooms.change import LOOK_UP, Actor, Change, Person
from signalling.rooms.knock import Knock

RIGHT_SOON = 1.0
"""Seconds after which a command may be given again to a room that is to go by the record again."""

VERSION = 16
"""Characters at the end of the hash: they change with the password."""


PLANNED = ("opens_at", "ends_at")


class Meeting(NamedTuple):
    """A meeting as commands see it. `person`: by the id of a participant; `knock`: by that of a knock. Both answer None
    when nobody is known by it. `is_wrong`: the record has other settings, roles or rights."""

    settings: MeetingSettings
    revision: int
    person: Callable[[str], Person | None]
    knock: Callable[[str], Knock | None]
    is_wrong: bool = False


def plan(meeting: Meeting, actor: Actor, command: Lasting) -> Change:
    """Raises `Refused`: forbidden, unknown_participant, changed, bad_message, unavailable."""
    # First whether the sender may at all: those who may not learn nothing of others.
    permissions.check(actor.standing, type(command))
    if meeting.is_wrong and _builds_on_what_is(command):
        raise Refused(ErrorCode.UNAVAILABLE, retry_after=RIGHT_SOON)
    match command:
        case Settings(settings=change, if_revision=expected):
            return _settings(meeting, change, expected)
        case Admit(knocks=knocks):
            names = _waiting(meeting, knocks, command)
            return Change("admit", tuple(names), admit=tuple(names), names=names)
        case Deny(knocks=knocks):
            names = _waiting(meeting, knocks, command)
            return Change("deny", tuple(names), deny=tuple(names), names=names)
        case Spotlight(participants=ids):
            people = permissions.addressed(meeting.person, actor.standing, type(command), ids)
            return Change("spotlight", _users(people), settings={"spotlight": list(ids) or None})
        case Remove(participant=person, back=back):
            (someone,) = permissions.addressed(meeting.person, actor.standing, type(command), [person])
            permissions.check_not_fixed(someone.role)
            return Change("remove", (someone.user_id,), remove={someone.user_id: back})
        case Readmit(participant=person):
            (someone,) = permissions.addressed(meeting.person, actor.standing, type(command), [person])
            return Change("readmit", (someone.user_id,), readmit=(someone.user_id,))
        case Allow(participants=ids, may=change):
            people = permissions.addressed(meeting.person, actor.standing, type(command), ids)
            rights = {person.user_id: changed(person.may, change) for person in people}
            return Change("allow", _users(people), may=rights)
        case SetRole(participant=person, role=role):
            (someone,) = permissions.addressed(meeting.person, actor.standing, type(command), [person])
            if role == "host":
                return Change("set_role", (someone.user_id,), host=someone.user_id)
            permissions.check_not_fixed(someone.role)
            return Change("set_role", (someone.user_id,), roles={someone.user_id: role})


def plan_again(meeting: Meeting, actor: Actor, command: Lasting) -> tuple[Change, Refused | None]:
    """As `plan`. A command that may have been carried out before, when nothing was in its way, is looked up if it would
    be refused now: then also that refusal."""
    try:
        return plan(meeting, actor, command), None
    except Refused as refused:
        if not command.again:
            raise
        return LOOK_UP, refused


def _builds_on_what_is(command: Lasting) -> bool:
    """Whether the change depends on what the meeting's settings or somebody's rights are."""
    if isinstance(command, Settings):
        change = command.settings
        is_planned = len(_named(change).keys() & set(PLANNED)) == 1
        return command.if_revision is not None or isinstance(change.may, RightsChange) or is_planned
    return isinstance(command, Allow)


def changed(rights: Rights, change: RightsChange) -> Rights:
    return msgspec.structs.replace(rights, **_named(change))


def _named(change: RightsChange | SettingsChange) -> dict[str, Any]:
    """The fields that are to change."""
    return {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}


def _settings(meeting: Meeting, change: SettingsChange, expected: int | None) -> Change:
    if expected is not None and expected != meeting.revision:
        raise Refused(ErrorCode.CHANGED)
    named = _named(change)
    if not named:
        raise Refused(ErrorCode.BAD_MESSAGE, "It names no setting that there is.")
    if not all(each == "\n" or is_text(each) for each in named.get("message", "")):
        raise Refused(ErrorCode.BAD_MESSAGE, "A message has no control characters.")
    for name in PLANNED:
        if named.get(name) is not None:
            named[name] = _moment(named[name])
    _check_plan(meeting.settings, named)
    if isinstance(change.may, RightsChange):
        named["may"] = msgspec.to_builtins(changed(meeting.settings.may, change.may)) or None
    if "password" in named:
        hashed = named.pop("password")
        # Whoever passes the command on has put a hash in its place: nothing else may reach the record.
        if hashed is not None and not hashed.startswith(HASHED):
            raise Refused(ErrorCode.BAD_MESSAGE, "The password is not hashed.")
        named |= {"password_hash": hashed, "password_version": hashed and hashed[-VERSION:]}
    return Change("settings", settings=named, if_revision=expected)


def _check_plan(settings: MeetingSettings, named: Mapping[str, Any]) -> None:
    """Raises `Refused`, if a meeting that is planned anew would end before it opens."""
    opens, ends = (named.get(name, getattr(settings, name)) for name in PLANNED)
    if not named.keys().isdisjoint(PLANNED) and opens and ends and not _earlier(opens, ends):
        raise Refused(ErrorCode.BAD_MESSAGE, f"It would end ({ends}) before it opens ({opens}).")


def _earlier(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) < datetime.fromisoformat(other)


def _moment(text: str) -> str:
    """The time in RFC 3339, UTC. Python reads more than that: any separator, fractions of any length."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        pass
    raise Refused(ErrorCode.BAD_MESSAGE, f"{text[:40]!r} is no time with an offset (RFC 3339).")


def _users(people: Iterable[Person]) -> tuple[str, ...]:
    return tuple(person.user_id for person in people)


def _waiting(meeting: Meeting, knocks: Iterable[str], command: Lasting) -> dict[str, str]:
    """The names, by user, of those of them who wait still: others were answered before, or have gone. If the command
    comes again, they may not be back yet, and it would be wrong to say that they are answered."""
    found = [meeting.knock(each) for each in dict.fromkeys(knocks)]
    if command.again and None in found:
        raise Refused(ErrorCode.UNKNOWN_PARTICIPANT, "Not all of them wait by now; look at the list again.")
    return {knock.user_id: knock.name for knock in found if knock is not None}
