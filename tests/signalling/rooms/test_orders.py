"""What those in charge command: told at once, acknowledged when it is recorded, and done once."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.protocol.rights import Rights, Role
from signalling.rooms.change import Person, Recorded
from signalling.rooms.effects import PutRight
from signalling.rooms.planning import RIGHT_SOON
from tests.signalling.script import Stage
from tests.signalling.socket import Socket

_ids = itertools.count(10)


def meeting(**roles: Role) -> Stage:
    """Everyone is there, and knows it: the host, and whoever has which role."""
    stage = Stage()
    for user, role in {"host": "host", **roles}.items():
        stage.join(user, role=role)
    stage.silence()
    return stage


def order(stage: Stage, user: str | Socket, type_: str, **fields: Any) -> dict[str, Any]:
    """The command, which can be sent again."""
    number = next(_ids)
    lasting = type_ not in {"mute", "ask", "lower_hands", "end"}
    message = {"type": type_, "id": number, **({"key": f"key-{number}"} if lasting else {}), **fields}
    stage.say(user, **message)
    return message


def p(user: str) -> str:
    return f"p_{user}_ABC123"


def test_who_is_removed_is_gone_at_once_and_it_is_acknowledged_when_it_is_recorded() -> None:
    stage = meeting(ann="participant", bob="participant")
    asked = order(stage, "host", "remove", participant=p("ann"))
    ann = stage.sockets["ann"]
    assert (ann.closed, ann.received) == (CloseCode.REMOVED, [])
    left = {"type": "participant_left", "participant": {"id": p("ann")}, "reason": "removed", "by": p("host")}
    assert [message | {"seq": 0} for message in stage.messages("bob")] == [left | {"seq": 0}]
    assert stage.heard("host") == ["participant_left"]
    assert stage.resume(ann) is None
    assert [end.reason for end in stage.ended] == ["removed"]
    stage.settle()
    assert stage.messages("host") == [{"type": "ack", "id": asked["id"]}]


def test_one_who_is_away_can_be_removed() -> None:
    stage = meeting(ann="participant")
    stage.lose("ann")
    stage.wait(2)
    order(stage, "host", "remove", participant=p("ann"))
    assert stage.hub.present("ABC123", "ann") is None
    assert stage.resume("ann") is None


@pytest.mark.parametrize("command", ["remove", "allow", "mute", "ask", "set_role"])
def test_nobody_acts_on_an_equal_or_higher_role_or_on_themselves(command: str) -> None:
    stage = meeting(eve="cohost", dan="cohost", ann="participant")
    every: dict[str, dict[str, Any]] = {
        "remove": {"participant": ""},
        "ask": {"participant": ""},
        "set_role": {"participant": "", "role": "participant"},
        "allow": {"participants": [], "may": {"audio": False}},
        "mute": {"participants": []},
    }
    fields = every[command]

    def to(user: str) -> dict[str, Any]:
        if "participant" in fields:
            return fields | {"participant": p(user)}
        return fields | {"participants": [p("ann"), p(user)]}

    for sender, addressee in (
        ("eve", "dan"),
        ("eve", "host"),
        ("eve", "eve"),
        ("host", "host"),
        ("ann", "eve"),
    ):
        asked = order(stage, sender, command, **to(addressee))
        (answer,) = stage.messages(sender)
        assert (answer["type"], answer["code"], answer["id"]) == ("error", "forbidden", asked["id"])
    assert stage.unsettled == []
    assert all(stage.heard(user) == [] for user in ("host", "dan", "eve", "ann"))


def test_two_who_remove_each_other_at_once_are_told_that_nobody_removes_an_equal() -> None:
    stage = meeting(eve="cohost", dan="cohost")
    order(stage, "eve", "remove", participant=p("dan"))
    order(stage, "dan", "remove", participant=p("eve"))
    assert [stage.messages(user)[0]["code"] for user in ("eve", "dan")] == ["forbidden"] * 2


def test_a_role_is_told_and_kept_and_changes_what_one_may() -> None:
    stage = meeting(ann="participant", bob="participant")
    order(stage, "host", "set_role", participant=p("ann"), role="cohost")
    (told,) = stage.messages("bob")
    assert (told["participant"], told["by"]) == ({"id": p("ann"), "role": "cohost"}, p("host"))
    stage.settle()
    order(stage, "ann", "remove", participant=p("bob"))
    assert stage.sockets["bob"].closed == CloseCode.REMOVED
    order(stage, "host", "set_role", participant=p("ann"), role="participant")
    stage.silence()
    order(stage, "ann", "settings", settings={"locked": True})
    assert stage.messages("ann")[0]["code"] == "forbidden"


def test_who_hands_the_meeting_over_is_a_cohost_then() -> None:
    stage = meeting(ann="participant", bob="participant")
    order(stage, "host", "set_role", participant=p("ann"), role="host")
    told = [message["participant"] for message in stage.messages("bob")]
    assert told == [{"id": p("host"), "role": "cohost"}, {"id": p("ann"), "role": "host"}]
    stage.settle()
    assert stage.roles == {"host": "cohost", "ann": "host", "bob": "participant"}
    stage.silence()
    order(stage, "host", "set_role", participant=p("bob"), role="cohost")
    assert stage.messages("host")[0]["code"] == "forbidden"


def test_settings_are_told_whole_with_a_revision_and_not_changed_over_somebody_s_head() -> None:
    stage = meeting(eve="cohost", ann="participant")
    order(stage, "eve", "settings", settings={"locked": True, "message": "Soon"})
    (told,) = stage.messages("ann")
    assert told["meeting"] == {"settings": {"locked": True, "message": "Soon"}, "revision": 1}
    order(stage, "host", "settings", settings={"locked": False}, **{"if": 0})
    assert stage.messages("host")[-1]["code"] == "changed"
    order(stage, "host", "settings", settings={"locked": False}, **{"if": 1})
    assert stage.messages("ann")[0]["meeting"] == {"settings": {"message": "Soon"}, "revision": 2}
    stage.settle()
    assert (stage.settings, stage.revision) == ({"locked": False, "message": "Soon"}, 2)
    # Who comes, or comes back without knowing, is told.
    stage.join("bob")
    assert stage.messages("bob")[0]["meeting"]["revision"] == 2


def test_a_command_that_comes_again_is_done_once() -> None:
    stage = meeting(ann="participant")
    asked = order(stage, "host", "settings", settings={"locked": True})
    stage.say("host", **asked)
    assert len(stage.unsettled) == 1, "it is under way"
    stage.settle()
    assert stage.heard("host") == ["meeting_updated", "ack"]
    stage.say("host", **asked)
    assert stage.heard("host") == ["ack"]
    assert stage.unsettled == []


def test_a_command_over_a_restart_is_asked_of_the_store_before_anybody_is_told() -> None:
    stage = meeting(eve="cohost", ann="participant")
    asked = order(stage, "eve", "allow", participants=[p("ann")], may={"audio": False})
    stage.settle(lost=True)
    order(stage, "host", "allow", participants=[p("ann")], may={"audio": True})
    stage.settle()
    stage.restart()
    for user in ("host", "eve", "ann"):
        stage.resume(user)
    stage.silence()
    stage.say("eve", **asked, again=True)
    assert stage.heard("ann") == []
    stage.settle()
    assert stage.messages("eve") == [{"type": "ack", "id": asked["id"], "again": True}]
    assert stage.heard("ann") == []
    # One that was not recorded is told now.
    lost = order(stage, "eve", "settings", settings={"locked": True}, again=True)
    assert stage.heard("ann") == []
    stage.settle()
    assert stage.heard("ann") == ["meeting_updated"]
    assert stage.messages("eve")[-1] == {"type": "ack", "id": lost["id"]}


def test_what_the_store_refuses_for_good_is_taken_back_and_told() -> None:
    stage = meeting(ann="participant", bob="cohost")
    stage.knock("eve")
    order(stage, "host", "settings", settings={"may": {"audio": False}})
    order(stage, "host", "set_role", participant=p("ann"), role="host")
    order(stage, "ann", "set_role", participant=p("bob"), role="participant")
    order(stage, "ann", "admit", knocks=["k_eve"])
    stage.unsettled.clear()
    stage.silence()
    people = [
        Person("host", "host"),
        Person("ann", may=Rights(video=False)),
        Person("bob", "cohost"),
        Person("cat"),
    ]
    room = stage.hub.rooms["ABC123"]
    stage._carry_out(stage.hub.changes.put_right(room, {}, 0, people, stage.now))
    told = stage.messages("ann")
    assert told[0]["meeting"] == {"settings": {}, "revision": 0}
    assert [each["participant"] for each in told[1:]] == [
        {"id": p("host"), "role": "host"},
        {"id": p("ann"), "role": "participant", "may": {"video": False}},
        {"id": p("bob"), "role": "cohost"},
    ]
    assert stage.let_in == [stage.sockets["eve"]], "the store says who may come in"
    stage.silence()
    stage._carry_out(stage.hub.changes.put_right(room, {}, 0, people, stage.now))
    assert stage.heard("ann") == [], "nothing was wrong"


def test_nothing_is_built_on_what_the_store_has_refused() -> None:
    stage = meeting(ann="participant")
    order(stage, "host", "settings", settings={"may": {"video": False}}, **{"if": 0})
    refused = Refused(ErrorCode.UNAVAILABLE)
    (unsettled,) = stage.unsettled
    wanted = stage.hub.settled(unsettled, refused, stage.now)
    assert [each.room for each in wanted if isinstance(each, PutRight)] == ["ABC123"]
    assert not [
        each for each in stage.hub.settled(unsettled, refused, stage.now) if isinstance(each, PutRight)
    ]
    stage.unsettled.clear()
    stage.silence()
    order(stage, "host", "settings", settings={"locked": True}, **{"if": 0})
    order(stage, "host", "settings", settings={"may": {"audio": False}})
    order(stage, "host", "allow", participants=[p("ann")], may={"audio": False})
    told = stage.messages("host")
    assert [each.get("retry_after") for each in told if each["code"] == "unavailable"] == [RIGHT_SOON] * 3
    # Who may not hears so, and what depends on nothing is carried out.
    order(stage, "ann", "allow", participants=[p("host")], may={"audio": False})
    assert stage.messages("ann")[0]["code"] == "forbidden"
    order(stage, "host", "settings", settings={"message": "Soon"})
    order(stage, "host", "remove", participant=p("ann"))
    assert [each.change.action for each in stage.unsettled] == ["settings", "remove"]
    stage.settle()
    people = [Person("host", "host")]
    record = stage.settings, stage.revision
    stage._carry_out(stage.hub.changes.put_right(stage.hub.rooms["ABC123"], *record, people, stage.now))
    order(stage, "host", "settings", settings={"may": {"audio": False}}, **{"if": 1})
    stage.settle()
    assert stage.settings["may"] == {"audio": False}


def test_a_role_that_a_join_recorded_counts_although_the_page_is_not_seated() -> None:
    stage = meeting(ann="participant")
    room = stage.hub.rooms["ABC123"]
    ann = room.member_of("ann")
    assert ann is not None
    assert not stage.hub.changes.compare(room, ann, "participant", Rights())
    given: tuple[tuple[Role, Rights], ...] = (("cohost", Rights()), ("participant", Rights(video=False)))
    for role, may in given:
        assert stage.hub.changes.compare(room, ann, role, may) == [PutRight("ABC123")]
        stage._carry_out(stage.hub.changes.put_right(room, {}, 0, [Person("ann", role, may)], stage.now))
        assert (ann.role, ann.may) == (role, may)


def test_a_role_of_a_join_that_a_newer_one_has_overtaken_is_looked_up() -> None:
    stage = meeting()
    stage.join("ann", page="one", attempt=2)
    room = stage.hub.rooms["ABC123"]
    stage.join("ann", page="one", attempt=1)
    assert not room.is_wrong
    stage.join("ann", page="one", attempt=1, role="cohost")
    assert room.is_wrong


def test_a_key_that_was_used_for_another_command_leaves_the_room_as_the_record_has_it() -> None:
    stage = meeting(ann="participant")
    for settings in ({"locked": True}, {"locked": False}):
        stage.say("host", type="settings", id=next(_ids), key="the-same", settings=settings)
        (unsettled,) = stage.unsettled
        stage.settle()
        answer = Recorded(True, stage.settings, stage.revision)
        stage.hub.settled(unsettled, answer, stage.now)
    assert stage.settings == {"locked": True}
    room = stage.hub.rooms["ABC123"]
    assert room.is_wrong
    record = stage.settings, stage.revision
    stage._carry_out(stage.hub.changes.put_right(room, *record, [], stage.now))
    assert room.settings.locked


def test_the_meeting_ends_for_all_by_its_host_alone() -> None:
    stage = meeting(eve="cohost", ann="participant")
    order(stage, "eve", "end")
    assert stage.messages("eve")[0]["code"] == "forbidden"
    order(stage, "host", "end")
    assert stage.ended_by == "host"
    assert stage.sockets["ann"].closed == CloseCode.MEETING_ENDED


def test_who_is_not_there_is_unknown() -> None:
    stage = meeting(ann="participant")
    for command, fields in (
        ("remove", {"participant": "p_nobody"}),
        ("mute", {"participants": [p("ann"), "p_nobody"]}),
        ("allow", {"participants": [p("ann"), "p_nobody"], "may": {"audio": False}}),
    ):
        order(stage, "host", command, **fields)
        assert stage.messages("host")[0]["code"] == "unknown_participant"
    assert stage.heard("ann") == []
