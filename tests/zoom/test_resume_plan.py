"""What is read, in which order, after a sync that was cut off, and when it is read again by itself."""

from __future__ import annotations

from dataclasses import replace

from server.zoom.resume_plan import READ_LIFE, SETTLED_AFTER, TOKEN_LIFE, can_go_on, to_read
from storage.imports import Part, Walk

NOW = 1_790_000_000.0
APPROVED, FIRST, SECOND, THIRD = "registrants/approved", "instance/1", "instance/2", "instance/3"
PARTS = [APPROVED, FIRST, SECOND, THIRD]

READ = Part(APPROVED, None, NOW - 10 * SETTLED_AFTER, "complete", "report", "", "", 9, 9, 1, NOW - 60)
LEFT = Walk("w", SECOND, "run", "report", "", "token", 3, 90, 95, NOW - 100, NOW - 50, NOW - 44)


def known(**parts: Part) -> dict[str, Part]:
    names = {"approved": APPROVED, "first": FIRST, "second": SECOND, "third": THIRD}
    return {names[name]: replace(part, part=names[name]) for name, part in parts.items()}


def unread(*walking: Walk) -> Part:
    return replace(READ, state="unread", checked_at=None, agreed=0, walking=walking)


def test_everything_in_order_at_first() -> None:
    assert to_read(PARTS, {}, NOW) == PARTS


def test_everything_again_when_nothing_was_left() -> None:
    assert to_read(PARTS, known(approved=READ, first=READ, second=READ, third=READ), NOW) == PARTS


def test_what_was_left_comes_first_then_what_was_never_read() -> None:
    old = replace(READ, checked_at=NOW - TOKEN_LIFE)
    there = known(approved=old, first=old, second=unread(LEFT), third=unread())
    assert to_read(PARTS, there, NOW) == [SECOND, THIRD, APPROVED, FIRST]


def test_what_the_same_sync_has_read_is_not_read_again() -> None:
    there = known(approved=READ, first=READ, second=unread(LEFT))
    assert to_read(PARTS, there, NOW) == [SECOND, THIRD]


def test_what_was_left_too_long_ago_is_another_sync() -> None:
    late = NOW + TOKEN_LIFE
    there = known(approved=replace(READ, checked_at=late - 1), first=READ, second=unread(LEFT))
    assert to_read(PARTS, there, late) == [SECOND, THIRD, APPROVED, FIRST]
    finished = replace(LEFT, cursor="")
    there = known(approved=replace(READ, checked_at=late - 1), first=READ, second=unread(finished))
    assert to_read(PARTS, there, late) == [SECOND, THIRD, FIRST]
    assert can_go_on(finished, late)
    assert not can_go_on(finished, NOW + READ_LIFE), "it is not what Zoom tells now"


def test_what_is_not_complete_is_read_again() -> None:
    partial = replace(READ, state="partial", reason="rows are missing")
    worse = replace(READ, reason="the last walk was partial")
    there = known(approved=partial, first=worse, second=unread(LEFT))
    assert to_read(PARTS, there, NOW) == [SECOND, THIRD, APPROVED, FIRST]


def test_what_has_settled_can_be_left_out() -> None:
    recent = replace(READ, ended_at=NOW - SETTLED_AFTER)
    doubtful = replace(READ, agreed=0)
    there = known(approved=READ, first=READ, second=recent, third=doubtful)
    assert to_read(PARTS, there, NOW, unsettled=True) == [APPROVED, SECOND, THIRD]
