"""Reactions: shown once to whoever is there."""

from __future__ import annotations

import pytest

from signalling.protocol.client_messages import BadMessage
from tests.signalling.script import Stage, full


def test_reactions_are_shown_once_and_not_for_ever() -> None:
    stage = full("ann", "bob")
    seq = stage.hub.rooms["ABC123"].log.seq
    for _ in range(5):
        stage.say("ann", type="react", emoji="👏")
    assert stage.messages("bob") == [{"type": "reaction", "from": "p_ann_ABC123", "emoji": "👏"}] * 3
    assert stage.hub.rooms["ABC123"].log.seq == seq
    stage.wait(1.0)
    stage.say("ann", type="react", emoji="👏", id=1)
    assert stage.heard("ann") == ["reaction"] * 4 + ["ack"]


def test_what_is_no_reaction_is_refused() -> None:
    stage = full("ann")
    with pytest.raises(BadMessage):
        stage.receive("ann", b'{"type":"react","emoji":"<b>"}')


def test_who_may_not_raise_a_hand_may_not_react() -> None:
    stage = Stage()
    stage.settings, stage.revision = {"may": {"hand": False}}, 1
    stage.join("bob")
    stage.silence()
    stage.say("bob", type="react", emoji="👏")
    assert [each["code"] for each in stage.messages("bob")] == ["forbidden"]
