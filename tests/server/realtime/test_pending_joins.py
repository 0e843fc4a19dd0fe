"""Joins on their way to the store: in the order they asked, and told of what happens meanwhile."""

from __future__ import annotations

import pytest

from server.realtime.pending_joins import PendingJoins
from signalling.rooms.hands import LOWERED

ROOM = "ABC123"


def test_users_are_known_in_the_order_they_asked_until_their_last_join_is_answered() -> None:
    joins = PendingJoins()
    with joins.begin(ROOM, "ann"), joins.begin(ROOM, "bob"):
        with joins.begin(ROOM, "ann"):
            assert list(joins.asking(ROOM)) == ["ann", "bob"]
        assert list(joins.asking(ROOM)) == ["ann", "bob"]
    assert not joins.asking(ROOM)


def test_one_that_fails_is_on_its_way_no_more() -> None:
    joins = PendingJoins()
    with pytest.raises(ZeroDivisionError), joins.begin(ROOM, "ann"):
        raise ZeroDivisionError
    assert not joins.asking(ROOM)


def test_of_a_hand_the_room_knows_more_than_the_answer() -> None:
    joins = PendingJoins()
    with joins.begin(ROOM, "ann") as ann, joins.begin(ROOM, "bob") as bob:
        assert ann.hand_at(5.0) == 5.0
        joins.hands_changed({ROOM: {"ann": 7.0, "nobody": 8.0}, "OTHER": {"bob": 9.0}})
        assert (ann.hand_at(5.0), bob.hand_at(5.0)) == (7.0, 5.0)
        joins.hands_changed({ROOM: {"ann": None}})
        assert ann.hand_at(5.0) is None
    # What is not recorded yet when the store is asked.
    joins.unrecorded_hand = lambda room, user_id: LOWERED
    with joins.begin(ROOM, "ann") as ann:
        assert ann.hand_at(5.0) == LOWERED


def test_each_is_told_what_concerns_it() -> None:
    joins = PendingJoins()
    with (
        joins.begin(ROOM, "ann") as ann,
        joins.begin(ROOM, "bob") as bob,
        joins.begin("OTHER", "ann") as other,
    ):
        joins.stay_ended(ROOM, "ann")
        joins.stay_ended(ROOM, "nobody")
        assert (ann.stale, bob.stale, other.stale) == (True, False, False)
        joins.revoked({"bob"})
        assert (ann.revoked, bob.revoked, other.revoked) == (False, True, False)
        joins.meeting_changed("OTHER")
        assert (bob.stale, other.stale) == (False, True)
