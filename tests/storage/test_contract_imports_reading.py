"""The contract, importing: how it is read, in pages, in sums, in lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from storage.errors import UnknownMeeting, UnknownParticipant
from storage.import_reports import ImportTotals
from storage.records import Attendance
from tests.storage.import_script import (
    APPROVED,
    ONE,
    PENDING,
    ROOM,
    TWO,
    ImportScript,
    registrant,
    row,
)
from tests.storage.script import Script

# Pages


async def pages(read: Callable[[str | None], Awaitable[Any]]) -> list[Any]:
    found = [await read(None)]
    while found[-1].next is not None:
        found.append(await read(found[-1].next))
    return found


async def test_pages_of_attendance_together_are_the_whole(imports: ImportScript) -> None:
    store = imports.store
    await imports.read(
        ONE,
        *(
            row(f"s{n}", f"k{n}", at=at)
            for n, at in enumerate([1003.0, 1001.0, 1001.0, 1001.0, 1005.0, 1002.0])
        ),
        *(row(f"t{n}", f"k{n}", at=1020.0 - n) for n in range(6)),
        row("w", "waiting", counted=False),
    )
    await imports.read(APPROVED, registrant("r", "absent"))
    whole = await store.attendance(ROOM)
    assert [person.id for person, _ in whole.participants] == ["k1", "k2", "k3", "k5", "k0", "k4"]
    for limit in (1, 4, 6, 7):

        async def read(after: str | None, limit: int = limit) -> Attendance:
            return await store.attendance(ROOM, limit, after)

        parts = await pages(read)
        assert [each for part in parts for each in part.participants] == list(whole.participants)
        assert all(len(part.participants) <= limit for part in parts)
    for nobody in ("unknown", "waiting", "absent"):
        with pytest.raises(UnknownParticipant):
            await store.attendance(ROOM, 2, nobody)


async def test_a_page_goes_on_after_somebody_who_has_another_id_by_now(imports: ImportScript) -> None:
    await imports.read(
        ONE, row("s1", "k5", at=1001.0), row("s2", "k6", at=1002.0), row("s3", "k7", at=1003.0)
    )
    first = await imports.store.attendance(ROOM, 2)
    assert first.next == "k6"
    await imports.read(APPROVED, registrant("r", "k6", "k1"))
    rest = await imports.store.attendance(ROOM, 2, "k6")
    assert [person.id for person, _ in rest.participants] == ["k7"]


async def test_who_registered_is_read_by_name_with_how_long_they_came(imports: ImportScript) -> None:
    store = imports.store
    await imports.read(
        APPROVED,
        registrant("r1", "k1", name="Zoe", email="zoe@example.org", at=300.0),
        registrant("r2", "k2", name="Bob", at=None),
        registrant("r3", "k3", name="Bob"),
        registrant("r5", "k5", name=""),
    )
    await imports.read(
        PENDING,
        registrant("r1", "k1", name="Other", status="pending", at=200.0),
        registrant("r4", "k4", name="Ann", status="pending"),
    )
    await imports.read(
        ONE,
        row("s1", "k1", at=1000.0, until=1030.0),
        row("s2", "k1", at=1020.0, until=1050.0),
        row("s3", "k3", counted=False),
        row("s4", "k4", until=None),
        row("s5", "stranger"),
    )
    whole = await store.registrations(ROOM)
    assert whole.next is None
    assert [each.participant_id for each in whole.people] == ["k4", "k2", "k3", "k5", "k1"]
    ann, bob, _, nameless, zoe = whole.people
    assert (zoe.name, zoe.email, zoe.status, zoe.registered_at) == (
        "Zoe",
        "zoe@example.org",
        "approved",
        200.0,
    )
    assert (zoe.session_count, zoe.total_duration) == (2, 50.0)
    assert (ann.status, ann.session_count, ann.total_duration) == ("pending", 1, 0.0)
    assert (bob.registered_at, bob.session_count, nameless.name) == (None, 0, "Guest")

    async def ids(came: bool | None, limit: int) -> list[str]:
        async def read(after: str | None) -> Any:
            return await store.registrations(ROOM, limit, after, came)

        return [each.participant_id for page in await pages(read) for each in page.people]

    for limit in (1, 2, 9):
        assert await ids(None, limit) == ["k4", "k2", "k3", "k5", "k1"]
        assert await ids(True, limit) == ["k4", "k1"]
        assert await ids(False, limit) == ["k2", "k3", "k5"]
    # They need not be one of those that are asked for.
    after = await store.registrations(ROOM, 9, "k2", True)
    assert [each.participant_id for each in after.people] == ["k1"]
    for nobody in ("unknown", "stranger"):
        with pytest.raises(UnknownParticipant):
            await store.registrations(ROOM, 9, nobody)


# Sums


async def test_totals_are_of_what_is_shown(imports: ImportScript) -> None:
    store = imports.store
    await imports.read(
        ONE,
        row("s1", "k1", at=1000.0, until=1060.0),
        row("s2", "k1", at=1030.0, until=1090.0),
        row("s3", at=990.0, until=None),
        row("s4", "k4", at=1000.0, until=1001.5),
        row("s5", "k2", at=100.0, until=9000.0, counted=False),
    )
    await imports.read(APPROVED, *(registrant(f"r{n}", f"k{n}", name=f"Name {n}") for n in range(1, 4)))
    await imports.read(
        PENDING,
        registrant("r9", "k9", status="pending"),
        registrant("r3", "k3", status="pending"),
    )
    totals = ImportTotals(
        registrants={"approved": 3, "pending": 2, "denied": 0},
        people=3,
        guests=1,
        stays=4,
        uncounted=1,
        no_shows=2,
        total_duration=91.5,
        first_joined_at=990.0,
        last_left_at=1090.0,
    )
    assert await store.import_totals(ROOM) == totals
    walk = await imports.save(await imports.begin(), row("s9", "k99"))
    await imports.read(TWO, row("t1", "k3", at=2000.0, until=2001.0), state="partial", reason="cut short")
    await store.drop_walk(walk.walk_id, "me")
    totals = await store.import_totals(ROOM)
    assert (totals.people, totals.stays, totals.no_shows, totals.last_left_at) == (4, 5, 1, 2001.0)


async def test_who_registered_is_no_guest(imports: ImportScript) -> None:
    await imports.read(ONE, row("s1"))
    assert (await imports.store.import_totals(ROOM)).guests == 1
    await imports.read(APPROVED, registrant("r", "guest-s1"))
    totals = await imports.store.import_totals(ROOM)
    assert (totals.people, totals.guests, totals.no_shows) == (1, 0, 0)


async def test_there_are_no_sums_of_what_is_no_import(imports: ImportScript) -> None:
    store = imports.store
    await Script(store).join("ann")
    for room in ("NOWHERE", "ROOM-1"):
        with pytest.raises(UnknownMeeting):
            await store.import_totals(room)
        with pytest.raises(UnknownMeeting):
            await store.registrations(room)
        assert await store.imported(room) is None
    assert (await store.attendance("ROOM-1")).import_source is None
    await imports.begin()
    assert (await store.import_totals(ROOM)).people == 0


# Lists


async def test_everybodys_meetings_are_listed_with_what_was_imported(imports: ImportScript) -> None:
    store = imports.store
    live = Script(store, "LIVE")
    await live.join("ann", 3000.0)
    await imports.read(
        ONE,
        row("s1", "k1", at=4000.0, until=4060.0),
        row("s2", "k1", at=4010.0, until=None),
        row("s3", "k3", at=4000.0, until=4090.0),
        row("s4", "k4", at=4000.0, until=9000.0, counted=False),
        starts=4000.0,
    )
    await imports.read(APPROVED, registrant("r", "absent"))
    empty = ImportScript(store, "ZOOM-2")
    await empty.begin(at=2000.0)

    found = await store.hosted_meetings(None, 10)
    assert [(each.meeting.room, each.imported) for each in found] == [
        (ROOM, "webinar"),
        ("LIVE", None),
        ("ZOOM-2", "webinar"),
    ]
    assert [(each.attended, each.present, each.last_seen_at) for each in found] == [
        (2, 1, 4090.0),
        (1, 1, 3000.0),
        (0, 0, None),
    ]
    assert [each.meeting.room for each in await store.hosted_meetings(None, 2)] == [ROOM, "LIVE"]
    assert list(await store.hosted_meetings("ann", 10)) == [found[1]]
    assert list(await store.hosted_meetings("zoom", 10)) == [found[0], found[2]]

    records = await store.imports(10)
    assert [record.subject.room for record in records] == [ROOM, "ZOOM-2"]
    assert records[0] == await imports.record()
    assert [record.subject.room for record in await store.imports(1)] == [ROOM]


async def test_parts_are_told_registrants_first_then_instances_by_their_start(imports: ImportScript) -> None:
    for part, starts in [
        ("instance/c", None),
        ("instance/b", 2000.0),
        (PENDING, None),
        ("instance/a", 3000.0),
        ("instance/d", 1000.0),
        (APPROVED, None),
    ]:
        await imports.begin(part, starts=starts)
    assert [part.part for part in (await imports.record()).parts] == [
        APPROVED,
        PENDING,
        "instance/d",
        "instance/b",
        "instance/a",
        "instance/c",
    ]
