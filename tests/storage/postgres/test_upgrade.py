"""A database that an older release made, brought up to date."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

import pytest

from storage import open_store
from storage.errors import StoreUnavailable
from storage.migrations import SchemaFiles, load_migrations, load_schema
from storage.postgres.asyncpg_driver import PostgresDatabase
from tests.databases import PostgresServer
from tests.storage.backends import Servers
from tests.storage.import_script import ONE, ROOM, ImportScript, row
from tests.storage.locks import holding
from tests.storage.script import Script, request


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
    # Rows have more columns than they had.
    assert without_new_columns(after["value"], before["value"]) == before["value"]
    assert (await Script(store).join("ann")).rejoined
    imports = ImportScript(store)
    await imports.read(ONE, row("s1", "a"))
    listed = {each.meeting.room: each.imported for each in await store.hosted_meetings(None, 10)}
    assert listed == {"ROOM-1": None, ROOM: "webinar"}
    await store.close()


def without_new_columns(after: Any, before: Any) -> Any:
    if isinstance(before, dict):
        return {name: without_new_columns(after[name], value) for name, value in before.items()}
    if isinstance(before, list):
        return [without_new_columns(*both) for both in zip(after, before, strict=True)]
    return after


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
