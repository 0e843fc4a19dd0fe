"""A socket waits once, is seen by its name, and is answered once."""

from __future__ import annotations

import pytest

from signalling.rooms.change import LOOK_UP
from signalling.rooms.effects import Broadcast
from signalling.rooms.knock import Knocking
from signalling.rooms.waiting import GONE_AFTER
from tests.signalling.rooms.test_waiting import lobby, order
from tests.signalling.script import Stage


@pytest.mark.parametrize("room", ["ABC123", "DEF456"])
def test_who_knocks_as_somebody_else_by_the_same_socket_waits_no_more_as_before(room: str) -> None:
    """A knock that no socket belongs to any more would stay on the list for ever."""
    stage = Stage()
    stage.join("host")
    eve = stage.knock("eve")
    stage.silence()
    asks = Knocking(eve, 2, room, "", "e_2", "k_dan", "dan", "Dan", True, stage.now, "token of dan", 50)
    effects = stage.hub.wait(asks, stage.now)
    told = [effect.to for effect in effects if isinstance(effect, Broadcast)]
    assert told == [(stage.sockets["host"],)] * (2 if room == "ABC123" else 1)
    assert [knock.user_id for knock in stage.hub.rooms[room].knocks.values()] == ["dan"]
    stage.lose(eve)
    stage.wait(GONE_AFTER)
    assert not stage.hub.rooms["ABC123"].knocks
    assert "DEF456" not in stage.hub.rooms


def test_of_two_who_answer_again_after_a_restart_the_first_one_s_answer_counts() -> None:
    """Neither was carried out before, and nobody is told of them until they are recorded."""
    stage = lobby("eve")
    stage.join("ann", role="cohost")
    stage.silence()
    for user in ("host", "ann"):
        order(stage, user, "deny", knocks=["k_eve"], again=True)
    assert [each.change.deny for each in stage.unsettled if each.change != LOOK_UP] == [("eve",)]
    stage.settle()
    assert stage.messages("host")[-1]["type"] == "ack"
    assert stage.messages("ann")[-1]["code"] == "unknown_participant"
    stage.knock("eve")
    order(stage, "host", "deny", knocks=["k_eve"])
    assert stage.unsettled, "it is another knock"


def test_those_in_charge_see_the_name_of_the_one_whom_they_let_in() -> None:
    stage = lobby("eve")
    stage.hub.rooms["ABC123"].knocks["eve"].name = "Teacher"
    stage.knock("eve")
    assert [told["knock"]["name"] for told in stage.messages("host")] == ["Eve"]
