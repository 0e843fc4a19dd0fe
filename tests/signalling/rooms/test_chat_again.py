"""Messages that come again, after an answer was lost: the record has them, or not."""

from __future__ import annotations

import pytest

from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.rights import Rights
from signalling.rooms.change import Recorded
from tests.signalling.rooms.test_chat import answers, asked, post, told, writes
from tests.signalling.script import full


@pytest.mark.parametrize("to", ["p_gone_ABC123", "hosts"])
def test_a_message_that_comes_again_is_looked_up_whatever_is_in_its_way_now(to: str) -> None:
    stage = full("ann", "bob")
    member = stage.hub.rooms["ABC123"].member("p_bob_ABC123")
    assert member is not None
    member.may = Rights(chat=False)
    writes(stage, "bob", number=1, to=to, again=True)
    writes(stage, "bob", number=2, to=to, again=True)
    kept, lost = asked(stage)
    answers(stage, kept, Recorded(again=True))
    assert stage.messages("bob") == [{"type": "ack", "id": 1, "again": True}]
    answers(stage, lost, Refused(ErrorCode.CHANGED))
    (error,) = stage.messages("bob")
    assert error["code"] == ("forbidden" if to == "hosts" else "unknown_participant")
    assert (asked(stage), stage.messages("ann")) == ([], [])


def test_what_is_recorded_is_told_also_when_its_author_has_left_meanwhile() -> None:
    stage = full("ann", "bob", "cem")
    writes(stage, "bob", number=1, again=True)
    writes(stage, "ann", number=1, to="p_bob_ABC123", again=True)
    for_all, for_bob = asked(stage)
    stage.say("bob", type="leave")
    stage.silence()
    answers(stage, for_all, Refused(ErrorCode.CHANGED))
    (message,) = told(stage, "ann")
    (recorded,) = asked(stage)
    assert post(recorded).id == message["id"]
    answers(stage, for_bob, Refused(ErrorCode.CHANGED))
    (error,) = stage.messages("ann")
    assert (error["code"], asked(stage)) == ("unknown_participant", [])


def test_edits_of_the_same_moment_are_two() -> None:
    stage = full("ann", "bob")
    for number in (1, 2):
        stage.say("ann", type="chat_edit", id=number, message="m_1", text=str(number))
    first, second = asked(stage)
    assert post(first).at < post(second).at
