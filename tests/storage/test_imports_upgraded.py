"""Imports kept by the release before, read by this one: what was wrong in them, and what was left half read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from storage import open_store
from storage.import_store import StoreWithImports
from storage.migrations import SchemaFiles, load_migrations
from storage.postgres.asyncpg_driver import PostgresDatabase
from storage.sqlite.database_file import APPLICATION_ID, migrate
from tests.storage.backends import Servers
from tests.storage.import_script import ONE, ROOM, TWO, ImportScript, row

THREE = "instance/three=="

KEPT = f"""
INSERT INTO meetings (room, title, host_user_id, created_at) VALUES ('{ROOM}', 'Webinar', '', 1000);
INSERT INTO imports (room, kind, external_id, created_at) VALUES ('{ROOM}', 'webinar', '1', 1000);
INSERT INTO import_parts (room, part, state, shown, agreed, last_walk) VALUES
    ('{ROOM}', '{ONE}', 'complete', 'w_1', 1, 'w_1'), ('{ROOM}', '{TWO}', 'complete', 'w_2', 1, 'w_2'),
    ('{ROOM}', '{THREE}', 'unread', NULL, 0, NULL), ('{ROOM}', 'registrants/denied', 'complete', 'w_4', 1, 'w_4');
INSERT INTO import_walks (id, room, part, state, owner, lease_until, begun_at, touched_at, rows) VALUES
    ('w_1', '{ROOM}', '{ONE}', 'shown', 'run', 0, 1000, 1000, 0),
    ('w_2', '{ROOM}', '{TWO}', 'shown', 'run', 0, 1000, 1000, 3),
    ('w_3', '{ROOM}', '{THREE}', 'walking', 'run', 0, 1000, 1000, 2),
    ('w_4', '{ROOM}', 'registrants/denied', 'shown', 'run', 0, 1000, 1000, 0);
"""  # noqa: S608 - names of this file


async def test_in_a_file(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection, load_migrations("sqlite")[:4])
        connection.executescript(KEPT)
    await _as_this_release_takes_it(open_store(f"sqlite:///{tmp_path}/store.db"))


async def test_in_postgresql(servers: Servers) -> None:
    postgres = await servers.postgres()
    url = await postgres.make_database("of_the_release_before")
    await PostgresDatabase(url).migrate(SchemaFiles(load_migrations("postgres")[:13]))
    await postgres.execute(f"SET search_path = reconvene; {KEPT}", database="of_the_release_before")
    await _as_this_release_takes_it(open_store(url))


async def _as_this_release_takes_it(store: StoreWithImports) -> None:
    await store.open()
    try:
        known = await store.imported(ROOM)
        assert known is not None
        states = {part.part: (part.state, part.agreed, len(part.walking)) for part in known.parts}
        assert states == {
            # It was empty, which the release before took for nobody.
            ONE: ("unknown", 0, 0),
            TWO: ("complete", 1, 0),
            THREE: ("unread", 0, 0),
            "registrants/denied": ("complete", 1, 0),
        }
        await ImportScript(store).read(ONE, row("s1"))
        known = await store.imported(ROOM)
        assert known is not None
        assert [(part.state, part.rows) for part in known.parts if part.part == ONE] == [("complete", 1)]
    finally:
        await store.close()
