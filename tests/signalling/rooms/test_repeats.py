"""Commands that come again after a restart: done once, in the store's order, and answered truly."""

from __future__ import annotations

from typing import Any

from signalling.protocol.rights import Role
from signalling.rooms.change import Actor, Change, Recorded, Unsettled
from signalling.rooms.orders import LOOK_UP_AGAIN, MOST_LOOK_UPS
from tests.signalling.rooms.test_orders import meeting, order, p
from tests.signalling.script import Stage


def restarted(**roles: Role) -> Stage:
    """Everyone is back in a new process."""
    stage = meeting(**roles)
    _restart(stage)
    return stage


def _restart(stage: Stage) -> None:
    users = list(stage.sockets)
    stage.restart()
    for user in users:
        stage.resume(user)
    stage.silence()


def _answers(stage: Stage, user: str) -> list[dict[str, Any]]:
    return [told for told in stage.messages(user) if told["type"] in {"ack", "error"}]


def test_what_is_commanded_behind_a_repeat_of_the_same_is_made_in_the_store_s_order() -> None:
    stage = restarted(ann="participant", bob="participant")
    order(stage, "host", "set_role", participant=p("ann"), role="cohost", again=True)
    order(stage, "host", "set_role", participant=p("ann"), role="participant")
    # Of another one it is told at once.
    order(stage, "host", "set_role", participant=p("bob"), role="cohost")
    (told,) = stage.messages("ann")
    assert told["participant"] == {"id": p("bob"), "role": "cohost"}
    stage.settle()
    assert [told["participant"]["role"] for told in stage.messages("bob")[1:]] == ["cohost", "participant"]
    assert stage.roles["ann"] == "participant"
    order(stage, "host", "set_role", participant=p("ann"), role="cohost")
    assert stage.heard("ann")[-1] == "participant_updated", "nothing is waited for any more"


def test_settings_behind_a_repeat_are_those_of_the_store() -> None:
    stage = restarted(ann="participant")
    order(stage, "host", "settings", settings={"may": {"audio": False}}, again=True)
    order(stage, "host", "settings", settings={"may": {"audio": None}})
    assert stage.heard("ann") == []
    stage.settle()
    assert stage.messages("ann")[-1]["meeting"] == {"settings": {}, "revision": 2}


def test_who_is_host_behind_a_repeat_waits_for_all_of_it() -> None:
    stage = restarted(ann="participant")
    order(stage, "host", "allow", participants=[p("ann")], may={"audio": False}, again=True)
    order(stage, "host", "set_role", participant=p("ann"), role="host")
    assert stage.heard("ann") == []
    stage.settle()
    assert [told["participant"].get("role") for told in stage.messages("ann")] == [None, "cohost", "host"]


def test_a_repeat_that_was_recorded_is_acknowledged_though_it_would_be_refused_now() -> None:
    stage = meeting(ann="cohost")
    handed = order(stage, "host", "set_role", participant=p("ann"), role="host")
    locked = order(stage, "ann", "settings", settings={"locked": True}, **{"if": 0})
    stage.settle(lost=True)
    _restart(stage)
    stage.say("host", **handed, again=True)
    stage.say("ann", **locked, again=True)
    stage.settle()
    assert _answers(stage, "host") == [{"type": "ack", "id": handed["id"], "again": True}]
    assert _answers(stage, "ann") == [{"type": "ack", "id": locked["id"], "again": True}]


def test_a_repeat_that_was_not_recorded_is_refused_as_ever() -> None:
    stage = restarted(ann="cohost", bob="participant")
    order(stage, "ann", "set_role", participant=p("bob"), role="cohost", again=True)
    order(stage, "ann", "settings", settings={"locked": True}, again=True, **{"if": 7})
    stage.settle()
    assert [told["code"] for told in _answers(stage, "ann")] == ["forbidden", "changed"]
    assert stage.heard("bob") == []


def test_nobody_is_said_to_be_let_in_who_is_not_back_yet() -> None:
    stage = meeting()
    stage.knock("eve")
    stage.silence()
    admitted = order(stage, "host", "admit", knocks=["k_eve"])
    stage.unsettled.clear()
    stage.sockets = {"host": stage.sockets["host"]}
    _restart(stage)
    stage.say("host", **admitted, again=True)
    stage.settle()
    (refused,) = _answers(stage, "host")
    assert (refused["code"], refused["id"]) == ("unknown_participant", admitted["id"])
    # Who is back is let in, and who was let in before is.
    stage.knock("eve")
    admitted = order(stage, "host", "admit", knocks=["k_eve"], again=True)
    stage.settle()
    assert [socket.user for socket in stage.let_in] == ["eve"]
    assert _answers(stage, "host") == [{"type": "ack", "id": admitted["id"]}]


def test_whoever_may_not_asks_the_store_for_few_repeats_at_once() -> None:
    """Joins, and what others command, wait behind them."""
    stage = meeting(ann="participant")
    for _ in range(MOST_LOOK_UPS + 3):
        order(stage, "ann", "settings", settings={"locked": True}, again=True)
    assert len(stage.unsettled) == MOST_LOOK_UPS
    # The client holds on to them and asks again.
    assert [(told["code"], told["retry_after"]) for told in _answers(stage, "ann")] == [
        ("unavailable", LOOK_UP_AGAIN)
    ] * 3
    order(stage, "host", "settings", settings={"locked": True}, again=True)
    stage.settle()
    assert _answers(stage, "host")[0]["type"] == "ack"
    assert {told["code"] for told in _answers(stage, "ann")} == {"forbidden"}
    order(stage, "ann", "settings", settings={"locked": True}, again=True)
    assert len(stage.unsettled) == 1


def test_who_has_become_host_behind_a_repeat_is_neither_demoted_nor_removed() -> None:
    stage = restarted(ann="participant")
    order(stage, "host", "set_role", participant=p("ann"), role="host", again=True)
    order(stage, "host", "set_role", participant=p("ann"), role="participant", again=True)
    order(stage, "host", "remove", participant=p("ann"), again=True)
    stage.settle()
    assert stage.roles["ann"] == "host"
    ann = stage.hub.present("ABC123", "ann")
    assert ann is not None
    assert ann.role == "host"


def test_settings_that_another_hub_has_recorded_count_once() -> None:
    """It was asked of two, and the answer to the first had both."""
    stage = meeting()
    room, orders, off = stage.hub.rooms["ABC123"], stage.hub.orders, {"may": {"audio": False}}
    room.set(off, 4)
    actor, change = Actor("host", "host"), Change("settings", settings=off)
    asked = Unsettled("ABC123", actor, "second", change, told=False, anew=True)
    orders.questions.ask(room, asked)
    orders.settled(room, asked, Recorded(again=True, settings=off, revision=4), 1.0)
    assert (room.record, room.revision) == (off, 4)
