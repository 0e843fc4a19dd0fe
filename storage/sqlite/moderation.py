"""Changes, invites and the audit in a SQLite database. The functions run within the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from storage.entry import SITTING_ENDS_AFTER
from storage.errors import MeetingEnded, Outdated, Revoked, TooManyInvites
from storage.moderation import (
    Admission,
    AuditEntry,
    Change,
    Changed,
    Denial,
    Invite,
    NewInvite,
    Removal,
    Rights,
)
from storage.records import Meeting, Participant
from storage.sqlite import audit_log, host_links, revoked_users
from storage.sqlite import moderation_statements as sql
from storage.sqlite.joins import current_sitting
from storage.sqlite.meetings import known_meeting
from storage.sqlite.rows import dumped, loaded, participant


def change(connection: sqlite3.Connection, change: Change) -> Changed:
    meeting = known_meeting(connection, change.room)
    values = {"room": change.room, "by": change.by, "key": change.key, "at": change.at}
    if done := connection.execute(sql.DONE, values).fetchone():
        return Changed(True, done[0], meeting.settings, meeting.revision, meeting.sitting)
    if meeting.ended_at is not None:
        raise MeetingEnded(change.room)
    meeting = current_sitting(connection, meeting, change.at)
    if change.revision not in (None, meeting.revision):
        raise Outdated(settings=meeting.settings, revision=meeting.revision, sitting=meeting.sitting)
    connection.execute(sql.KEEP_KEY, values)
    if change.settings is not None:
        settings = _patched(meeting.settings, change.settings)
        connection.execute(sql.SET, values | {"settings": dumped(settings)})
        meeting = replace(meeting, settings=settings, revision=meeting.revision + 1)
    detail = change.detail if change.name is None else _names(connection, change)
    _Changing(connection, change, meeting).do()
    if change.action and detail is not None:
        audit_log.write(connection, change.room, change.by, change.at, change.action, change.whom, detail)
    return Changed(False, change.at, meeting.settings, meeting.revision, meeting.sitting)


def _names(connection: sqlite3.Connection, change: Change) -> dict[str, Any] | None:
    """Both, for the audit; None, if nobody is called otherwise by it."""
    known = connection.execute(sql.NAME, {"room": change.room, "user_id": change.by}).fetchone()
    if known is None or known[0] == change.name:
        return None
    return {**change.detail, "name": change.name, "before": known[0]}


def set_hands(connection: sqlite3.Connection, room: str, hands: Mapping[str, float | None]) -> None:
    connection.executemany(
        sql.SET_HAND, [{"room": room, "user_id": user, "hand_at": at} for user, at in hands.items()]
    )


def people(
    connection: sqlite3.Connection, room: str, participants: Sequence[str], users: Sequence[str]
) -> list[Participant]:
    wanted = {"room": room, "ids": dumped(list(participants)), "users": dumped(list(users))}
    found = connection.execute(sql.PEOPLE, wanted)
    return [participant(row) for row in found]


class _Changing:
    """What a change does to people. `_of` has the values of a statement about one of them."""

    def __init__(self, connection: sqlite3.Connection, change: Change, meeting: Meeting) -> None:
        self._execute = connection.execute
        self._change = change
        self._sitting = meeting.sitting
        self._host = meeting.host_user_id

    def do(self) -> None:
        change = self._change
        if change.host is not None and change.host != self._host:
            self._hand_over(change.host)
        for user, role in change.roles.items():
            if user != self._host:
                self._execute(sql.SET_ROLE, self._of(user, role=role))
                if role == "cohost":
                    # Co-hosts get in, too.
                    self._execute(sql.FORGET_DENIALS, self._of(user))
        for user, may in change.may.items():
            self._execute(sql.SET_MAY, self._of(user, may=dumped(may)))
        for user, back in change.remove.items():
            if user != self._host:
                self._remove(user, back)
        for user in change.readmit:
            self._execute(sql.FORGET_REMOVAL, self._of(user))
            self._execute(sql.FORGET_DENIALS, self._of(user))
        for user in change.admit:
            self._execute(sql.ADMIT, self._of(user, sitting=self._sitting))
            self._execute(sql.CANCEL_KNOCK, self._of(user))
        for user in change.deny:
            if user != self._host:
                self._execute(sql.DENY, self._of(user))
        if change.name is not None:
            self._execute(sql.RENAME, self._of(change.by, name=change.name))

    def _hand_over(self, user: str) -> None:
        self._execute(sql.SET_ROLE, self._of(self._host, role="cohost"))
        self._execute(sql.SET_ROLE, self._of(user, role="host"))
        self._execute(sql.HAND_OVER, self._of(user))
        # A host is always let in.
        self._execute(sql.FORGET_REMOVAL, self._of(user))
        self._execute(sql.FORGET_DENIALS, self._of(user))
        # Nobody takes it back by a link of before.
        self._execute(host_links.VOID, self._of(user))
        self._host = user

    def _remove(self, user: str, back: str) -> None:
        of_user = self._of(user, back=back, lost_after=self._change.at - SITTING_ENDS_AFTER)
        self._execute(sql.FORGET_REMOVAL if back == "freely" else sql.REMOVE, of_user)
        self._execute(sql.PUT_OUT, of_user)
        self._execute(sql.CANCEL_ADMISSION, of_user)
        self._execute(sql.CLOSE_LOST_STAY, of_user)
        self._execute(sql.CLOSE_OPEN_STAY, self._of(user, node=self._change.node))

    def _of(self, user: str, **values: Any) -> dict[str, Any]:
        change = self._change
        return {"room": change.room, "user_id": user, "at": change.at, "by": change.by, **values}


def rights(connection: sqlite3.Connection, room: str) -> Rights:
    meeting = known_meeting(connection, room)
    values = {"room": room, "sitting": meeting.sitting}
    return Rights(
        meeting.settings,
        meeting.revision,
        meeting.sitting,
        [Removal(*row) for row in connection.execute(sql.REMOVALS, values)],
        [Admission(*row) for row in connection.execute(sql.ADMISSIONS, values)],
        [Denial(*row) for row in connection.execute(sql.DENIALS, values)],
        invites(connection, room),
    )


def invites(connection: sqlite3.Connection, room: str) -> list[Invite]:
    return [Invite(*row) for row in connection.execute(sql.INVITES, {"room": room})]


def audit(
    connection: sqlite3.Connection, room: str, limit: int, before: int | None = None
) -> list[AuditEntry]:
    known_meeting(connection, room)
    values = {"room": room, "limit": limit, "before": 2**62 if before is None else before}
    return [AuditEntry(*(*row[:-1], loaded(row[-1]))) for row in connection.execute(sql.AUDIT, values)]


def make_invite(connection: sqlite3.Connection, invite: NewInvite) -> Invite:
    meeting = known_meeting(connection, invite.room)
    if meeting.ended_at is not None:
        raise MeetingEnded(invite.room)
    if revoked_users.is_void(connection, invite.by, invite.at):
        raise Revoked
    if (found := find_invite(connection, invite.room, invite.id)) is not None:
        return found
    if invite.most is not None:
        (count,) = connection.execute(sql.COUNT_INVITES, {"room": invite.room}).fetchone()
        if count >= invite.most:
            raise TooManyInvites
    uses = invite.uses
    if invite.role == "host":
        host_links.void(connection, invite.room, invite.at)
        uses = 1
    values = {
        "id": invite.id,
        "room": invite.room,
        "hash": invite.hash,
        "role": invite.role,
        "uses": uses,
        "expires_at": invite.expires_at,
        "at": invite.at,
        "by": invite.by,
    }
    connection.execute(sql.MAKE_INVITE, values)
    detail = {"invite": invite.id, "role": invite.role}
    audit_log.write(connection, invite.room, invite.by, invite.at, "invite", "", detail)
    return Invite(invite.id, invite.role, uses, 0, invite.expires_at, None, float(invite.at), invite.by)


def revoke_invite(connection: sqlite3.Connection, room: str, invite_id: str, at: float, by: str = "") -> bool:
    if connection.execute(sql.REVOKE_INVITE, {"room": room, "id": invite_id, "at": at}).rowcount:
        audit_log.write(connection, room, by, at, "revoke_invite", "", {"invite": invite_id})
        return True
    return find_invite(connection, room, invite_id) is not None


def find_invite(connection: sqlite3.Connection, room: str, invite_id: str) -> Invite | None:
    row = connection.execute(sql.INVITE, {"room": room, "id": invite_id}).fetchone()
    return Invite(*row) if row else None


def _patched(settings: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`patch` replaces values of the top level; None deletes one."""
    return {name: value for name, value in {**settings, **patch}.items() if value is not None}
