"""How long a meeting has been going is told alike to everyone, whoever comes, goes, comes back or is restarted."""

from __future__ import annotations

from tests.signalling.script import Stage


def told(stage: Stage, user: str) -> float:
    """To whoever has just joined or is back."""
    (seconds,) = [each["lasted"] for each in stage.messages(user) if each["type"] in ("joined", "resumed")]
    return float(seconds)


def test_it_goes_since_the_first_came_also_when_they_have_left() -> None:
    stage = Stage()
    stage.join("ann")
    assert told(stage, "ann") == 0.0
    stage.now += 60
    stage.join("bob")
    assert told(stage, "bob") == 60.0
    stage.say("ann", type="leave")
    stage.now += 40.25
    stage.resume("bob")
    assert told(stage, "bob") == 100.25
    stage.join("bob")
    assert told(stage, "bob") == 100.25
    # Nobody is there any more: the next one begins anew.
    stage.say("bob", type="leave")
    stage.now += 10
    stage.join("cem")
    assert told(stage, "cem") == 0.0


def test_it_goes_on_after_a_restart_and_while_everyone_is_away() -> None:
    stage = Stage()
    stage.join("ann")
    stage.now += 60
    stage.restart()
    stage.now += 20
    stage.join("bob")
    assert told(stage, "bob") == 80.0
    stage.resume("ann", epoch="e_0")
    assert told(stage, "ann") == 80.0
