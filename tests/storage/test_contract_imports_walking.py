"""The contract, importing: walks, their pages, and who has them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from storage.errors import MeetingExists, UnknownMeeting, WalkLost
from storage.import_store import StoreWithImports
from storage.imports import Walk
from tests.storage.import_script import (
    APPROVED,
    ONE,
    ROOM,
    TWO,
    ImportScript,
    row,
    subject,
)
from tests.storage.script import request

# Walks


async def test_a_walk_begins_with_the_meeting_the_import_and_the_part_it_needs(imports: ImportScript) -> None:
    store = imports.store
    assert await store.imported(ROOM) is None
    walk = await imports.begin(ONE, walk="w", owner="me", at=5000.0, lease=15.0, starts=1000.0)
    assert walk == Walk("w", ONE, "me", "", "", None, 0, 0, None, 5000.0, 5000.0, 5015.0)
    assert await imports.begin(ONE, walk="w", owner="me", at=5000.0, lease=15.0, starts=1000.0) == walk

    meeting = await store.meeting(ROOM)
    assert meeting is not None
    assert (meeting.title, meeting.host_user_id, meeting.created_at) == ("Webinar", "zoom", 1000.0)
    assert meeting.ended_at is not None, "nobody can join it"
    record = await imports.record()
    assert (record.subject, record.created_at, record.due_at) == (imports.subject, 5000.0, None)
    (part,) = record.parts
    assert (part.part, part.starts_at, part.state, part.rows, part.total) == (ONE, 1000.0, "unread", 0, None)
    assert (part.agreed, part.checked_at, list(part.walking)) == (0, None, [walk])

    imports.subject = subject(title="A new title")
    await imports.begin(APPROVED)
    assert (await imports.record()).subject.title == "A new title"
    assert (await store.attendance(ROOM)).meeting.title == "A new title"


async def test_nothing_is_imported_into_a_meeting_that_was_held_here(imports: ImportScript) -> None:
    store = imports.store
    await store.join(request("ann", room=ROOM))
    before = await store.attendance(ROOM)
    with pytest.raises(MeetingExists):
        await imports.begin()
    assert await store.imported(ROOM) is None
    assert await store.attendance(ROOM) == before
    with pytest.raises(UnknownMeeting):
        await store.import_totals(ROOM)


async def test_a_walk_that_cannot_be_begun_leaves_nothing(imports: ImportScript) -> None:
    await imports.begin(walk="w1")
    other = ImportScript(imports.store, "ZOOM-2")
    for owner in ("me", "you"):
        with pytest.raises(WalkLost):
            await other.begin(walk="w1", owner=owner)
        with pytest.raises(WalkLost):
            await imports.begin(TWO, walk="w1", owner=owner)
    assert [part.part for part in (await imports.record()).parts] == [ONE]
    assert await imports.store.imported("ZOOM-2") is None
    assert await imports.store.meeting("ZOOM-2") is None


async def test_pages_are_kept_in_their_order_with_the_place_where_the_next_begins(
    imports: ImportScript,
) -> None:
    walk = await imports.begin()
    walk = await imports.save(
        walk, row("s1"), row("s2"), cursor="token", at=5010.0, source="basic", why="no scope", total=4
    )
    assert (walk.cursor, walk.pages, walk.rows, walk.total) == ("token", 1, 2, 4)
    assert (walk.source, walk.why, walk.touched_at, walk.lease_until) == ("basic", "no scope", 5010.0, 5025.0)
    # Of the later ones only the total counts, when they have one.
    walk = await imports.save(walk, row("s3"), cursor="more", source="report", why="", total=None)
    assert (walk.cursor, walk.rows, walk.total, walk.source, walk.why) == ("more", 3, 4, "basic", "no scope")
    walk = await imports.save(walk, row("s4", name="New"), row("s1", name="New"), cursor="", total=5)
    assert (walk.cursor, walk.pages, walk.rows, walk.given, walk.total) == ("", 3, 5, 5, 5)
    await imports.finish(walk)
    assert await imports.sessions() == {"s1", "s1#2", "s2", "s3", "s4"}


async def test_a_page_that_is_not_the_next_one_is_not_kept(imports: ImportScript) -> None:
    walk = await imports.begin()
    first = imports.page(walk, row("s1"), cursor="token", total=3)
    kept = await imports.store.save_page(first)
    for again in (first, replace(first, rows=[row("other")], cursor="elsewhere"), replace(first, number=3)):
        answered = await imports.store.save_page(again)
        assert replace(answered, lease_until=kept.lease_until) == kept
    await imports.save(kept, row("s2"))
    assert (await imports.store.save_page(first)).rows == 2
    await imports.finish(kept)
    assert await imports.sessions() == {"s1", "s2"}


async def test_rows_of_one_id_are_kept_apart_where_they_differ_and_count_once_where_they_do_not(
    imports: ImportScript,
) -> None:
    long, short, again = (row("s", "ada", until=until) for until in (1040.0, 1010.0, 1020.0))
    other = row("s", "ben", until=1040.0, name="Ben")
    found = []
    for pages in (
        [[long, long], [short, again, other]],
        [[again, other, short], [long]],
        [[short], [other, again, long]],
    ):
        walk = await imports.begin()
        for page in pages:
            walk = await imports.save(walk, *page, row("t"), cursor="token")
        assert (walk.rows, walk.given) == (5, sum(map(len, pages)) + len(pages))
        part = await imports.finish(walk)
        kept = (await imports.attendance()).participants
        found.append({stay.session_id: stay.left_at for _, stays in kept for stay in stays})
    assert (part.rows, part.given) == (5, 7), "of the walk that is shown"
    assert part.agreed == 2, "whatever pages they come on"
    assert found[0].keys() == {"s", "s#2", "s#3", "s#4", "t"}
    assert [found[0][each] for each in ("s", "s#2", "s#3")] == [1010.0, 1020.0, 1040.0]
    assert found[1] == found[2] == found[0]
    assert len(await imports.people()) == 3


async def test_a_walk_is_its_owners_until_the_lease_runs_out_or_it_is_released(
    imports: ImportScript, other: StoreWithImports
) -> None:
    walk = await imports.begin(owner="me", at=5000.0, lease=15.0)
    store, name = imports.store, walk.walk_id
    assert await other.take_walk(name, "you", 5014.0, 15.0) is None
    await store.renew_walk(name, "me", 5014.0, 15.0)
    assert await other.take_walk(name, "you", 5028.0, 15.0) is None
    walk = await imports.save(walk, row("s1"), cursor="token", at=5028.0)
    mine = await store.take_walk(name, "me", 5029.0, 15.0)
    assert mine is not None
    assert (mine.cursor, mine.rows, mine.lease_until) == ("token", 1, 5044.0)
    with pytest.raises(WalkLost):
        await other.renew_walk(name, "you", 5030.0, 15.0)
    await other.release_walk(name, "you", 5030.0)
    assert await other.take_walk(name, "you", 5030.0, 15.0) is None

    # Late, but nobody took it meanwhile.
    await store.renew_walk(name, "me", 5050.0, 15.0)
    taken = await other.take_walk(name, "you", 5066.0, 20.0)
    assert taken == replace(walk, owner="you", touched_at=5066.0, lease_until=5086.0)
    with pytest.raises(WalkLost):
        await store.renew_walk(name, "me", 5067.0, 15.0)
    with pytest.raises(WalkLost):
        await imports.save(mine, row("s2"))
    with pytest.raises(WalkLost):
        await imports.finish(mine)
    imports.subject = subject(title="Refused with the rest")
    with pytest.raises(WalkLost):
        await imports.begin(walk=name, owner="me", starts=1.0)
    assert (await imports.record()).subject.title == "Webinar"
    assert (await imports.part()).starts_at is None
    await store.drop_walk(name, "me")
    await store.release_walk(name, "me", 5067.0)
    assert list((await imports.part()).walking) == [taken]

    await other.release_walk(name, "you", 5070.0)
    assert await store.take_walk(name, "me", 5070.0, 15.0) is not None
    assert await store.take_walk("unknown", "me", 5070.0, 15.0) is None
    await store.release_walk("unknown", "me", 5070.0)
    await store.drop_walk("unknown", "me")


async def test_of_many_who_take_over_a_walk_one_has_it(
    imports: ImportScript, other: StoreWithImports
) -> None:
    walk = await imports.begin(at=5000.0, lease=15.0)
    taken = await asyncio.gather(
        *(
            store.take_walk(walk.walk_id, f"owner-{number}", 5020.0, 15.0)
            for number in range(5)
            for store in (imports.store, other)
            if number % 2 == (store is other)
        )
    )
    assert [each is not None for each in taken].count(True) == 1


async def test_a_walk_is_lost_when_it_is_finished_dropped_or_deleted(imports: ImportScript) -> None:
    store = imports.store
    finished, dropped, deleted = [await imports.begin(part) for part in (ONE, ONE, TWO)]
    await imports.finish(finished)
    await store.drop_walk(dropped.walk_id, "me")
    await store.drop_walk(dropped.walk_id, "me")
    assert await store.take_walk(finished.walk_id, "me", 9e9, 15.0) is None
    assert await store.take_walk(dropped.walk_id, "me", 9e9, 15.0) is None
    assert await store.delete_meeting(ROOM) is True
    for walk in (finished, dropped, deleted):
        with pytest.raises(WalkLost):
            await imports.save(walk, row("s1"))
        with pytest.raises(WalkLost):
            await store.renew_walk(walk.walk_id, "me", 5001.0, 15.0)
        with pytest.raises(WalkLost):
            await imports.finish(walk)
        assert await store.take_walk(walk.walk_id, "me", 9e9, 15.0) is None
    assert await store.imported(ROOM) is None
    assert list(await store.imports(10)) == []
    with pytest.raises(UnknownMeeting):
        await store.attendance(ROOM)


async def test_finished_and_dropped_walks_take_no_more_pages(imports: ImportScript) -> None:
    finished, dropped = [await imports.begin() for _ in range(2)]
    await imports.finish(finished)
    await imports.store.drop_walk(dropped.walk_id, "me")
    for walk in (finished, dropped):
        with pytest.raises(WalkLost):
            await imports.save(walk, row("s1"))
        with pytest.raises(WalkLost):
            await imports.store.renew_walk(walk.walk_id, "me", 5001.0, 15.0)
    with pytest.raises(WalkLost):
        await imports.finish(dropped)
