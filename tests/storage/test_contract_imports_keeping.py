"""The contract, importing: what is swept, how long a meeting lasted, what is deleted with it."""

from __future__ import annotations

import pytest

from storage.errors import MeetingEnded
from tests.storage.import_script import (
    APPROVED,
    ONE,
    PENDING,
    ROOM,
    TWO,
    ImportScript,
    heard,
    registrant,
    row,
)
from tests.storage.script import Script

DAY = 86400.0


# Sweeping


async def test_sweeping_removes_what_is_not_shown_in_bounded_steps(imports: ImportScript) -> None:
    store = imports.store
    await imports.read(ONE, *(row(f"a{n}") for n in range(5)))
    await imports.read(ONE, *(row(f"b{n}") for n in range(4)))
    given_up = await imports.save(await imports.begin(), row("c1"), row("c2"), at=5000.0)
    await store.drop_walk(given_up.walk_id, "me")
    names = await imports.save(await imports.begin(PENDING, at=5000.0), registrant("r1", "k"))
    under_way = await imports.save(await imports.begin(TWO, at=5000.0 + DAY), row("d1"))
    elsewhere = ImportScript(store, "ZOOM-2")
    dropped = await elsewhere.save(await elsewhere.begin(), row("e1"))
    await store.drop_walk(dropped.walk_id, "me")

    swept = [await store.sweep_walks(ROOM, 3, 6000.0) for _ in range(3)]
    assert swept == [3, 3, 1], "the replaced and the dropped walk"
    assert await store.take_walk(names.walk_id, "me", 5000.0, 15.0) is not None
    # Left for a day.
    assert await store.sweep_walks(ROOM, 3, 5000.0 + DAY + 100.0) == 1
    assert await store.take_walk(names.walk_id, "me", 5000.0 + DAY, 15.0) is None
    assert [walk.walk_id for part in (await imports.record()).parts for walk in part.walking] == [
        under_way.walk_id
    ]
    assert await imports.sessions() == {"b0", "b1", "b2", "b3"}
    assert await store.sweep_walks("ZOOM-2", 3, 6000.0) == 1
    assert await store.sweep_walks("NOWHERE", 3, 6000.0) == 0


# Meetings


async def test_the_meeting_lasts_from_the_first_start_to_the_last_moment_known(imports: ImportScript) -> None:
    async def times() -> tuple[float, float | None]:
        meeting = await imports.store.meeting(ROOM)
        assert meeting is not None
        return meeting.created_at, meeting.ended_at

    await imports.begin(APPROVED, at=5000.0)
    assert await times() == (5000.0, 5000.0)
    walk = await imports.begin(TWO, starts=2000.0, at=5000.0)
    assert await times() == (2000.0, 2000.0)
    walk = await imports.save(walk, row("s1", at=1990.0, until=2600.0), row("s2", at=2000.0, until=2100.0))
    part = await imports.finish(walk)
    assert (part.starts_at, part.ended_at) == (2000.0, 2600.0)
    assert await times() == (2000.0, 2600.0)
    await imports.read(
        ONE, row("s3", at=1000.0, until=1500.0), row("s4", until=9000.0, counted=False), starts=1001.0
    )
    assert await times() == (1001.0, 2600.0)
    assert [part.part for part in (await imports.record()).parts] == [APPROVED, ONE, TWO]


async def test_nobody_joins_an_import_and_the_calls_for_live_meetings_leave_it_alone(
    imports: ImportScript,
) -> None:
    await imports.read(ONE, row("s1"))
    before = await imports.attendance()
    script = Script(imports.store, ROOM)
    meeting, created = await imports.store.create_meeting(ROOM, "ann", "Mine", 9000.0)
    assert (meeting, created) == (before.meeting, False)
    with pytest.raises(MeetingEnded):
        await script.join("ann")
    assert await imports.store.end_meeting(ROOM, 9000.0) == before.meeting
    assert await imports.attendance() == before


# Deleting


async def test_an_import_goes_with_its_meeting_and_nothing_else_does(imports: ImportScript) -> None:
    store = imports.store
    kept = ImportScript(store, "ZOOM-2")
    for each in (imports, kept):
        await each.read(ONE, row("s1", "k1"), row("s2"))
        await each.read(APPROVED, registrant("r1", "k1"))
        await each.hear(heard("l1", joined=1000.0, part=TWO))
        await store.schedule_import(each.room, 7000.0, 1)
    before = await kept.attendance()
    assert await store.delete_meeting(ROOM) is True
    assert await store.imported(ROOM) is None
    assert await store.meeting(ROOM) is None
    assert await kept.attendance() == before
    assert [each.subject.room for each in await store.claim_due_imports(9000.0, 9100.0, 10)] == ["ZOOM-2"]

    # Nothing of it comes back with a new one.
    await imports.read(ONE, row("s3", "k2"))
    await imports.read(TWO, row("s4", "k1"))
    assert await imports.people() == {"k2": ["s3"], "k1": ["s4"]}
    assert list((await store.registrations(ROOM)).people) == []
    # The room may be a live meeting's, too.
    assert await store.delete_meeting(ROOM) is True
    await Script(store, ROOM).join("ann")
    assert (await store.attendance(ROOM)).import_source is None


async def test_old_imports_are_deleted_by_the_last_moment_of_what_was_attended(imports: ImportScript) -> None:
    store = imports.store
    await imports.read(ONE, row("s1", at=100.0, until=200.0), starts=100.0)
    lately = ImportScript(store, "ZOOM-LATELY")
    await lately.read(ONE, row("s1", at=100.0, until=200.0), starts=100.0)
    await lately.read(TWO, row("s2", at=1990.0, until=2000.0), starts=1990.0)
    going_on = ImportScript(store, "ZOOM-NOW")
    await going_on.hear(heard("s1", joined=100.0, at=100.0, starts=100.0))
    over = ImportScript(store, "ZOOM-OVER")
    await over.hear(heard("s1", joined=150.0, at=150.0, starts=150.0))
    await over.end(ended=300.0)

    assert list(await store.delete_old_meetings(1000.0, 1)) == [ROOM]
    assert list(await store.delete_old_meetings(1000.0, 10)) == ["ZOOM-OVER"]
    assert [record.subject.room for record in await store.imports(10)] == ["ZOOM-LATELY", "ZOOM-NOW"]
    await going_on.end(ended=400.0)
    assert list(await store.delete_old_meetings(1000.0, 10)) == ["ZOOM-NOW"]
    assert list(await store.delete_old_meetings(2000.1, 10)) == ["ZOOM-LATELY"]
