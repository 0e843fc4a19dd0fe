"""An owner's side of a room."""

from __future__ import annotations

import pytest

from signalling.nodes.owner import Counts, Uncommitted


def owned() -> Uncommitted[str]:
    line: Uncommitted[str] = Uncommitted()
    line.took(5, "engine", "e_1", 3, 10)
    return line


def effects(batches: list[object]) -> list[str]:
    return [effect for batch in batches for effect in batch.effects]  # type: ignore[attr-defined]


def test_only_the_next_frame_counts() -> None:
    counts = Counts("edge", 1)
    assert [counts.came(n) for n in (2, 1, 1, 2, 4)] == ["early", "next", "again", "next", "early"]
    counts.begins_with(9)
    assert (counts.done, counts.came(8), counts.came(9)) == (8, "again", "next")


def test_commits_go_out_without_waiting_for_each_other() -> None:
    line = owned()
    line.add(entries=[b"one"], effects=["a"])
    line.add(members={"p": b"state"}, effects=["b"])
    line.add(effects=["c"])
    assert [(batch.revision, batch.seq) for batch in line.next()] == [(3, 10), (4, 11), (5, 11)]
    assert line.next() == []
    assert [line.happened().effects for _ in range(3)] == [["a"], ["b"], ["c"]]


def test_what_does_not_only_commit_is_alone_on_its_way() -> None:
    line: Uncommitted[str] = Uncommitted()
    line.took(5, "engine", "", 0, 0)
    line.establish("e_1", 2, "all", effects=["a"])
    line.add(entries=[b"three"], effects=["b"])
    line.drop(effects=["c"])
    for kind in ("establish", "commit", "drop"):
        assert [batch.kind for batch in line.next()] == [kind]
        assert line.next() == []
        line.happened()
    assert line.phase == "dropped"


@pytest.mark.parametrize(("revision", "happened"), [(3, ""), (4, "a"), (5, "abc"), (6, "abcd")])
def test_after_a_lost_answer_the_head_says_what_happened(revision: int, happened: str) -> None:
    line = owned()
    for effect, entries in (("a", [b"1"]), ("b", []), ("c", [b"2"]), ("d", [b"3"])):
        line.add(entries=entries, effects=[effect])
    sent = line.next()
    line.lost_sight()
    assert line.next() == []
    done = line.took_again(6, "engine", "e_1", revision)
    assert "".join(effects([*done])) == happened
    # The others go out as they were, under the new term.
    assert line.next() == sent[len(happened) :]
    assert line.term == 6


def test_whoever_lost_the_room_has_done_nothing() -> None:
    line = owned()
    line.add(entries=[b"1"], effects=["a"])
    line.next()
    line.forgets()
    assert len(line) == 0


def test_what_was_sent_counts_when_the_engine_is_another() -> None:
    line = owned()
    line.add(entries=[b"1"], effects=["a"])
    line.next()
    line.add(entries=[b"2"], effects=["b"])
    line.lost_sight()
    assert line.sent == (1, 4)
    assert effects([*line.asserted(1, "another")]) == ["a"]
    assert [batch.effects for batch in line.next()] == [["b"]]


def test_another_epoch_keeps_what_the_store_is_to_be_told() -> None:
    line = owned()
    line.add(entries=[b"1"], effects=["a"])
    line.drop(effects=["b"])
    assert line.begins_anew() == ["a", "b"]
    assert len(line) == 0
