"""How a user joins a meeting in a SQLite database. The functions run within the caller's transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

from storage.entry import NOTHING, SITTING_ENDS_AFTER, Grant, Invitation, Known, granted, refusal
from storage.errors import MeetingEnded, NotLetIn, UnknownMeeting
from storage.records import Joined, JoinRequest, Meeting
from storage.sqlite import host_links, rows
from storage.sqlite import join_statements as sql
from storage.sqlite.meeting_statements import ADD_PARTICIPANT, KNOW_NODE, OPEN_STAY, PARTICIPANT
from storage.sqlite.meetings import create_meeting
from storage.sqlite.moderation_statements import FORGET_REMOVAL, HAND_OVER


def join(connection: sqlite3.Connection, request: JoinRequest) -> Joined | NotLetIn:
    """A refusal is returned, not raised: a sitting that has begun is kept."""
    created = is_decided = False
    row = connection.execute(
        sql.MEETING_TO_JOIN, {"room": request.room, "user_id": request.user_id, "at": request.at}
    ).fetchone()
    if row is not None:
        joined_meeting, empty_since, is_decided = rows.meeting(row[:-2]), row[-2], row[-1]
    else:
        if not request.create:
            raise UnknownMeeting(request.room)
        empty_since = None
        joined_meeting, created = create_meeting(
            connection, request.room, request.user_id, request.title, request.at, request.settings
        )
    if joined_meeting.ended_at is not None:
        raise MeetingEnded(request.room)
    if _is_over(empty_since, request.at):
        joined_meeting = _next_sitting(connection, joined_meeting)

    grant = NOTHING
    # A join that finds nothing to decide costs no further statement.
    if is_decided or joined_meeting.settings or request.guests_wait or request.returns or _claims(request):
        decided = _decide(connection, request, joined_meeting)
        if isinstance(decided, NotLetIn):
            return decided
        grant = decided
        if grant.role == "host":
            joined_meeting = replace(joined_meeting, host_user_id=request.user_id)

    values = {
        "room": request.room,
        "user_id": request.user_id,
        "name": request.name,
        "first_name": request.first_name,
        "role": "host" if request.user_id == joined_meeting.host_user_id else "participant",
        "participant_id": request.participant_id,
        "session_id": request.session_id,
        "previous_session": request.previous_session,
        "grace": request.grace,
        "node_id": request.node_id,
        "instance": request.instance,
        "at": request.at,
        "returned_at": rows.moment(request.at),
        "sitting": joined_meeting.sitting,
    }
    participant = rows.participant(connection.execute(ADD_PARTICIPANT, values).fetchone())
    # Each call has new ids: a row with this call's id was made by this call.
    rejoined = participant.id != request.participant_id
    values["participant_id"] = participant.id
    stay = rows.stay(_open_stay(connection, values))
    if participant.hand_at and stay.session_id == request.session_id:
        connection.execute(sql.LOWER_HAND, values)
        participant = replace(participant, hand_at=None)
    if grant is not NOTHING:
        values |= {"role": grant.role, "role_at": grant.role_at}
        values["may"] = None if grant.may is None else rows.dumped(grant.may)
        connection.execute(sql.GRANT, values)
    if participant.state == "disconnected" or grant is not NOTHING:
        # Read again: triggers changed the row when the stay was opened.
        participant = rows.participant(connection.execute(PARTICIPANT, values).fetchone())
    return Joined(joined_meeting, participant, stay, created, rejoined, continued=stay.connections > 1)


def current_sitting(connection: sqlite3.Connection, meeting: Meeting, at: float) -> Meeting:
    """The meeting at that moment: its sitting rises if the last one is over."""
    (empty_since,) = connection.execute(sql.SITTING, {"room": meeting.room, "at": at}).fetchone()
    return _next_sitting(connection, meeting) if _is_over(empty_since, at) else meeting


def _is_over(empty_since: float | None, at: float) -> bool:
    return empty_since is not None and empty_since < at - SITTING_ENDS_AFTER


def _next_sitting(connection: sqlite3.Connection, meeting: Meeting) -> Meeting:
    connection.execute(sql.BEGIN_SITTING, {"room": meeting.room})
    return replace(meeting, sitting=meeting.sitting + 1)


def _claims(request: JoinRequest) -> bool:
    return request.role is not None or request.may is not None or request.invite is not None


def _decide(connection: sqlite3.Connection, request: JoinRequest, meeting: Meeting) -> Grant | NotLetIn:
    values: dict[str, Any] = {"room": request.room, "user_id": request.user_id, "at": request.at}
    values["returns_to"] = request.previous_session if request.returns else None
    # Otherwise nobody looks for a host among all participants.
    values["starts_with_host"] = meeting.settings.get("join_before_host") is False
    row = connection.execute(sql.KNOWN, values).fetchone()
    hosted, name, role, role_at, last_sitting, put_out, removal, removed_at, admitted_in, denials = row
    invitation = None
    if request.invite is not None:
        values["invite"] = request.invite
        if found := connection.execute(sql.INVITATION, values).fetchone():
            *invited, values["invitation"] = found
            invitation = Invitation(invited[0], invited[1], bool(invited[2]))
    known = Known(
        host_user_id=meeting.host_user_id,
        settings=meeting.settings,
        sitting=meeting.sitting,
        hosted=bool(hosted),
        role=role,
        role_at=role_at,
        last_sitting=last_sitting,
        put_out=bool(put_out),
        removal=removal,
        removed_at=removed_at,
        admitted_in=admitted_in,
        denials=denials,
        invitation=invitation,
    )
    grant = granted(request, known)
    reason = refusal(request, known, grant)
    if reason is not None:
        return NotLetIn(
            reason,
            settings=meeting.settings,
            revision=meeting.revision,
            sitting=meeting.sitting,
            denials=denials,
            name=name,
        )
    if removal is not None:
        # Whoever is let in has come back.
        connection.execute(FORGET_REMOVAL, values)
    takes_over = invitation is not None and invitation.role == "host" and grant.role == "host"
    # The host's own link is kept by whoever is host already.
    if invitation is not None and not invitation.used and (takes_over or invitation.role != "host"):
        connection.execute(sql.COUNT_USE, values)
        connection.execute(sql.ADD_USE, values)
    if takes_over:
        detail = {"invite": values["invitation"], "role": "host"}
        host_links.take_over(connection, request, meeting, detail)
    elif grant.role == "host":
        connection.execute(HAND_OVER, values)
    return grant


def _open_stay(connection: sqlite3.Connection, values: dict[str, Any]) -> tuple[Any, ...]:
    try:
        row: tuple[Any, ...] = connection.execute(OPEN_STAY, values).fetchone()
    except sqlite3.IntegrityError:
        # Most likely the node is new. Checking first would cost every join a statement.
        connection.execute(KNOW_NODE, values)
        row = connection.execute(OPEN_STAY, values).fetchone()
    return row
