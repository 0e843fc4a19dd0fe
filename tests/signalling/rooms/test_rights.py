"""What people may send, and how it is turned off: once, or for as long as they may not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from signalling.protocol.fields import Media
from tests.signalling.rooms.test_orders import meeting, order, p
from tests.signalling.script import Stage


def test_a_mute_turns_off_once_and_is_no_ban() -> None:
    stage = meeting(eve="cohost", ann="participant", bob="participant")
    for user in ("eve", "ann", "bob"):
        stage.say(user, type="status", media={"audio": True, "video": True})
    stage.silence()
    order(stage, "eve", "mute", participants="others")
    off = {"audio": False, "video": True, "screen": False}
    told = [message["participant"] for message in stage.messages("host")]
    assert told == [{"id": p("ann"), "media": off}, {"id": p("bob"), "media": off}]
    assert stage.heard("eve") == ["participant_updated", "participant_updated", "ack"]
    stage.silence()
    stage.say("ann", type="status", id=2, media={"audio": True})
    assert stage.heard("ann") == ["participant_updated", "ack"]


def test_a_page_that_was_muted_while_away_is_told_so_when_it_is_back() -> None:
    stage = meeting(ann="participant")
    stage.say("ann", type="status", media={"audio": True})
    stage.lose("ann")
    order(stage, "host", "mute", participants=[p("ann")])
    stage.resume("ann")
    resumed, *_ = stage.messages("ann")
    assert resumed["muted"] == {"audio": False, "video": None, "screen": None} or resumed["muted"] == {
        "audio": False
    }
    stage.say("ann", type="status", media={"audio": True})
    stage.lose("ann")
    stage.resume("ann")
    assert "muted" not in stage.messages("ann")[-1]


@pytest.mark.parametrize("flag", ["audio", "hand"])
def test_a_status_that_comes_again_is_not_acknowledged_when_it_was_undone_since(flag: str) -> None:
    """Its page has not heard that it had taken effect."""
    stage = meeting(ann="participant")
    on: dict[str, Any] = {"hand": True} if flag == "hand" else {"media": {flag: True}}
    stage.say("ann", type="status", id=2, **on)
    stage.lose("ann")
    if flag == "hand":
        order(stage, "host", "lower_hands", participants=[p("ann")])
    else:
        order(stage, "host", "mute", participants=[p("ann")])
    stage.resume("ann")
    stage.silence()
    stage.say("ann", type="status", id=2, **on)
    assert [told["code"] for told in stage.messages("ann")] == ["forbidden"]
    assert stage.messages("host") == []
    stage.silence()
    stage.say("ann", type="status", id=3, **on)
    stage.say("ann", type="status", id=3, **on)
    assert [told["type"] for told in stage.messages("ann")][-2:] == ["ack", "ack"]


@pytest.mark.parametrize("everyone", [False, True])
def test_what_one_may_not_is_turned_off_refused_and_clamped(everyone: bool) -> None:
    stage = meeting(ann="participant", bob="participant")
    stage.say("ann", type="status", media={"audio": True, "video": True}, hand=True)
    stage.silence()
    if everyone:
        order(stage, "host", "settings", settings={"may": {"audio": False}})
    else:
        order(stage, "host", "allow", participants=[p("ann")], may={"audio": False})
    stage.settle()
    told = {"audio": False, "video": True, "screen": False}
    assert [m["participant"].get("media") for m in stage.messages("bob") if "participant" in m] == [told]
    stage.silence()
    stage.say("ann", type="status", id=2, media={"audio": True, "video": False})
    assert stage.messages("ann")[0]["code"] == "forbidden"
    assert stage.messages("bob") == [], "nothing of a refused status is taken"
    # Nor by a reload, nor after a restart.
    stage.join("ann", audio=True, video=True)
    (joined,) = stage.messages("ann")
    assert joined["you"]["media"] == told
    assert joined["muted"]["audio"] is False
    stage.restart()
    stage.resume("ann", media=Media(audio=True, video=True))
    assert stage.messages("ann")[0]["muted"]["audio"] is False
    member = stage.hub.present("ABC123", "ann")
    assert member is not None
    assert (member.audio, member.video) == (False, True)
    # Those in charge may always.
    stage.resume("host")
    stage.say("host", type="status", media={"audio": True})
    host = stage.hub.present("ABC123", "host")
    assert host is not None
    assert host.audio


def test_what_one_may_not_is_refused_also_while_the_room_waits_to_be_told() -> None:
    stage = Stage(frames=2)
    for user in ("host", "ann"):
        stage.join(user)
    stage.release()
    order(stage, "host", "allow", participants=[p("ann")], may={"audio": False})
    stage.settle()
    stage.silence()
    for number in (2, 3):
        stage.say("ann", type="status", id=number, media={"audio": True})
    stage.release()
    assert [(m["code"], m["id"]) for m in stage.messages("ann") if m["type"] == "error"] == [
        ("forbidden", 2),
        ("forbidden", 3),
    ]
    assert [m for m in stage.messages("host") if "media" in m.get("participant", {})] == []


def test_what_was_turned_on_and_off_since_is_not_on_because_its_page_says_it_again() -> None:
    """The page's connection may have been dead for a while, and nobody knows yet."""
    stage = meeting(ann="participant")
    on: dict[str, Any] = {"type": "status", "hand": True, "media": {"audio": True}}
    stage.say("ann", id=2, **on)
    order(stage, "host", "lower_hands", participants=[p("ann")])
    order(stage, "host", "mute", participants=[p("ann")])
    stage.lose("ann")
    stage.resume("ann")
    stage.silence()
    for again in ({"hand": True}, {"media": {"audio": True}}):
        stage.say("ann", id=2, type="status", **again)
        assert [told["code"] for told in stage.messages("ann")] == ["forbidden"]
        stage.silence()
    stage.say("ann", id=3, **on)
    stage.say("ann", id=3, **on)
    assert [told["type"] for told in stage.messages("ann")] == ["participant_updated", "ack", "ack"]


def test_a_mute_is_no_news_for_another_page() -> None:
    stage = meeting(ann="participant")
    stage.say("ann", type="status", media={"audio": True})
    order(stage, "host", "mute", participants=[p("ann")])
    stage.silence()
    stage.join("ann", audio=True)
    (joined,) = stage.messages("ann")
    assert joined["you"]["media"]["audio"] is True
    assert "muted" not in joined


def test_rights_are_whole_and_null_is_the_default_again() -> None:
    stage = meeting(ann="participant")
    order(stage, "host", "allow", participants=[p("ann")], may={"audio": False, "chat": False})
    order(stage, "host", "allow", participants=[p("ann")], may={"audio": None, "video": False})
    told = [message["participant"]["may"] for message in stage.messages("ann")]
    assert told == [{"audio": False, "chat": False}, {"video": False, "chat": False}]
    stage.settle()
    order(stage, "host", "allow", participants=[p("ann")], may={"video": None, "chat": None})
    ann = stage.hub.present("ABC123", "ann")
    assert ann is not None
    assert ann.view().may is UNSET


def test_who_is_asked_hears_it_alone_and_hands_are_lowered() -> None:
    stage = meeting(ann="participant", bob="participant")
    stage.say("bob", type="status", hand=True)
    stage.silence()
    order(stage, "host", "ask", participant=p("ann"), media={"audio": True})
    (told,) = stage.messages("ann")
    assert (told["type"], told["from"], told["media"]["audio"]) == ("ask", p("host"), True)
    assert stage.heard("bob") == []
    order(stage, "host", "lower_hands", participants=[p("bob")])
    assert stage.messages("bob")[0]["participant"] == {"id": p("bob"), "hand": False, "hand_at": None}
