"""What bounds those who write: how fast, and to whom still."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.rooms.change import Posted, Recorded
from tests.signalling.rooms.test_chat import answers, asked, post, told, writes
from tests.signalling.script import Stage, full


@pytest.mark.parametrize(
    "command",
    [
        {"type": "chat_delete", "message": "m_1"},
        {"type": "chat_edit", "message": "m_1", "text": "two"},
        {"type": "chat", "key": "c_1", "text": "Hi", "again": True},
    ],
)
def test_all_that_is_asked_of_the_store_has_a_pace(command: dict[str, Any]) -> None:
    stage = Stage(features=["busy"])
    for user in ("ann", "bob"):
        stage.join(user)
    stage.silence()
    for number in range(1, 8):
        stage.say("ann", id=number, **command)
    assert [each["code"] for each in stage.messages("ann")] == ["busy", "busy"]
    assert len(asked(stage)) == 5
    stage.wait(2.0)
    for number in (6, 7):
        stage.say("ann", id=number, **command)
    assert len(asked(stage)) == 2


def test_what_the_store_has_not_answered_is_bounded_in_a_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes it, and in order. What has no text goes on."""
    monkeypatch.setattr("signalling.rooms.chat.MOST_TEXT", 10)
    stage = Stage(features=["busy"])
    for user in ("ann", "bob"):
        stage.join(user)
    stage.silence()
    stage.say("ann", type="chat", id=1, key="c_1", text="x" * 8)
    for number, text in ((1, "123"), (2, "4")):
        stage.say("bob", type="chat", id=number, key=f"c_{number}", text=text)
    stage.say("ann", type="chat_delete", id=2, message="m_1")
    refused = [(each["id"], each["code"]) for each in stage.messages("bob") if each["type"] == "error"]
    assert refused == [(1, "busy"), (2, "busy")], "the last too, so that it does not overtake"
    said, _ = asked(stage)
    answers(stage, said, Recorded(again=False))
    for number, text in ((1, "123"), (2, "4")):
        stage.say("bob", type="chat", id=number, key=f"c_{number}", text=text)
    assert [post(each).text for each in asked(stage)] == ["123", "4"]


def test_who_may_write_to_the_hosts_alone_edits_nothing_else() -> None:
    stage = Stage()
    stage.join("ann", role="host")
    stage.join("bob")
    stage.join("cem", role="cohost")
    room = stage.hub.rooms["ABC123"]
    reach: list[tuple[str, ...] | None] = []
    for number, settings in enumerate(({}, {"chat": "hosts"}), 1):
        room.set(settings, number)
        for user in ("ann", "bob"):
            stage.say(user, type="chat_edit", id=number, message="m_1", text="two")
            reach += [post(each).only_to for each in asked(stage)]
    assert reach == [None, None, None, ("", "ann", "cem")]


def test_whoever_is_in_charge_no_more_is_told_what_is_deleted_of_what_they_were_shown() -> None:
    stage = Stage()
    stage.join("ann", role="host")
    stage.join("bob", role="cohost")
    stage.join("cem")
    stage.silence()
    writes(stage, "cem", "a secret", to="hosts")
    (message,) = told(stage, "bob")
    asked(stage)
    stage.say("ann", type="set_role", id=7, key="k", participant="p_bob_ABC123", role="participant")
    stage.silence()
    for user, kind in (("cem", "chat_edit"), ("ann", "chat_delete")):
        more: dict[str, Any] = {"text": "another secret"} if kind == "chat_edit" else {}
        stage.say(user, type=kind, id=8, message=message["id"], **more)
        *_, unsettled = asked(stage)
        answers(stage, unsettled, Recorded(False, posted=Posted("cem", "", "p_ann_ABC123")))
    assert told(stage, "bob") == [{"id": message["id"], "deleted_by": "p_ann_ABC123"}]


def test_what_was_deleted_before_holds_up_no_history() -> None:
    stage = full("ann", "bob")
    room = stage.hub.rooms["ABC123"]
    for is_new, changes in ((True, 1), (False, 1)):
        stage.say("ann", type="chat_delete", id=1 + changes + is_new, message="m_1")
        (unsettled,) = asked(stage)
        answers(stage, unsettled, Recorded(False, posted=Posted("ann", None, "p_ann_ABC123", is_new)))
        # It is told again, as whoever asks does not know that it was.
        assert [each["id"] for each in told(stage, "bob")] == ["m_1"]
        assert room.chat_changes == changes
