"""A room's log bridges a gap completely or not at all."""

from __future__ import annotations

from signalling.rooms.event_log import MAX_REPLAY, Log


def filled(log: Log, count: int, at: float = 0.0) -> Log:
    for _ in range(count):
        log.append(b"%d" % log.next(), at)
    return log


def test_it_answers_what_was_missed_in_order() -> None:
    log = filled(Log("e"), 5)
    assert log.since(2, "p") == [b"3", b"4", b"5"]
    assert log.since(5, "p") == []
    assert log.since(0, "p") == [b"1", b"2", b"3", b"4", b"5"]


def test_signals_are_for_their_addressee_alone() -> None:
    log = filled(Log("e"), 1)
    log.append(b"for ann", 0.0, "ann")
    log.append(b"for bob", 0.0, "bob")
    assert log.since(0, "ann") == [b"1", b"for ann"]
    assert log.since(0, "bob") == [b"1", b"for bob"]


def test_a_gap_that_is_bounded_away_is_never_bridged_in_part() -> None:
    by_count = filled(Log("e", max_count=3), 5)
    assert by_count.since(1, "p") is None
    assert by_count.since(2, "p") == [b"3", b"4", b"5"]

    by_age = filled(Log("e", max_age=10.0), 2, at=0.0)
    by_age.append(b"3", 20.0)
    assert by_age.since(1, "p") is None
    assert by_age.since(2, "p") == [b"3"]

    by_bytes = Log("e", max_bytes=10)
    for _ in range(3):
        by_bytes.append(b"12345", 0.0)
    assert by_bytes.since(0, "p") is None
    assert by_bytes.since(1, "p") == [b"12345", b"12345"]


def test_an_event_larger_than_the_log_leaves_a_gap() -> None:
    log = Log("e", max_bytes=3)
    log.append(b"12345", 0.0)
    assert log.since(0, "p") is None
    assert log.since(1, "p") == []


def test_a_place_that_cannot_be_is_not_bridged() -> None:
    log = filled(Log("e"), 2)
    assert log.since(3, "p") is None
    assert log.since(-1, "p") is None


def test_what_is_for_one_alone_is_withdrawn_whole_or_not_at_all() -> None:
    log = Log("e", max_count=4)
    for payload, to in ((b"1", "ann"), (b"2", None), (b"3", "bob"), (b"4", "ann")):
        log.append(payload, 0.0, to)
    assert log.withdraw("ann", 1) == [b"4"]
    assert log.withdraw("ann", 0) == [b"1"]
    assert log.since(0, "ann") == [b"2"]
    assert log.since(0, "bob") == [b"2", b"3"]
    log.append(b"5", 0.0, "bob")
    assert log.withdraw("bob", 0) == []
    assert log.withdraw("bob", 1) == [b"3", b"5"]

    large = Log("e")
    for _ in range(2):
        large.append(b"x" * MAX_REPLAY, 0.0, "ann")
    assert large.withdraw("ann", 0) == []
    assert len(large.withdraw("ann", 1)) == 1
