"""A socket waits once: a knock that no socket belongs to any more would stay on the list for ever."""

from __future__ import annotations

import pytest

from signalling.rooms.effects import Broadcast
from signalling.rooms.knock import Knocking
from signalling.rooms.waiting import GONE_AFTER
from tests.signalling.script import Stage


@pytest.mark.parametrize("room", ["ABC123", "DEF456"])
def test_who_knocks_as_somebody_else_by_the_same_socket_waits_no_more_as_before(room: str) -> None:
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
