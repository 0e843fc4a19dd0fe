"""What settings may be: times in one form, and in their order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.signalling.rooms.test_orders import meeting, order


@pytest.mark.parametrize(
    "fields",
    [
        {"settings": {"opens_at": "tomorrow"}},
        {"settings": {"opens_at": "2026-11-29T10:00:00"}},
        {"settings": {"ends_at": "0001-01-01T00:00:00+14:00"}},
        {"settings": {"password": "plain"}},
        {"settings": {"opens_at": "2026-11-29T10:00:00Z", "ends_at": "2026-11-29T10:59:59+01:00"}},
        {"settings": {"opens_at": "2026-11-29T10:00:00Z", "ends_at": "2026-11-29T10:00:00Z"}},
    ],
)
def test_settings_that_are_none_are_refused(fields: dict[str, Any]) -> None:
    stage = meeting()
    order(stage, "host", "settings", **fields)
    assert stage.messages("host")[0]["code"] == "bad_message"
    assert stage.unsettled == []


def test_a_meeting_ends_after_it_opens_whichever_is_set_first() -> None:
    opens, ends = {"opens_at": "2026-11-29T10:00:00Z"}, {"ends_at": "2026-11-29T10:00:00.5Z"}
    for first, other in ((opens, ends), (ends, opens)):
        stage = meeting()
        order(stage, "host", "settings", settings=first)
        order(stage, "host", "settings", settings=other)
        order(stage, "host", "settings", settings={"opens_at": "2027-01-01T10:00:00+01:00"})
        (refused,) = [each for each in stage.messages("host") if each["type"] == "error"]
        assert refused["message"] == (
            "It would end (2026-11-29T10:00:00.500000Z) before it opens (2027-01-01T09:00:00Z)."
        )
        # Both may be set anew, or taken away.
        again = {"opens_at": None, "ends_at": "2025-01-01T10:00:00Z"}
        order(stage, "host", "settings", settings=again)
        assert stage.unsettled[-1].change.settings == again
        assert len(stage.unsettled) == 3


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-11-29T10:00:00+02:00", "2026-11-29T08:00:00Z"),
        # Not all stores take a NUL, and nobody needs a million digits.
        ("2026-11-29\0" + "10:00Z", "2026-11-29T10:00:00Z"),
        ("2026-11-29T10:00:00." + "5" * 60_000 + "Z", "2026-11-29T10:00:00.555555Z"),
    ],
)
def test_a_time_is_kept_in_one_form(said: str, kept: str) -> None:
    stage = meeting(ann="participant")
    order(stage, "host", "settings", settings={"opens_at": said})
    assert stage.messages("ann")[-1]["meeting"]["settings"] == {"opens_at": kept}
    (unsettled,) = stage.unsettled
    assert unsettled.change.settings == {"opens_at": kept}
