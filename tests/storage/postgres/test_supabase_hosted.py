"""Against a hosted Supabase project that serves nobody else, when SUPABASE_TEST_URL and SUPABASE_TEST_KEY name one that
has the migrations.

    export SUPABASE_TEST_URL=https://….supabase.co SUPABASE_TEST_KEY=…
    .venv/bin/pytest tests/storage/postgres/test_supabase_hosted.py

It makes one meeting under a name of its own and deletes it again. Without these settings it is not collected.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator

import pytest

from storage import open_store
from storage.errors import UnknownMeeting
from storage.store import Store
from tests.storage.crowd import Crowd
from tests.storage.script import Script


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = open_store(
        "supabase",
        supabase_url=os.environ["SUPABASE_TEST_URL"],
        supabase_key=os.environ["SUPABASE_TEST_KEY"],
    )
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def room(store: Store) -> AsyncIterator[str]:
    room = f"TEST-{secrets.token_hex(6).upper()}"
    yield room
    await store.delete_meeting(room)


async def test_joining_leaving_coming_back_and_deleting(store: Store, room: str) -> None:
    script = Script(store, room)
    answers = await asyncio.gather(*(script.join(f"user-{n}") for n in range(50) for _ in range(2)))
    assert [answer.created for answer in answers].count(True) == 1
    assert len({answer.participant.id for answer in answers}) == 50

    first = answers[0]
    await script.leave(first, 1060.0, "lost")
    back = await script.join("user-0", 1070.0, previous=first)
    assert (back.rejoined, back.continued) == (True, True)
    await script.leave(back, 1100.0)
    person = await script.person("user-0")
    assert (person.session_count, person.total_duration) == (1, 100.0)
    assert (await store.end_meeting(room, 1200.0)).ended_at == 1200.0

    assert await store.delete_meeting(room)
    with pytest.raises(UnknownMeeting):
        await store.attendance(room)


async def test_a_crowd(store: Store, room: str) -> None:
    async with Crowd(store, room=room) as crowd:
        await crowd.acknowledged(500)
    await crowd.check()
