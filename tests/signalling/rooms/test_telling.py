"""Past a room's budget events are told together: one frame to who takes batches, the same singles to the others, and
nobody is sent anything before what stands before it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from signalling.protocol.errors import CloseCode
from signalling.protocol.features import BATCH
from signalling.rooms import telling
from tests.signalling.script import Stage
from tests.signalling.socket import Socket

BOTH = pytest.mark.parametrize("features", [[BATCH], []], ids=["batches", "singles"])


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Ann takes batches, Bob does not; the budget of their room is spent and hardly fills. In the end nobody has
    missed anything, which the model of a client minds, too."""
    stage = Stage(frames=2)
    stage.join("ann", features=[BATCH])
    stage.join("bob")
    stage.release()
    stage.wait(2.0)
    stage.say("bob", type="status", id=1, hand=True)
    stage.silence()
    yield stage
    stage.release()
    stage.release()
    assert not stage.hub.keeps_back
    for room in stage.hub.rooms.values():
        for member in room:
            if member.connection is not None:
                assert list(member.connection.roster) == [other.id for other in room]
                views = {other.id: msgspec.to_builtins(other.view()) for other in room}
                assert member.connection.roster == views


def numbers(socket: Socket) -> list[int]:
    return [message["seq"] for message in socket.received if "seq" in message]


def test_who_comes_is_told_to_all_in_one_frame_or_one_by_one(stage: Stage) -> None:
    for user in ("cleo", "dan", "eve"):
        stage.join(user, features=[BATCH])
    ann, bob = stage.sockets["ann"], stage.sockets["bob"]
    assert ann.received == bob.received == []
    assert stage.hub.keeps_back
    stage.release()
    assert ann.received == bob.received
    assert [message["type"] for message in ann.received] == ["participant_joined"] * 3
    assert (ann.batches, bob.batches) == (1, 0)
    assert stage.heard("eve") == ["joined"]


@BOTH
def test_who_came_in_between_is_told_what_came_later(stage: Stage, features: list[str]) -> None:
    cleo = stage.join("cleo", features=features)
    stage.join("dan")
    stage.join("eve")
    stage.release()
    assert stage.heard("cleo") == ["joined", "participant_joined", "participant_joined"]
    assert cleo.batches == len(features)


@BOTH
def test_a_signal_comes_behind_what_is_untold(stage: Stage, features: list[str]) -> None:
    """Also behind the arrival of its sender."""
    stage.join("cleo", features=features)
    stage.join("dan")
    stage.say("dan", type="signal", id=1, to="p_cleo_ABC123", data=1)
    stage.say("dan", type="signal", id=2, to="p_ann_ABC123", data=2)
    stage.say("dan", type="signal", id=3, to="p_bob_ABC123", data=3)
    assert stage.heard("cleo") == ["joined", "participant_joined", "signal"]
    for user in ("ann", "bob"):
        assert stage.heard(user) == ["participant_joined", "participant_joined", "signal"]
    stage.say("dan", type="signal", id=4, to="p_ann_ABC123", data=4)
    stage.join("eve")
    stage.release()
    assert stage.heard("ann") == ["signal", "participant_joined"]
    assert stage.heard("bob") == stage.heard("cleo") == ["participant_joined"]


def test_a_status_waits_behind_what_is_untold_though_there_is_budget_again(stage: Stage) -> None:
    stage.join("cleo")
    stage.now += 10
    stage.say("cleo", type="status", id=2, hand=True)
    assert stage.heard("cleo") == ["joined"]
    stage.release()
    assert stage.heard("bob") == ["participant_joined", "participant_updated"]
    assert stage.heard("cleo") == ["participant_updated", "ack"]


@pytest.mark.parametrize("end", ["leave", "resume", "join"])
def test_an_ack_stands_behind_its_event_whatever_ends_the_connection(stage: Stage, end: str) -> None:
    old = stage.sockets["ann"]
    stage.join("cleo")
    stage.say("ann", type="status", id=2, media={"audio": True})
    if end == "leave":
        stage.say("ann", type="leave")
    else:
        getattr(stage, end)("ann")
    assert stage.heard(old)[:3] == ["participant_joined", "participant_updated", "ack"]
    assert old.closed in {CloseCode.NORMAL, CloseCode.REPLACED}


@BOTH
def test_who_resumes_meanwhile_is_told_everything_once(stage: Stage, features: list[str]) -> None:
    cleo = stage.join("cleo", features=features)
    stage.join("dan")
    stage.lose("cleo")
    back = stage.resume("cleo")
    assert back is not None
    stage.join("eve")
    stage.release()
    assert stage.heard("cleo") == ["resumed", "participant_joined", "participant_joined"]
    assert back.seq > cleo.seq


@BOTH
def test_what_was_missed_comes_together(stage: Stage, features: list[str]) -> None:
    stage.join("cleo", features=features)
    stage.lose("cleo")
    for user in ("dan", "eve", "fay"):
        stage.join(user)
    back = stage.resume("cleo")
    assert back is not None
    heard = stage.messages("cleo")
    assert [message["type"] for message in heard] == ["resumed", *["participant_joined"] * 3]
    assert (heard[0]["replayed"], back.batches) == (3, len(features))
    assert numbers(back) == sorted(numbers(back))


def test_who_is_gone_is_sent_nothing_more(stage: Stage) -> None:
    """Otherwise the model of a client fails."""
    stage.join("cleo")
    stage.say("bob", type="signal", id=1, to="p_cleo_ABC123", data=1)
    stage.join("dan")
    stage.say("cleo", type="leave")
    stage.lose("dan")
    stage.release()
    assert stage.heard("ann") == ["participant_joined", "participant_joined", "participant_left"]


def test_an_end_of_the_meeting_comes_last(stage: Stage) -> None:
    stage.join("cleo")
    bob = stage.sockets["bob"]
    stage.end()
    assert stage.heard("bob") == ["participant_joined", "meeting_ended"]
    assert stage.sockets["ann"].batches == 1
    assert bob.closed is CloseCode.MEETING_ENDED


def test_half_of_a_room_lost_at_once_is_one_frame(stage: Stage) -> None:
    users = [f"u{number}" for number in range(20)]
    for user in users:
        stage.join(user)
    stage.release()
    stage.silence()
    ann = stage.sockets["ann"]
    ann.batches = 0
    for user in users:
        stage.lose(user)
    stage.wait(1.0)
    assert (stage.heard("ann"), ann.batches) == (["participant_updated"] * 20, 1)
    stage.wait(30.0)
    assert (stage.heard("ann"), ann.batches) == (["participant_left"] * 20, 2)
    assert stage.heard("bob") == ["participant_updated"] * 20 + ["participant_left"] * 20
    stage.join("cleo")


def test_a_room_that_nobody_is_in_any_more_waits_for_nothing() -> None:
    stage = Stage(frames=1)
    stage.join("ann")
    stage.join("bob")
    assert stage.hub.keeps_back
    stage.say("ann", type="leave")
    stage.say("bob", type="leave")
    assert not stage.hub.keeps_back
    stage.release()


def test_arrivals_are_told_together_where_statuses_have_no_limit() -> None:
    stage = Stage(frames=0)
    users = [f"u{number}" for number in range(200)]
    for user in users:
        stage.join(user, features=[BATCH])
    assert stage.hub.keeps_back
    stage.say("u0", type="status", id=1, hand=True)
    stage.release()
    first = stage.sockets["u0"]
    assert first.batches == 1
    assert stage.heard("u0")[-2:] == ["participant_updated", "ack"]


def test_messages_wait_for_nothing_where_statuses_have_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "FRAMES", 2)
    stage = Stage(frames=0)
    for user in ("ann", "bob", "cem"):
        stage.join(user)
    stage.release()
    stage.silence()
    for number in range(1, 4):
        stage.say("ann", type="chat", id=number, key=f"c_{number}", text="Hi")
    assert stage.heard("cem") == ["chat_message"] * 3


@BOTH
def test_those_who_join_in_one_turn_are_told_together(features: list[str]) -> None:
    stage = Stage()
    ann = stage.join("ann", features=features)
    stage.silence()
    for user in ("bob", "cleo", "dan"):
        stage.join(user, soon=True)
    assert ann.received == []
    stage.tell_soon()
    assert stage.heard("ann") == ["participant_joined"] * 3
    assert ann.batches == len(features)
    assert ann.roster.keys() == stage.sockets["bob"].roster.keys() == stage.sockets["dan"].roster.keys()
    stage.tell_soon()
    assert stage.heard("ann") == []


def test_what_comes_between_joins_and_their_telling_is_told_behind_them() -> None:
    stage = Stage()
    stage.join("ann")
    stage.silence()
    stage.join("bob", soon=True)
    stage.say("bob", type="status", id=1, hand=True)
    assert stage.heard("ann") == ["participant_joined", "participant_updated"]
    assert stage.heard("bob") == ["joined", "participant_updated", "ack"]
    stage.join("cleo", soon=True)
    stage.say("cleo", type="leave", id=1)
    assert stage.heard("ann") == ["participant_joined", "participant_left"]
    stage.tell_soon()
    assert stage.heard("ann") == []


def test_joins_of_one_turn_wait_where_there_is_no_budget(stage: Stage) -> None:
    stage.join("cleo", soon=True)
    stage.tell_soon()
    assert stage.heard("ann") == []
    assert stage.hub.keeps_back
