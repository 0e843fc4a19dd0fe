"""All that somebody wrote is deleted at once."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.change import Erased, Person, Recorded, Unsettled
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


def erases(stage: Stage, user: str = "ann", participant: str = BOB, **known: Any) -> list[Unsettled]:
    stage.say(user, type="chat_erase", id=9, participant=participant, **known)
    return asked(stage)


def erased(stage: Stage, *messages: str, until: float = 0.0, is_new: bool = True) -> Recorded:
    return Recorded(False, erased=Erased(frozenset(messages), until, "p_ann_ABC123", is_new))


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
    answers(stage, unsettled, erased(stage, one["id"], two["id"]))
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
    answers(stage, unsettled, erased(stage, "m_1", until=stage.now + 100, is_new=False))
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


def test_it_has_a_time_of_its_own_by_which_it_is_known_when_it_comes_again(stage: Stage) -> None:
    writes(stage, "bob", "one", 1)
    (one,) = told(stage, "ann")
    asked(stage)
    stage.say("ann", type="chat_delete", id=8, message=one["id"])
    erases_all = erases(stage)
    assert len({post(unsettled).at for unsettled in erases_all}) == len(erases_all) == 2
