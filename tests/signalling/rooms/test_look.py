"""What others see of somebody besides name and role: whether the client obeys, who is a guest, a picture."""

from __future__ import annotations

from signalling.protocol.features import MODERATION
from signalling.rooms.member import Look
from tests.signalling.script import Stage

HER = "p_ann_ABC123"


def test_who_does_not_obey_is_marked() -> None:
    stage = Stage(features=[MODERATION])
    stage.join("ann", features=[])
    bob = stage.join("bob")
    assert bob.roster[HER]["obeys"] is False
    assert "obeys" not in stage.messages("bob")[-1]["you"]
    stage.join("ann", features=[MODERATION])
    assert "obeys" not in bob.roster[HER]


def test_after_a_restart_it_is_said_of_who_is_back() -> None:
    """Before that nobody knows, and afterwards nobody is told twice."""
    stage = Stage(features=[MODERATION])
    stage.join("ann", features=[])
    stage.join("bob")
    stage.join("cat")
    stage.restart()
    stage.resume("bob")
    assert "obeys" not in stage.sockets["bob"].roster[HER]
    stage.silence()
    stage.resume("ann")
    stage.resume("cat")
    told = [message["participant"] for message in stage.messages("bob")]
    assert [(each["id"], each.get("obeys")) for each in told] == [(HER, False), ("p_cat_ABC123", None)]
    stage.silence()
    stage.lose("ann")
    stage.wait(2.0)
    stage.resume("ann")
    assert ["obeys" in message["participant"] for message in stage.messages("bob")] == [False, False]
    assert stage.sockets["bob"].roster[HER]["obeys"] is False


def test_a_picture_stays_until_something_else_is_said_of_it() -> None:
    """A page that is reloaded shows a session, which says nothing."""
    stage = Stage()
    bob = stage.join("bob")
    shown = []
    for look in (Look(False, "https://a/1"), Look(True), Look(False, "https://a/2"), Look(False, "")):
        stage.looks["ann"] = look
        stage.join("ann")
        ann = bob.roster[HER]
        shown.append((ann.get("guest"), ann.get("picture")))
    assert shown == [(None, "https://a/1"), (True, "https://a/1"), (None, "https://a/2"), (None, None)]
