"""All that somebody wrote is deleted at once."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.change import Erased, Person, Recorded, Unsettled
from signalling.rooms.member import rfc3339
from tests.signalling.rooms.test_chat import answers, asked, post, told, writes
from tests.signalling.script import Stage, back

BOB = "p_bob_ABC123"


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.join("ann", role="host")
    for user in ("bob", "cem"):
        stage.join(user)
    stage.silence()
    return stage


def erases(
    stage: Stage, user: str = "ann", participant: str = BOB, number: int = 9, **how: Any
) -> list[Unsettled]:
    stage.say(user, type="chat_erase", id=number, participant=participant, **how)
    return asked(stage)


def erased(*messages: str, until: float, is_new: bool = True) -> Recorded:
    return Recorded(not is_new, erased=Erased(frozenset(messages), until, "p_ann_ABC123", is_new))


def test_it_is_told_once_to_everyone_and_no_text_is_left_for_those_who_come_back(stage: Stage) -> None:
    cem, seq = stage.sockets["cem"], stage.hub.rooms["ABC123"].log.seq
    stage.lose(cem)
    writes(stage, "bob", "a secret", 1)
    writes(stage, "bob", "another secret", 2, to="hosts")
    writes(stage, "ann", "no secret", 1)
    one, two, mine = told(stage, "ann")
    stage.say("bob", type="chat_edit", id=3, message=one["id"], text="a better secret")
    *_, edit = asked(stage)
    (unsettled,) = erases(stage)
    assert (post(unsettled).id, post(unsettled).author, unsettled.told) == (BOB, "bob", False)
    stage.silence()
    answers(stage, unsettled, erased(one["id"], two["id"], until=post(unsettled).at))
    event, ack = stage.messages("ann")
    assert (event["type"], event["from"], event["deleted_by"]) == ("chat_erased", BOB, "p_ann_ABC123")
    assert one["at"] < two["at"] < mine["at"] < event["until"]
    assert ack["type"] == "ack"
    assert stage.heard("bob") == ["chat_erased"]
    assert stage.hub.rooms["ABC123"].chat_changes == 1
    again = back(stage, cem, seq=seq)
    replayed = str(stage.messages(again))
    assert "no secret" in replayed
    assert replayed.count("secret") == 1
    assert post(edit).text == "a better secret"


def test_what_is_written_then_comes_after_it_whatever_the_record_had(stage: Stage) -> None:
    (unsettled,) = erases(stage)
    answers(stage, unsettled, erased("m_1", until=stage.now + 100, is_new=False))
    (event,) = [each for each in stage.messages("cem") if each["type"] == "chat_erased"]
    writes(stage, "bob", "later", 1)
    (later,) = told(stage, "cem")
    assert later["at"] > event["until"]
    assert stage.hub.rooms["ABC123"].chat_changes == 0


def test_a_message_that_was_sent_before_and_is_looked_up_still_is_told_to_nobody(stage: Stage) -> None:
    writes(stage, "bob", "a secret", 1, again=True)
    (looked_up,) = asked(stage)
    stage.say("ann", type="remove", id=8, key="k", participant=BOB)
    stage.silence()
    known = {BOB: Person("bob")}
    stage.say("ann", known, type="chat_erase", id=9, participant=BOB)
    stage.silence()
    answers(stage, looked_up, Refused(ErrorCode.CHANGED))
    assert (stage.heard("ann"), stage.heard("cem")) == ([], [])


@pytest.mark.parametrize(
    ("user", "participant", "code"),
    [
        ("cem", BOB, "forbidden"),
        ("cem", "p_nobody", "forbidden"),
        ("ann", "p_ann_ABC123", "forbidden"),
        ("ann", "p_nobody", "unknown_participant"),
    ],
)
def test_who_may_not(stage: Stage, user: str, participant: str, code: str) -> None:
    assert erases(stage, user, participant) == []
    assert [each["code"] for each in stage.messages(user)] == [code]


def test_it_is_known_by_its_key_or_else_by_its_time_when_it_comes_again(stage: Stage) -> None:
    (first,), (second,) = erases(stage), erases(stage, number=10)
    assert first.key != second.key
    (keyed,) = erases(stage, number=11, key="c_1", again=True)
    assert (keyed.key, keyed.told) == ("c_1", False)
    stage.silence()
    until = post(first).at
    answers(stage, keyed, erased("m_1", until=until, is_new=False))
    event, ack = stage.messages("ann")
    # Nobody drops what was written since the first time.
    assert event["until"] < rfc3339(post(keyed).at)
    assert (event["type"], ack) == ("chat_erased", {"type": "ack", "id": 11, "again": True})
