"""Imports in a database server: several processes at one import, rows that are locked, and languages."""

from __future__ import annotations

import asyncio

import pytest

from storage import open_store
from storage.errors import WalkLost
from storage.import_store import StoreWithImports
from tests.databases import PostgresServer
from tests.storage.backends import TABLES
from tests.storage.import_script import APPROVED, ONE, ROOM, TWO, ImportScript, heard, registrant, row
from tests.storage.locks import holding, waiting

both = pytest.mark.parametrize("backend", ["postgres", "supabase"])


def deadlocks(postgres: PostgresServer) -> int:
    return postgres.log().count("deadlock detected")


async def rows_left(postgres: PostgresServer, database: str) -> dict[str, int]:
    """By table, where there are any."""
    counts = {
        table: len(await postgres.fetch(f"TABLE reconvene.{table}", database=database)) for table in TABLES
    }
    return {table: count for table, count in counts.items() if count}


# At once


@both
async def test_pages_of_one_room_saved_by_two_at_once_are_all_kept_and_people_united(
    store: StoreWithImports, other: StoreWithImports, postgres: PostgresServer
) -> None:
    before = deadlocks(postgres)

    async def read(imports: ImportScript, number: int) -> None:
        """Everyone once, with one key of two, and in each second part the link between them."""
        walk = await imports.begin(f"instance/{number}")
        for page in range(10):
            who = [(page * 7 + n * 3 + number) % 40 for n in range(10)]
            keys = [(f"a{n}", f"b{n}") if number % 2 else (f"{'ab'[n % 2]}{n}",) for n in who]
            walk = await imports.save(
                walk, *(row(f"{number}-{page}-{n}", *of_row) for n, of_row in enumerate(keys)), cursor="more"
            )
        await imports.finish(walk)

    scripts = [ImportScript(store), ImportScript(other)]
    await asyncio.gather(*(read(scripts[number % 2], number) for number in range(6)))
    people = await scripts[0].people()
    assert sum(map(len, people.values())) == 6 * 100
    assert set(people) <= {f"a{n}" for n in range(40)}
    assert deadlocks(postgres) == before


@both
async def test_meetings_deleted_in_mid_walk_end_the_walks_and_leave_nothing(
    store: StoreWithImports, other: StoreWithImports, postgres: PostgresServer, database: str
) -> None:
    before = deadlocks(postgres)
    saved, over = asyncio.Event(), asyncio.Event()
    lost = 0

    async def walk_on(imports: ImportScript, part: str) -> None:
        nonlocal lost
        while not over.is_set():
            try:
                walk = await imports.begin(part)
                for page in range(20):
                    rows = [row(f"{part}-{page}-{n}", f"a{n}", f"b{page}") for n in range(5)]
                    walk = await imports.save(walk, *rows, registrant(f"r{page}", f"b{page}"), cursor="more")
                    saved.set()
                await imports.finish(walk)
                await store.sweep_walks(imports.room, 100, 6000.0)
                await store.claim_due_imports(9000.0, 9000.0, 10)
            except WalkLost:
                lost += 1

    async def listen(imports: ImportScript) -> None:
        while not over.is_set():
            await imports.hear(heard("s1", "a1", joined=1000.0, part="instance/live"))
            await imports.end("instance/live", ended=1060.0)

    async with asyncio.timeout(60):
        async with asyncio.TaskGroup() as tasks:
            for each, room, part in [
                (store, ROOM, ONE),
                (other, ROOM, ONE),
                (other, ROOM, TWO),
                (store, "ZOOM-2", ONE),
            ]:
                tasks.create_task(walk_on(ImportScript(each, room), part))
            tasks.create_task(listen(ImportScript(other)))
            while lost < 8:
                await saved.wait()
                saved.clear()
                await other.delete_meeting(ROOM)
                await store.delete_old_meetings(1e9, 10)
            over.set()
    for room in (ROOM, "ZOOM-2"):
        await store.delete_meeting(room)
    assert not await rows_left(postgres, database)
    assert deadlocks(postgres) == before


# Locked


@both
async def test_a_page_held_up_until_its_walk_was_taken_over_is_refused(
    store: StoreWithImports, postgres: PostgresServer, database: str
) -> None:
    imports = ImportScript(store)
    walk = await imports.save(await imports.begin(), row("s1", "a"), cursor="more")
    async with holding(
        postgres, database, f"SELECT FROM reconvene.meetings WHERE room = '{ROOM}' FOR UPDATE"
    ) as someone:
        late = asyncio.create_task(imports.save(walk, row("s2", "b")))
        await waiting(postgres, someone)
        await someone.execute("UPDATE reconvene.import_walks SET owner = 'another'")
    with pytest.raises(WalkLost):
        await late
    taken = await store.take_walk(walk.walk_id, "another", 5000.0, 15.0)
    assert taken is not None
    assert (taken.pages, taken.rows, taken.cursor) == (1, 1, "more")


@both
async def test_what_is_due_and_another_is_about_to_claim_is_left_to_them(
    store: StoreWithImports, postgres: PostgresServer, database: str
) -> None:
    for room in ("ZOOM-1", "ZOOM-2"):
        await ImportScript(store, room).end(ended=2000.0, due=3000.0)
    async with holding(postgres, database, "SELECT FROM reconvene.imports WHERE room = 'ZOOM-1' FOR UPDATE"):
        claimed = await store.claim_due_imports(4000.0, 5000.0, 10)
    assert [each.subject.room for each in claimed] == ["ZOOM-2"]


# Databases of all kinds


async def test_ids_and_names_are_compared_byte_by_byte_in_any_language(postgres: PostgresServer) -> None:
    url = await postgres.make_database("english")
    await postgres.execute("DROP DATABASE english")
    await postgres.execute(
        "CREATE DATABASE english OWNER reconvene TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
    )
    (sorted_so,) = await postgres.fetch("SELECT 'a' < 'B' AS english", database="english")
    assert sorted_so["english"]
    store = open_store(url)
    await store.open()
    imports = ImportScript(store)
    # Each of them is in another place in a dictionary.
    ids = sorted(["a", "B", "c", "_", "-d", "é", "É", "E", "e"])
    await imports.read(ONE, *(row(each, each, "Z" + each) for each in reversed(ids)))
    people = await imports.people()
    assert list(people.items()) == sorted((min(each, "Z" + each), [each]) for each in ids)
    apart = [row(each, f"x{each}", until=until) for each in ids for until in (1060.0, 1070.0)]
    await imports.read(TWO, *apart[1:], *apart[:1])
    assert {f"{each}#2" for each in ids} <= await imports.sessions()

    await imports.read(APPROVED, *(registrant(each, "r" + each, name=each) for each in ids))
    found: list[str] = []
    while True:
        page = await store.registrations(ROOM, 4, found[-1] if found else None)
        found += [person.participant_id for person in page.people]
        if page.next is None:
            break
    assert found == ["r" + each for each in ids]
    await store.close()
