"""Another name for oneself: the store has it first, then everyone is told, then it is acknowledged."""

from __future__ import annotations

import pytest

from signalling.protocol.client_messages import BadMessage
from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.rooms.change import LOOK_UP
from signalling.rooms.member import Look
from signalling.rooms.renaming import BURST, RATE
from tests.signalling.rooms.test_orders import meeting, order, p


def test_everyone_is_told_once_the_store_has_it_and_then_it_is_acknowledged() -> None:
    stage = meeting(ann="participant")
    asked = order(stage, "ann", "rename", name="  Zo\u0065\u0308   B ")
    assert stage.heard("host") == stage.heard("ann") == []
    stage.settle()
    assert stage.names == ["Zoë B"]
    (told,) = stage.messages("host")
    assert (told["type"], told["participant"]) == ("participant_updated", {"id": p("ann"), "name": "Zoë B"})
    assert stage.messages("ann") == [told, {"type": "ack", "id": asked["id"]}]
    assert stage.join("bob").roster[p("ann")]["name"] == "Zoë B"
    # It comes again by the same connection, and later by another command.
    stage.silence()
    stage.say("ann", **asked)
    assert stage.messages("ann") == [{"type": "ack", "id": asked["id"]}]
    order(stage, "ann", "rename", name="Zoë B", key=asked["key"], again=True)
    stage.settle()
    assert [message["type"] for message in stage.messages("ann")] == ["ack"]
    assert stage.heard("host") == []


@pytest.mark.parametrize("name", ["", " \u200b", "x" * 81, "a\u202eb", "a\x07b"])
def test_the_rules_are_those_of_a_join(name: str) -> None:
    stage = meeting(ann="participant")
    with pytest.raises(BadMessage) as error:
        order(stage, "ann", "rename", name=name)
    assert error.value.message_id
    stage.settle()
    assert stage.names == []


def test_who_was_named_by_an_application_keeps_that_name() -> None:
    stage = meeting()
    stage.looks["ann"] = Look(named=True)
    stage.join("ann")
    stage.silence()
    order(stage, "ann", "rename", name="The Queen")
    assert [message["code"] for message in stage.messages("ann")] == ["forbidden"]
    assert stage.unsettled == []
    # One that may have been carried out before is looked up.
    asked = order(stage, "ann", "rename", name="The Queen", again=True)
    assert stage.unsettled[0].change == LOOK_UP
    stage.recorded.add(("ann", asked["key"]))
    stage.settle()
    assert stage.messages("ann") == [{"type": "ack", "id": asked["id"], "again": True}]


def test_who_changes_it_without_end_has_to_wait_and_is_not_disconnected() -> None:
    stage = meeting(ann="participant")
    for n in range(int(BURST) + 2):
        order(stage, "ann", "rename", name=f"Ann {n}")
    stage.settle()
    assert stage.names == [f"Ann {n}" for n in range(int(BURST))]
    refused = [message for message in stage.messages("ann") if message["type"] == "error"]
    # Without `retry_after`: clients do not try again by themselves, and hold nothing back.
    assert [(each["code"], "retry_after" in each) for each in refused] == [("unavailable", False)] * 2
    assert stage.sockets["ann"].closed is None
    stage.wait(1 / RATE)
    order(stage, "ann", "rename", name="Bea")
    stage.settle()
    assert stage.names[-1] == "Bea"


def test_who_is_gone_when_the_store_answers_is_told_nothing_and_the_room_goes_on() -> None:
    stage = meeting(ann="participant")
    order(stage, "ann", "rename", name="Bea")
    stage.say("ann", type="leave")
    stage.silence()
    stage.settle()
    assert stage.names == ["Bea"]
    assert stage.heard("host") == []


def test_an_older_page_that_comes_too_late_leaves_the_newer_name_in_the_record() -> None:
    stage = meeting()
    stage.join("ann", page="older")
    newer = stage.join("ann", page="newer")
    order(stage, "ann", "rename", name="Bea")
    stage.settle()
    order(stage, "ann", "rename", name="Cleo")
    late = stage.join("ann", page="older", attempt=2)
    assert (newer.closed, late.closed) == (None, CloseCode.REPLACED)
    stage.silence()
    stage.settle()
    assert stage.names == ["Bea", "Cleo", "Cleo"]
    assert [told["participant"]["name"] for told in stage.messages("host")] == ["Cleo"]


def test_a_name_that_the_store_refuses_is_not_what_a_later_join_leaves_there() -> None:
    stage = meeting()
    stage.join("ann", page="older")
    order(stage, "ann", "rename", name="Bea")
    stage.join("ann", page="newer")
    (rename, _), stage.unsettled = stage.unsettled, stage.unsettled[1:]
    assert rename.change.name == "Bea"
    stage._carry_out(stage.hub.settled(rename, Refused(ErrorCode.UNAVAILABLE), stage.now))
    stage.settle()
    assert stage.names == ["Bea", "Ann"]
    assert len(stage.recorded) == 2
