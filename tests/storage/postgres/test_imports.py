"""Imports in a database server: several processes at one import, rows that are locked, plans, and an upgrade."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import asyncpg
import pytest

from storage import open_store
from storage.errors import StoreUnavailable, WalkLost
from storage.import_store import StoreWithImports
from storage.migrations import SchemaFiles, load_migrations, load_schema
from storage.postgres.asyncpg_driver import PostgresDatabase
from storage.postgres.function_store import FunctionStore
from tests.databases import PostgresServer
from tests.storage.backends import TABLES, Servers
from tests.storage.import_script import APPROVED, ONE, ROOM, TWO, ImportScript, heard, registrant, row
from tests.storage.locks import holding, waiting
from tests.storage.script import Script, request

both = pytest.mark.parametrize("backend", ["postgres", "supabase"])


@pytest.fixture
async def postgres(servers: Servers) -> PostgresServer:
    return await servers.postgres()


@pytest.fixture
def database(backend: str) -> str:
    return {"postgres": "contract", "supabase": "project"}[backend]


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
        await waiting(postgres, database)
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


# Plans


class Counting(PostgresDatabase):
    """On one connection, whose plans are made while the tables are empty.

    `looked_at`: at how many rows the last call did, by table.
    """

    looked_at: Counter[str]

    async def open(self) -> None:
        self._connection: asyncpg.Connection[Any] = await asyncpg.connect(self._dsn, ssl=False)
        # Autovacuum passes over what it may not lock, and plans stay as they were made.
        self._holder: asyncpg.Connection[Any] = await asyncpg.connect(self._dsn, ssl=False)
        await self._holder.execute("BEGIN")
        tables = await self._holder.fetch("SELECT relid::regclass::text FROM pg_stat_user_tables")
        names = ", ".join(name for (name,) in tables)
        await self._holder.execute(f"LOCK TABLE {names} IN SHARE UPDATE EXCLUSIVE MODE")

    async def close(self) -> None:
        await self._holder.close()
        await self._connection.close()

    async def carry_out(
        self, calls: Sequence[Mapping[str, Any]], within: float, before: float | None = None
    ) -> Sequence[Any]:
        async with self._connection.transaction():
            so_far = await self._looked_at()
            text = await self._connection.fetchval(
                "SELECT reconvene.carry_out($1::jsonb, $2)::text", json.dumps(calls), before
            )
            self.looked_at = await self._looked_at() - so_far
        found: list[Any] = json.loads(text)
        return found

    async def _looked_at(self) -> Counter[str]:
        rows = await self._connection.fetch(
            "SELECT relname, coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_stat_xact_user_tables"
        )
        return Counter(dict(map(tuple, rows)))


@pytest.fixture
async def counting(servers: Servers) -> AsyncIterator[tuple[Counting, StoreWithImports]]:
    await servers.empty(await named(servers))
    database = Counting(await servers.contract())
    store = FunctionStore(database)
    await store.open()
    yield database, store
    await store.close()


async def named(servers: Servers) -> str:
    return (await servers.contract()).rpartition("/")[2]


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


async def test_what_was_kept_before_there_were_imports_is_still_there(postgres: PostgresServer) -> None:
    url = await postgres.make_database("upgraded")
    database = PostgresDatabase(url)
    await database.migrate(SchemaFiles(load_migrations("postgres")[:5]))
    await database.open()
    wishes = [
        {"call": "join", "first_name": wish.first_name, **asdict(wish)}
        for wish in (request("ann"), request("bob"))
    ]
    for answer in await database.carry_out(wishes, 5.0):
        assert "value" in answer
    (before,) = await database.carry_out([{"call": "attendance", "room": "ROOM-1"}], 5.0)
    await database.close()

    store = open_store(url)
    assert (await store.schema()).version == 5
    await store.open()
    assert (await store.schema()).pending == ()
    database = PostgresDatabase(url)
    await database.open()
    (after,) = await database.carry_out([{"call": "attendance", "room": "ROOM-1"}], 5.0)
    await database.close()
    assert after == before
    assert (await Script(store).join("ann")).rejoined
    imports = ImportScript(store)
    await imports.read(ONE, row("s1", "a"))
    listed = {each.meeting.room: each.imported for each in await store.hosted_meetings(None, 10)}
    assert listed == {"ROOM-1": None, ROOM: "webinar"}
    await store.close()


DROPS_A_CONSTRAINT = 14
"""Migrations before the one that needs a table for itself."""


async def test_bringing_a_project_up_to_date_waits_for_nobody_who_reads(servers: Servers) -> None:
    await servers.supabase()  # With its roles, which are the cluster's.
    postgres = await servers.postgres()
    url = await postgres.make_database("read", owner="project")
    database = PostgresDatabase(url)
    await database.migrate(SchemaFiles(load_migrations("postgres")[:5]))
    tables = "meetings, participants, participant_sessions, nodes"
    reading = (
        f"SELECT count(*) FROM {', '.join(f'reconvene.{name} AS {name}' for name in tables.split(', '))}"  # noqa: S608
    )
    files = load_schema()
    async with holding(postgres, "read", reading):
        async with asyncio.timeout(20):
            await database.migrate(SchemaFiles(files.migrations[:DROPS_A_CONSTRAINT]))
        with pytest.raises(StoreUnavailable, match="lock"):
            await database.migrate(files)
        assert (await database.applied()).version == DROPS_A_CONSTRAINT
    await database.migrate(files)
    (unprotected,) = await postgres.fetch(
        "SELECT count(*) FROM pg_class "
        "WHERE relnamespace = 'reconvene'::regnamespace AND relkind = 'r' AND NOT relrowsecurity",
        database="read",
    )
    assert unprotected["count"] == 0
