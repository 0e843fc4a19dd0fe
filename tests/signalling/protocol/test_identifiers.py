"""Meeting ids, names and titles."""

from __future__ import annotations

import os

import pytest

from signalling.protocol import identifiers


@pytest.mark.parametrize(
    ("text", "shown"), [("abc123", "ABC123"), (" K7P-2mx-9qd ", "K7P-2MX-9QD"), ("a-1", "A-1")]
)
def test_meeting_ids_are_compared_and_shown_in_upper_case(text: str, shown: str) -> None:
    assert identifiers.meeting_id(text) == shown


@pytest.mark.parametrize("text", ["", "ab", "a" * 65, "a b", "a/b", "é23", "ſtu", "ａｂｃ", "abc\n1", "a_b"])
def test_other_meeting_ids_are_refused_with_a_hint(text: str) -> None:
    with pytest.raises(ValueError, match="3 to 64"):
        identifiers.meeting_id(text)


@pytest.mark.parametrize("text", ["ZOOM-88988872033", "zoom-1", " Zoom-x"])
def test_ids_of_imports_are_no_ids_for_new_meetings(text: str) -> None:
    assert identifiers.meeting_id(text).startswith(identifiers.IMPORTED)
    with pytest.raises(ValueError, match="imported"):
        identifiers.new_meeting_id(text)


@pytest.mark.parametrize("text", ["ECHO-1", "echo-x"])
def test_ids_of_tests_are_no_ids_for_new_meetings(text: str) -> None:
    with pytest.raises(ValueError, match="tests a call"):
        identifiers.new_meeting_id(text)


def test_the_ids_of_tests_are_not_to_be_guessed_and_are_told_from_older_ones() -> None:
    made = {identifiers.echo_id(os.urandom(20)) for _ in range(2000)}
    assert len(made) == 2000
    assert all(identifiers.is_echo(room) and identifiers.meeting_id(room) == room for room in made)
    assert not any(
        map(identifiers.is_echo, ["ECHO-TEAM", "ECHO-", f"{made.pop()}A", "ABC123", "ECHO-" + "0" * 26])
    )


def test_ids_for_new_meetings_are_like_others() -> None:
    assert identifiers.new_meeting_id(" zoomed-in ") == "ZOOMED-IN"
    with pytest.raises(ValueError, match="3 to 64"):
        identifiers.new_meeting_id("a b")


def test_generated_ids_are_easy_to_read_aloud_and_all_different() -> None:
    made = {identifiers.generated_meeting_id(os.urandom(16)) for _ in range(2000)}
    assert len(made) == 2000
    for text in made:
        assert identifiers.meeting_id(text) == text
        assert [len(part) for part in text.split("-")] == [3, 3, 3]
        assert not set(text) & set("01OIL")


def test_a_name_may_be_of_any_script_and_has_its_limits() -> None:
    assert identifiers.person_name("  Ångström 🦊 李 ") == "Ångström 🦊 李"
    assert identifiers.person_name("x" * 80) == "x" * 80
    with pytest.raises(ValueError, match="1 to 80"):
        identifiers.person_name("x" * 81)
    with pytest.raises(ValueError, match="control"):
        identifiers.person_name("é\u0085b")
    with pytest.raises(ValueError, match="at most 80"):
        identifiers.person_name("\u200b" * 5000)


@pytest.mark.parametrize(
    "text", ["\u200b", "\u3164", "\u2800", "\U000e0041\U000e007f", "\u0301", "\u2068\u2069"]
)
def test_something_of_a_name_can_be_seen(text: str) -> None:
    with pytest.raises(ValueError, match="needs something that can be seen"):
        identifiers.person_name(text)
    assert identifiers.meeting_title(text) == ""


def test_names_that_look_alike_are_one() -> None:
    assert identifiers.person_name("Ann\u200b") == identifiers.person_name("\u2068Ann\u2069") == "Ann"
    assert identifiers.meeting_title("Stand\u00adup  at\u2028nine") == "Standup at nine"


def test_what_reverses_the_text_around_it_is_no_part_of_a_name() -> None:
    for override in "\u202a\u202b\u202c\u202d\u202e":
        with pytest.raises(ValueError, match="control"):
            identifiers.person_name(f"Ann{override}")
