"""Those who come to a meeting that nobody is to enter before its host."""

from __future__ import annotations

import pytest

from tests.signalling.script import Stage, back, full


def begun(*users: str) -> Stage:
    """These are in, and others come only once somebody in charge is there."""
    stage = Stage()
    stage.settings, stage.revision = {"join_before_host": False}, 1
    for user in users:
        stage.join(user)
    return stage


def test_they_ask_again_when_the_host_comes() -> None:
    stage = begun()
    eve = stage.knock("eve")
    stage.join("ann")
    assert stage.let_in == []
    stage.join("host")
    assert stage.let_in == [eve]


def test_they_ask_again_when_the_hosts_page_is_back_after_a_restart() -> None:
    stage = full("host", "ann")
    stage.settings, stage.revision = {"join_before_host": False}, 1
    stage.restart()
    eve = stage.knock("eve")
    back(stage, "ann")
    assert stage.let_in == []
    back(stage, "host")
    assert stage.let_in == [eve]


@pytest.mark.parametrize("role", ["cohost", "host"])
def test_they_ask_again_when_somebody_is_put_in_charge(role: str) -> None:
    stage = begun("host", "ann")
    eve = stage.knock("eve")
    stage.let_in = []
    stage.say("host", type="set_role", id=9, key="one", participant="p_ann_ABC123", role=role)
    stage.settle()
    assert stage.let_in == [eve]
