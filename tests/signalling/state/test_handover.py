"""What goes along when a room moves to another hub, and what does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import End
from signalling.rooms.change import Erased, Posted, Recorded, Unsettled
from signalling.rooms.effects import EndMeeting, LetIn, PutRight, StayResumed
from signalling.state.handover import FORGOTTEN
from signalling.state.parts import Fresh, State, UnknownVersion
from tests.signalling.rooms.test_chat import answers, asked, post, writes
from tests.signalling.state.roaming import Copy, Roaming

ROOM = "ABC123"
SECRET = "scrypt$secret"


@pytest.fixture
def stage() -> Roaming:
    """Ann, who is host, and Bob are in the room."""
    stage = Roaming(30.0)
    stage.join("ann", role="host")
    stage.join("bob")
    stage.silence()
    return stage


def state(stage: Roaming) -> State:
    return stage.handover.state(ROOM, stage.now, stage.time)


def changed(part: bytes, **fields: Any) -> bytes:
    head, line, behind = part.partition(b"\n")
    return json.dumps(json.loads(head) | fields).encode() + line + behind


def arrives(stage: Roaming, state: State) -> Roaming:
    """Another hub, with the room as it is in that state."""
    other = Roaming(30.0)
    other.every = stage.every
    other.now = stage.now
    other._carry_out(other.handover.adopt(state, other.now, other.time))
    return other


def test_fields_of_a_newer_release_are_handed_on(stage: Roaming) -> None:
    stage.knock("cat")
    known = state(stage)
    about = json.loads(known.room)
    about["knocks"][0]["mood"] = "patient"
    members = {each: changed(part, mood={"now": ["good"]}) for each, part in known.members.items()}
    newer = known._replace(room=json.dumps(about | {"theme": "dark"}).encode(), members=members)
    other = arrives(stage, newer)
    other.receive(stage.sockets["bob"], b'{"type":"status","id":1,"media":{"audio":true}}')
    handed_on = state(other)
    room = json.loads(handed_on.room)
    assert (room["theme"], room["knocks"][0]["mood"]) == ("dark", "patient")
    assert [json.loads(each)["mood"] for each in handed_on.members.values()] == [{"now": ["good"]}] * 2


@pytest.mark.parametrize(
    "of_another",
    [
        lambda known: known._replace(room=changed(known.room, v=2)),
        lambda known: known._replace(members={each: changed(m, v=0) for each, m in known.members.items()}),
        lambda known: known._replace(log=[changed(event, v=2) for event in known.log]),
    ],
    ids=["room", "member", "event"],
)
def test_a_version_that_is_not_known_is_refused(stage: Roaming, of_another: Callable[[State], State]) -> None:
    other = Roaming(30.0)
    with pytest.raises(UnknownVersion, match="and 1 is understood"):
        other.handover.adopt(of_another(state(stage)), other.now, other.time)
    assert other.hub.rooms == {}


def test_no_credential_goes_along(stage: Roaming) -> None:
    stage.settings = {"password_hash": SECRET, "password_version": "secret"}
    stage.revision = 1
    stage.knock("cat")
    stage.join("dan")
    known = state(stage)
    told = b"".join([known.room, *known.members.values(), *known.log])
    for credential in (b"token", SECRET.encode(), b"secret"):
        assert credential not in told
    stage.hand_over()
    room = stage.hub.rooms[ROOM]
    assert room.settings.password
    stage.say("ann", type="settings", id=1, key="k", settings={"locked": True})
    assert (room.settings.password, room.settings.locked) == (True, True)


def test_a_hash_goes_along_until_the_store_has_it(stage: Roaming) -> None:
    """Whoever takes the room over has to record it."""
    command = {"type": "settings", "id": 1, "key": "k", "settings": {"password": SECRET}}
    stage.receive("ann", json.dumps(command).encode())
    assert SECRET.encode() in state(stage).room
    (asked,) = [each for each in stage.hand_over() if isinstance(each, Unsettled)]
    assert asked.change.settings is not None
    assert asked.change.settings["password_hash"] == SECRET
    stage.settle()
    assert SECRET.encode() not in state(stage).room


def test_members_whose_connection_is_gone_are_away_since_then(stage: Roaming) -> None:
    stage.knock("cat")
    known, at = state(stage), stage.time
    for user in ("bob", "cat"):
        stage.sockets[user].over = True
    other = Roaming(30.0)
    other.every, other.sockets, other.now = stage.every, stage.sockets, stage.now + 5000.0
    # Written 20 seconds ago; the connections were lost 10 seconds ago.
    other.handover.adopt(known, other.now, at + 20.0, lambda name: other.now - 10.0)
    other.wait(0.0)
    assert stage.heard("ann") == ["knock", "participant_updated"]
    other.wait(19.0)
    assert other.hub.present(ROOM, "bob") is not None
    other.wait(1.0)
    assert other.hub.present(ROOM, "bob") is None
    assert stage.heard("ann") == ["participant_left", "knock_ended"]


def test_what_the_store_may_not_know_is_told_again(stage: Roaming) -> None:
    """Stays, what was not answered, who is at the door, and raised hands."""
    stage.say("bob", type="status", id=1, hand=True)
    stage.knock("cat")
    stage.say("ann", type="settings", id=1, key="k", settings={"locked": True})
    raised = stage.hands["bob"]
    effects = stage.hand_over()
    stays = [each.user_id for each in effects if isinstance(each, StayResumed)]
    assert stays == ["ann", "bob"]
    assert [each.connection for each in effects if isinstance(each, LetIn)] == [stage.sockets["cat"]]
    assert [each.key for each in effects if isinstance(each, Unsettled)] == ["k"]
    assert [type(each).__name__ for each in effects] == ["StayResumed"] * 2 + ["Unsettled", "LetIn"]
    stage.hub.hands.adopted(stage.hub.rooms[ROOM])
    assert stage.hub.hands.take() == {ROOM: {"ann": None, "bob": raised}}


def test_what_the_store_has_refused_is_put_right_by_who_has_the_room(stage: Roaming) -> None:
    stage.say("ann", type="settings", id=1, key="k", settings={"locked": True})
    (unsettled,) = stage.unsettled
    stage.hub.settled(unsettled, Refused(ErrorCode.UNAVAILABLE), stage.now)
    effects = stage.hand_over()
    assert [each for each in effects if isinstance(each, PutRight)] == [PutRight(ROOM)]
    room = stage.hub.rooms[ROOM]
    stage.hub.changes.put_right(room, {}, 0, [], stage.now)
    assert (room.is_wrong, room.settings.locked) == (False, False)
    assert not [each for each in stage.hand_over() if isinstance(each, PutRight)]


def test_what_was_recorded_and_never_answered_is_told_as_if_it_were_new(stage: Roaming) -> None:
    bob = f"p_bob_{ROOM}"
    # The second one waits for the first, since both are about Bob.
    stage.say("ann", type="allow", id=1, key="one", participants=[bob], may={"audio": False}, again=True)
    stage.say("ann", type="set_role", id=2, key="two", participant=bob, role="cohost")
    assert [each.told for each in stage.unsettled] == [False, False]
    commanded = [each.since for each in stage.unsettled]
    stage.settle(lost=True)
    stage.unsettled = [each for each in stage.hand_over() if isinstance(each, Unsettled)]
    assert [each.since for each in stage.unsettled] == commanded
    stage.settle()
    # Of the first nobody can tell whether it was told before: its sender has sent it again, and is answered so.
    updated, *acks = sorted(stage.messages("ann"), key=lambda message: message["type"], reverse=True)
    assert (updated["participant"]["role"], acks) == (
        "cohost",
        [{"type": "ack", "id": 1, "again": True}, {"type": "ack", "id": 2}],
    )


def test_an_end_that_is_under_way_goes_on(stage: Roaming) -> None:
    ann = stage.sockets["ann"]
    (ending,) = stage.hub.orders.carry_out(ann, stage.hub.seats[ann], End(id=7), stage.now, {})
    assert isinstance(ending, EndMeeting)
    (again,) = [each for each in stage.hand_over() if isinstance(each, EndMeeting)]
    assert (again.actor, again.action) == (ending.actor, "end")
    stage.say("ann", type="end", id=7)
    assert stage.messages("ann") == []
    stage._carry_out(stage.hub.orders.ended(stage.hub.rooms[ROOM], again, Recorded(False, {}, 0)))
    assert stage.messages("ann") == [{"type": "ack", "id": 7}]
    assert stage.hub.orders.questions.of(ROOM) == ()


def test_a_room_that_is_dropped_is_gone_and_nobody_hears_of_it(stage: Roaming) -> None:
    stage.knock("cat")
    stage.lose("bob")
    stage.say("ann", type="settings", id=1, key="k", settings={"locked": True})
    stage.silence()
    hub = stage.hub
    stage.handover.drop(ROOM)
    stage.handover.drop(ROOM)
    stage.settle()
    stage.wait(100.0)
    stage.lose("ann")
    stage.lose("cat")
    assert (hub.rooms, hub.seats, list(hub.stays.lost()), stage.ended) == ({}, {}, [], [])
    assert [socket.received for socket in stage.sockets.values()] == [[], [], []]
    assert hub.orders.questions.of(ROOM) == ()


@pytest.mark.parametrize("field", ["user_id", "joined_at"])
def test_of_a_state_that_is_damaged_nothing_is_left(stage: Roaming, field: str) -> None:
    known = state(stage)
    last = {
        name: value for name, value in json.loads(known.members[f"p_bob_{ROOM}"]).items() if name != field
    }
    damaged = known._replace(members={**known.members, f"p_bob_{ROOM}": json.dumps(last).encode()})
    other = Roaming(30.0)
    other.every = stage.every
    with pytest.raises(KeyError):
        other.handover.adopt(damaged, other.now, other.time)
    assert (other.hub.rooms, other.hub.seats, other.hub.hands.take()) == ({}, {}, {})
    assert arrives(stage, known).hub.size(ROOM) == 2


def test_a_room_is_taken_over_once(stage: Roaming) -> None:
    with pytest.raises(ValueError, match="here already"):
        stage.handover.adopt(state(stage), stage.now, stage.time)


def test_of_a_room_in_which_nobody_is_nothing_is_fresh(stage: Roaming) -> None:
    first = stage.handover.fresh(ROOM, stage.now, stage.time)
    assert first is not None
    assert (first.whole, set(first.members), first.seq) == (True, {f"p_ann_{ROOM}", f"p_bob_{ROOM}"}, 2)
    second = stage.handover.fresh(ROOM, stage.now, stage.time)
    assert second == (False, None, {}, [], [], (), 2, 0)
    stage.say("bob", type="status", id=1, media={"audio": True})
    third = stage.handover.fresh(ROOM, stage.now, stage.time)
    assert third is not None
    assert (third.room, set(third.members), len(third.log)) == (None, {f"p_bob_{ROOM}"}, 1)
    stage.end()
    assert stage.handover.fresh(ROOM, stage.now, stage.time) is None


@pytest.mark.parametrize("command", ["chat_delete", "chat_erase"])
@pytest.mark.parametrize("forgets", [False, True])
def test_of_what_was_deleted_no_copy_of_the_log_keeps_the_text(
    stage: Roaming, command: str, *, forgets: bool
) -> None:
    """The log in memory is bounded: it may have forgotten the text already when that is deleted."""
    copy = Copy()
    writes(stage, "bob", "secret")
    (said,) = asked(stage)
    answers(stage, said)
    stage.say("bob", type="chat_edit", id=2, message=post(said).id, text="a better secret")
    (edit,) = asked(stage)
    answers(stage, edit, Recorded(again=False, posted=Posted("bob", None, None)))
    copy.take(fresh(stage))
    assert b"".join(copy.log.values()).count(b"secret") == 2
    if forgets:
        log = stage.hub.rooms[ROOM].log
        while log.after(-1):
            log.forget_oldest()
    if command == "chat_delete":
        stage.say("ann", type=command, id=2, message=post(said).id)
        posted = Posted("bob", None, "p_ann_ABC123", is_new=True)
        outcome = Recorded(again=False, posted=posted)
    else:
        stage.say("ann", type=command, id=2, participant="p_bob_ABC123")
        outcome = Recorded(
            again=False, erased=Erased(frozenset([post(said).id]), post(said).at, "p_ann_ABC123", True)
        )
    (deletion,) = asked(stage)
    answers(stage, deletion, outcome)
    copy.take(fresh(stage))
    assert b"secret" not in b"".join(copy.log.values())
    assert b"secret" not in b"".join(state(arrives(stage, copy.state)).log)
    # What is erased later cuts nothing off that is not told.
    assert fresh(stage).cut == 0


def test_a_copy_of_the_log_is_no_longer_than_the_log(stage: Roaming) -> None:
    """But for a little, so that not every event has to cut something off."""
    copy, log = Copy(), stage.hub.rooms[ROOM].log
    log._max_bytes = 4 * FORGOTTEN
    copy.take(fresh(stage))
    lengths = []
    for _ in range(300):
        log.append(b"x" * (FORGOTTEN // 32), stage.now)
        copy.take(fresh(stage))
        lengths.append(sum(len(each) for each in copy.log.values()))
    assert 4 * FORGOTTEN <= max(lengths) <= 6 * FORGOTTEN
    # Nor is anything gone that the log has.
    assert set(copy.log) >= {number for number, *_ in log.after(-1)}


def fresh(stage: Roaming) -> Fresh:
    found = stage.handover.fresh(ROOM, stage.now, stage.time)
    assert found is not None
    return found
