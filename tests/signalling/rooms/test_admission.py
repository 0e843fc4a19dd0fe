"""Whether somebody may come into a room: what is asked of it, and what is decided."""

from __future__ import annotations

import pytest

from signalling.protocol.errors import ErrorCode
from signalling.rooms.admission import AdmissionView, Request, decide, view_of
from signalling.rooms.event_log import Log
from signalling.rooms.hands import Hands
from signalling.rooms.member import Member
from signalling.rooms.room import Room

STRANGER = Request(page="page2", session_id=None, comes_back=False, replaces=False)


def member(user_id: str, *, connected: bool = True) -> Member:
    member = Member(f"p_{user_id}", user_id, 0.0)
    member.session_id, member.instance = f"s_{user_id}", "page1.j_1"
    if connected:
        member.connect(object(), 0)
    return member


def room(*members: Member) -> Room:
    room = Room("ABC123", "", Log("e_1", max_age=60.0), Hands())
    for each in members:
        room.add(each)
    room.connections_changed()
    return room


def test_a_room_that_is_not_there_has_a_place_for_anybody() -> None:
    assert view_of(None, "ann", ["ann"], 1) == AdmissionView(None)
    assert decide(AdmissionView(None), STRANGER) is None


def test_places_are_kept_for_those_who_asked_earlier() -> None:
    one = room(member("ann"))
    asking = ["bob", "cid", "dan"]
    assert [view_of(one, user, asking, 2).is_full for user in asking] == [False, True, True]
    # Somebody who is there already and asks again takes no other place.
    assert not view_of(one, "bob", ["ann", "bob"], 2).is_full


def test_who_is_away_takes_no_place_until_there_are_twice_as_many() -> None:
    away = [member(f"away{number}", connected=False) for number in range(3)]
    assert not view_of(room(member("ann"), *away[:2]), "bob", ["bob"], 2).is_full
    assert view_of(room(member("ann"), *away), "bob", ["bob"], 2).is_full


def test_who_has_a_place_is_asked_for_no_other() -> None:
    ann = member("ann")
    view = view_of(room(ann, member("bob")), "ann", ["ann"], 1)
    assert view == AdmissionView(ann, is_full=False)


def test_a_full_meeting_is_so_for_all_but_its_host() -> None:
    full = AdmissionView(None, is_full=True)
    assert decide(full, STRANGER) is ErrorCode.MEETING_FULL
    assert decide(full, STRANGER._replace(is_in_charge=True)) is None


@pytest.mark.parametrize(
    ("request_", "connected", "refused"),
    [
        (STRANGER, True, ErrorCode.DUPLICATE),
        (STRANGER, False, None),
        (STRANGER._replace(page="page1"), True, None),
        (STRANGER._replace(session_id="s_ann"), True, None),
        (STRANGER._replace(session_id="s_other"), True, ErrorCode.DUPLICATE),
        (STRANGER._replace(replaces=True), True, None),
        (STRANGER._replace(comes_back=True), False, ErrorCode.DUPLICATE),
        (STRANGER._replace(comes_back=True, page="page1"), True, None),
        # Coming back is no right to take the place of a newer page.
        (STRANGER._replace(comes_back=True, replaces=True, session_id="s_ann"), True, ErrorCode.DUPLICATE),
    ],
)
def test_a_place_that_somebody_has(request_: Request, connected: bool, refused: ErrorCode | None) -> None:
    assert decide(AdmissionView(member("ann", connected=connected)), request_) is refused
