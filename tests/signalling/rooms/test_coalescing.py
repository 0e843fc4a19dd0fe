"""Beyond a room's budget statuses are told together: nothing is lost, and nothing overtakes anything."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.protocol.errors import CloseCode
from signalling.rooms.coalescing import MOST_WAITING
from tests.signalling.script import Stage


@pytest.fixture
def stage() -> Stage:
    """Ann and Bob, in a room whose budget is spent and hardly fills."""
    stage = Stage(frames=2)
    stage.join("ann")
    stage.join("bob")
    stage.release()
    stage.wait(2.0)
    stage.silence()
    stage.say("ann", type="status", id=1, hand=True)
    assert stage.heard("bob") == ["participant_updated"]
    stage.silence()
    return stage


def told(stage: Stage, user: str) -> list[tuple[str, Any]]:
    """What a user heard, each with what matters of it."""
    said: list[tuple[str, Any]] = []
    for message in stage.messages(user):
        match message["type"]:
            case "participant_updated":
                change = dict(message["participant"])
                del change["id"]
                change.pop("hand_at", None)
                said.append(("status", change))
            case "signal":
                said.append(("signal", message["data"]))
            case kind:
                said.append((kind, message.get("id")))
    return said


def media(*on: str) -> dict[str, bool]:
    return {name: name in on for name in ("audio", "video", "screen")}


def test_a_status_that_waits_turns_nothing_on_that_its_member_may_not_send(stage: Stage) -> None:
    stage.join("host")
    for user in ("ann", "bob"):
        stage.say(user, type="status", id=2, media={"audio": True})
        stage.say(user, type="status", id=3, media={"video": True}, hand=False)
    may: dict[str, Any] = {
        "type": "allow",
        "id": 4,
        "key": "one",
        "participants": ["p_ann_ABC123"],
        "may": {"audio": False},
    }
    stage.say("host", **may)
    stage.release()
    stage.silence()
    stage.release()
    ann, bob = stage.hub.present("ABC123", "ann"), stage.hub.present("ABC123", "bob")
    assert ann is not None
    assert bob is not None
    assert (ann.audio, ann.video, bob.audio, bob.video) == (False, True, True, True)


@pytest.mark.parametrize(
    ("status", "command"),
    [
        ({"media": {"audio": True}}, {"type": "mute", "media": {"audio": False}}),
        ({"hand": True}, {"type": "lower_hands"}),
    ],
)
def test_what_waits_comes_before_what_those_in_charge_turn_off(
    stage: Stage, status: dict[str, Any], command: dict[str, Any]
) -> None:
    """It came first, so it turns nothing on again."""
    stage.join("host")
    stage.release()
    stage.silence()
    stage.say("bob", type="status", id=2, **status)
    stage.say("host", id=3, participants=["p_bob_ABC123"], **command)
    stage.release()
    bob = stage.hub.present("ABC123", "bob")
    assert bob is not None
    assert (bob.audio, bob.hand) == (False, False)
    off = ("status", {name: media() if name == "media" else False for name in status})
    on = ("status", {name: media("audio") if name == "media" else True for name in status})
    assert told(stage, "bob") == [on, ("ack", 2), off]
    assert told(stage, "ann") == [on, off]
    assert told(stage, "host") == [on, off, ("ack", 3)]


def test_statuses_of_one_member_are_told_as_one_and_each_is_acknowledged_behind_it(stage: Stage) -> None:
    stage.say("ann", type="status", id=2, media={"audio": True})
    stage.say("ann", type="status", id=3, media={"video": True}, hand=False)
    stage.say("ann", type="status", id=4, media={"audio": False})
    assert told(stage, "ann") == told(stage, "bob") == []
    assert stage.hub.keeps_back
    stage.release()
    change = ("status", {"media": media("video"), "hand": False})
    assert told(stage, "ann") == [change, ("ack", 2), ("ack", 3), ("ack", 4)]
    assert told(stage, "bob") == [change]
    assert not stage.hub.keeps_back


def test_what_comes_to_nothing_is_acknowledged_and_not_told(stage: Stage) -> None:
    stage.say("ann", type="status", id=2, media={"audio": True})
    stage.say("ann", type="status", id=3, media={"audio": False})
    stage.release()
    assert told(stage, "ann") == [("ack", 2), ("ack", 3)]
    assert told(stage, "bob") == []


def test_signals_wait_behind_the_status_of_their_author_and_those_of_others_do_not(stage: Stage) -> None:
    stage.say("ann", type="status", id=2, media={"audio": True})
    stage.say("ann", type="signal", id=3, to="p_bob_ABC123", data="first")
    stage.say("ann", type="status", id=4, media={"audio": False})
    stage.say("ann", type="signal", id=5, to="p_bob_ABC123", data="second")
    stage.say("bob", type="signal", id=1, to="p_ann_ABC123", data="from bob")
    assert told(stage, "bob") == [("ack", 1)]
    stage.release()
    on, off = ("status", {"media": media("audio")}), ("status", {"media": media()})
    assert told(stage, "bob") == [on, ("signal", "first")]
    stage.release()
    assert told(stage, "bob") == [off, ("signal", "second")]
    assert told(stage, "ann") == [
        ("signal", "from bob"),
        *(on, ("ack", 2), ("ack", 3)),
        *(off, ("ack", 4), ("ack", 5)),
    ]
    assert not stage.hub.keeps_back


def test_numbers_rise_for_who_is_sent_statuses_and_signals_of_several(stage: Stage) -> None:
    """Otherwise the model of a client fails."""
    stage.join("cleo")
    stage.silence()
    for user in ("ann", "bob"):
        stage.say(user, type="status", id=5, media={"audio": True})
        stage.say(user, type="signal", id=6, to="p_cleo_ABC123", data=user)
    stage.release()
    on = ("status", {"media": media("audio")})
    assert told(stage, "cleo") == [on, on, ("signal", "ann"), ("signal", "bob")]


def test_a_status_sent_again_takes_effect_once(stage: Stage) -> None:
    stage.say("ann", type="status", id=2, hand=False)
    stage.say("ann", type="status", id=1, hand=True)
    stage.release()
    assert told(stage, "bob") == [("status", {"hand": False})]
    assert told(stage, "ann")[1:] == [("ack", 2), ("ack", 1)]


def test_a_status_sent_again_that_waits_is_not_acknowledged_when_it_was_undone_since(stage: Stage) -> None:
    stage.join("host")
    stage.say("host", type="lower_hands", id=3, participants=["p_ann_ABC123"])
    stage.release()
    stage.silence()
    stage.say("ann", type="status", id=1, hand=True)
    assert not stage.messages("ann"), "it waits"
    stage.release()
    assert stage.messages("ann")[0]["code"] == "forbidden"
    assert not told(stage, "bob")


@pytest.mark.parametrize("end", ["leave", "lose", "goodbye", "resume", "join"])
def test_whatever_ends_a_connection_tells_first_what_waits(stage: Stage, end: str) -> None:
    stage.say("ann", type="status", id=2, media={"audio": True})
    stage.say("ann", type="signal", id=3, to="p_bob_ABC123", data="last words")
    stage.say("ann", type="status", id=4, media={"video": True})
    if end == "leave":
        stage.say("ann", type="leave")
    elif end == "goodbye":
        stage.goodbye("ann")
    else:
        getattr(stage, end)("ann")
    stage.release()
    assert told(stage, "bob")[:3] == [
        ("status", {"media": media("audio")}),
        ("signal", "last words"),
        ("status", {"media": media("audio", "video")}),
    ]
    assert not stage.hub.keeps_back


def test_who_resumes_is_told_what_was_kept_back_and_that_it_was_heard(stage: Stage) -> None:
    seen = stage.sockets["ann"].seq
    stage.say("ann", type="status", id=2, media={"audio": True})
    stage.lose("ann")
    stage.silence()
    stage.sockets["ann"].seq = seen  # its socket is gone, so it was told nothing
    stage.resume("ann")
    assert [kind for kind, _ in told(stage, "ann")] == ["resumed", "status"]
    stage.say("ann", type="status", id=2, media={"audio": True})
    stage.release()
    assert told(stage, "ann") == [("ack", 2)]


def test_who_comes_meanwhile_hears_of_it_like_everyone(stage: Stage) -> None:
    stage.say("ann", type="status", id=2, media={"audio": True})
    cleo = stage.join("cleo")
    assert cleo.roster["p_ann_ABC123"]["media"] == media()
    stage.release()
    assert cleo.roster["p_ann_ABC123"]["media"] == media("audio")


def test_an_ended_meeting_has_nothing_more_to_tell(stage: Stage) -> None:
    stage.say("ann", type="status", id=2, media={"audio": True})
    stage.end()
    assert not stage.hub.keeps_back
    stage.release()


def test_what_waits_of_one_member_is_bounded(stage: Stage) -> None:
    for number in range(2, 2 + MOST_WAITING):
        stage.say("ann", type="status", id=number, hand=bool(number % 2))
    assert stage.sockets["ann"].closed is None
    stage.say("ann", type="status", id=1000, hand=True)
    assert stage.sockets["ann"].closed is CloseCode.RATE_LIMITED
    assert stage.sockets["bob"].closed is None


def test_a_room_that_is_quiet_for_a_while_tells_at_once_again(stage: Stage) -> None:
    stage.say("ann", type="status", id=2, hand=False)
    stage.release()
    stage.silence()
    stage.wait(2.0)
    stage.say("ann", type="status", id=3, hand=True)
    assert told(stage, "bob") == [("status", {"hand": True})]


def test_without_a_budget_nothing_waits() -> None:
    stage = Stage(frames=0)
    stage.join("ann")
    for number in range(1, 1000):
        stage.say("ann", type="status", id=number, hand=bool(number % 2))
    assert not stage.hub.keeps_back
