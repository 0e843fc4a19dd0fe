"""Whoever adds a field has to say whether it goes along when a room moves to another hub."""

from __future__ import annotations

import pytest

from signalling.rooms.budget import Budget
from signalling.rooms.change import Actor, Reply, Unsettled
from signalling.rooms.command_ids import CommandIds
from signalling.rooms.effects import EndMeeting
from signalling.rooms.event_log import Log
from signalling.rooms.hub import Hub
from signalling.rooms.knock import Knock
from signalling.rooms.member import Member
from signalling.rooms.room import Room
from signalling.state import members, rooms


@pytest.mark.parametrize(
    ("kind", "goes", "stays"),
    [
        (Member, {*members.AS_IT_IS, *members.TRANSLATED}, members.HERE),
        (Room, {*rooms.TRANSLATED}, rooms.HERE),
        (Knock, {*rooms.OF_A_KNOCK, "connection", "lost_at"}, rooms.CREDENTIALS | {"unknown"}),
        (CommandIds, {"_ranges"}, {"unsettled"}),
        (Budget, {"_left"}, {"_rate", "_most", "_at"}),
        (
            Log,
            {"_entries", "epoch", "seq"},
            {"_bytes", "_max_age", "_max_bytes", "_max_count", "cut", "forgotten", "stirs", "withdrawn"},
        ),
    ],
)
def test_each_field_is_said_to_go_along_or_to_stay(kind: type, goes: set[str], stays: set[str]) -> None:
    assert goes | stays == set(kind.__slots__)  # type: ignore[attr-defined] # they have slots
    assert not goes & stays


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        (
            Hub(),
            {
                "absences",
                "chatting",
                "coalescing",
                "grace",
                "hands",
                "heartbeat",
                "logs",
                "orders",
                "renaming",
                "rooms",
                "seats",
            }
            | {"stays", "telling", "waiting", "changes", "departures", "succession"},
        ),
        (Hub().orders, {"changes", "questions", "_coalescing", "_telling", "_waiting"}),
        (Hub().orders.questions, {"_of"}),
        (Hub().renaming, {"_questions", "_telling"}),
        (Hub().telling, {"_frames", "_late", "_soon", "limited"}),
        (Hub().coalescing, {"_telling", "_waiting", "flow"}),
        (Hub().waiting, {"_heartbeat", "_lost", "_moved", "_of", "_rooms"}),
        (Hub().absences, {"_rooms"}),
        (Hub().hands, {"_at", "_changed"}),
        (Hub().seats, set()),
        (Hub().stays, {"_absences", "_corrected", "_left_open", "_rooms"}),
        (
            Hub().departures,
            {"_absences", "_coalescing", "_rooms", "_seats", "_stays", "_telling", "_waiting"},
        ),
        (Hub().changes, {"_departures", "_telling", "_waiting"}),
        (Hub().succession, {"_after", "_next", "_orders", "_rooms"}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_the_parts_of_a_hub_keep_of_its_rooms_is_known(part: object, fields: set[str]) -> None:
    """Of another one `Handover` has to know: what it does in `state`, `adopt` and `drop`."""
    assert set(vars(part)) == fields


def test_questions_have_these_fields() -> None:
    assert Unsettled._fields == (
        *("room", "actor", "key", "change", "told", "reply", "refused", "again", "anew", "since"),
    )
    assert EndMeeting._fields == ("room", "actor", "reply", "action")
    assert Reply._fields == ("member", "ids", "message_id")
    assert Actor._fields == ("standing", "user_id", "participant")
