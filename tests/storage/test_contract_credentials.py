"""The contract, credentials: which participant a user is in a meeting, and whose credentials are void."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from storage.errors import Revoked
from storage.moderation import NewInvite
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


async def test_people_are_found_by_their_ids_and_as_users(script: Script) -> None:
    ann, bob, cat = [(await script.join(user, 1000.0)).participant for user in ("ann", "bob", "cat")]
    wish = replace(script.request("ann", 1000.0), room="ROOM-2", participant_id="p_elsewhere")
    elsewhere = (await script.store.join(wish)).participant

    async def found(participants: Sequence[str] = (), users: Sequence[str] = ()) -> set[str]:
        return {person.id for person in await script.store.people("ROOM-1", participants, users)}

    assert await found() == set()
    assert await found([ann.id, elsewhere.id, "p_none"]) == {ann.id}
    assert await found(users=["bob", "cat", "none"]) == {bob.id, cat.id}
    assert await found([ann.id, bob.id], ["bob"]) == {ann.id, bob.id}
    (person,) = await script.store.people("ROOM-2", users=["ann"])
    assert person == elsewhere


async def test_of_several_revocations_the_latest_counts_whoever_says_it_and_whenever(
    store: Store, other: Store
) -> None:
    assert await store.revocations() == {}
    await asyncio.gather(
        *(each.revoke("u_ann", at, 0.0, at) for each in (store, other) for at in (30.5, 10.0, 20.0))
    )
    await other.revoke("u_bob", 15.25, 0.0, 15.25)
    assert await store.revocations() == await other.revocations() == {"u_ann": 30.5, "u_bob": 15.25}


async def test_a_revocation_of_what_has_expired_is_forgotten(store: Store) -> None:
    await store.revoke("u_ann", 10.0, 0.0, 10.0)
    await store.revoke("u_bob", 20.0, 0.0, 20.0)
    await store.revoke("u_cat", 30.0, 20.0, 30.0)
    assert await store.revocations() == {"u_bob": 20.0, "u_cat": 30.0}


async def test_links_of_whoever_is_revoked_are_dead(script: Script) -> None:
    """Theirs alone, in every meeting; and the audit of each says so."""
    store = script.store
    for room in ("ROOM-1", "ROOM-2"):
        script.room = room
        await store.create_meeting(room, "ann", "", 1000.0)
        await script.invite(f"of ann in {room}")
        await store.make_invite(NewInvite(room, f"of bob in {room}", room, "participant", 1000.0, "bob"))
    for at in (1002.0, 1003.0):
        await store.revoke("ann", at + 60.0, 0.0, at)
    for room in ("ROOM-1", "ROOM-2"):
        invites = (await store.rights(room)).invites
        found = {invite.id: invite.revoked_at for invite in invites}
        assert found == {f"of ann in {room}": 1002.0, f"of bob in {room}": None}
        told = [entry for entry in await store.audit(room, 10) if entry.action == "revoke_invite"]
        assert [(entry.at, entry.by, entry.detail) for entry in told] == [
            (1002.0, "", {"invite": f"of ann in {room}"})
        ]
        # A process that has not heard of it makes none.
        with pytest.raises(Revoked):
            await store.make_invite(NewInvite(room, "late", room, "host", 1004.0, "ann"))
        assert [invite.id for invite in (await store.rights(room)).invites] == list(found)
        await store.make_invite(
            NewInvite(room, f"later in {room}", f"2 {room}", "participant", 1063.0, "ann")
        )
