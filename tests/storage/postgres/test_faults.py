"""A database server that is restarted, killed, stuck, or gives up on a statement, and values it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest

from storage.errors import StoreUnavailable
from storage.postgres.function_store import FunctionStore
from storage.sqlite.meetings import FORGOTTEN_AFTER
from storage.store import Store
from tests.databases import PostgresServer
from tests.storage.crowd import Crowd, works_again
from tests.storage.locks import holding, waiting
from tests.storage.place import Place
from tests.storage.script import Script

pytestmark = pytest.mark.parametrize("backend", ["postgres", "supabase"])


# Restarts


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_nothing_acknowledged_is_lost_when_the_database_is_restarted_in_mid_load(
    store: Store, postgres: PostgresServer, how: str
) -> None:
    async with Crowd(store) as crowd:
        for _ in range(3):
            await crowd.acknowledged(100)
            await (postgres.kill() if how == "killed" else postgres.stop())
            await postgres.start()
        await crowd.acknowledged(100)
    await crowd.check()


async def test_a_database_that_is_down_makes_the_store_unavailable_until_it_is_back(
    place: Place, postgres: PostgresServer
) -> None:
    store, late = (FunctionStore(place.database(), patience=0.3) for _ in range(2))
    script = Script(store)
    await store.open()
    await script.join("ann")
    await postgres.stop()
    try:
        answers = await asyncio.gather(
            script.join("bob"), script.meeting(), store.ping(), late.open(), return_exceptions=True
        )
        assert all(isinstance(answer, StoreUnavailable) for answer in answers), answers
    finally:
        await postgres.start()
    await works_again(store)
    await late.open()
    await script.join("bob")
    assert [person.user_id for person in await Script(late).people()] == ["ann", "bob"]
    await store.close()
    await late.close()


# Statements the database gives up on


@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
async def test_a_statement_that_is_cancelled_is_tried_again(
    script: Script, postgres: PostgresServer, database: str, how: str
) -> None:
    await script.join("ann")
    async with holding(postgres, database, "SELECT FROM reconvene.meetings FOR UPDATE") as other:
        joins = [asyncio.create_task(script.join(user)) for user in ("ann", "bob", "cem")]
        for _ in range(2):
            await postgres.fetch(f"SELECT {how}($1)", await waiting(postgres, other))
        assert not any(join.done() for join in joins)
    assert [(await join).participant.user_id for join in joins] == ["ann", "bob", "cem"]
    assert [person.session_count for person in await script.people()] == [1, 1, 1]


@asynccontextmanager
async def patient(postgres: PostgresServer, database: str) -> AsyncIterator[None]:
    """On a busy machine a call would give up waiting for a row before a circle is closed."""
    timeout = "ALTER FUNCTION reconvene.carry_out SET lock_timeout = '{}'"
    await postgres.execute(timeout.format("60s"), database=database)
    try:
        yield
    finally:
        await postgres.execute(timeout.format("200ms"), database=database)


async def test_a_deadlock_is_no_callers_business(
    script: Script, postgres: PostgresServer, database: str
) -> None:
    await script.join("ann")
    await script.join("bob")
    row = "SELECT FROM reconvene.participants WHERE user_id = '{}' FOR UPDATE"
    async with patient(postgres, database), holding(postgres, database, row.format("bob")) as other:
        async with holding(postgres, database, row.format("ann")) as one:
            # It has the meeting's row, and waits for the first of the people's.
            ending = asyncio.create_task(script.store.end_meeting(script.room, 1100.0))
            ends = await waiting(postgres, one)
            wanting = asyncio.create_task(other.execute("SELECT FROM reconvene.meetings FOR UPDATE"))
            await waiting(postgres, ends)
        # Now it waits for the second, and so for who waits for it. PostgreSQL ends who came last.
        await wanting
    assert (await ending).ended_at == 1100.0
    assert [stay.left_at for user in ("ann", "bob") for stay in await script.stays(user)] == [1100.0] * 2
    assert "deadlock detected" in postgres.log()


async def test_whoever_comes_in_whatever_order_does_not_deadlock(
    store: Store, other: Store, postgres: PostgresServer
) -> None:
    before = postgres.log().count("deadlock detected")
    everyone = [(room, f"user-{number}") for room in ("ROOM-1", "ROOM-2") for number in range(60)]
    for at in (1000.0, 1001.0):
        there = [Script(store, room).join(user, at) for room, user in everyone]
        back = [Script(other, room).join(user, at) for room, user in reversed(everyone)]
        await asyncio.gather(*there, *back)
    assert postgres.log().count("deadlock detected") == before


@asynccontextmanager
async def failing(
    postgres: PostgresServer, database: str, sqlstate: str, *, times: int, user: str = "ann"
) -> AsyncIterator[None]:
    """The user's row cannot be written: so often it fails with this error, and then no more."""
    await postgres.execute(
        f"""
        CREATE SCHEMA planted;
        CREATE SEQUENCE planted.count;
        CREATE FUNCTION planted.fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            -- A sequence goes on counting when the transaction is rolled back.
            IF nextval('planted.count') <= {times} THEN
                RAISE EXCEPTION 'planted' USING ERRCODE = '{sqlstate}';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER planted BEFORE INSERT ON reconvene.participants
            FOR EACH ROW WHEN (NEW.user_id = '{user}') EXECUTE FUNCTION planted.fail();
        """,
        database=database,
    )
    try:
        yield
        (row,) = await postgres.fetch("SELECT last_value FROM planted.count", database=database)
        assert row["last_value"] >= times, "it was never hit"
    finally:
        await postgres.execute("DROP SCHEMA planted CASCADE", database=database)


@pytest.mark.parametrize("company", [[], ["bob"]])
async def test_a_duplicate_that_the_database_complains_of_is_answered_with_the_existing_row(
    script: Script, postgres: PostgresServer, database: str, company: list[str]
) -> None:
    first = await script.join("ann")
    async with failing(postgres, database, "23505", times=1):
        joined, *others = await asyncio.gather(*(script.join(user, 1001.0) for user in ["ann", *company]))
    assert (joined.rejoined, joined.participant.id) == (True, first.participant.id)
    assert (joined.stay.session_id, joined.stay.connections) == (first.stay.session_id, 2)
    assert [other.rejoined for other in others] == [False] * len(company)


@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "55P03", "57014", "53100"])
async def test_what_may_go_well_the_next_time_is_tried_again(
    script: Script, postgres: PostgresServer, database: str, sqlstate: str
) -> None:
    async with failing(postgres, database, sqlstate, times=2):
        joined = await script.join("ann")
    assert (joined.created, joined.rejoined, joined.stay.connections) == (True, False, 1)


# Values the database refuses


async def test_a_call_that_the_database_refuses_fails_alone(
    script: Script, postgres: PostgresServer, database: str
) -> None:
    taken = (await script.join("ann")).participant.id
    good, nul, surrogate, nobody, double, never, late = (
        script.request(user) for user in ("bob", "cem", "dee", "eve", "fay", "gus", "hal")
    )
    wanted = [
        good,
        replace(nul, name="Cem\0"),
        replace(surrogate, name="Dee\ud800"),
        replace(nobody, name=cast(str, None)),
        replace(double, participant_id=taken),
        replace(never, at=float("inf")),
        late,
    ]
    async with failing(postgres, database, "23514", times=100, user="hal"):
        answers = await asyncio.gather(*map(script.store.join, wanted), return_exceptions=True)
        assert [isinstance(answer, Exception) for answer in answers] == [False, *[True] * 6], answers
        assert not any(isinstance(answer, StoreUnavailable) for answer in answers), answers
        await script.join("ida")
        await postgres.execute("SELECT setval('planted.count', 100)", database=database)
    assert [person.user_id for person in await script.people()] == ["ann", "bob", "ida"]


async def test_nodes_that_died_long_ago_have_no_row(
    store: Store, postgres: PostgresServer, database: str
) -> None:
    for node, at in (("n_dead", 1000.0), ("n_silent", 1001.0), ("n_1", 1000.0 + FORGOTTEN_AFTER)):
        await store.heartbeat(node, at)
    await store.close_dead_nodes(1000.5 + FORGOTTEN_AFTER)
    rows = await postgres.fetch("SELECT id FROM reconvene.nodes ORDER BY id", database=database)
    assert [row["id"] for row in rows] == ["n_1", "n_silent"]


# Locks, and calls that come late


async def test_who_needs_a_row_that_is_locked_holds_up_nobody_else(
    store: Store, postgres: PostgresServer, database: str
) -> None:
    scripts = [Script(store, f"ROOM-{number}") for number in range(8)]
    await asyncio.gather(*(script.join("ann") for script in scripts))
    async with holding(postgres, database, "SELECT FROM reconvene.meetings WHERE room = 'ROOM-3' FOR UPDATE"):
        joins = [script.join("bob", 1001.0) for script in scripts]
        answers = await asyncio.gather(*joins, return_exceptions=True)
    assert [isinstance(answer, StoreUnavailable) for answer in answers] == [n == 3 for n in range(8)]
    assert (await scripts[3].join("bob", 1002.0)).rejoined is False


async def test_while_a_row_is_locked_calls_for_others_are_answered(
    store: Store, postgres: PostgresServer, database: str
) -> None:
    """However many wait for that row: more than there are batches at once, joins and leaves."""
    locked, other = Script(store, "LOCKED"), Script(store, "OTHER")
    ann, _ = await asyncio.gather(locked.join("ann"), other.join("ann"))
    hold = """
        SELECT FROM reconvene.meetings JOIN reconvene.participants USING (room) WHERE room = 'LOCKED' FOR UPDATE
    """
    async with holding(postgres, database, hold) as holder:
        joins, leaves = [], []
        for n in range(6):
            # One after another: each is a batch of its own, or waits for one that is.
            joins.append(asyncio.create_task(locked.join(f"x{n}")))
            leaves.append(asyncio.create_task(locked.leave(ann, 1010.0 + n)))
            await waiting(postgres, holder)
        for n in range(10):
            cem = await other.join(f"y{n}", 1001.0)
            await other.leave(cem, 1002.0)
        outcomes = await asyncio.gather(*joins, *leaves, return_exceptions=True)
    for outcome in outcomes:
        assert isinstance(outcome, StoreUnavailable)
        # On a busy machine an answer of PostgREST may come too late: then nobody knows.
        assert outcome.certain or str(outcome).startswith("Supabase")
    assert [stay.left_at for stay in await locked.stays("ann")] == [None]
    assert not (await locked.join("x0", 1020.0)).rejoined


async def test_who_waits_for_a_locked_row_gets_it_when_it_is_free(
    store: Store, postgres: PostgresServer, database: str
) -> None:
    script = Script(store)
    await script.join("ann")
    async with holding(postgres, database, "SELECT FROM reconvene.meetings FOR UPDATE") as other:
        first = asyncio.create_task(script.join("bob"))
        await waiting(postgres, other)
        second = asyncio.create_task(script.join("cem"))
        await asyncio.sleep(0)
        await other.execute("COMMIT")
        assert [joined.participant.user_id for joined in await asyncio.gather(first, second)] == [
            "bob",
            "cem",
        ]
        await other.execute("BEGIN")


async def test_a_call_that_comes_too_late_is_not_carried_out(place: Place, store: Store) -> None:
    await Script(store).join("ann")
    database = place.database()
    await database.open()
    try:
        (clock,) = await database.carry_out([{"call": "clock"}], 5.0)
        end = {"call": "end_meeting", "room": "ROOM-1", "at": 1010.0}
        assert await database.carry_out([end, end], 5.0, clock["value"]) == [{"refused": "late"}] * 2
        meeting = await store.meeting("ROOM-1")
        assert meeting is not None
        assert meeting.ended_at is None
        (ended,) = await database.carry_out([end], 5.0, clock["value"] + 60.0)
        assert ended["value"]["ended_at"] == 1010.0
    finally:
        await database.close()


async def test_who_creates_a_meeting_while_another_joins_it_holds_it_for_both(
    store: Store, postgres: PostgresServer, database: str
) -> None:
    """It is made by a transaction that is not over when the join looks for it."""
    insert = "INSERT INTO reconvene.meetings VALUES ('ROOM-1', '', 'host', 1000) RETURNING room"
    async with holding(postgres, database, insert) as other:
        joining = asyncio.create_task(Script(store).join("ann"))
        await waiting(postgres, other)
        await other.execute("COMMIT")
        joined = await joining
        await other.execute("BEGIN")
    assert (joined.created, joined.participant.role, joined.meeting.host_user_id) == (
        False,
        "participant",
        "host",
    )
    assert (await store.end_meeting("ROOM-1", 1100.0)).ended_at == 1100.0
    assert [stay.left_at for stay in await Script(store).stays("ann")] == [1100.0]
