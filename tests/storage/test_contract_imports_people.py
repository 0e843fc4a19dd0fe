"""The contract, importing: whose the rows are, and what is known of those people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storage.import_reports import Imported
from storage.imports import Row
from storage.records import Participant, Stay
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


def hop(session: str, at: float, until: float, *keys: str, room: bool = False, name: str = "Gil") -> Row:
    return row(session, *keys, at=at, until=until, breakout=room, name=name)


MOVED = [
    hop("a1", 1000, 1100),
    hop("a2", 1100, 1200, room=True),
    hop("a3", 1203, 1300),
    hop("a4", 1299, 1400, room=True),
]
"""A guest, in and out of breakout rooms."""


@pytest.mark.parametrize(
    ("rows", "people", "guessed"),
    [
        (MOVED, [["a1", "a2", "a3", "a4"]], 3),
        # There at the same time, all the while or on the move.
        ([*MOVED, hop("b1", 1000, 1400)], [["a1", "a2", "a3", "a4"], ["b1"]], 3),
        (
            [
                hop("a1", 1000, 1100),
                hop("b1", 1000, 1100),
                hop("a2", 1101, 1200, room=True),
                hop("b2", 1102, 1200, room=True),
            ],
            [["a1", "a2"], ["b1", "b2"]],
            2,
        ),
        # One was there all the while that the other one was.
        ([hop("a1", 1000, 1005), hop("b1", 1000, 1400, room=True)], [["a1"], ["b1"]], 0),
        ([hop("a1", 1000, 1400, room=True), hop("b1", 1395, 1399)], [["a1"], ["b1"]], 0),
        # Nobody went into a room, or not then.
        ([hop("a1", 1000, 1100), hop("a2", 1100, 1200)], [["a1"], ["a2"]], 0),
        ([hop("a1", 1000, 1100), hop("a2", 1111, 1200, room=True)], [["a1"], ["a2"]], 0),
        ([hop("a1", 1000, 1100), hop("b1", 1100, 1200, room=True, name="Ann")], [["a1"], ["b1"]], 0),
        ([hop("a1", 1000, 1100, name=""), hop("a2", 1100, 1200, name="", room=True)], [["a1"], ["a2"]], 0),
        # Somebody who is known in the main room, and has only a name in others.
        (
            [hop("a1", 1000, 1100, "gil"), hop("a2", 1100, 1200, room=True), hop("a3", 1200, 1300, "gil")],
            [["a1", "a2", "a3"]],
            1,
        ),
        ([hop("a1", 1000, 1100, room=True), hop("a2", 1100, 1200, "gil")], [["a1", "a2"]], 1),
        # Two who are known are two.
        ([hop("a1", 1000, 1100, "gil"), hop("b1", 1100, 1200, "gil2", room=True)], [["a1"], ["b1"]], 0),
        (
            [hop("a1", 1000, 1100, "gil"), hop("a2", 1100, 1200, room=True), hop("b1", 1200, 1300, "gil2")],
            [["a1", "a2"], ["b1"]],
            1,
        ),
    ],
)
async def test_guests_are_followed_into_breakout_rooms_by_their_names(
    imports: ImportScript, rows: list[Row], people: list[list[str]], guessed: int
) -> None:
    await imports.read(TWO, hop("z1", 1000, 1100), hop("z2", 1100, 1200))
    walk = await imports.begin()
    for one in reversed(rows):
        walk = await imports.save(walk, one, cursor="token")
    await imports.finish(walk)
    found = await imports.people()
    assert sorted(found.values()) == sorted([*people, ["z1"], ["z2"]])
    totals = await imports.store.import_totals(ROOM)
    assert (totals.people, totals.guessed) == (len(people) + 2, guessed)
    kept = await imports.attendance()
    assert kept.import_source is not None
    assert sum(about.guessed for about in kept.import_source.people.values()) == sum(
        len(sessions) > 1 for sessions in people
    )


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


@pytest.mark.parametrize("joined_told", [True, False])
async def test_of_a_stay_that_is_open_no_end_is_a_guess(imports: ImportScript, joined_told: bool) -> None:
    await imports.read(ONE, row("s1", "k", until=None, joined_told=joined_told, left_told=False))
    assert (await imports.stay("s1")).estimated is not joined_told


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
        assert attendance.import_source is not None
        (name,) = [each.name for each, _ in attendance.participants if each.id == person]
        return name, attendance.import_source.people[person].email

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
    assert attendance.import_source is not None
    assert attendance.import_source.people == {
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
    assert page.import_source is not None
    assert page.import_source.people == {
        key: attendance.import_source.people[key] for key in ("guest-a2", "guest-a3")
    }, "of everybody, on a page too"
    assert page.import_source.record == attendance.import_source.record == await imports.record()


async def test_who_was_host_is_known_by_any_key_of_theirs_however_it_turns_out(imports: ImportScript) -> None:
    imports.subject = replace(
        imports.subject, roles={"ann@": "panelist", "k-ann": "host", "bob@": "panelist", "nobody": "host"}
    )
    await imports.read(
        ONE,
        row("s1", "k-ann", name="Ann"),
        row("s2", "ann@", name="Ann", at=1001.0),
        row("s3", "bob@", name="Bob", at=1002.0),
        row("s4", "cleo@", name="Cleo", at=1003.0),
    )

    async def roles() -> list[tuple[str, str]]:
        record = await imports.store.attendance(imports.room)
        assert record.import_source is not None
        return [
            (person.name, record.import_source.people[person.id].role) for person, _ in record.participants
        ]

    assert await roles() == [
        ("Ann", "host"),
        ("Ann", "panelist"),
        ("Bob", "panelist"),
        ("Cleo", "participant"),
    ]
    # They turn out to be one, and of the two the higher one is told; where none are told, none are taken back.
    imports.subject = replace(imports.subject, roles=None)
    await imports.read(TWO, row("s5", "k-ann", "ann@", name="Ann", at=2000.0))
    assert await roles() == [("Ann", "host"), ("Bob", "panelist"), ("Cleo", "participant")]
    page = await imports.store.attendance(imports.room, 2, "bob@")
    assert page.import_source is not None
    assert [each.role for each in page.import_source.people.values()] == ["participant"]
    imports.subject = replace(imports.subject, roles={"cleo@": "host"})
    await imports.read(TWO, row("s5", "k-ann", "ann@", name="Ann", at=2000.0))
    assert await roles() == [("Ann", "participant"), ("Bob", "participant"), ("Cleo", "host")]
