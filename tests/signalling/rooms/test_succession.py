"""What happens when nobody is in charge for a while: nothing, the meeting is locked, or it ends."""

from __future__ import annotations

import pytest

from signalling.protocol.rights import Role, WithoutHost
from signalling.rooms.succession import EVERY, PATIENCE
from tests.signalling.script import Stage

GRACE = 30.0
AFTER = GRACE + PATIENCE


def meeting(without_host: WithoutHost, **roles: Role) -> Stage:
    stage = Stage(GRACE)
    stage.settings, stage.revision = {"without_host": without_host}, 1
    for user, role in {"ann": "participant", **roles}.items():
        stage.join(user, role=role)
    passes(stage, EVERY)
    stage.silence()
    return stage


def passes(stage: Stage, seconds: float) -> None:
    for _ in range(round(seconds)):
        stage.wait(1.0)


def is_locked(stage: Stage) -> bool:
    return stage.hub.rooms["ABC123"].settings.locked


@pytest.mark.parametrize("gone", ["leave", "lose"])
def test_a_meeting_is_locked_when_nobody_has_been_in_charge_for_long(gone: str) -> None:
    stage = meeting("lock", host="host")
    if gone == "leave":
        stage.say("host", type="leave")
    else:
        stage.lose("host")
    passes(stage, AFTER - 2 * EVERY)
    assert not is_locked(stage)
    passes(stage, 3 * EVERY)
    assert is_locked(stage)
    (told,) = [message for message in stage.messages("ann") if message["type"] == "meeting_updated"]
    assert told["meeting"] == {"settings": {"locked": True, "without_host": "lock"}, "revision": 2}
    assert "by" not in told
    (unsettled,) = stage.unsettled
    assert (unsettled.change.action, unsettled.actor.user_id) == ("without_host", "")
    # Once.
    stage.settle()
    passes(stage, 3 * AFTER)
    assert stage.unsettled == []


def test_a_meeting_ends_when_nobody_has_been_in_charge_for_long() -> None:
    stage = meeting("end", host="host")
    stage.say("host", type="leave")
    passes(stage, AFTER - 2 * EVERY)
    assert "ABC123" in stage.hub.rooms
    passes(stage, 3 * EVERY)
    assert stage.heard("ann") == ["participant_left", "meeting_ended"]
    assert "ABC123" not in stage.hub.rooms


@pytest.mark.parametrize("without_host", ["lock", "end"])
def test_who_is_back_in_time_finds_everything_as_it_was(without_host: WithoutHost) -> None:
    stage = meeting(without_host, host="host")
    for _ in range(3):
        stage.lose("host")
        passes(stage, AFTER - 2 * EVERY)
        stage.join("host")
        passes(stage, EVERY)
    assert not is_locked(stage)


@pytest.mark.parametrize("without_host", ["lock", "end"])
def test_a_cohost_is_in_charge_too(without_host: WithoutHost) -> None:
    stage = meeting(without_host, host="host", bob="cohost")
    stage.say("host", type="leave")
    passes(stage, 2 * AFTER)
    assert not is_locked(stage)


@pytest.mark.parametrize("without_host", ["lock", "end"])
def test_who_comes_before_the_host_is_not_thrown_out(without_host: WithoutHost) -> None:
    stage = meeting(without_host)
    passes(stage, 3 * AFTER)
    assert not is_locked(stage)


def test_nothing_happens_by_default() -> None:
    stage = meeting("continue", host="host")
    stage.say("host", type="leave")
    passes(stage, 3 * AFTER)
    assert not is_locked(stage)


def test_who_was_in_charge_before_a_restart_has_been_there() -> None:
    stage = meeting("lock", host="host")
    ann = stage.sockets["ann"]
    stage.restart()
    stage.resume(ann)
    passes(stage, AFTER + 3 * EVERY)
    assert is_locked(stage)
