"""How many rows the calls for imports look at."""

from __future__ import annotations

from collections.abc import Mapping

from storage.import_store import StoreWithImports
from tests.storage.import_script import APPROVED, TWO, ImportScript, heard, registrant, row
from tests.storage.postgres.counting import Counting


async def test_no_call_looks_at_many_more_rows_than_it_is_about(
    counting: tuple[Counting, StoreWithImports],
) -> None:
    database, store = counting
    large, small = ImportScript(store, "ZOOM-1"), ImportScript(store, "ZOOM-2")
    walk = await large.begin()
    names = await large.begin(APPROVED)
    # The plans are made with the first of these.
    for page in range(15):
        who = range(page * 100, page * 100 + 100)
        walk = await large.save(walk, *(row(f"s{n}", f"a{n}", f"b{n}") for n in who), cursor="more")
        names = await large.save(names, *(registrant(f"r{n}", f"b{n}", f"c{n}") for n in who), cursor="more")
    for script in (large, small):
        # Rows of another walk, of people known and of one who turns out to be two of them.
        again = await script.save(await script.begin(TWO), row("t1", "a1"), row("t2", "a2", "b3"))
        assert_few(database.looked_at)
        await script.finish(again)
        assert_few(database.looked_at)
        await script.hear(heard("l1", "a4", joined=1000.0, part="instance/live"))
        assert_few(database.looked_at)
    await large.finish(walk)
    await large.finish(names)

    await small.attendance()
    assert_few(database.looked_at)
    await store.import_totals(small.room)
    assert_few(database.looked_at)
    await store.registrations(small.room)
    assert_few(database.looked_at)
    # What is large is gone through a few times.
    assert len((await large.attendance()).participants) > 1000
    assert database.looked_at["import_stays"] <= 5 * 1500


def assert_few(looked_at: Mapping[str, int]) -> None:
    assert {name: count for name, count in looked_at.items() if count > 60} == {}
