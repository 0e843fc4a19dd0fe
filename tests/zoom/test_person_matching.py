"""Who is who by Zoom's rows, and which stay is which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from server.zoom import person_matching
from server.zoom.zoom_records import ParticipantRow, RegistrantRow
from storage.imports import LiveStay, Registrant, Row

ROOM = "ZOOM-88988872033"
UUID = "4444AAAiAAAAAiAiAiiAii=="
START = 1_700_000_000.0

ANNA = ParticipantRow(
    id="zoom-user-anna",
    user_id="16778240",
    name="Anna",
    user_email="Anna@Example.org",
    registrant_id="reg-anna",
    join_time=START + 60,
    leave_time=START + 660,
    duration=600.0,
    status="in_meeting",
)


def row(*, uuid: str = UUID, **changed: Any) -> Row:
    """Anna's, but for what is changed."""
    return person_matching.row(ROOM, uuid, msgspec.structs.replace(ANNA, **changed), START)


def other(**fields: Any) -> Row:
    """Of nothing but these fields."""
    return person_matching.row(ROOM, UUID, ParticipantRow(**({"join_time": START} | fields)), START)


def test_every_id_of_a_row_is_a_key() -> None:
    told = row(participant_user_id="another-id")
    assert len(set(told.keys)) == 4
    assert not told.guest
    for alone in (
        {"id": "zoom-user-anna"},
        {"participant_user_id": "zoom-user-anna"},
        {"user_email": " anna@example.ORG "},
        {"registrant_id": "reg-anna"},
    ):
        (key,) = other(**alone).keys
        assert key in told.keys


def test_kinds_of_ids_are_not_mixed_up() -> None:
    (user,) = other(id="12345").keys
    (registrant,) = other(registrant_id="12345").keys
    assert user != registrant


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_nothing_is_united_by_what_is_empty(empty: str) -> None:
    blank = {"id": empty, "participant_user_id": empty, "registrant_id": empty, "user_email": empty}
    one, two = row(**blank), row(**blank, user_id="2")
    assert one.guest
    assert two.guest
    assert not set(one.keys) & set(two.keys)


@pytest.mark.parametrize("masked", ["***", "n/a", "@", "**@**", "-", "j***@example.org", "jane@e*****.org"])
def test_what_is_no_address_is_no_id(masked: str) -> None:
    assert other(user_id="1", user_email=masked).guest


def test_nobody_is_united_by_user_id_or_name() -> None:
    one, two = (other(user_id="7", name="Anna", join_time=at) for at in (START, START + 100))
    assert not set(one.keys) & set(two.keys)
    assert one.name_key == two.name_key


def test_a_stay_is_known_by_instance_user_id_and_join_time() -> None:
    same = row(name="Anna B.", leave_time=START + 9999, duration=1.0, registrant_id="", status="")
    assert same.session_id == row().session_id
    assert same.digest != row().digest
    others = row(uuid="other"), row(user_id="2"), row(join_time=START + 60.66)
    assert len({row().session_id, *(each.session_id for each in others)}) == 4


def test_a_stay_without_user_id_is_known_by_who_came_when() -> None:
    told = row(user_id="")
    assert told.session_id == row(user_id="", leave_time=None).session_id
    assert told.session_id != row(user_id="", join_time=START + 61).session_id
    assert told.session_id != row(user_id="", id="", user_email="", registrant_id="").session_id


def test_two_guests_who_come_at_once_by_one_name_are_two() -> None:
    one, two = (other(name="Anna", leave_time=START + left) for left in (10, 20))
    assert one.session_id == two.session_id
    assert not set(one.keys) & set(two.keys)


def test_two_guests_of_one_user_id_are_two_by_their_names() -> None:
    ada, ben = (other(user_id="7", name=name) for name in ("Ada", "Ben"))
    assert ada.session_id == ben.session_id
    assert not set(ada.keys) & set(ben.keys)
    assert ada.keys == other(user_id="7", name="ADA", leave_time=START + 9).keys


def test_a_guest_who_is_heard_live_is_the_same_in_every_room() -> None:
    def heard(user_id: str, participant_uuid: str, account: str = "") -> LiveStay:
        told = ParticipantRow(id=account, user_id=user_id, name="Gil")
        return person_matching.live_stay(
            ROOM,
            UUID,
            told,
            joined_at=START,
            left_at=None,
            at=START,
            starts_at=None,
            participant_uuid=participant_uuid,
        )

    one, two, other_one, known = heard("1", "u"), heard("2", "u"), heard("3", "v"), heard("4", "u", "gil")
    assert one.session_id != two.session_id
    assert one.keys == two.keys
    assert one.guest
    assert not set(one.keys) & set(other_one.keys)
    assert set(one.keys) < set(known.keys)
    assert not known.guest


@pytest.mark.parametrize(
    ("told", "joined", "left", "sure"),
    [
        ({}, START + 60, START + 660, (True, True)),
        ({"leave_time": None}, START + 60, START + 660, (True, False)),
        ({"leave_time": None, "duration": None}, START + 60, START + 60, (True, False)),
        ({"join_time": None}, START + 60, START + 660, (False, True)),
        ({"join_time": None, "duration": None}, START + 660, START + 660, (False, True)),
        ({"join_time": None, "leave_time": None}, START, START + 600, (False, False)),
        ({"join_time": None, "leave_time": None, "duration": None}, START, START, (False, False)),
        ({"leave_time": START}, START + 60, START + 660, (True, False)),
        ({"leave_time": START, "duration": None}, START + 60, START + 60, (True, False)),
        ({"leave_time": START + 55, "duration": 0.0}, START + 60, START + 60, (True, False)),
        ({"leave_time": START + 60}, START + 60, START + 660, (True, False)),
        ({"leave_time": START + 60, "duration": 0.0}, START + 60, START + 60, (True, True)),
        # Ends that do not contradict each other are better evidence than a number of seconds.
        ({"leave_time": START + 300}, START + 60, START + 300, (True, True)),
    ],
)
def test_times_that_are_not_told_or_cannot_be_are_guessed(
    told: dict[str, Any], joined: float, left: float, sure: tuple[bool, bool]
) -> None:
    found = row(**told)
    assert (found.joined_at, found.left_at) == (joined, left)
    assert (found.joined_told, found.left_told) == sure


def test_who_is_let_in_at_once_has_both_rows() -> None:
    assert row(status="in_waiting_room", leave_time=START + 60).session_id != row().session_id


def test_the_waiting_room_is_no_attendance() -> None:
    assert row().counted
    assert row(status="").counted
    assert not row(status="in_waiting_room").counted


def test_a_registrant_and_the_rows_of_theirs_share_a_key() -> None:
    told = person_matching.registrant(
        ROOM,
        RegistrantRow(id="reg-anna", email="ANNA@example.org", first_name="Anna", last_name="Berg"),
        "approved",
    )
    assert told.name == "Anna Berg"
    for alone in ({"user_email": "anna@example.org"}, {"registrant_id": "reg-anna"}):
        assert set(told.keys) & set(other(**alone).keys)


def test_registrants_without_ids_are_told_apart_by_name() -> None:
    def one(name: str) -> Registrant:
        return person_matching.registrant(ROOM, RegistrantRow(first_name=name), "approved")

    assert one("Anna") == one("Anna")
    assert one("Anna").registrant_id != one("Ben").registrant_id
    assert not set(one("Anna").keys) & set(one("Ben").keys)


def test_a_registrants_id_that_is_too_long_to_be_looked_up_is_shortened() -> None:
    one, two = (
        person_matching.registrant(ROOM, RegistrantRow(id="r" * 5000 + end), "approved") for end in "12"
    )
    assert len(one.registrant_id) < 100
    assert one.registrant_id != two.registrant_id


def test_a_live_stay_is_the_same_when_it_begins_and_ends() -> None:
    def told(**times: float | None) -> object:
        stay = person_matching.live_stay(
            ROOM,
            UUID,
            ANNA,
            joined_at=times.get("joined_at"),
            left_at=times.get("left_at"),
            at=START,
            starts_at=None,
        )
        return replace(stay, joined_at=None, left_at=None)

    assert told(joined_at=START) == told(left_at=START + 5)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("  Anna \n Berg\t", "Anna Berg"),
        ("Evil\x00\x1b[31m\u202egnp.exe", "Evil[31mgnp.exe"),
        ("\ud800half", "half"),
        ("x" * 5000, "x" * person_matching.LONGEST_TEXT),
    ],
)
def test_texts_can_be_kept_and_shown(told: str, shown: str) -> None:
    assert person_matching.text(told) == shown


@pytest.mark.parametrize("alike", ["anna  berg", "ANNA BERG", "Ａｎｎａ Berg"])
def test_names_that_read_the_same(alike: str) -> None:
    assert person_matching.name_key(alike) == person_matching.name_key("Anna Berg")
    assert person_matching.name_key(f"{alike}\u200b") == person_matching.name_key("Anna Berg")


@pytest.mark.parametrize("wrong", ["", "12345678", "1234567890123", "8898887203a", "８８９８８８７２０３３"])
def test_ids_that_zoom_does_not_have(wrong: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        person_matching.room(wrong)
