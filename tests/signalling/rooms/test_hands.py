"""Raised hands have one order for all, which outlives reloads and restarts."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.client.roster import hands
from signalling.rooms.hands import LOWERED, Hands
from tests.signalling.rooms.test_orders import meeting, order, p
from tests.signalling.script import Stage


def raise_hand(stage: Stage, user: str, up: bool = True) -> None:
    stage.say(user, type="status", hand=up)


def queue(stage: Stage, user: str) -> list[str]:
    """Whose hands are up, as the user's page knows."""
    return [one["id"] for one in hands(stage.sockets[user].roster)]


def told(stage: Stage, user: str) -> dict[str, Any]:
    """The last that the user heard."""
    last: dict[str, Any] = stage.messages(user)[-1]
    return last


def test_everyone_is_told_since_when_a_hand_is_up_and_nobody_when_it_is_down() -> None:
    stage = meeting(ann="participant", bob="participant")
    raise_hand(stage, "ann")
    up = {"id": p("ann"), "hand": True, "hand_at": "1970-01-12T13:46:40.000Z"}
    assert told(stage, "bob")["participant"] == up
    stage.join("cem")
    known = {one["id"]: one for one in told(stage, "cem")["participants"]}
    assert known[p("ann")]["hand_at"] == up["hand_at"]
    assert "hand_at" not in known[p("bob")]
    raise_hand(stage, "ann", up=False)
    assert told(stage, "bob")["participant"] == {"id": p("ann"), "hand": False, "hand_at": None}


def test_nobody_says_when_they_raised_the_hand() -> None:
    stage = meeting(ann="participant")
    stage.receive("ann", b'{"type":"status","hand":true,"hand_at":"2000-01-01T00:00:00.000Z"}')
    assert told(stage, "host")["participant"]["hand_at"] == "1970-01-12T13:46:40.000Z"


def test_hands_that_are_raised_at_one_moment_have_an_order_and_the_clock_may_be_set() -> None:
    stage = meeting(ann="participant", bob="participant", cem="participant")
    raise_hand(stage, "cem")
    raise_hand(stage, "ann")
    stage.now -= 3600
    raise_hand(stage, "bob")
    stage.join("dan")
    for user in ("host", "ann", "dan"):
        assert queue(stage, user) == [p("cem"), p("ann"), p("bob")]
    # Who raises it again is last; who says that it is up stays.
    raise_hand(stage, "ann")
    raise_hand(stage, "cem", up=False)
    raise_hand(stage, "cem")
    assert queue(stage, "dan") == [p("ann"), p("bob"), p("cem")]


def test_a_hand_keeps_its_time_by_resume_reload_and_restart() -> None:
    stage = meeting(ann="participant", bob="participant")
    raise_hand(stage, "ann")
    stage.now += 1
    raise_hand(stage, "bob")
    first = stage.sockets["host"].roster[p("ann")]["hand_at"]
    stage.lose("ann")
    stage.resume("ann", hand=True)
    stage.join("ann")
    stage.restart()
    stage.now += 60
    stage.resume("bob", hand=True)
    stage.resume("ann", hand=True)
    stage.resume("host")
    assert stage.sockets["host"].roster[p("ann")]["hand_at"] == first
    assert queue(stage, "bob") == [p("ann"), p("bob")]
    stage.restart("e_again")
    stage.join("ann")
    assert stage.sockets["ann"].roster[p("ann")]["hand_at"] == first


def test_what_a_page_says_after_a_restart_counts_where_the_record_has_nothing_else() -> None:
    stage = meeting(ann="participant", bob="participant")
    raise_hand(stage, "bob")
    stage.hands = {}
    stage.restart()
    # The server died before it was written.
    stage.now += 60
    stage.resume("bob", hand=True)
    assert stage.sockets["bob"].roster[p("bob")]["hand_at"] == "1970-01-12T13:47:40.000Z"
    # Lowered while the server was away.
    stage.restart("e_again")
    stage.resume("bob", hand=False)
    assert queue(stage, "bob") == []
    assert stage.hands == {"bob": None}


@pytest.mark.parametrize("how", ["lower_hands", "allow", "settings"])
def test_lowered_while_away_is_lowered_after_a_restart(how: str) -> None:
    stage = meeting(ann="participant")
    raise_hand(stage, "ann")
    stage.lose("ann")
    fields: dict[str, dict[str, Any]] = {
        "lower_hands": {"participants": [p("ann")]},
        "allow": {"participants": [p("ann")], "may": {"hand": False}},
        "settings": {"settings": {"may": {"hand": False}}},
    }
    order(stage, "host", how, **fields[how])
    stage.settle()
    assert stage.hands == {"ann": LOWERED}
    stage.restart()
    stage.resume("host")
    stage.resume("ann", hand=True)
    resumed = stage.messages("ann")[0]
    assert resumed["muted"] == {"hand": False}
    assert queue(stage, "host") == []
    # The page knows it now. What it says from here on counts.
    assert stage.hands == {"ann": None}
    if how == "lower_hands":
        raise_hand(stage, "ann")
        stage.restart("e_again")
        stage.resume("ann", hand=True)
        assert "muted" not in stage.messages("ann")[0]
        assert queue(stage, "ann") == [p("ann")]


def test_lowered_while_there_is_no_news_after_a_restart() -> None:
    """Or a page that has raised it again since would be told that it is down."""
    stage = meeting(ann="participant")
    raise_hand(stage, "ann")
    order(stage, "host", "lower_hands", participants=[p("ann")])
    stage.restart()
    stage.resume("ann", hand=True)
    assert "muted" not in stage.messages("ann")[0]
    assert queue(stage, "ann") == [p("ann")]


def test_who_was_lowered_while_away_hears_it_by_a_reload_too() -> None:
    stage = meeting(ann="participant")
    raise_hand(stage, "ann")
    stage.lose("ann")
    order(stage, "host", "lower_hands", participants=[p("ann")])
    stage.join("ann")
    assert told(stage, "ann")["muted"] == {"hand": False}
    raise_hand(stage, "ann")
    stage.join("ann")
    assert "muted" not in told(stage, "ann")


@pytest.mark.parametrize("how", ["leave", "remove", "lost"])
def test_a_hand_goes_with_its_owner(how: str) -> None:
    stage = meeting(ann="participant")
    raise_hand(stage, "ann")
    if how == "leave":
        stage.say("ann", type="leave")
    elif how == "remove":
        order(stage, "host", "remove", participant=p("ann"), back="freely")
    else:
        stage.lose("ann")
        stage.wait(31)
    assert stage.hands == {"ann": None}
    stage.join("ann")
    assert queue(stage, "ann") == []


def test_what_is_to_be_recorded_is_taken_once() -> None:
    stage = meeting(ann="participant")
    taken = stage.hub.hands
    assert isinstance(taken, Hands)
    raise_hand(stage, "ann")
    assert not taken
    assert taken.take() == {}


@pytest.mark.parametrize("up", [True, False])
def test_the_record_has_the_hand_of_who_joins_again_as_the_room_has_it(up: bool) -> None:
    """It may have taken the stay for over, and lowered the hand; or not have heard that it is down."""
    stage = meeting(ann="participant")
    raise_hand(stage, "ann")
    raised = stage.hands["ann"]
    assert raised is not None
    if not up:
        raise_hand(stage, "ann", up=False)
    stage.hands.clear()
    arrival = stage.hub.join
    stage.hub.join = lambda how, now, **more: arrival(  # type: ignore[method-assign] # as the record answers
        how._replace(hand_at=None if up else raised), now, **more
    )
    stage.join("ann")
    assert stage.hands == {"ann": raised if up else None}
