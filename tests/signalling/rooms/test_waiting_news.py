"""What those who wait are told besides their position."""

from __future__ import annotations

from tests.signalling.rooms.test_waiting import lobby, order


def test_who_waits_is_told_whether_somebody_is_there_who_could_let_them_in() -> None:
    stage = lobby()
    eve = stage.knock("eve")

    def told() -> list[bool]:
        stage.wait(1)
        return [told["hosted"] for told in stage.messages(eve) if told["type"] == "waiting"]

    assert told() == [True]
    stage.lose("host")
    assert told() == [False]
    stage.resume("host")
    assert told() == [True]
    order(stage, "host", "set_role", participant="p_ann_ABC123", role="cohost")
    stage.settle()
    stage.say("host", type="leave")
    assert told() == []
    stage.say("ann", type="leave")
    assert told() == [False]
    assert [each["hosted"] for each in stage.messages(stage.knock("dan"))] == [False]


def test_who_waits_is_told_when_the_meeting_is_to_open() -> None:
    stage = lobby("eve")
    for opens_at in ("2030-01-01T10:00:00Z", None):
        order(stage, "host", "settings", settings={"opens_at": opens_at})
        (told,) = [each for each in stage.messages("eve") if each["type"] == "waiting"]
        assert told.get("opens_at") == opens_at
