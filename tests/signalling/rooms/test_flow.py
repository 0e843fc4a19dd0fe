"""A member who sends more than others can take has to wait, and nobody else has to."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.protocol.features import BUSY
from signalling.rooms.budget import Budget
from signalling.rooms.flow import SMALL
from tests.signalling.script import Stage
from tests.signalling.socket import Socket

BIG = "x" * (SMALL - 2)


def stage_of(*users: str, features: tuple[str, ...] = (BUSY,)) -> Stage:
    stage = Stage(features=features)
    for user in users:
        stage.join(user)
    stage.silence()
    return stage


def signal(stage: Stage, number: int | None, to: str, data: Any = "x", user: str = "ann") -> dict[str, Any]:
    """Answers what its sender was told about it."""
    numbered: dict[str, Any] = {} if number is None else {"id": number}
    stage.say(user, type="signal", to=f"p_{to}_ABC123", data=data, **numbered)
    (answer,) = stage.messages(user)
    return answer


def heard(stage: Stage, user: str | Socket) -> list[Any]:
    return [message["data"] for message in stage.messages(user) if message["type"] == "signal"]


def test_a_budget_fills_with_time_and_no_further() -> None:
    budget = Budget(rate=10, most=100, now=5.0)
    assert budget.spend(100, 5.0) == 0
    assert budget.spend(1, 5.0) == pytest.approx(0.1)
    assert budget.spend(20, 6.0) == pytest.approx(1.0)
    assert budget.spend(20, 7.0) == 0
    assert budget.left(1000.0) == 100


def test_a_clock_that_is_set_back_takes_nothing_away_and_gives_nothing() -> None:
    budget = Budget(rate=10, most=100, now=5.0)
    assert budget.spend(60, 5.0) == 0
    assert budget.left(1.0) == 40
    assert budget.left(2.0) == 50


def test_past_a_mebibyte_a_sender_is_busy_and_goes_on_as_the_budget_fills() -> None:
    stage = stage_of("ann", "bob", "cleo")
    for number in range(1, 33):
        assert signal(stage, number, "bob", BIG)["type"] == "ack"
    refused = signal(stage, 33, "bob", BIG)
    assert (refused["type"], refused["code"], refused["id"]) == ("error", "busy", 33)
    assert refused["retry_after"] == pytest.approx(0.5, abs=0.1)
    assert stage.sockets["ann"].closed is stage.sockets["bob"].closed is None
    assert len(heard(stage, "bob")) == 32
    # Others have a budget of their own.
    assert signal(stage, 1, "bob", BIG, user="cleo")["type"] == "ack"
    stage.wait(refused["retry_after"])
    assert signal(stage, 33, "bob", BIG)["type"] == "ack"


def test_a_reconnect_is_no_new_budget() -> None:
    stage = stage_of("ann", "bob")
    for number in range(1, 33):
        signal(stage, number, "bob", BIG)
    stage.lose("ann")
    stage.resume("ann")
    stage.silence()
    assert signal(stage, 33, "bob", BIG)["code"] == "busy"
    stage.join("ann")
    stage.silence()
    assert signal(stage, 1, "bob", BIG)["code"] == "busy"


def test_who_is_behind_is_sent_no_signals_and_everyone_else_is() -> None:
    stage = stage_of("ann", "bob", "cleo")
    stage.behind.add(stage.sockets["bob"])
    refused = signal(stage, 1, "bob")
    assert (refused["code"], refused["retry_after"]) == ("busy", 1.0)
    assert signal(stage, 2, "cleo", "past bob")["type"] == "ack"
    assert heard(stage, "cleo") == ["past bob"]
    stage.say("ann", type="status", id=3, hand=True)
    assert stage.heard("ann") == ["participant_updated", "ack"]
    assert stage.heard("bob") == ["participant_updated"]


def test_what_was_refused_stays_before_what_was_sent_after_it() -> None:
    stage = stage_of("ann", "bob", "cleo")
    stage.behind.add(stage.sockets["bob"])
    assert signal(stage, 1, "bob", 1)["code"] == "busy"
    stage.behind.clear()
    assert signal(stage, 2, "bob", 2)["code"] == "busy"
    assert signal(stage, None, "bob", "unnumbered")["code"] == "busy"
    assert signal(stage, 3, "cleo", 3)["type"] == "ack"
    for number in (1, 2):
        assert signal(stage, number, "bob", number)["type"] == "ack"
    assert heard(stage, "bob") == [1, 2]


def test_what_was_refused_is_waited_for_over_a_resume_and_not_after_a_new_join() -> None:
    stage = stage_of("ann", "bob")
    stage.behind.add(stage.sockets["bob"])
    signal(stage, 1, "bob")
    stage.behind.clear()
    stage.resume("ann")
    stage.silence()
    assert signal(stage, 2, "bob")["code"] == "busy"
    stage.join("ann")
    stage.silence()
    assert signal(stage, 1, "bob")["type"] == "ack"


def test_an_addressee_who_left_and_came_back_can_be_sent_to() -> None:
    stage = stage_of("ann", "bob")
    stage.behind.add(stage.sockets["bob"])
    signal(stage, 1, "bob")
    stage.say("bob", type="leave")
    stage.silence()
    assert signal(stage, 1, "bob")["code"] == "unknown_participant"
    stage.join("bob")
    stage.silence()
    assert signal(stage, 2, "bob")["type"] == "ack"


def test_a_client_that_does_not_repeat_loses_what_was_refused_and_nothing_more() -> None:
    stage = stage_of("ann", "bob", features=())
    stage.behind.add(stage.sockets["bob"])
    assert signal(stage, 1, "bob", 1)["code"] == "busy"
    stage.behind.clear()
    assert signal(stage, 2, "bob", 2)["type"] == "ack"
    assert heard(stage, "bob") == [2]


@pytest.mark.parametrize(("features", "code"), [((BUSY,), "bad_message"), ((), "")])
def test_signals_are_small_between_clients_that_say_so(features: tuple[str, ...], code: str) -> None:
    stage = stage_of("ann", "bob", features=features)
    answer = signal(stage, 1, "bob", BIG + "x")
    assert answer.get("code", "") == code
    assert stage.sockets["ann"].closed is None
    assert signal(stage, 2, "bob", BIG)["type"] == "ack"


def test_refusals_are_not_remembered_for_those_who_are_gone() -> None:
    stage = stage_of("ann", "bob")
    for number in range(1, 50):
        guest = f"guest{number}"
        stage.behind.add(stage.join(guest))
        stage.silence()
        assert signal(stage, number, guest)["code"] == "busy"
        stage.say(guest, type="leave")
        stage.silence()
    member = stage.hub.present("ABC123", "ann")
    assert member is not None
    assert len(member.refused or {}) <= 3


def test_many_refusals_in_between_do_not_pass_for_answered() -> None:
    """Each leaves a gap among the ids that took effect."""
    stage = stage_of("ann", "bob", "cleo")
    stage.behind.add(stage.sockets["bob"])
    for number in range(1, 400, 2):
        assert signal(stage, number, "bob", number)["code"] == "busy"
        assert signal(stage, number + 1, "cleo")["type"] == "ack"
    stage.behind.clear()
    for number in range(1, 400, 2):
        assert signal(stage, number, "bob", number)["type"] == "ack"
    assert heard(stage, "bob") == list(range(1, 400, 2))
