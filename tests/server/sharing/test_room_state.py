"""A room as the engine has it: places of events that are withdrawn, and events that are lost."""

from __future__ import annotations

import json

from server.cluster.engine.records import Entry, RoomState
from server.sharing.room_state import parts_of


def event(seq: int, text: bytes = b"told") -> bytes:
    return json.dumps({"v": 1, "seq": seq, "to": None}).encode() + b"\n" + text


def log_of(seq: int, kept: list[int], withdrawn: list[int]) -> list[tuple[int, str | None, bytes]]:
    """Number, addressee and event of each."""
    entries = [Entry(each, event(each) if each else b"", 0.0) for each in kept]
    state = RoomState(seq, entries, {}, {"room": b"{}", "withdrawn": json.dumps(withdrawn).encode()})
    found = [each.partition(b"\n") for each in parts_of(state).log]
    return [(json.loads(head)["seq"], json.loads(head)["to"], text) for head, _, text in found]


def test_what_is_withdrawn_keeps_its_place_whether_the_engine_has_it_or_not() -> None:
    told, gone = (None, b"told"), ("", b"")
    there = [(3, *told), (4, *gone), (5, *gone), (6, *told), (7, *gone)]
    assert log_of(7, [3, 6], [4, 5, 7]) == log_of(7, [3, 4, 6, 7], [4, 5, 7]) == there


def test_what_is_lost_bridges_nothing_before_it() -> None:
    assert [each[0] for each in log_of(6, [1, 2, 4, 5, 6], [])] == [4, 5, 6]
    assert log_of(6, [1, 2, 3, 4, 5], []) == []
    # Nor does a place of which it is not known when it was.
    assert [each[0] for each in log_of(6, [6], [4, 5])] == [6]
    assert log_of(6, [], [5, 6]) == []
