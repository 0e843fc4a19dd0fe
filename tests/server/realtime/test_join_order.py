"""Joins are numbered in the order in which they were asked for, also across a change of hands."""

from __future__ import annotations

from server.realtime.join_order import JoinOrder


def test_numbers_rise() -> None:
    order = JoinOrder()
    assert order.next("ABC123") < order.next("ABC123") < order.next("OTHER") < order.next("ABC123")


def test_whoever_takes_a_room_over_counts_on() -> None:
    before, after = JoinOrder(), JoinOrder()
    asked = [before.next("ABC123") for _ in range(9)]
    after.terms["ABC123"] = 1
    assert after.next("ABC123") > max(asked)
