"""Nobody comes and goes without end; who does so now and then is not kept out."""

from __future__ import annotations

import pytest

from server.realtime.comings import AT_ONCE, Comings
from server.runtime import clock
from signalling.protocol.errors import ErrorCode, Refused
from tests.server.client import Play
from tests.server.desk import Desk


def test_so_many_at_once_and_one_a_second_after_that() -> None:
    comings = Comings(limited=True)
    for _ in range(AT_ONCE):
        comings.count("ABC123", "u_ann", 10.0)
    with pytest.raises(Refused) as refused:
        comings.count("ABC123", "u_ann", 10.25)
    assert (refused.value.code, refused.value.retry_after) == (ErrorCode.RATE_LIMITED, 0.75)
    comings.count("ABC123", "u_bob", 10.25)
    comings.count("OTHER", "u_ann", 10.25)
    comings.count("ABC123", "u_ann", 11.0)


def test_without_a_limit_anybody_may() -> None:
    comings = Comings(limited=False)
    for _ in range(1000):
        comings.count("ABC123", "u_ann", 10.0)
    assert len(comings) == 0


def test_those_who_came_long_ago_are_forgotten() -> None:
    comings = Comings(limited=True)
    for number in range(10_000):
        comings.count("ABC123", f"u_{number}", number / 10)
    assert len(comings) <= 1000


async def test_a_join_past_it_is_refused_before_the_store_is_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One more is allowed each second, and a machine may take as long.
    monkeypatch.setattr(clock, "monotonic", lambda: 1000.0)
    ann = desk.tokens.identity("u_ann", 2e9)
    for _ in range(AT_ONCE):
        await desk.join(ann)
    with pytest.raises(Refused) as refused:
        await desk.join(ann)
    assert refused.value.code == ErrorCode.RATE_LIMITED
    assert len(desk.store.joins) == AT_ONCE


async def test_a_resume_loop_is_told_to_wait(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    page, resumed = ann, 0
    while True:
        again = await play.client()
        again.session, again.epoch, again.seq = page.session, page.epoch, page.seq
        await again.ask_to_resume()
        answer = await again.next()
        if answer["type"] == "error":
            break
        page, resumed = again, resumed + 1
    assert answer["code"] == "rate_limited"
    assert 0 < answer["retry_after"] <= 1
    assert (await again.closed())[0] == 4103
    assert resumed >= AT_ONCE - 1
    # Nobody else has noticed anything.
    await bob.nothing()
