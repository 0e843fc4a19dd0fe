"""What people write: told at once and in one order, settled by the store, and gone when it is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.protocol.client_messages import BadMessage
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.rights import Rights
from signalling.rooms.change import ChatChange, Outcome, Posted, Recorded, Unsettled
from tests.signalling.script import Stage, back, full


def writes(stage: Stage, user: str, text: str = "Hi", number: int = 1, **more: Any) -> None:
    stage.say(user, type="chat", id=number, key=f"c_{number}", text=text, **more)


def asked(stage: Stage) -> list[Unsettled]:
    found, stage.unsettled = stage.unsettled, []
    return found


def post(unsettled: Unsettled) -> ChatChange:
    assert unsettled.change.chat is not None
    return unsettled.change.chat


def answers(stage: Stage, unsettled: Unsettled, outcome: Outcome = Recorded(again=False)) -> None:  # noqa: B008
    stage._carry_out(stage.hub.settled(unsettled, outcome, stage.now))


def told(stage: Stage, user: str) -> list[dict[str, Any]]:
    return [
        message["message"] for message in stage.messages(user) if "message" in message and "seq" in message
    ]


def test_a_message_is_told_at_once_and_acknowledged_when_the_store_has_it() -> None:
    stage = full("ann", "bob")
    writes(stage, "ann", "Hi\n  there ", reply_to="m_0")
    (message,) = told(stage, "bob")
    assert message == {
        "id": message["id"],
        "from": "p_ann_ABC123",
        "name": "Ann",
        "text": "Hi\n  there",
        "at": message["at"],
        "reply_to": "m_0",
    }
    assert stage.heard("ann") == ["chat_message"]
    (unsettled,) = asked(stage)
    assert (post(unsettled).id, unsettled.told, unsettled.key) == (message["id"], True, "c_1")
    answers(stage, unsettled)
    assert stage.messages("ann") == [{"type": "ack", "id": 1}]


def test_the_order_is_that_of_the_times_whatever_the_clock_does() -> None:
    stage = full("ann", "bob")
    writes(stage, "ann", number=1)
    writes(stage, "bob", number=1)
    stage.now -= 100
    writes(stage, "ann", number=2)
    times = [message["at"] for message in told(stage, "bob")]
    assert times == sorted(set(times))
    assert len(times) == 3
    assert [post(each).at for each in asked(stage)] == [1_000_000.0, 1_000_000.001, 1_000_000.002]


def test_a_message_to_one_is_told_to_two() -> None:
    stage = full("ann", "bob", "cem")
    writes(stage, "bob", to="p_cem_ABC123")
    assert [message["to"] for message in told(stage, "cem")] == ["p_cem_ABC123"]
    assert [message["to"] for message in told(stage, "bob")] == ["p_cem_ABC123"]
    assert stage.heard("ann") == []
    (unsettled,) = asked(stage)
    assert post(unsettled).to_user == "cem"
    for to in ("p_dee_ABC123", "p_bob_ABC123"):
        writes(stage, "bob", number=2, to=to)
        assert [each["code"] for each in stage.messages("bob")] == ["unknown_participant"]


def test_a_message_to_the_hosts_is_told_to_them_and_its_author() -> None:
    stage = Stage()
    stage.join("ann", role="host")
    for user in ("bob", "cem"):
        stage.join(user)
    stage.silence()
    writes(stage, "bob", to="hosts")
    assert [message["to"] for message in told(stage, "ann")] == ["hosts"]
    assert len(told(stage, "bob")) == 1
    assert stage.heard("cem") == []


@pytest.mark.parametrize(
    ("settings", "to_all", "to_hosts", "host"),
    [
        ({}, True, True, True),
        ({"chat": "hosts"}, False, True, True),
        ({"chat": "off"}, False, False, False),
        ({"may": {"chat": False}}, False, False, True),
    ],
)
def test_who_may_write(settings: dict[str, Any], to_all: bool, to_hosts: bool, host: bool) -> None:
    stage = Stage()
    stage.settings, stage.revision = settings, 1
    stage.join("ann", role="host")
    stage.join("bob")
    stage.silence()
    writes(stage, "bob", number=1)
    assert stage.heard("bob") == (["chat_message"] if to_all else ["error"])
    for number, to in ((2, "hosts"), (3, "p_ann_ABC123")):
        writes(stage, "bob", number=number, to=to)
        assert stage.heard("bob") == (["chat_message"] if to_hosts else ["error"])
    stage.silence()
    writes(stage, "ann")
    assert stage.heard("ann") == (["chat_message"] if host else ["error"])


def test_somebody_may_be_kept_from_writing() -> None:
    stage = full("ann", "bob")
    member = stage.hub.present("ABC123", "bob")
    assert member is not None
    member.may = Rights(chat=False)
    writes(stage, "bob")
    assert [each["code"] for each in stage.messages("bob")] == ["forbidden"]


def test_who_writes_too_fast_is_told_to_wait_and_what_follows_waits_too() -> None:
    stage = Stage(features=["busy"])
    for user in ("ann", "bob"):
        stage.join(user)
    stage.silence()
    for number in range(1, 8):
        writes(stage, "ann", str(number), number)
    assert [message["text"] for message in told(stage, "bob")] == list("12345")
    assert [each["code"] for each in stage.messages("ann") if each["type"] == "error"] == ["busy", "busy"]
    stage.wait(2.0)
    writes(stage, "ann", "7", 7)
    assert [each.get("code") for each in stage.messages("ann")] == ["busy"]
    writes(stage, "ann", "6", 6)
    writes(stage, "ann", "7", 7)
    assert [message["text"] for message in told(stage, "bob")] == list("67")
    writes(stage, "ann", "8", 8)
    stage.wait(9.0)
    # It comes again, and is refused for good: those behind it go on.
    stage.hub.rooms["ABC123"].set({"chat": "off"}, 1)
    writes(stage, "ann", "8", 8)
    stage.hub.rooms["ABC123"].set({}, 2)
    stage.silence()
    writes(stage, "ann", "9", 9)
    assert [message["text"] for message in told(stage, "bob")] == ["9"]


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("a\u202eb\u2066c\u200b", "abc"),
        ("\x00a\x07\tb\r\n\r\nc\n\n", "a    b\n\nc"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("e\u0301 👨\u200d👩\u200d👧", "é 👨\u200d👩\u200d👧"),
        ("x" * 2000 + "\u200b" * 3000, "x" * 2000),
    ],
)
def test_what_is_seen_is_told(text: str, shows: str) -> None:
    stage = full("ann", "bob")
    writes(stage, "ann", text)
    assert [message["text"] for message in told(stage, "bob")] == [shows]


@pytest.mark.parametrize("text", ["", " \n ", "\u200b\u202e", "x" * 2001])
def test_what_is_no_message_is_refused(text: str) -> None:
    stage = full("ann", "bob")
    writes(stage, "ann", text)
    assert [each["code"] for each in stage.messages("ann")] == ["bad_message"]
    assert stage.heard("bob") == []


def test_a_flood_of_characters_is_no_message() -> None:
    stage = full("ann")
    frame = '{"type":"chat","id":1,"key":"c","text":"%s"}' % ("x" * 40_000)
    with pytest.raises(BadMessage):
        stage.receive("ann", frame.encode())


def test_the_same_is_the_same_message_and_another_text_is_another() -> None:
    stage = full("ann", "bob")
    writes(stage, "ann", "one", 1)
    writes(stage, "ann", "two", 1)  # answered when the first is
    stage.say("ann", type="chat", id=2, key="c_1", text="one")  # looked up behind the first
    stage.say("ann", type="chat", id=3, key="c_1", text="two")
    stage.say("bob", type="chat", id=1, key="c_1", text="one")
    first, other, theirs = [message["id"] for message in told(stage, "bob")]
    assert len({first, other, theirs}) == 3
    one, same, *_ = asked(stage)
    assert (post(one).id, post(same).id, same.told) == (first, first, False)


def test_what_comes_twice_after_a_restart_is_told_once() -> None:
    stage = full("ann", "bob")
    writes(stage, "ann", "one", 1, again=True)
    stage.say("ann", type="chat", id=2, key="c_1", text="one", again=True)
    first, second = asked(stage)
    answers(stage, first, Refused(ErrorCode.CHANGED))
    answers(stage, second, Refused(ErrorCode.CHANGED))
    assert len(told(stage, "bob")) == 1
    written, looked_up = asked(stage)
    answers(stage, written)
    answers(stage, looked_up, Recorded(again=True))
    assert [each["id"] for each in stage.messages("ann") if each["type"] == "ack"] == [1, 2]


def test_what_the_store_does_not_take_is_taken_back() -> None:
    stage = full("ann", "bob", "cem")
    cem, seq = stage.sockets["cem"], stage.hub.rooms["ABC123"].log.seq
    stage.lose(cem)
    writes(stage, "ann", "a secret")
    (unsettled,) = asked(stage)
    answers(stage, unsettled, Refused(ErrorCode.BAD_MESSAGE, "This key is that of another message."))
    first, second = told(stage, "bob")
    assert second == {"id": first["id"], "deleted_by": None}
    assert stage.heard("ann") == ["chat_message", "chat_changed", "error"]
    again = back(stage, cem, seq=seq)
    assert "a secret" not in str(stage.messages(again))


def test_a_message_that_comes_again_is_looked_up_before_it_is_told() -> None:
    stage = full("ann", "bob")
    writes(stage, "ann", again=True)
    (unsettled,) = asked(stage)
    assert stage.heard("bob") == []
    answers(stage, unsettled, Recorded(again=True))
    assert stage.messages("ann") == [{"type": "ack", "id": 1, "again": True}]
    writes(stage, "ann", number=2, again=True)
    writes(stage, "bob", number=1)
    looked_up, _ = asked(stage)
    answers(stage, looked_up, Refused(ErrorCode.CHANGED))
    (anew,) = asked(stage)
    by_bob, by_ann = told(stage, "bob")
    assert by_bob["at"] < by_ann["at"]
    assert post(anew).id == by_ann["id"] == post(looked_up).id
    stage.silence()
    answers(stage, anew)
    assert stage.messages("ann") == [{"type": "ack", "id": 2}]


def deleted(stage: Stage, user: str, message: str) -> None:
    """The user deletes it, and the store says that it was Ann's, and for all."""
    stage.say(user, type="chat_delete", id=9, message=message)
    (unsettled,) = asked(stage)
    answers(stage, unsettled, Recorded(False, posted=Posted("ann", None, f"p_{user}_ABC123")))


def test_what_is_deleted_is_in_no_resume() -> None:
    stage = full("ann", "bob", "cem")
    bob = stage.sockets["bob"]
    seq = stage.hub.rooms["ABC123"].log.seq
    stage.lose(bob)
    writes(stage, "ann", "a secret")
    (message,) = told(stage, "cem")
    stage.say("ann", type="chat_edit", id=2, message=message["id"], text="another secret")
    *_, edit = asked(stage)
    answers(stage, edit, Recorded(False, posted=Posted("ann", None, None)))
    deleted(stage, "ann", message["id"])
    assert [each.get("text") for each in told(stage, "cem")] == ["another secret", None]
    again = back(stage, bob, seq=seq)
    replayed = stage.messages(again)
    assert "secret" not in str(replayed)
    assert replayed[-1]["message"] == {"id": message["id"], "deleted_by": "p_ann_ABC123"}


def test_what_is_deleted_before_it_was_told_is_not_told() -> None:
    stage = Stage(frames=1)
    for user in ("ann", "bob"):
        stage.join(user)
    stage.silence()
    writes(stage, "ann", "first", 1)
    writes(stage, "ann", "a secret", 2)
    room = stage.hub.rooms["ABC123"]
    assert room.untold
    deleted(stage, "ann", post(asked(stage)[-1]).id)
    stage.release()
    assert "a secret" not in str(stage.messages("bob"))


def test_who_may_delete_is_asked_of_the_store() -> None:
    stage = Stage()
    stage.join("ann", role="cohost")
    stage.join("bob")
    for user, any_author in (("ann", True), ("bob", False)):
        stage.say(user, type="chat_delete", id=1, message="m_1")
        (unsettled,) = asked(stage)
        assert (post(unsettled).any_author, unsettled.told) == (any_author, False)
        stage.silence()
        answers(stage, unsettled, Refused(ErrorCode.UNKNOWN_MESSAGE))
        assert [each["code"] for each in stage.messages(user)] == ["unknown_message"]


def test_an_edit_is_told_to_those_who_were_told_the_message() -> None:
    stage = full("ann", "bob", "cem")
    stage.say("ann", type="chat_edit", id=1, message="m_1", text="two")
    (unsettled,) = asked(stage)
    assert stage.heard("bob") == []
    answers(stage, unsettled, Recorded(False, posted=Posted("ann", "bob", None)))
    assert [(each["id"], each["text"]) for each in told(stage, "bob")] == [("m_1", "two")]
    assert stage.heard("ann") == ["chat_changed", "ack"]
    assert stage.heard("cem") == []
