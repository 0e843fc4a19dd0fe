"""A server that was killed and started again knows from the record who was there, and everyone goes on."""

from __future__ import annotations

import pytest

from signalling.protocol.fields import Media
from tests.signalling.rooms.test_orders import meeting, order, p
from tests.signalling.script import back, full


def test_everyone_is_reconnecting_and_resumes_with_the_whole_room() -> None:
    stage = full("ann", "bob")
    stage.restart()
    ann = back(stage, "ann")
    (resumed,) = stage.messages(ann)
    assert (resumed["epoch"], resumed["replayed"]) == ("e_restart", 0)
    states = {person["id"]: person["state"] for person in resumed["snapshot"]["participants"]}
    assert states == {"p_ann_ABC123": "connected", "p_bob_ABC123": "reconnecting"}
    bob = back(stage, "bob")
    assert stage.heard(ann) == ["participant_updated"]
    assert ann.roster == bob.roster
    assert [(stay.user_id, stay.at) for stay in stage.resumed] == [("ann", stage.now), ("bob", stage.now)]


def test_what_they_send_is_known_by_what_they_say_when_they_resume() -> None:
    stage = full("ann", "bob")
    stage.restart()
    ann = back(stage, "ann")
    stage.resume("bob", hand=True)
    stage.silence()
    stage.lose("bob")
    stage.resume("bob", hand=False)
    assert ann.roster["p_bob_ABC123"]["hand"] is True


def test_what_was_refused_before_is_not_waited_for_from_a_page_that_forgets_it() -> None:
    """Another node may have gone on with the room, and know who was refused what."""
    stage = full("ann", "bob")
    ann = stage.hub.present("ABC123", "ann")
    assert ann is not None
    ann.refused, ann.chat_refused = {p("bob"): 3}, 4
    stage.lose("ann")
    stage.resume("ann")
    assert (ann.refused, ann.chat_refused) == ({p("bob"): 3}, 4)
    stage.lose("ann")
    stage.resume("ann", epoch="e_before")
    known: list[object] = [ann.refused, ann.chat_refused]
    assert known == [None, None]


@pytest.mark.parametrize("participants", ["others", [p("bob")]])
def test_who_is_muted_before_being_back_does_not_come_back_with_sound(participants: object) -> None:
    stage = meeting(bob="participant", eve="participant")
    on = Media(audio=True, video=True)
    stage.restart()
    host = back(stage, "host")
    order(stage, "host", "mute", participants=participants)
    stage.resume("bob", media=on)
    assert host.roster[p("bob")]["media"] == {"audio": False, "video": True, "screen": False}
    resumed, *_ = stage.messages("bob")
    assert resumed["muted"] == {"audio": False}
    stage.resume("bob", media=on)
    assert host.roster[p("bob")]["media"]["audio"] is False
    # A mute is no ban.
    stage.say("bob", type="status", media={"audio": True})
    assert host.roster[p("bob")]["media"]["audio"] is True
    stage.resume("bob", media=on)
    assert "muted" not in stage.messages("bob")[0]


def test_signals_sent_to_who_is_not_back_yet_are_there_when_they_are() -> None:
    stage = full("ann", "bob")
    stage.restart()
    back(stage, "ann")
    stage.say("ann", type="signal", to="p_bob_ABC123", data="one")
    stage.say("ann", type="signal", to="p_bob_ABC123", data="two")
    old = stage.sockets["bob"]
    lost = back(stage, old)
    # The answer never arrives; the page asks again with what it knows.
    stage.lose(lost)
    bob = back(stage, old)
    resumed, *signals = stage.messages(bob)
    assert "snapshot" in resumed
    assert [signal["data"] for signal in signals] == ["one", "two"]
    assert [signal["seq"] for signal in signals] == [resumed["seq"] + 1, resumed["seq"] + 2]
    # From then on it is a page like any other.
    stage.lose(bob)
    assert stage.heard(back(stage, bob)) == ["resumed"]


def test_who_stays_away_is_lost_and_the_record_is_left_to_the_store() -> None:
    stage = full("ann", "bob", grace=5)
    stage.restart()
    ann = back(stage, "ann")
    stage.silence()
    stage.wait(6)
    (left,) = stage.messages(ann)
    assert (left["type"], left["reason"]) == ("participant_left", "lost")
    assert stage.ended == []


def test_a_reload_meanwhile_is_a_reload() -> None:
    stage = full("ann", "bob")
    stage.restart()
    ann = back(stage, "ann")
    stage.silence()
    stage.join("bob")
    assert stage.heard(ann) == ["participant_rejoined"]
    stage.say("bob", type="leave")
    assert [end.reason for end in stage.ended] == ["left"]
