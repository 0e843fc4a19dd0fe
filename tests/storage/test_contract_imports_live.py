"""The contract, importing: what is heard while a meeting elsewhere goes on, and when imports are read again."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from storage.errors import MeetingExists
from storage.import_store import StoreWithImports
from tests.storage.import_script import ONE, ROOM, TWO, ImportScript, heard, row
from tests.storage.script import request

# Live stays


async def test_what_is_heard_is_seen_at_once(imports: ImportScript) -> None:
    assert await imports.hear(heard("s1", "k1", joined=1010.0, at=1011.0, starts=1000.0)) is True
    part = await imports.part()
    assert (part.state, part.rows, part.starts_at, part.ended_at) == ("live", 1, 1000.0, None)
    assert (part.total, part.agreed, part.checked_at, list(part.walking)) == (None, 0, None, [])
    person, (stay,) = await imports.person("k1")
    assert (person.name, person.state, person.total_duration) == ("Ann", "connected", 0.0)
    assert (stay.joined_at, stay.left_at, stay.instance, stay.estimated) == (1010.0, None, "one==", False)

    await imports.hear(heard("s2", joined=1020.0, left=1030.0, name="Bob"))
    await imports.hear(heard("s1", "k1", left=1050.0))
    assert (await imports.part()).rows == 2
    person, (stay,) = await imports.person("k1")
    assert (person.state, person.total_duration) == ("disconnected", 40.0)
    assert (stay.left_at, stay.estimated) == (1050.0, False)
    meeting = (await imports.attendance()).meeting
    assert (meeting.title, meeting.created_at, meeting.ended_at) == ("Webinar", 1000.0, 1050.0)
    totals = await imports.store.import_totals(ROOM)
    assert (totals.people, totals.guests, totals.stays, totals.total_duration) == (2, 1, 2, 50.0)
    (listed,) = await imports.store.hosted_meetings(None, 10)
    assert (listed.attended, listed.present, listed.last_seen_at) == (2, 0, 1050.0)


async def test_it_does_not_matter_in_which_order_or_how_often_events_come(imports: ImportScript) -> None:
    events = [
        heard("s1", "k2", joined=1000.0),
        heard("s1", "k2", joined=1005.0),
        heard("s1", "k1", "k2", left=1050.0),
        heard("s1", "k2", left=1060.0),
    ]
    for number, order in enumerate([*permutations(events)][::3]):
        script = ImportScript(imports.store, f"ZOOM-{number}")
        for event in (*order, order[0]):
            assert await script.hear(event) is True
        person, (stay,) = await script.person("k1")
        assert (stay.joined_at, stay.left_at, stay.estimated) == (1000.0, 1060.0, False)
        assert (person.name, person.total_duration, (await script.part()).rows) == ("Ann", 60.0, 1)


async def test_until_a_beginning_is_told_the_earliest_moment_stands_for_it(imports: ImportScript) -> None:
    await imports.hear(heard("s1", left=1050.0))
    await imports.hear(heard("s1", left=1040.0))
    stay = await imports.stay("s1")
    assert (stay.joined_at, stay.left_at, stay.estimated) == (1040.0, 1050.0, True)
    await imports.hear(heard("s1", joined=1045.0))
    stay = await imports.stay("s1")
    assert (stay.joined_at, stay.left_at, stay.estimated) == (1045.0, 1050.0, False)


async def test_what_only_one_event_tells_is_kept(imports: ImportScript) -> None:
    await imports.hear(heard("s1", joined=1000.0, name="", email=""))
    await imports.hear(heard("s1", "k1", left=1050.0, name="Ann", email="ann@example.org"))
    await imports.hear(heard("s1", left=1050.0, name="", email=""))
    (person, _), *_ = (await imports.attendance()).participants
    import_source = (await imports.attendance()).import_source
    assert import_source is not None
    assert (person.id, person.name) == ("guest-s1", "Ann")
    imported = import_source.people[person.id]
    assert (imported.email, imported.guest) == ("ann@example.org", False)


async def test_open_stays_end_with_the_instance_until_their_end_is_told(imports: ImportScript) -> None:
    for session in ("s1", "s2"):
        await imports.hear(heard(session, joined=1000.0))
    await imports.hear(heard("s3", joined=1000.0, left=1020.0))
    for _ in range(2):
        await imports.end(ended=1100.0)
    assert (await imports.part()).ended_at == 1100.0
    assert (await imports.attendance()).meeting.ended_at == 1100.0
    ends = {session: await imports.stay(session) for session in ("s1", "s2", "s3")}
    assert [(stay.left_at, stay.estimated) for stay in ends.values()] == [
        (1100.0, True),
        (1100.0, True),
        (1020.0, False),
    ]
    # Events that come late.
    await imports.hear(heard("s1", left=1080.0))
    await imports.hear(heard("s4", joined=1010.0))
    await imports.hear(heard("s5", joined=1200.0))
    late = {session: await imports.stay(session) for session in ("s1", "s4", "s5")}
    assert [(stay.left_at, stay.estimated) for stay in late.values()] == [
        (1080.0, False),
        (1100.0, True),
        (1200.0, True),
    ]
    await imports.hear(heard("s4", left=1090.0))
    stay = await imports.stay("s4")
    assert (stay.left_at, stay.estimated) == (1090.0, False)
    # A later end, if there is one, counts.
    await imports.end(ended=1150.0)
    assert [(await imports.stay(session)).left_at for session in ("s1", "s2")] == [1080.0, 1150.0]


async def test_the_end_may_be_heard_first(imports: ImportScript) -> None:
    await imports.end(ended=1100.0, due=2900.0)
    record = await imports.record()
    assert (record.due_at, record.due_attempt) == (2900.0, 1)
    (part,) = record.parts
    assert (part.state, part.ended_at, part.rows) == ("unread", 1100.0, 0)
    await imports.hear(heard("s1", joined=1000.0))
    stay = await imports.stay("s1")
    assert (stay.left_at, stay.estimated) == (1100.0, True)


async def test_live_stays_give_way_to_the_first_walk_and_are_not_kept_any_more(imports: ImportScript) -> None:
    await imports.hear(heard("s1", "k1", joined=1000.0))
    await imports.hear(heard("s9", joined=1000.0))
    part = await imports.read(ONE, state="unknown", reason="no scope")
    assert (part.state, part.rows, part.given) == ("live", 2, 2)
    assert (part.reason, part.checked_at) == ("no scope", 6000.0)
    assert await imports.sessions() == {"s1", "s9"}
    walk = await imports.save(await imports.begin(), row("s1", "k1", until=1077.0))
    assert await imports.hear(heard("s2", joined=1002.0)) is True
    part = await imports.finish(walk, "complete")
    assert (part.state, part.rows, part.agreed) == ("complete", 1, 0)
    assert await imports.sessions() == {"s1"}

    before = await imports.attendance()
    for late in (heard("s1", "k1", left=1099.0, starts=1.0), heard("s3", joined=1003.0)):
        assert await imports.hear(late) is False
    assert await imports.attendance() == before
    assert await imports.hear(heard("t1", joined=2000.0, part=TWO)) is True
    # The end of the one instance is none of the other's, nor of rows that were read.
    await imports.end(ended=1100.0)
    assert (await imports.stay("t1")).left_at is None
    assert (await imports.stay("s1")).left_at == 1077.0
    assert await imports.store.sweep_walks(ROOM, 10, 6000.0) == 3
    assert await imports.hear(heard("s4", joined=1003.0)) is False
    assert await imports.sessions() == {"s1", "t1"}


async def test_nothing_is_heard_of_a_meeting_that_was_held_here(imports: ImportScript) -> None:
    await imports.store.join(request("ann", room=ROOM))
    with pytest.raises(MeetingExists):
        await imports.hear(heard("s1", joined=1000.0))
    with pytest.raises(MeetingExists):
        await imports.end(ended=1100.0)
    assert await imports.store.imported(ROOM) is None
    assert len((await imports.attendance()).participants) == 1


async def test_many_events_at_once_are_all_kept(imports: ImportScript, other: StoreWithImports) -> None:
    scripts = imports, ImportScript(other)
    answers = await asyncio.gather(
        *(
            script.hear(heard(f"s{number}", f"k{number % 7}", joined=joined, left=left, part=part))
            for number in range(20)
            for script, joined, left in ((scripts[0], 1000.0, None), (scripts[1], None, 1060.0))
            for part in (ONE, TWO)
            if (part == TWO) is (number % 2 == 1)
        )
    )
    assert answers == [True] * 40
    assert await imports.sessions() == {f"s{number}" for number in range(20)}
    people = (await imports.attendance()).participants
    assert {person.id: person.total_duration for person, _ in people} == {f"k{n}": 60.0 for n in range(7)}
    assert sum(part.rows for part in (await imports.record()).parts) == 20


# What is due


async def test_the_end_of_an_instance_makes_the_import_due_the_earlier_the_better(
    imports: ImportScript,
) -> None:
    async def due() -> tuple[float | None, int]:
        record = await imports.record()
        return record.due_at, record.due_attempt

    await imports.end(ended=1000.0, due=2800.0)
    assert await due() == (2800.0, 1)
    await imports.store.schedule_import(ROOM, 5000.0, 3)
    assert await due() == (5000.0, 3)
    await imports.end(TWO, ended=4000.0, due=5800.0)
    assert await due() == (5000.0, 1)
    await imports.end(TWO, ended=4000.0, due=4900.0)
    assert await due() == (4900.0, 1)
    await imports.store.schedule_import(ROOM, None, 0)
    assert await due() == (None, 0)
    await imports.store.schedule_import("NOWHERE", 1.0, 1)
    assert await imports.store.imported("NOWHERE") is None


async def test_what_is_due_is_claimed_the_longest_first(imports: ImportScript) -> None:
    store = imports.store
    for number, due in enumerate([300.0, 100.0, 200.0, 900.0]):
        await ImportScript(store, f"ZOOM-{number}").end(ended=50.0, due=due)
    await ImportScript(store, "ZOOM-NEVER").begin()
    first = await store.claim_due_imports(300.0, 600.0, 2)
    assert [record.subject.room for record in first] == ["ZOOM-1", "ZOOM-2"]
    assert [(record.due_at, record.due_attempt) for record in first] == [(600.0, 1)] * 2
    assert [part.part for part in first[0].parts] == [ONE]
    assert [record.subject.room for record in await store.claim_due_imports(300.0, 600.0, 2)] == ["ZOOM-0"]
    assert list(await store.claim_due_imports(300.0, 600.0, 2)) == []
    again = await store.claim_due_imports(600.0, 700.0, 9)
    assert {record.subject.room for record in again} == {"ZOOM-0", "ZOOM-1", "ZOOM-2"}


async def test_of_many_who_claim_each_import_is_had_by_one(
    imports: ImportScript, other: StoreWithImports
) -> None:
    for number in range(6):
        await ImportScript(imports.store, f"ZOOM-{number}").end(ended=50.0, due=100.0)
    claimed = await asyncio.gather(
        *(store.claim_due_imports(200.0, 500.0, 4) for store in (imports.store, other) for _ in range(3))
    )
    rooms = [record.subject.room for some in claimed for record in some]
    assert len(rooms) == len(set(rooms))
    rest = await imports.store.claim_due_imports(200.0, 500.0, 9)
    assert sorted(rooms + [record.subject.room for record in rest]) == [f"ZOOM-{n}" for n in range(6)]
