"""The contract, keeping: reconnects within a stay, a host's meetings, pages of attendance, and what is deleted."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from storage.errors import UnknownParticipant
from storage.records import MOST_RECONNECTS, Attendance, StayEnd, StayResume
from storage.store import Store
from tests.storage.script import Script

# Reconnects


async def test_every_return_within_a_stay_is_remembered_with_its_moment(script: Script) -> None:
    first = await script.join("ann", 1000.0)
    assert first.stay.reconnects == ()
    await script.resume(first, 1010.1234)
    again = await script.join("ann", 1020.5)
    assert again.stay.reconnects == (1010.123, 1020.5)
    await script.leave(again, 1030.0, "lost")
    back = await script.join("ann", 1040.0, previous=again)
    assert (back.stay.reconnects, back.stay.connections) == ((1010.123, 1020.5, 1040.0), 4)
    (stay,) = await script.stays("ann")
    assert stay == back.stay


async def test_a_stay_that_merely_goes_on_has_no_return(script: Script) -> None:
    joined = await script.join("ann", 1000.0)
    await script.leave(joined, 1010.0, "lost")
    await script.resume(joined, 1011.0, "n_new", returned=False)
    (stay,) = await script.stays("ann")
    assert stay == replace(joined.stay, node_id="n_new")


async def test_what_is_asked_twice_counts_once(script: Script) -> None:
    wanted = script.request("ann", 1000.0)
    first = await script.store.join(wanted)
    again = await script.store.join(wanted)
    assert again.stay == first.stay
    other_page = replace(script.request("ann", 1001.0), instance="tab-2")
    for _ in range(3):
        assert (await script.store.join(other_page)).stay.reconnects == (1001.0,)
    person = first.participant
    back = StayResume(
        person.room, person.user_id, person.id, first.stay.session_id, "n_2", "tab-2", 1002.0, returned=True
    )
    for _ in range(3):
        await script.store.resume_stay(back)
    (stay,) = await script.stays("ann")
    assert (stay.connections, stay.reconnects) == (3, (1001.0, 1002.0))


async def test_only_the_latest_returns_are_remembered_and_all_are_counted(script: Script) -> None:
    joined = await script.join("ann", 1000.0)
    for number in range(MOST_RECONNECTS + 5):
        await script.resume(joined, 1001.0 + number)
    (stay,) = await script.stays("ann")
    assert stay.connections == MOST_RECONNECTS + 6
    assert stay.reconnects == tuple(1006.0 + number for number in range(MOST_RECONNECTS))


# Pages


async def pages(store: Store, limit: int) -> list[Attendance]:
    found = [await store.attendance("ROOM-1", limit)]
    while found[-1].next is not None:
        found.append(await store.attendance("ROOM-1", limit, found[-1].next))
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
async def test_pages_together_are_the_whole(script: Script, limit: int) -> None:
    # Three arrive at one moment: the id decides.
    for number, at in enumerate([1003.0, 1001.0, 1001.0, 1001.0, 1005.0, 1002.0, 1004.0]):
        joined = await script.join(f"user-{number}", at)
        await script.leave(joined, 1010.0)
        await script.join(f"user-{number}", 1020.0)
    whole = await script.store.attendance("ROOM-1")
    assert whole.next is None
    read = await pages(script.store, limit)
    assert [each for page in read for each in page.participants] == list(whole.participants)
    assert all(len(page.participants) <= limit for page in read)
    assert {page.meeting for page in read} == {whole.meeting}


async def test_a_page_after_nobody_is_refused(script: Script) -> None:
    await script.join("ann")
    elsewhere = await Script(script.store, "ROOM-2").join("bob")
    for unknown in ("p_unknown", elsewhere.participant.id):
        with pytest.raises(UnknownParticipant):
            await script.store.attendance("ROOM-1", 10, unknown)


# A host's meetings


async def test_a_hosts_meetings_are_listed_newest_first_with_who_was_there(store: Store) -> None:
    await store.create_meeting("EMPTY", "host", "", 900.0)
    await store.create_meeting("OTHERS", "someone", "", 950.0)
    script = Script(store, "BUSY")
    await script.join("host", 1000.0)
    await script.leave(await script.join("ann", 1010.0), 1020.0)
    # Programs are not counted; a person whose user id looks similar is.
    await script.join("b_1", 1000.0)
    await script.leave(await script.join("xb_1", 1005.0), 1035.0)
    await script.leave(await script.join("xb_rec_1", 1005.0), 1035.0)
    await script.leave(await script.join("b_rec_1", 1010.0), 1030.0)
    await script.leave(await script.join("bob", 1010.0), 1020.0)
    await Script(store, "OTHERS").join("host", 1000.0)

    busy, empty = await store.hosted_meetings("host", 10)
    assert (busy.meeting.room, busy.attended, busy.present, busy.last_seen_at) == ("BUSY", 3, 1, 1020.0)
    assert (empty.meeting.room, empty.attended, empty.present, empty.last_seen_at) == ("EMPTY", 0, 0, None)
    assert [each.meeting.room for each in await store.hosted_meetings("host", 1)] == ["BUSY"]
    assert list(await store.hosted_meetings("nobody", 10)) == []
    programs = {person.user_id for person in await script.people() if person.is_program}
    assert programs == {"b_1", "b_rec_1", "xb_1", "xb_rec_1"}


# Deleting


async def test_deleting_a_meeting_leaves_nothing_of_it_and_everything_of_others(script: Script) -> None:
    store = script.store
    joined = await script.join("ann", 1000.0)
    await script.leave(await script.join("bob", 1000.0), 1010.0)
    elsewhere = Script(store, "ROOM-2")
    await elsewhere.join("ann", 1000.0)
    before = await store.attendance("ROOM-2")

    assert await store.delete_meeting("ROOM-1") is True
    assert await store.delete_meeting("ROOM-1") is False
    assert await store.meeting("ROOM-1") is None
    assert await store.attendance("ROOM-2") == before
    # What was on its way finds nothing.
    person = joined.participant
    whose = person.room, person.user_id, person.id, joined.stay.session_id
    await store.leave(StayEnd(*whose, "n_1", 1020.0, "left"))
    await store.resume_stay(StayResume(*whose, "n_1", "tab", 1020.0, returned=True))
    assert await store.meeting("ROOM-1") is None

    anew = await script.join("bob", 2000.0)
    assert (anew.created, anew.rejoined, anew.meeting.host_user_id) == (True, False, "bob")
    assert [each.user_id for each in await script.people()] == ["bob"]


async def test_only_the_meeting_that_is_meant_is_deleted(store: Store) -> None:
    await store.create_meeting("ROOM-1", "ann", "", 1000.0)
    assert await store.delete_meeting("ROOM-1", 900.0) is False
    assert await store.delete_meeting("ROOM-1", 1000.0) is True
    await store.create_meeting("ROOM-1", "bob", "", 1000.5)
    assert await store.delete_meeting("ROOM-1", 1000.0) is False
    assert await store.meeting("ROOM-1") is not None


async def test_old_meetings_go_the_oldest_first_and_only_those_that_are_over(store: Store) -> None:
    async def past(room: str, joined_at: float, left_at: float | None) -> None:
        script = Script(store, room)
        joined = await script.join("ann", joined_at)
        if left_at is not None:
            await script.leave(joined, left_at)

    await past("OLDER", 100.0, 200.0)
    await past("OLD", 150.0, 250.0)
    await past("LATELY", 100.0, 1000.0)
    await past("STILL-THERE", 100.0, None)
    await store.create_meeting("NEVER-USED", "ann", "", 300.0)
    await store.create_meeting("TO-COME", "ann", "", 1000.0)
    await store.create_meeting("ENDED-LATELY", "ann", "", 100.0)
    await store.end_meeting("ENDED-LATELY", 1000.0)

    assert list(await store.delete_old_meetings(1000.0, 2)) == ["OLDER", "OLD"]
    assert list(await store.delete_old_meetings(1000.0, 2)) == ["NEVER-USED"]
    assert list(await store.delete_old_meetings(1000.0, 2)) == []
    kept = ("LATELY", "STILL-THERE", "TO-COME", "ENDED-LATELY")
    assert None not in [await store.meeting(room) for room in kept]


async def test_two_stores_deleting_at_once_delete_each_meeting_once(store: Store, other: Store) -> None:
    for number in range(20):
        await store.create_meeting(f"OLD-{number:02}", "ann", "", 100.0 + number)
    removed = await asyncio.gather(*(each.delete_old_meetings(1000.0, 10) for each in (store, other) * 2))
    rooms = [room for some in removed for room in some]
    assert len(rooms) == len(set(rooms))
    while some := await store.delete_old_meetings(1000.0, 10):
        rooms += some
    assert sorted(rooms) == [f"OLD-{number:02}" for number in range(20)]


# The schema


async def test_an_open_store_is_up_to_date(store: Store) -> None:
    schema = await store.schema()
    assert schema.version == schema.newest > 0
    assert list(schema.pending) == []
    assert list(await store.migrate()) == []


async def test_the_stores_clock_is_about_ours(store: Store) -> None:
    first = await store.clock()
    assert 0 <= await store.clock() - first < 60
