"""Stays that are open under a node are found, and closed where nobody is in them."""

from __future__ import annotations

import pytest

from storage.open_stays import OpenStay
from storage.records import EndReason, Joined
from tests.storage.script import Script


async def test_what_is_open_under_a_node_is_found_with_all_that_may_differ(script: Script) -> None:
    assert await script.store.open_stays("n_1") == []
    ann, bob = await script.join("ann", 1000.25), await script.join("bob", 1001.0)
    other = Script(script.store, "ROOM-2")
    await other.join("ann", 1002.0)
    await script.join("cem", 1003.0, node="n_other")
    await script.leave(bob, 1004.0)
    found = sorted(await script.store.open_stays("n_1"), key=lambda stay: stay.room)
    assert found[0] == OpenStay(
        "ROOM-1", "ann", ann.participant.id, ann.stay.session_id, ann.stay.instance, 1000.25
    )
    assert [(stay.room, stay.user_id) for stay in found] == [("ROOM-1", "ann"), ("ROOM-2", "ann")]
    # With the page that came last, under the node where it did.
    again = await script.join("ann", 1005.0, node="n_other")
    of_other = {stay.user_id: stay for stay in await script.store.open_stays("n_other")}
    assert set(of_other) == {"ann", "cem"}
    assert of_other["ann"].instance == again.stay.instance
    assert [stay.room for stay in await script.store.open_stays("n_1")] == ["ROOM-2"]


async def returned(script: Script) -> Joined:
    ann = await script.join("ann", 1000.0)
    await script.resume(ann, 1020.0)
    return ann


async def just_come(script: Script) -> Joined:
    return await script.join("ann", 1000.0)


@pytest.mark.parametrize(
    ("coming", "seen_at", "left_at", "reason"),
    [
        (just_come, None, 1000.0, "left"),
        (just_come, 1010.0, 1010.0, "lost"),
        (just_come, 990.0, 1000.0, "lost"),
        (returned, None, 1020.0, "lost"),
        (returned, 1010.0, 1020.0, "lost"),
        (returned, 1030.0, 1030.0, "lost"),
    ],
)
async def test_a_stay_that_nobody_is_in_ends_when_somebody_last_was(
    script: Script, coming: object, seen_at: float | None, left_at: float, reason: EndReason
) -> None:
    assert callable(coming)
    ann = await coming(script)
    for _ in range(2):
        await script.abandon(ann, seen_at)
        (stay,) = await script.stays("ann")
        assert (stay.left_at, stay.reason, stay.estimated) == (left_at, reason, True)
    assert (await script.person("ann")).state == "disconnected"
    assert await script.store.open_stays("n_1") == []
    # Nobody can go on with a stay that had just begun.
    known = [each.stay.session_id for each in await script.restorable(left_at)]
    assert known == ([] if reason == "left" else [ann.stay.session_id])


async def test_a_stay_that_is_open_under_another_node_is_taken_if_that_is_meant(script: Script) -> None:
    ann = await script.join("ann", 1000.0)
    await script.join("ann", 1005.0, node="n_other")
    await script.resume(ann, 1010.0, returned=False, if_free=True)
    assert await script.store.open_stays("n_1") == []
    await script.leave(ann, 1020.0)
    (stay,) = await script.stays("ann")
    assert (stay.node_id, stay.left_at) == ("n_other", None)
    await script.resume(ann, 1030.0, returned=False)
    (mine,) = await script.store.open_stays("n_1")
    assert mine.session_id == ann.stay.session_id


async def test_a_stay_is_abandoned_at_its_own_node_and_while_it_is_open_only(script: Script) -> None:
    ann = await script.join("ann", 1000.0)
    await script.abandon(ann, 1010.0, node="n_other")
    (stay,) = await script.stays("ann")
    assert stay.left_at is None
    await script.leave(ann, 1005.0)
    await script.abandon(ann, 1010.0)
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.reason, stay.estimated) == (1005.0, "left", False)
