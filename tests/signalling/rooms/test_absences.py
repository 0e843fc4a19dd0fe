"""Who is away, and what becomes of them."""

from __future__ import annotations

import pytest

from signalling.rooms.absences import GOODBYE, SHOWN_AFTER, Absences
from signalling.rooms.event_log import Log
from signalling.rooms.hands import Hands
from signalling.rooms.member import Member
from signalling.rooms.room import Room

GRACE = 30.0
ROOM = Room("ABC123", "", Log("e_1", max_age=60.0), Hands())
"""Ann is in it."""


@pytest.fixture
def ann() -> Member:
    ann = Member("p_1", "ann", 0.0)
    ann.connect(object(), 0)
    ROOM.add(ann)
    return ann


@pytest.fixture
def absences(ann: Member) -> Absences:
    absences = Absences()
    absences.begin(ROOM, ann, 100.0)
    return absences


def reasons(absences: Absences, now: float) -> list[str | None]:
    return [due.reason for due in absences.due(now, GRACE)]


def test_it_is_shown_after_a_second_and_ends_after_grace(absences: Absences, ann: Member) -> None:
    assert ann.connection is None
    assert reasons(absences, 100.0 + SHOWN_AFTER / 2) == []
    assert reasons(absences, 100.0 + SHOWN_AFTER) == [None]
    ann.state = "reconnecting"
    assert reasons(absences, 129.9) == []
    assert [(due.member, due.lost_at, due.reason) for due in absences.due(130.0, GRACE)] == [
        (ann, 100.0, "lost")
    ]


def test_who_is_back_is_away_no_more(absences: Absences, ann: Member) -> None:
    absences.end(ann)
    assert reasons(absences, 1000.0) == []
    assert list(absences.known()) == []


def test_who_said_goodbye_has_left_when_they_said_they_would_be_back(absences: Absences, ann: Member) -> None:
    absences.back_in(ann, 5.0, 101.0)
    assert reasons(absences, 100.0 + GOODBYE - 0.1) == []
    assert reasons(absences, 105.9) == []
    assert reasons(absences, 106.0) == ["left"]


def test_time_in_which_nobody_could_come_back_does_not_count(absences: Absences) -> None:
    absences.excuse(ROOM, 20.0, 125.0)
    assert "lost" not in reasons(absences, 149.9)
    assert "lost" in reasons(absences, 150.0)


def test_of_who_was_restored_only_the_record_knows(absences: Absences, ann: Member) -> None:
    assert list(absences.known()) == [(ROOM, ann, 100.0)]
    ann.restored = True
    assert list(absences.known()) == []
