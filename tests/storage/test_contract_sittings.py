"""The contract, sittings: when people come together anew."""

from __future__ import annotations

import asyncio

import pytest

from storage.entry import SITTING_ENDS_AFTER
from storage.errors import NotLetIn
from storage.store import Store
from tests.storage.script import Script

LEFT = 1010.0
OVER = LEFT + SITTING_ENDS_AFTER


async def sitting(script: Script) -> int:
    return (await script.meeting()).sitting


@pytest.mark.parametrize(("back_at", "expected"), [(OVER - 1, 1), (OVER, 1), (OVER + 1, 2)])
async def test_the_next_one_begins_when_the_room_stood_empty_for_long(
    script: Script, back_at: float, expected: int
) -> None:
    ann, bob = await script.join("ann"), await script.join("bob")
    await script.leave(ann, 1005.0)
    await script.leave(bob, LEFT)
    joined = await script.join("ann", back_at)
    assert joined.meeting.sitting == expected
    assert await sitting(script) == expected
    # It goes on while somebody is in.
    assert (await script.join("bob", back_at + 800.0)).meeting.sitting == expected
    await script.store.heartbeat("n_1", back_at + 800.0)
    assert (await script.join("cem", back_at + 1600.0)).meeting.sitting == expected


async def test_who_has_to_knock_anew_is_known_by_the_name_of_before(script: Script) -> None:
    for user in ("ann", "bob"):
        await script.join(user, name=user.title())
    await script.change(1001.0, settings={"lobby": "everyone"}, remove={"bob": "knock"})
    for user, name in {"bob": "Bob", "eve": ""}.items():
        with pytest.raises(NotLetIn) as refused:
            # A page that resumes says no name.
            await script.join(user, 1002.0, name="")
        assert (refused.value.reason, refused.value.name) == ("lobby", name)


async def test_it_begins_once_however_many_knock(script: Script, other: Store) -> None:
    ann = await script.join("ann")
    await script.change(1001.0, settings={"lobby": "everyone"})
    await script.leave(ann, LEFT)
    knocks = [each.refused(f"user-{n}", OVER + 1) for n in range(10) for each in (script, Script(other))]
    assert set(await asyncio.gather(*knocks)) == {"lobby"}
    assert await sitting(script) == 2
    # Who is admitted now is let in later, though nobody came meanwhile.
    await script.change(OVER + 2, admit=["bob"])
    assert await script.refused("bob", OVER + 5000.0) is None
    assert await sitting(script) == 2


async def test_a_change_begins_it_too(script: Script) -> None:
    ann = await script.join("ann")
    await script.change(1001.0, settings={"lobby": "everyone"}, admit=["cem"])
    await script.leave(ann, LEFT)
    assert (await script.change(OVER + 1, admit=["bob"])).sitting == 2
    assert [each.user_id for each in (await script.store.rights("ROOM-1")).admissions] == ["bob"]
    assert await script.refused("cem", OVER + 2) == "lobby"
    assert await script.refused("bob", OVER + 3) is None


async def test_it_ends_also_when_all_who_were_in_it_were_removed(script: Script) -> None:
    await script.leave(await script.join("ann"), LEFT)
    assert (await script.join("bob", OVER + 1)).meeting.sitting == 2
    await script.change(
        OVER + 2, settings={"lobby": "everyone"}, admit=["cem", "dan"], remove={"bob": "freely"}
    )
    # Who was admitted has a place in it, and none in the next.
    assert await script.refused("cem", OVER + 2 + SITTING_ENDS_AFTER) is None
    await script.change(OVER + 3 + SITTING_ENDS_AFTER, remove={"cem": "freely"})
    assert await script.refused("dan", OVER + 4 + 2 * SITTING_ENDS_AFTER) == "lobby"
    assert await sitting(script) == 3


async def test_programs_do_not_count(script: Script) -> None:
    ann = await script.join("ann")
    await script.join("b_rec_1")
    await script.leave(ann, LEFT)
    assert (await script.join("b_echo", OVER + 1)).meeting.sitting == 2
    # Nor does one begin after them.
    assert (await script.join("ann", OVER + 5000.0)).meeting.sitting == 2


async def test_a_stay_that_a_dead_node_left_open_counts_to_its_heartbeat(script: Script) -> None:
    await script.join("ann", 1000.0)
    await script.store.heartbeat("n_1", LEFT)
    assert (await script.join("bob", OVER, node="n_2")).meeting.sitting == 1
    assert (await script.join("bob", OVER + 1, node="n_2")).meeting.sitting == 1, (
        "bob is in at a node that lives"
    )


@pytest.mark.parametrize(("at", "expected"), [(OVER, 1), (OVER + 1, 2)])
async def test_a_room_full_of_stays_of_a_dead_node_is_empty(script: Script, at: float, expected: int) -> None:
    await script.join("ann", 1000.0)
    await script.store.heartbeat("n_1", LEFT)
    await script.store.heartbeat("n_2", at)
    assert (await script.join("bob", at, node="n_2")).meeting.sitting == expected


async def test_it_goes_on_while_the_store_is_away(script: Script) -> None:
    await script.store.heartbeat("n_gone", 100.0)
    await script.join("ann")
    await script.store.heartbeat("n_1", LEFT)
    await script.change(1001.0, settings={"locked": True})
    # What comes first when the store is back comes before the next heartbeat.
    assert await script.refused("eve", OVER + 100) == "locked"
    assert (await script.change(OVER + 101, by="ann", settings={"message": "x"})).sitting == 1
    assert (await script.join("ann", OVER + 102)).meeting.sitting == 1
    await script.store.heartbeat("n_1", OVER + 103)
    assert await sitting(script) == 1


async def test_a_heartbeat_by_a_clock_that_was_ahead_makes_nobody_dead(script: Script) -> None:
    await script.join("ann")
    await script.store.heartbeat("n_2", 9000.0)
    assert (await script.join("bob", 1001.0)).meeting.sitting == 1


async def test_sittings_are_of_one_meeting(script: Script) -> None:
    ann = await script.join("ann")
    await script.leave(ann, LEFT)
    await Script(script.store, "ROOM-2").join("ann", OVER)
    assert (await script.join("ann", OVER + 1)).meeting.sitting == 2
    assert await sitting(Script(script.store, "ROOM-2")) == 1


async def test_many_meetings_begin_at_once(store: Store, other: Store) -> None:
    scripts = [Script(store, f"ROOM-{n}") for n in range(8)]
    for each in scripts:
        await each.leave(await each.join("ann"), LEFT)
    joins = [
        Script(by, each.room).join(user, OVER + 1)
        for each in scripts
        for by in (store, other)
        for user in ("ann", "bob")
    ]
    assert {joined.meeting.sitting for joined in await asyncio.gather(*joins)} == {2}
