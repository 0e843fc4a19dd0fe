"""What runs out in a room runs out when it would have, wherever the room is by then. While nobody has it, it stands
still, since nobody could have come back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from signalling.rooms.succession import EVERY, PATIENCE
from signalling.rooms.waiting import GONE_AFTER
from signalling.state.parts import State
from tests.signalling.state.roaming import Roaming

ROOM = "ABC123"
GRACE = 30.0
PAUSED = 5.0
"""Seconds for which nobody had the room."""


@pytest.fixture
def stage() -> Roaming:
    """Ann, who is host, Bob, and Cat, who waits, are there. If nobody is in charge for a while, the meeting is
    locked."""
    stage = Roaming(GRACE)
    stage.settings, stage.revision = {"without_host": "lock"}, 1
    stage.join("ann", role="host")
    stage.join("bob")
    stage.knock("cat")
    stage.wait(EVERY)
    return stage


def state(stage: Roaming) -> State:
    return stage.handover.state(ROOM, stage.now, stage.time)


def taken_over(stage: Roaming, known: State, after: float) -> Roaming:
    """So many seconds after the last owner wrote that and died."""
    other = Roaming(GRACE)
    other.every, other.sockets, other.now = stage.every, stage.sockets, stage.now + 5000.0
    other.handover.adopt(known, other.now, stage.time + after, paused=PAUSED)
    return other


def grace(stage: Roaming) -> float:
    stage.lose("bob")
    return GRACE


def goodbye(stage: Roaming) -> float:
    stage.lose("bob")
    stage.goodbye("bob", back_in=12.0)
    return 12.0


def knock(stage: Roaming) -> float:
    stage.lose("cat")
    return GONE_AFTER


def nobody_in_charge(stage: Roaming) -> float:
    stage.say("ann", type="leave")
    return GRACE + PATIENCE


def is_over(stage: Roaming, what: Callable[[Roaming], float]) -> bool:
    room = stage.hub.rooms[ROOM]
    if what is knock:
        return not room.knocks
    return room.settings.locked if what is nobody_in_charge else room.member_of("bob") is None


@pytest.mark.parametrize("what", [grace, goodbye, knock, nobody_in_charge])
def test_what_runs_out_stands_still_while_nobody_has_the_room(
    stage: Roaming, what: Callable[[Roaming], float]
) -> None:
    lasts, looks = what(stage), EVERY if what is nobody_in_charge else 0.0
    stage.wait(2.0)
    other = taken_over(stage, state(stage), PAUSED)
    for _ in range(int(lasts - 2.0 - looks)):
        assert not is_over(other, what)
        other.wait(1.0)
    other.wait(2 * looks)
    assert is_over(other, what)


@pytest.mark.parametrize("goes", [True, False], ids=["their connection is gone", "it is not"])
def test_who_was_in_charge_until_the_end_was_seen_until_then(stage: Roaming, *, goes: bool) -> None:
    """Nothing else happened for long, so that this was not written either."""
    known = state(stage)
    stage.wait(500.0)
    stage.sockets["ann"].over = goes
    other = taken_over(stage, known, 500.0 + PAUSED)
    if not goes:
        other.say("ann", type="leave")
    other.wait(GRACE + PATIENCE - 2 * EVERY)
    assert not is_over(other, nobody_in_charge)
    other.wait(3 * EVERY)
    assert is_over(other, nobody_in_charge)


def test_a_process_that_stood_still_locks_no_meeting(stage: Roaming) -> None:
    stage.lose("ann")
    stage.wait(1.0)
    stage.hub.stood_still(400.0, stage.now + 400.0)
    stage.wait(400.0)
    assert not is_over(stage, nobody_in_charge)
