"""Signals that wait behind a status of their author: their bytes are bounded, and they keep their order."""

from __future__ import annotations

from signalling.protocol.features import BUSY
from signalling.rooms.flow import SMALL
from tests.signalling.rooms.test_coalescing import told
from tests.signalling.script import Stage


def busy_stage(*features: str) -> Stage:
    """Ann and Bob, in a room whose budget is spent, and a status of Ann that waits."""
    stage = Stage(frames=2, features=features)
    stage.join("ann")
    stage.join("bob")
    stage.release()
    stage.wait(2.0)
    stage.say("ann", type="status", id=1, hand=True)
    stage.say("ann", type="status", id=2, hand=False)
    stage.silence()
    return stage


def signal(stage: Stage, number: int, size: int) -> None:
    stage.say("ann", type="signal", id=number, to="p_bob_ABC123", data=str(number).ljust(size - 2))


def codes(stage: Stage) -> list[tuple[int, str]]:
    return [(each["id"], each.get("code", each["type"])) for each in stage.messages("ann") if "id" in each]


def test_the_bytes_that_wait_of_one_member_are_bounded_and_signals_keep_their_order() -> None:
    stage = busy_stage(BUSY)
    for number, size in ((3, SMALL), (4, SMALL), (5, 100), (6, 3)):
        signal(stage, number, size)
    assert codes(stage) == [(5, "busy"), (6, "busy")], "the last too, so that it does not overtake"
    stage.release()
    assert codes(stage) == [(number, "ack") for number in (2, 3, 4)]
    signal(stage, 5, 100)
    signal(stage, 6, 3)
    assert codes(stage) == [(5, "ack"), (6, "ack")]
    heard = [int(data) for kind, data in told(stage, "bob") if kind == "signal"]
    assert heard == [3, 4, 5, 6]


def test_one_that_waited_and_is_refused_holds_back_those_behind_it() -> None:
    """Also if a later one was refused before it, since it could not wait."""
    stage = busy_stage(BUSY)
    for number, size in ((3, SMALL), (4, SMALL), (5, 100)):
        signal(stage, number, size)
    stage.behind.add(stage.sockets["bob"])
    stage.release()
    stage.behind.clear()
    for number in (4, 3, 4, 5):
        signal(stage, number, 10)
    refused = [(number, "busy") for number in (5, 3, 4, 4)]
    assert codes(stage) == [refused[0], (2, "ack"), *refused[1:], *((number, "ack") for number in (3, 4, 5))]


def test_one_that_is_too_large_and_had_to_come_again_holds_back_nothing() -> None:
    stage = busy_stage(BUSY)
    for number, size in ((3, SMALL), (4, SMALL + 1000)):
        signal(stage, number, size)
    stage.release()
    signal(stage, 4, SMALL + 1000)
    signal(stage, 5, 10)
    assert codes(stage) == [(4, "busy"), (2, "ack"), (3, "ack"), (4, "bad_message"), (5, "ack")]


def test_signals_that_came_before_do_not_wait() -> None:
    """They are large, and are told to nobody."""
    stage = busy_stage(BUSY)
    stage.release()
    for number in (3, 4, 5):
        signal(stage, number, SMALL)
    stage.say("ann", type="status", id=6, hand=True)
    stage.silence()
    for number in (3, 4, 5):
        signal(stage, number, SMALL)
    assert codes(stage) == [(number, "ack") for number in (3, 4, 5)]
    stage.release()
    assert codes(stage) == [(6, "ack")]


def test_one_large_signal_of_an_older_client_may_wait() -> None:
    stage = busy_stage()
    signal(stage, 3, 65_000)
    signal(stage, 4, 1000)
    stage.release()
    assert codes(stage) == [(4, "busy"), (2, "ack"), (3, "ack")]
