"""Whether somebody may come into a room: one question to the room, and one decision about what it answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from signalling.protocol.errors import ErrorCode
from signalling.protocol.identifiers import page_of
from signalling.rooms.member import Member
from signalling.rooms.room import Room


class AdmissionView(NamedTuple):
    """What a room is to somebody who wants in. `present`: their member, connected or within grace.

    `is_full`: it has no place for them, those counted who asked earlier and are not in it yet. Who has a place is not
    asked for another.
    """

    present: Member | None
    is_full: bool = False


class Request(NamedTuple):
    """What somebody asks for. `page` and `session_id` are the tab's, as far as it has them.

    `comes_back`: a page whose place was given up; it takes the place of no newer one. `replaces`: the place may be
    taken from another page of the same user. `is_host`: a meeting is never too full for its host.
    """

    page: str | None
    session_id: str | None
    comes_back: bool
    replaces: bool
    is_host: bool = False


def view_of(room: Room | None, user_id: str, asking: Collection[str], most: int) -> AdmissionView:
    """`asking`: all users whose joins are on their way, this one included, in the order they asked.

    `most`: how many may be in the room.
    """
    present = room.member_of(user_id) if room else None
    size = len(room) if room else 0
    if present is not None or size + len(asking) <= most:
        return AdmissionView(present)
    connected = len(room.audience()) if room else 0
    for other in asking:
        if other == user_id:
            break
        member = room.member_of(other) if room else None
        size += member is None
        connected += member is None or member.connection is None
    # Those who are away have a place to come back to, and take none from those who are here: with them there may be
    # twice as many.
    return AdmissionView(None, connected >= most or size >= 2 * most)


def decide(view: AdmissionView, request: Request) -> ErrorCode | None:
    """Why they may not come in; None: they may."""
    member = view.present
    if member is None:
        return ErrorCode.MEETING_FULL if view.is_full and not request.is_host else None
    page = page_of(member.instance)
    if request.comes_back:
        return None if request.page == page else ErrorCode.DUPLICATE
    if request.replaces or member.connection is None or request.page == page:
        return None
    return None if request.session_id == member.session_id else ErrorCode.DUPLICATE
