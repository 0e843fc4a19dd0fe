"""The contract, importing: who the people are, what they are called, and how they are read, in pages and in sums."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from storage.imports import Imported, ImportTotals
from storage.store import Attendance, Participant, Stay, Store, UnknownMeeting, UnknownParticipant
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


@pytest.fixture
def imports(store: Store) -> ImportScript:
    return ImportScript(store)


# People


async def test_rows_that_share_a_key_are_one_persons_in_whatever_order_they_come(
    imports: ImportScript,
) -> None:
    walk = await imports.begin()
    walk = await imports.save(walk, row("s1", "k5", "k4"), row("s2", "k2"), row("s3", "k9"), cursor="a")
    walk = await imports.save(walk, row("s4", "k3", "k2"), row("s5"), cursor="b")
    # Both of them, and so all, by way of one that comes late.
    walk = await imports.save(walk, row("s6", "k4", "k3"), cursor="")
    await imports.finish(walk)
    assert await imports.people() == {
        "guest-s5": ["s5"],
        "k2": ["s1", "s2", "s4", "s6"],
        "k9": ["s3"],
    }
    # Over parts, too, and it is the least of all keys that names them.
    await imports.read(TWO, row("t1", "k9", "k1"), row("t2", "k5"))
    assert await imports.people() == {
        "guest-s5": ["s5"],
        "k1": ["s3", "t1"],
        "k2": ["s1", "s2", "s4", "s6", "t2"],
    }
    await imports.read(APPROVED, registrant("r", "k2", "k0", "k1"))
    assert await imports.people() == {
        "guest-s5": ["s5"],
        "k0": ["s1", "s2", "s3", "s4", "s6", "t1", "t2"],
    }


async def test_keys_of_one_import_are_not_anothers(imports: ImportScript) -> None:
    elsewhere = ImportScript(imports.store, "ZOOM-2")
    await imports.read(ONE, row("s1", "k1"))
    await elsewhere.read(ONE, row("s1", "k1", "k0"))
    assert await imports.people() == {"k1": ["s1"]}
    assert await elsewhere.people() == {"k0": ["s1"]}


async def test_a_person_is_as_their_stays_that_count_say(imports: ImportScript) -> None:
    await imports.read(
        ONE,
        row("s2", "k", at=1030.0, until=1100.0),
        row("s1", "k", at=1000.0, until=1060.0, joined_told=False),
        row("s4", "k", at=1010.0, until=1020.0),
        row("s0", "k", at=500.0, until=1000.0, counted=False),
        row("g", at=1200.0, until=None, name=""),
        row("waiting", "w", counted=False),
    )
    await imports.read(TWO, row("s3", "k", at=2000.0, until=2010.5, left_told=False))
    attendance = await imports.attendance()
    assert attendance.next is None
    (person, stays), (guest, (stay,)) = attendance.participants
    assert person == Participant(
        "k", ROOM, "", "Ann", "participant", "disconnected", 1000.0, 2010.5, 4, 110.5
    )
    assert list(stays) == [
        Stay("k", "s1", "", "one==", 1000.0, 1060.0, "left", True, 1),
        Stay("k", "s4", "", "one==", 1010.0, 1020.0, "left", False, 1),
        Stay("k", "s2", "", "one==", 1030.0, 1100.0, "left", False, 1),
        Stay("k", "s3", "", "two==", 2000.0, 2010.5, "left", True, 1),
    ]
    assert (guest.id, guest.name, guest.state, guest.total_duration) == ("guest-g", "Guest", "connected", 0.0)
    assert (guest.last_seen_at, stay.left_at, stay.reason) == (1200.0, None, None)


async def test_a_stay_that_ended_before_it_began_lasted_no_time(imports: ImportScript) -> None:
    await imports.read(ONE, row("s1", "k", at=1000.0, until=990.0), row("s2", "k", at=1000.0, until=1001.0))
    person, stays = await imports.person("k")
    assert [(stay.joined_at, stay.left_at) for stay in stays] == [(1000.0, 1000.0), (1000.0, 1001.0)]
    assert (person.total_duration, person.last_seen_at) == (1.0, 1001.0)


async def test_a_name_and_an_address_are_the_registrants_or_else_of_the_earliest_stay_that_has_one(
    imports: ImportScript,
) -> None:
    async def called(person: str) -> tuple[str, str]:
        attendance = await imports.attendance()
        assert attendance.origin is not None
        (name,) = [each.name for each, _ in attendance.participants if each.id == person]
        return name, attendance.origin.people[person].email

    await imports.read(
        ONE,
        row("s3", "k", at=1020.0, name="Third", email="third@example.org"),
        row("s2", "k", at=1010.0, name="Second"),
        row("s1", "k", at=1000.0, name=""),
        row("s2b", "k", at=1010.0, name="Behind"),
        row("s0", "k", at=900.0, name="Waiting", email="waiting@example.org", counted=False),
        row("n", "nobody", name=""),
    )
    assert await called("k") == ("Second", "third@example.org")
    assert await called("nobody") == ("Guest", "")
    await imports.read(
        PENDING, registrant("r1", "k", status="pending", name="Pending", email="p@example.org")
    )
    assert await called("k") == ("Pending", "p@example.org")
    await imports.read(
        APPROVED,
        registrant("r9", "k", name="Ninth", email="9@example.org"),
        registrant("r8", "k", name="Eighth", email="8@example.org"),
    )
    assert await called("k") == ("Eighth", "8@example.org")
    await imports.read(APPROVED, registrant("r8", "k", name="", email="8@example.org"))
    assert await called("k") == ("Pending", "8@example.org")


async def test_people_whose_names_read_the_same_are_counted_and_a_guest_matched_with_the_only_known_one(
    imports: ImportScript,
) -> None:
    def imported(email: str, guest: bool, registration: Any, namesakes: int, match: str | None) -> Imported:
        return Imported(email, guest, registration, namesakes, match)

    await imports.read(
        ONE,
        row("a1", "ann", name="Ann", at=1001.0),
        row("a2", name="ANN", at=1002.0),
        row("a3", name="ann", at=1003.0),
        row("b1", "bob-1", name="Bob", at=1004.0),
        row("b2", "bob-2", name="bob", at=1005.0),
        row("b3", name="Bob", at=1006.0),
        row("c1", name="Cem", at=1007.0),
        row("c2", name="Cem", at=1008.0),
        row("d1", name="Dee", at=1009.0),
        row("n1", name="", at=1010.0),
        row("n2", "nameless", name="", at=1011.0),
    )
    # Whoever did not come is nobody's namesake.
    await imports.read(APPROVED, registrant("r1", "dee", name="Dee"), registrant("r2", "bob-2", name="Bob"))
    attendance = await imports.attendance()
    assert attendance.origin is not None
    assert attendance.origin.people == {
        "ann": imported("", False, None, 2, None),
        "guest-a2": imported("", True, None, 2, "ann"),
        "guest-a3": imported("", True, None, 2, "ann"),
        "bob-1": imported("", False, None, 2, None),
        "bob-2": imported("", False, "approved", 2, None),
        "guest-b3": imported("", True, None, 2, None),
        "guest-c1": imported("", True, None, 1, None),
        "guest-c2": imported("", True, None, 1, None),
        "guest-d1": imported("", True, None, 0, None),
        "guest-n1": imported("", True, None, 0, None),
        "nameless": imported("", False, None, 0, None),
    }
    page = await imports.store.attendance(ROOM, 2, "ann")
    assert page.origin is not None
    assert page.origin.people == {key: attendance.origin.people[key] for key in ("guest-a2", "guest-a3")}, (
        "of everybody, on a page too"
    )
    assert page.origin.record == attendance.origin.record == await imports.record()


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
    assert (await store.attendance("ROOM-1")).origin is None
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
    assert (await store.attendance(ROOM)).origin is None


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
