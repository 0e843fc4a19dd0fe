"""What rooms remember is bounded: in time where nothing happens any more, and over all of them."""

from __future__ import annotations

from signalling.rooms.event_log import Log
from signalling.rooms.hub import Hub
from signalling.rooms.log_memory import trim
from tests.signalling.script import Stage


def test_a_log_forgets_by_age_though_nothing_more_happens() -> None:
    log = Log("e", max_age=30.0)
    log.append(b"x" * 1000, 0.0)
    log.append(b"x" * 1000, 20.0)
    log.trim(25.0)
    assert log.since(0, "p") is not None
    log.trim(40.0)
    assert log.since(0, "p") is None
    assert log.since(1, "p") == [b"x" * 1000]
    log.trim(1000.0)
    assert (log.size, log.since(2, "p"), log.since(1, "p")) == (0, [], None)


def test_past_the_memory_for_all_the_oldest_goes_first_whichever_log_it_is_in() -> None:
    logs = [Log(f"e{number}") for number in range(3)]
    for at in range(30):
        logs[at % 3].append(b"x" * 1000, float(at))
    each = logs[0].size // 10
    assert trim(logs, 30 * each, 30.0) == 30 * each
    assert trim(logs, 20 * each, 30.0) == 20 * each
    # Ten events went: those of 0 to 9.
    assert [log.since(3, "p") is not None for log in logs] == [False, True, True]
    assert [log.since(4, "p") is not None for log in logs] == [True, True, True]
    assert trim(logs, 0, 30.0) == 0


def test_logs_without_events_are_passed_over() -> None:
    assert trim([Log("e"), Log("f")], 0, 1.0) == 0


def test_the_clock_of_the_hub_looks_after_it_and_who_comes_back_later_gets_the_whole() -> None:
    stage = Stage()
    stage.join("ann")
    stage.join("bob")
    room = stage.hub.rooms["ABC123"]
    full = room.log.size
    stage.lose("bob")
    stage.hub.grace = 1000.0
    stage.wait(10)
    assert stage.hub.logs.size >= full
    stage.wait(100)
    assert stage.hub.logs.size == room.log.size == 0
    bob = stage.resume("bob")
    assert bob is not None
    assert "snapshot" in stage.messages("bob")[0]


def test_a_hub_keeps_to_its_memory() -> None:
    stage = Stage()
    stage.hub = Hub(grace=30.0, log_memory=2000)
    for number in range(50):
        stage.join("ann", f"ROOM-{number}")
    stage.wait(1)
    assert 0 < stage.hub.logs.size <= 2000
    assert sum(room.log.size for room in stage.hub.rooms.values()) == stage.hub.logs.size
