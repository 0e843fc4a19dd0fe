"""The contract, credentials: which participant a user is in a meeting, and whose credentials are void."""

from __future__ import annotations

import asyncio

from storage.store import Store
from tests.storage.script import Script


async def test_who_a_user_is_in_a_meeting_is_known_while_the_meeting_is_on_record(script: Script) -> None:
    joined = await script.join("ann", 1000.0)
    assert await script.store.participant("ROOM-1", "ann") == joined.participant
    await script.leave(joined, 1010.0)
    found = await script.store.participant("ROOM-1", "ann")
    assert found is not None
    assert (found.id, found.state, found.last_seen_at) == (joined.participant.id, "disconnected", 1010.0)
    assert await script.store.participant("ROOM-1", "bob") is None
    assert await script.store.participant("ROOM-2", "ann") is None
    await script.store.delete_meeting("ROOM-1")
    assert await script.store.participant("ROOM-1", "ann") is None


async def test_of_several_revocations_the_latest_counts_whoever_says_it_and_whenever(
    store: Store, other: Store
) -> None:
    assert await store.revocations() == {}
    await asyncio.gather(
        *(each.revoke("u_ann", at, 0.0) for each in (store, other) for at in (30.5, 10.0, 20.0))
    )
    await other.revoke("u_bob", 15.25, 0.0)
    assert await store.revocations() == await other.revocations() == {"u_ann": 30.5, "u_bob": 15.25}


async def test_a_revocation_of_what_has_expired_is_forgotten(store: Store) -> None:
    await store.revoke("u_ann", 10.0, 0.0)
    await store.revoke("u_bob", 20.0, 0.0)
    await store.revoke("u_cat", 30.0, 20.0)
    assert await store.revocations() == {"u_bob": 20.0, "u_cat": 30.0}
