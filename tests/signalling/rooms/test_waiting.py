"""Those who wait to be let in, as they and those in charge see it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from signalling.protocol.errors import CloseCode
from signalling.rooms.change import Person
from tests.signalling.script import Stage
from tests.signalling.socket import Socket

_ids = itertools.count(10)


def lobby(*users: str) -> Stage:
    """The host and a participant are in, and these wait."""
    stage = Stage()
    for user in ("host", "ann"):
        stage.join(user)
    for user in users:
        stage.now += 1
        stage.knock(user)
    stage.silence()
    return stage


def order(stage: Stage, user: str, type_: str, **fields: Any) -> int:
    number = next(_ids)
    stage.say(user, type=type_, id=number, key=f"key-{number}", **fields)
    return number


def waits(stage: Stage, user: str | Socket) -> list[tuple[int, str]]:
    """The positions and messages that somebody who waits was told."""
    return [(told["position"], told["message"]) for told in stage.messages(user) if told["type"] == "waiting"]


def comes_in(stage: Stage, socket: Socket) -> None:
    """What the server does when the store lets them in: the same socket joins."""
    assert socket in stage.let_in
    stage.let_in.remove(socket)
    stage.join(socket.user, socket=socket)


def test_who_knocks_hears_the_position_and_those_in_charge_who_knocks() -> None:
    stage = lobby()
    eve = stage.knock("eve")
    (told,) = stage.messages(eve)
    assert (told["id"], told["position"], told["knock"]) == (1, 1, "token of eve")
    (knocked,) = stage.messages("host")
    assert knocked["knock"] | {"at": ""} == {"id": "k_eve", "name": "Eve", "anonymous": True, "at": ""}
    assert stage.messages("ann") == []
    assert waits(stage, stage.knock("dan")) == [(2, "")]
    assert waits(stage, eve) == []


def test_who_is_admitted_comes_in_once_it_is_recorded_and_keeps_the_socket() -> None:
    stage = lobby("eve", "dan")
    eve, dan = stage.sockets["eve"], stage.sockets["dan"]
    asked = order(stage, "host", "admit", knocks=["k_eve"])
    ended = {"type": "knock_ended", "id": "k_eve", "reason": "admitted", "by": "p_host_ABC123"}
    assert [message | {"seq": 0} for message in stage.messages("host")] == [ended | {"seq": 0}]
    assert stage.let_in == []
    stage.settle()
    assert stage.messages("host") == [{"type": "ack", "id": asked}]
    comes_in(stage, eve)
    assert stage.heard("host") == ["participant_joined"]
    assert stage.heard(eve) == ["joined"]
    assert waits(stage, dan) == [(1, "")]


def test_who_waits_on_is_told_the_position_once_however_many_go() -> None:
    users = ("abe", "bob", "cat", "dan", "eve", "fay")
    stage = lobby(*users)
    sockets = {user: stage.sockets[user] for user in users}
    order(stage, "host", "admit", knocks=["k_abe", "k_bob"])
    stage.settle()
    assert [waits(stage, sockets[user]) for user in users] == [
        [],
        [],
        [(1, "")],
        [(2, "")],
        [(3, "")],
        [(4, "")],
    ]
    stage.silence()
    for user in ("abe", "bob"):
        comes_in(stage, sockets[user])
    assert [waits(stage, sockets[user]) for user in users[2:]] == [[], [], [], []]
    order(stage, "host", "deny", knocks=["k_cat", "k_dan"])
    assert [waits(stage, sockets[user]) for user in ("eve", "fay")] == [[(1, "")], [(2, "")]]
    stage.silence()
    # Whoever comes in together with others is told of together.
    stage.join("eve", socket=sockets["eve"], soon=True)
    assert waits(stage, sockets["fay"]) == []
    stage.tell_soon()
    assert waits(stage, sockets["fay"]) == [(1, "")]


def test_the_first_of_two_who_answer_wins_and_both_are_acknowledged() -> None:
    stage = lobby("eve")
    stage.join("ann", role="cohost")
    stage.silence()
    first = order(stage, "host", "admit", knocks=["k_eve"])
    second = order(stage, "ann", "deny", knocks=["k_eve"])
    stage.settle()
    assert stage.messages("host")[-1] == {"type": "ack", "id": first}
    assert stage.messages("ann")[-1] == {"type": "ack", "id": second}
    assert stage.sockets["eve"] in stage.let_in


def test_who_is_denied_is_told_and_closed() -> None:
    stage = lobby("eve", "dan")
    order(stage, "host", "deny", knocks=["k_eve"])
    eve = stage.sockets["eve"]
    assert [(m["code"], m["id"]) for m in stage.messages(eve)] == [("denied", 1)]
    assert eve.closed == CloseCode.DENIED
    assert waits(stage, "dan") == [(1, "")]
    assert stage.messages("host")[0]["reason"] == "denied"


def test_who_comes_again_keeps_the_position_and_who_stays_away_has_gone() -> None:
    stage = lobby("eve", "dan")
    stage.lose("eve")
    stage.wait(29)
    eve = stage.knock("eve", at=0.0)
    assert waits(stage, eve) == [(1, "")]
    assert stage.heard("host") == [], "nobody noticed"
    stage.lose(eve)
    stage.wait(30)
    assert [(m["type"], m["id"], m["reason"]) for m in stage.messages("host")] == [
        ("knock_ended", "k_eve", "left")
    ]
    assert waits(stage, "dan") == [(1, "")]


def test_a_second_page_takes_the_position_over() -> None:
    stage = lobby("eve")
    first = stage.sockets["eve"]
    second = stage.knock("eve")
    assert first.closed == CloseCode.REPLACED
    stage.lose(first)
    stage.wait(60)
    assert stage.heard("host") == []
    assert waits(stage, second) == [(1, "")]


def test_who_waited_before_a_restart_stands_before_who_came_later() -> None:
    stage = lobby()
    stage.knock("eve", at=200.0)
    dan = stage.knock("dan", at=100.0)
    assert waits(stage, dan) == [(1, "")]
    assert waits(stage, "eve") == [(1, ""), (2, "")]


def test_who_waits_by_two_pages_waits_since_the_first_of_them_did() -> None:
    stage = lobby()
    first = stage.knock("dan", at=200.0)
    # After a restart a second page came before, and did not know of the first.
    stage.knock("eve", at=300.0)
    stage.knock("eve", at=100.0)
    assert waits(stage, "eve") == [(1, "")]
    assert waits(stage, first) == [(1, ""), (2, "")]
    stage.knock("eve", at=400.0)
    assert waits(stage, "eve") == [(1, "")]
    assert waits(stage, first) == []


def test_who_leaves_waits_no_more_and_understands_nothing_else() -> None:
    stage = lobby("eve")
    eve = stage.sockets["eve"]
    stage.say(eve, type="signal", to="p_host_ABC123", data={}, id=2)
    stage.say(eve, type="ping", t=1)
    stage.say(eve, type="leave", id=3)
    told = stage.messages(eve)
    assert [(m["type"], m.get("code")) for m in told] == [
        ("error", "bad_message"),
        ("pong", None),
        ("ack", None),
    ]
    assert eve.closed == CloseCode.NORMAL
    assert stage.heard("host") == ["knock_ended"]


def test_a_promoted_one_learns_who_waits_and_so_does_whoever_joins_or_resumes() -> None:
    stage = lobby("eve", "dan")
    order(stage, "host", "set_role", participant="p_ann_ABC123", role="cohost")
    assert stage.heard("ann") == ["participant_updated", "knock", "knock"]
    stage.settle()
    stage.join("ann")
    assert [knock["id"] for knock in stage.messages("ann")[0]["knocks"]] == ["k_eve", "k_dan"]
    stage.resume("ann", epoch="another")
    assert [knock["id"] for knock in stage.messages("ann")[0]["snapshot"]["knocks"]] == ["k_eve", "k_dan"]
    stage.join("bob")
    assert "knocks" not in stage.messages("bob")[0]


def test_a_knock_is_not_told_again_behind_a_list_of_who_waits() -> None:
    stage = lobby("eve")
    stage.lose("ann")
    order(stage, "host", "set_role", participant="p_ann_ABC123", role="cohost")
    order(stage, "host", "deny", knocks=["k_eve"])
    stage.resume("ann", epoch="of another process")
    (resumed,) = stage.messages("ann")
    assert resumed["snapshot"]["knocks"] == []


@pytest.mark.parametrize(
    ("command", "fields"), [("readmit", {}), ("remove", {}), ("set_role", {"role": "cohost"})]
)
def test_who_waits_and_is_spoken_of_asks_again(command: str, fields: dict[str, Any]) -> None:
    stage = lobby("eve", "dan")
    known = {"p_eve_ABC123": Person("eve")}
    number = next(_ids)
    message = {"type": command, "id": number, "key": "one", "participant": "p_eve_ABC123"} | fields
    stage.say("host", known, **message)
    stage.settle()
    assert [socket.user for socket in stage.let_in] == ["eve"]


def test_who_is_revoked_waits_no_more() -> None:
    stage = lobby("eve", "dan")
    stage._carry_out(stage.hub.waiting.revoked({"eve", "nobody"}, stage.now))
    assert stage.messages("eve")[-1]["code"] == "revoked"
    assert stage.sockets["eve"].closed == CloseCode.REVOKED
    assert stage.heard("host") == ["knock_ended"]
    assert waits(stage, "dan") == [(1, "")]


def test_a_moderator_who_was_away_is_told_of_knocks_and_nobody_else_is() -> None:
    stage = lobby()
    stage.lose("host")
    stage.lose("ann")
    stage.knock("eve")
    stage.resume("host")
    assert stage.heard("host") == ["resumed", "knock"]
    stage.resume("ann")
    assert stage.heard("ann") == ["resumed"]


def test_a_room_where_people_only_wait_is_there_and_ends_with_them() -> None:
    stage = Stage()
    stage.knock("eve")
    assert stage.hub.size("ABC123") == 0
    stage.join("host")
    assert [knock["id"] for knock in stage.messages("host")[0]["knocks"]] == ["k_eve"]
    stage.say("host", type="leave")
    assert list(stage.hub.rooms) == ["ABC123"]
    stage.say("eve", type="leave")
    assert stage.hub.rooms == {}


def test_so_many_may_wait_and_no_more() -> None:
    stage = lobby("eve", "dan")
    bob = stage.knock("bob", most=2)
    assert [m["code"] for m in stage.messages(bob)] == ["meeting_full"]
    assert stage.heard("host") == []
    assert waits(stage, stage.knock("eve", most=2)) == [(1, "")], "who waits already may"


def test_who_waits_hears_the_message_and_that_the_meeting_is_over() -> None:
    stage = lobby("eve")
    order(stage, "host", "settings", settings={"message": "Soon"})
    assert waits(stage, "eve") == [(1, "Soon")]
    stage.end()
    eve = stage.sockets["eve"]
    assert [m["code"] for m in stage.messages(eve)] == ["meeting_ended"]
    assert eve.closed == CloseCode.MEETING_ENDED


def test_what_opens_the_door_lets_all_ask_again() -> None:
    stage = lobby("eve", "dan")
    order(stage, "host", "settings", settings={"lobby": "off"})
    stage.settle()
    assert stage.let_in == [stage.sockets["eve"], stage.sockets["dan"]]
    stage.let_in.clear()
    # What opens no door has nobody asked for, however often it is changed.
    order(stage, "host", "settings", settings={"message": "Soon", "may": {"audio": False}})
    stage.settle()
    assert stage.let_in == []


def test_one_whom_the_store_does_not_let_in_after_all_waits_again() -> None:
    stage = lobby("eve")
    order(stage, "host", "admit", knocks=["k_eve"])
    stage.settle()
    stage.silence()
    eve = stage.knock("eve")
    assert stage.heard("host") == ["knock"]
    assert waits(stage, eve) == [(1, "")]


def test_who_comes_in_another_way_waits_no_more() -> None:
    stage = lobby("eve")
    old = stage.sockets["eve"]
    stage.join("eve")
    assert old.closed == CloseCode.REPLACED
    assert stage.heard("host") == ["participant_joined", "knock_ended"]


@pytest.mark.parametrize("command", ["admit", "deny"])
def test_nobody_waits_who_is_answered_by_one_not_in_charge(command: str) -> None:
    stage = lobby("eve")
    order(stage, "ann", command, knocks=["k_eve"])
    assert stage.messages("ann")[0]["code"] == "forbidden"
    assert stage.heard("eve") == []
