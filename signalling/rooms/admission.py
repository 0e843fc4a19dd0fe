"""Whether a user may enter a room: `view_of` asks the room, `decide` decides by its answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from signalling.protocol.errors import ErrorCode
from signalling.protocol.identifiers import page_of
from signalling.rooms.member import Member
from signalling.rooms.permissions import is_in_charge
from signalling.rooms.room import Room


class AdmissionView(NamedTuple):
    """A room as a user who wants to enter finds it. `present`: the user's member, connected or within grace.

    `is_full`: the room has no place for the user, counting those who asked earlier and are not in it yet. A user who is
    present needs no other place.
    """

    present: Member | None
    is_full: bool = False


class Request(NamedTuple):
    """What a user asks for. `page` and `session_id` are the tab's, if it has them.

    `comes_back`: the page's place was given up; it may not take the place of a newer page. `replaces`: it may take the
    place of another page of the same user. `is_in_charge`: a meeting is never too full for host and co-hosts.
    """

    page: str | None
    session_id: str | None
    comes_back: bool
    replaces: bool
    is_in_charge: bool = False


def leaders(room: Room | None) -> list[str]:
    """The users in charge who are connected, in a meeting that nobody is to enter before them; otherwise none."""
    if room is None or room.settings.join_before_host:
        return []
    return [each.user_id for each in room if is_in_charge(each.role) and each.connection is not None]


def view_of(room: Room | None, user_id: str, asking: Collection[str], most: int) -> AdmissionView:
    """`asking`: all users with a pending join, this one included, in the order they asked.

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
    # Members who are away keep their places, and take none from those who are connected: with them, the room may hold
    # twice as many.
    return AdmissionView(None, connected >= most or size >= 2 * most)


def decide(view: AdmissionView, request: Request) -> ErrorCode | None:
    """Why the user may not enter, or None."""
    member = view.present
    if member is None:
        return ErrorCode.MEETING_FULL if view.is_full and not request.is_in_charge else None
    page = page_of(member.instance)
    if request.comes_back:
        return None if request.page == page else ErrorCode.DUPLICATE
    if request.replaces or member.connection is None or request.page == page:
        return None
    return None if request.session_id == member.session_id else ErrorCode.DUPLICATE
