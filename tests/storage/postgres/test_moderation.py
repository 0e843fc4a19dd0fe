"""Joins and changes of several processes at once, calls that are sent again, and how many rows a join looks at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from storage.errors import NotLetIn, StoreError
from storage.import_store import StoreWithImports
from storage.moderation import Change
from storage.postgres.rows import wish
from storage.store import Store
from tests.databases import PostgresServer
from tests.storage.locks import holding, waiting
from tests.storage.place import Place
from tests.storage.postgres.counting import Counting
from tests.storage.script import Script, request

both = pytest.mark.parametrize("backend", ["postgres", "supabase"])


def statement(call: Mapping[str, Any]) -> str:
    return f"SELECT reconvene.carry_out('{json.dumps([call])}')"


def change(key: str = "key", **parts: Any) -> dict[str, Any]:
    return {
        "call": "change",
        "room": "ROOM-1",
        "by": "ann",
        "key": key,
        "at": 1010.0,
        "action": "x",
        "whom": "",
    } | {
        "detail": {},
        **parts,
    }


@both
@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"remove": {"bob": "never"}}, "removed"),
        ({"remove": {"bob": "knock"}}, "lobby"),
        ({"deny": ["bob", "bob"]}, "denied"),
        ({"settings": {"locked": True}}, "locked"),
    ],
)
async def test_a_join_that_comes_while_a_change_is_carried_out_is_decided_after_it(
    script: Script, postgres: PostgresServer, database: str, parts: dict[str, Any], reason: str
) -> None:
    await script.join("ann")
    async with holding(postgres, database, statement(change(**parts))) as other:
        joining = asyncio.create_task(script.refused("bob", 1011.0))
        await waiting(postgres, other)
        await other.execute("COMMIT")
        assert await joining == reason
        await other.execute("BEGIN")
    assert [person.user_id for person in await script.people()] == ["ann"]


@both
async def test_a_removal_waits_for_a_join_that_began_before_it_and_ends_its_stay(
    script: Script, postgres: PostgresServer, database: str
) -> None:
    await script.join("ann")
    join = {"call": "join", **wish(request("bob", 1005.0))}
    async with holding(postgres, database, statement(join)) as other:
        removing = asyncio.create_task(script.change(1010.0, remove={"bob": "never"}))
        await waiting(postgres, other)
        assert not removing.done()
        await other.execute("COMMIT")
        await removing
        await other.execute("BEGIN")
    assert [(stay.left_at, stay.reason) for stay in await script.stays("bob")] == [(1010.0, "removed")]


async def test_no_join_outlives_a_removal(store: Store, other: Store) -> None:
    """Whichever is first: when both are over, whoever was removed is out."""
    rooms = [Script(store, f"ROOM-{n}") for n in range(30)]
    for script in rooms:
        await script.join("ann")

    async def comes(script: Script, n: int) -> None:
        elsewhere = Script(other, script.room)
        for at in (1000.0, 1001.0):
            await asyncio.gather(
                *(by.ask("bob", at + n / 8) for by in (script, elsewhere)), return_exceptions=True
            )

    async def removes(script: Script, n: int) -> None:
        await asyncio.sleep(n / 2000)
        await script.change(1002.0, remove={"bob": "never"})
        assert await script.refused("bob", 1003.0) == "removed"

    both_ways = [way(script, n) for n, script in enumerate(rooms) for way in (comes, removes)]
    await asyncio.gather(*both_ways)
    for script in rooms:
        people = {
            person.user_id: stays for person, stays in (await store.attendance(script.room)).participants
        }
        assert all(stay.reason == "removed" for stay in people.get("bob", ()))


@both
async def test_two_changes_with_one_key_at_once_are_one(
    script: Script, postgres: PostgresServer, database: str
) -> None:
    await script.join("ann")
    async with holding(postgres, database, statement(change(settings={"a": 1}))) as other:
        again = asyncio.create_task(script.change(1011.0, key="key", action="x", settings={"a": 2}))
        await waiting(postgres, other)
        await other.execute("COMMIT")
        answer = await again
        await other.execute("BEGIN")
    assert (answer.again, answer.at, answer.settings, answer.revision) == (True, 1010.0, {"a": 1}, 1)
    assert len(await script.store.audit("ROOM-1", 10)) == 1


@both
async def test_a_change_that_is_sent_again_because_its_answer_was_lost_is_the_first(
    script: Script, place: Place
) -> None:
    """Nobody has been told of it yet."""
    await script.join("ann")
    database = place.database()
    await database.open()
    try:
        call = change(settings={"a": 1})
        answers = [
            (await database.carry_out([each], 5.0))[0]["value"]["again"]
            for each in (call, call | {"again": True}, call, call | {"again": True, "at": 1011.0})
        ]
    finally:
        await database.close()
    assert answers == [False, False, True, True]


@both
async def test_a_release_that_knows_no_such_refusal_hears_that_the_meeting_is_over(
    script: Script, place: Place
) -> None:
    await script.join("ann")
    await script.change(1001.0, settings={"lobby": "everyone"}, remove={"bob": "never"})
    wishes = [wish(request(user)) for user in ("ann", "bob", "cem")]
    for each in wishes:
        del each["v"]
    database = place.database()
    await database.open()
    try:
        (answer,) = await database.carry_out([{"call": "join_many", "calls": wishes}], 5.0)
        alone = await database.carry_out([{"call": "join", **each} for each in wishes], 5.0)
    finally:
        await database.close()
    for answers in (answer["value"], alone):
        assert "value" in answers[0]
        assert answers[1:] == [{"refused": "meeting_ended"}] * 2


async def test_in_a_batch_whoever_is_let_in_is_not_held_up_by_who_is_not(script: Script) -> None:
    await script.join("ann")
    await script.change(1001.0, remove={f"user-{n}": "never" for n in range(0, 40, 3)})
    answers = await asyncio.gather(*(script.ask(f"user-{n}") for n in range(40)), return_exceptions=True)
    refused = [n for n, answer in enumerate(answers) if isinstance(answer, NotLetIn)]
    assert refused == list(range(0, 40, 3))
    assert sum(isinstance(answer, StoreError) for answer in answers) == len(refused)


MOST = 12
"""Rows of a table that a join may look at."""


@pytest.mark.parametrize("settings", [{}, {"lobby": "guests", "join_before_host": False}])
async def test_a_join_looks_at_few_rows_however_many_are_in(
    counting: tuple[Counting, StoreWithImports], settings: dict[str, Any]
) -> None:
    database, store = counting
    script = Script(store)
    # The first by name, so that nobody else is looked at in a search for a host.
    await script.join("a-host")
    for n in range(200):
        await script.join(f"user-{n}")
    await script.change(1001.0, by="a-host", settings=settings, admit=["new"])
    for user in ("new", "user-7"):
        call = {"call": "join", **wish(replace(request(user, 1002.0), standing="known"))}
        (answer,) = await database.carry_out([call], 5.0)
        assert "value" in answer
        most = {table: count for table, count in database.looked_at.items() if count > MOST}
        assert most == {}


async def test_a_change_looks_at_few_rows_however_many_are_in(
    counting: tuple[Counting, StoreWithImports],
) -> None:
    database, store = counting
    script = Script(store)
    await script.join("ann")
    for n in range(200):
        await script.join(f"user-{n}")
    for n in range(100):
        await store.change(
            Change("ROOM-1", "ann", f"key-{n}", 1001.0, "x", admit=[f"user-{n}"], deny=[f"user-{n}"])
        )
    parts = {
        "remove": {"user-3": "knock"},
        "roles": {"user-4": "cohost"},
        "settings": {"a": 1},
        "readmit": ["user-9"],
    }
    (answer,) = await database.carry_out([change("k", **parts)], 5.0)
    assert "value" in answer
    assert {table: count for table, count in database.looked_at.items() if count > 2 * MOST} == {}
