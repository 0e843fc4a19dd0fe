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

    `connected` and `size`: how many are in it with a connection, and in all, those included who asked earlier and are
    not in it yet. `most`: how many may be in it.
    """

    present: Member | None
    connected: int
    size: int
    most: int


class Request(NamedTuple):
    """What somebody asks for. `page` and `session_id` are the tab's, as far as it has them.

    `comes_back`: a page whose place was given up; it takes the place of no newer one. `replaces`: the place may be
    taken from another page of the same user.
    """

    page: str | None
    session_id: str | None
    comes_back: bool
    replaces: bool


def view_of(room: Room | None, user_id: str, asking: Collection[str], most: int) -> AdmissionView:
    """`asking`: all users whose joins are on their way, this one included, in the order they asked."""
    if room is None:
        present, connected, size = None, 0, 0
    else:
        present, connected, size = room.member_of(user_id), len(room.audience()), len(room)
    if size + len(asking) > most:
        for other in asking:
            if other == user_id:
                break
            member = room.member_of(other) if room else None
            size += member is None
            connected += member is None or member.connection is None
    return AdmissionView(present, connected, size, most)


def decide(view: AdmissionView, request: Request) -> ErrorCode | None:
    """Why they may not come in; None: they may. A meeting that is full is so for all but its host."""
    member = view.present
    if member is None:
        # Those who are away have a place to come back to, and take none from those who are here: with them there may be
        # twice as many.
        full = view.connected >= view.most or view.size >= 2 * view.most
        return ErrorCode.MEETING_FULL if full else None
    page = page_of(member.instance)
    if request.comes_back:
        return None if request.page == page else ErrorCode.DUPLICATE
    if request.replaces or member.connection is None or request.page == page:
        return None
    return None if request.session_id == member.session_id else ErrorCode.DUPLICATE
