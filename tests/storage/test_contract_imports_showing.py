"""The contract, importing: what of a finished walk is shown, and in whose place."""

from __future__ import annotations

import asyncio

import pytest

from storage.errors import WalkLost
from storage.import_store import StoreWithImports
from storage.imports import WalkEnd
from tests.storage.import_script import (
    APPROVED,
    ONE,
    ROOM,
    ImportScript,
    heard,
    registrant,
    row,
)


async def test_nobody_sees_a_walks_rows_before_it_is_finished(
    imports: ImportScript, other: StoreWithImports
) -> None:
    store = imports.store
    walk = await imports.begin()
    walk = await imports.save(walk, row("s1"), row("s2"), total=2)
    names = await imports.begin(APPROVED)
    names = await imports.save(names, registrant("r1", "k"))
    assert list((await imports.attendance()).participants) == []
    totals = await store.import_totals(ROOM)
    assert (totals.people, totals.stays, totals.total_duration, totals.first_joined_at) == (0, 0, 0.0, None)
    assert totals.registrants == {"approved": 0, "pending": 0, "denied": 0}
    assert list((await store.registrations(ROOM)).people) == []
    assert (await imports.part()).rows == 0

    part = await imports.finish(walk)
    assert (part.state, part.rows, part.total, part.agreed, part.checked_at) == ("complete", 2, 2, 0, 6000.0)
    assert (part.source, list(part.walking)) == ("report", [])
    assert part == await ImportScript(other).part()
    assert await imports.sessions() == {"s1", "s2"}
    assert list((await store.registrations(ROOM)).people) == []
    assert (await imports.finish(names)).rows == 1
    assert [each.participant_id for each in (await other.registrations(ROOM)).people] == ["k"]


async def test_finishing_twice_is_finishing_once(imports: ImportScript) -> None:
    walk = await imports.save(await imports.begin(), row("s1"))
    first = await imports.finish(walk)
    assert await imports.finish(walk) == first
    assert await imports.finish(walk, at=6001.0) == first
    with pytest.raises(WalkLost):
        await imports.finish(walk, "partial")
    with pytest.raises(WalkLost):
        await imports.store.finish_walk(WalkEnd(walk.walk_id, "you", "complete", "", 6000.0))
    # One that agreed, too, which leaves no rows.
    again = await imports.save(await imports.begin(), row("s1"))
    part = await imports.finish(again)
    assert part.agreed == 1
    assert await imports.store.sweep_walks(ROOM, 100, 6000.0) == 1
    assert await imports.finish(again) == part


async def test_a_walk_that_finds_the_same_agrees_and_changes_nothing(imports: ImportScript) -> None:
    a, b = row("s1", "k1"), row("s2", "k2")
    await imports.read(ONE, a, b, total=2)
    before = await imports.attendance()
    for agreed in (1, 2, 3):
        part = await imports.read(ONE, b, a, total=2)
        assert (part.agreed, part.state, part.rows) == (agreed, "complete", 2)
    assert (await imports.attendance()).participants == before.participants

    changed = row("s2", "k2", until=1070.0)
    part = await imports.read(ONE, a, changed)
    assert (part.agreed, part.total) == (0, None)
    assert (await imports.stay("s2")).left_at == 1070.0
    # The same from elsewhere is not the same.
    part = await imports.read(ONE, a, changed, source="basic", why="no scope")
    assert (part.agreed, part.source, part.why) == (0, "basic", "no scope")
    part = await imports.read(ONE, a, changed, source="basic", why="no scope")
    assert part.agreed == 1
    # Nor is what one row more or less, or another in its place.
    assert (await imports.read(ONE, a, changed, row("s3"), source="basic")).agreed == 0
    assert (await imports.read(ONE, a, changed, source="basic")).agreed == 0
    assert await imports.sessions() == {"s1", "s2"}


async def test_registrants_agree_as_stays_do(imports: ImportScript) -> None:
    one, two = registrant("r1", "k1"), registrant("r2", "k2")
    assert (await imports.read(APPROVED, one, two)).agreed == 0
    assert (await imports.read(APPROVED, two, one)).agreed == 1
    assert (await imports.read(APPROVED, one, registrant("r2", "k2", name="Bob"))).agreed == 0
    assert (await imports.read(APPROVED, one)).rows == 1
    assert [each.participant_id for each in (await imports.store.registrations(ROOM)).people] == ["k1"]


async def test_a_partial_walk_takes_the_place_of_nothing_better(imports: ImportScript) -> None:
    part = await imports.read(ONE, row("s1"), row("s2"), state="partial", reason="cut short", total=5)
    assert (part.state, part.reason, part.rows, part.total) == ("partial", "cut short", 2, 5)
    part = await imports.read(ONE, row("s3"), state="partial", reason="fewer")
    assert (part.state, part.reason, part.rows, part.total, part.agreed) == ("partial", "fewer", 2, 5, 0)
    assert await imports.sessions() == {"s1", "s2"}
    part = await imports.read(ONE, row("s1"), row("s2"), state="partial", reason="the same")
    assert (part.reason, part.agreed) == ("the same", 1)
    part = await imports.read(ONE, row("s1"), row("s2"), row("s4"), state="partial", reason="more")
    assert (part.reason, part.rows, part.agreed) == ("more", 3, 0)
    # With fewer rows, but all there are said to be.
    part = await imports.read(ONE, row("s5"), state="complete")
    assert (part.state, part.rows, part.reason, part.agreed) == ("complete", 1, "", 0)
    await imports.read(ONE, row("s5"), state="complete")
    part = await imports.read(ONE, row("s6"), row("s7"), state="partial", reason="total 9, rows 2")
    assert (part.state, part.rows, part.reason, part.agreed) == ("complete", 1, "total 9, rows 2", 0)
    # The same rows as part of more are not the same.
    part = await imports.read(ONE, row("s5"), state="partial", reason="expired")
    assert (part.state, part.agreed) == ("complete", 0)
    assert await imports.sessions() == {"s5"}


async def test_a_partial_walk_that_has_all_there_is_and_more_takes_its_place(imports: ImportScript) -> None:
    await imports.read(ONE, row("s1"), row("s2"), state="complete")
    part = await imports.read(
        ONE, row("s1"), row("s2", until=1070.0), row("s3"), state="partial", reason="more"
    )
    assert (part.state, part.reason, part.rows) == ("partial", "more", 3)
    part = await imports.read(
        ONE, row("s1"), *(row(f"t{each}") for each in range(9)), state="partial", reason="others"
    )
    assert (part.rows, part.reason) == (3, "others"), "as many as there may be"
    assert await imports.sessions() == {"s1", "s2", "s3"}
    live = ImportScript(imports.store, "ZOOM-2")
    for session in ("l1", "l2"):
        await live.hear(heard(session, joined=1000.0))
    part = await live.read(ONE, row("s1"), state="partial", reason="cut short")
    assert (part.state, part.reason, part.rows) == ("live", "cut short", 2)
    assert (await live.read(ONE, row("s1"), row("s2"), state="partial")).state == "partial"


async def test_a_row_of_somebody_else_under_the_same_id_is_not_theirs(imports: ImportScript) -> None:
    await imports.read(ONE, row("s1", "ada"), row("s2", "cy"))
    more = row("s1", "ben"), row("s2", "cy"), row("s3", "di")
    part = await imports.read(ONE, *more, state="partial", reason="others")
    assert (part.state, part.rows, part.reason) == ("complete", 2, "others")


async def test_whose_rows_are_is_guessed_anew(imports: ImportScript) -> None:
    moved = row("s1", at=1000.0, until=1100.0), row("s2", at=1100.0, until=1200.0, breakout=True)
    await imports.read(ONE, *moved)
    assert len(await imports.people()) == 1
    part = await imports.read(ONE, *moved, row("s3", at=1300.0), state="partial", reason="more")
    assert (part.state, part.rows) == ("partial", 3)
    assert len(await imports.people()) == 2


async def test_what_is_too_old_to_be_read_says_so_and_takes_nobodys_place(imports: ImportScript) -> None:
    assert (await imports.read(ONE, state="unknown", reason="refused")).state == "unknown"
    part = await imports.read(ONE, state="too_old", reason="too old")
    assert (part.state, part.reason, part.rows) == ("too_old", "too old", 0)
    assert (await imports.read(ONE, state="too_old", reason="too old")).agreed == 1
    assert (await imports.read(ONE, row("s1"), state="complete")).state == "complete"
    assert (await imports.read(ONE, state="too_old", reason="too old")).state == "complete"


async def test_partial_rows_that_turn_out_to_be_all_are_complete(imports: ImportScript) -> None:
    await imports.read(ONE, row("s1"), state="partial", reason="cut short")
    part = await imports.read(ONE, row("s1"), state="complete")
    assert (part.state, part.agreed, part.reason) == ("complete", 0, "")


async def test_an_unknown_walk_takes_nobodys_place(imports: ImportScript) -> None:
    part = await imports.read(ONE, state="unknown", reason="no scope", source="none", why="scope")
    assert (part.state, part.reason, part.rows, part.source, part.why) == (
        "unknown",
        "no scope",
        0,
        "none",
        "scope",
    )
    assert (await imports.read(ONE, state="unknown", reason="still", source="none")).agreed == 1
    part = await imports.read(ONE, row("s1"), state="partial", reason="cut short")
    assert (part.state, part.agreed) == ("partial", 0)
    part = await imports.read(ONE, state="unknown", reason="no plan", source="none")
    assert (part.state, part.reason, part.rows, part.source) == ("partial", "no plan", 1, "report")
    assert await imports.sessions() == {"s1"}


async def test_two_may_walk_one_part_each_for_itself(imports: ImportScript, other: StoreWithImports) -> None:
    mine = await imports.begin(owner="me", at=5000.0)
    theirs = ImportScript(other)
    yours = await theirs.begin(owner="you", at=5001.0)
    assert [walk.walk_id for walk in (await imports.part()).walking] == [yours.walk_id, mine.walk_id]
    mine, yours = await asyncio.gather(
        imports.save(mine, row("s1", "k1"), row("s2"), cursor="a"),
        theirs.save(yours, row("s1", "k1"), row("s2"), row("s3"), cursor="b"),
    )
    assert (mine.rows, mine.cursor, yours.rows, yours.cursor) == (2, "a", 3, "b")
    await imports.finish(mine, "partial", "expired")
    assert await imports.sessions() == {"s1", "s2"}
    part = await theirs.finish(yours)
    assert (part.state, part.rows) == ("complete", 3)
    assert await imports.sessions() == {"s1", "s2", "s3"}
