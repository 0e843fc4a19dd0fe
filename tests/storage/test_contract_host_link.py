"""The contract, the host link: whoever has lost the identity is host again, once, and whoever was host is co-host."""

from __future__ import annotations

import asyncio

import pytest

from storage.errors import MeetingEnded
from storage.moderation import AuditEntry
from storage.store import Store
from tests.storage.script import Script

CLOSED = {
    "locked": True,
    "lobby": "everyone",
    "join_before_host": False,
    "password_version": "1",
    "password_hash": "x",
}


async def roles(script: Script) -> dict[str, str]:
    return {person.user_id: person.role for person in await script.people()}


async def test_whoever_joins_with_it_is_host_and_the_host_before_is_co_host(script: Script) -> None:
    ann = await script.join("ann")
    await script.join("bob")
    await script.change(1001.0, settings=CLOSED)
    made = await script.invite("link", "host", 1002.0, uses=5)
    assert (made.role, made.uses) == ("host", 1)
    joined = await script.ask("new", 1010.0, invite="link")
    assert (joined.meeting.host_user_id, joined.participant.role, joined.participant.role_at) == (
        "new",
        "host",
        1010.0,
    )
    assert await roles(script) == {"ann": "cohost", "bob": "participant", "new": "host"}
    assert (await script.person("ann")).role_at == 1010.0
    assert (await script.meeting()).host_user_id == "new"
    assert (await script.store.audit("ROOM-1", 10))[0] == AuditEntry(
        2, 1010.0, "new", "host_link", "ann", {"invite": "link", "role": "host"}
    )
    # Once: not by others, nor by whoever has used it and is host no more.
    assert await script.refused("eve", 1011.0, invite="link") == "password_required"
    await script.change(1012.0, host="ann")
    again = await script.ask("new", 1013.0, invite="link")
    assert (again.participant.role, again.meeting.host_user_id) == ("cohost", "ann")
    await script.leave(ann, 1014.0)
    assert (await script.join("ann", 1015.0)).participant.role == "host"


async def test_it_lets_in_whatever_keeps_others_out_but_a_removal_for_good(script: Script) -> None:
    await script.join("ann")
    await script.change(1001.0, settings=CLOSED, deny=["bob", "cem"], remove={"dee": "never", "eve": "knock"})
    await script.change(1002.0, deny=["cem"])
    await script.invite("link", "host", 1003.0)
    assert await script.refused("cem", 1004.0, invite="link") == "denied"
    assert await script.refused("dee", 1004.0, invite="link") == "removed"
    assert (await script.meeting()).host_user_id == "ann", "and it is not used by them"
    for n, user in enumerate(("eve", "bob")):
        await script.invite(f"link-{n}", "host", 1005.0 + n)
        assert (await script.ask(user, 1006.0 + n, invite=f"link-{n}")).participant.role == "host"
    rights = await script.store.rights("ROOM-1")
    assert [removal.user_id for removal in rights.removals] == ["dee"]
    assert [denial.user_id for denial in rights.denials] == ["cem"]


async def test_it_counts_whatever_the_meeting_did_to_its_user_since(script: Script) -> None:
    await script.join("ann")
    await script.join("bob")
    await script.invite("link", "host", 1001.0)
    await script.change(1002.0, roles={"bob": "cohost"})
    await script.change(1003.0, roles={"bob": "participant"})
    assert (await script.ask("bob", 1004.0, invite="link")).participant.role == "host"


@pytest.mark.parametrize(
    "how", ["another", "revoked", "maker revoked", "handed over", "expired", "elsewhere"]
)
async def test_it_is_void(script: Script, how: str) -> None:
    await script.join("ann")
    await script.join("bob")
    await script.change(1001.0, settings={"lobby": "everyone"})
    await script.invite("link", "host", 1002.0, expires_at=1005.0 if how == "expired" else None)
    assert await script.store.is_host_link("ROOM-1", "link", 1003.0)
    room = "ROOM-1"
    if how == "another":
        await script.invite("newer", "host", 1004.0)
        assert await script.store.is_host_link(room, "newer", 1006.0)
    elif how == "revoked":
        await script.store.revoke_invite(room, "link", 1004.0)
    elif how == "maker revoked":
        await script.store.revoke("ann", 1064.0, 0.0, 1004.0)
    elif how == "handed over":
        await script.change(1004.0, host="bob")
    elif how == "elsewhere":
        room = "ROOM-2"
    assert not await script.store.is_host_link(room, "link", 1006.0)
    if how != "elsewhere":
        assert await script.refused("cem", 1006.0, invite="link") == "lobby"
        assert (await script.meeting()).host_user_id == ("bob" if how == "handed over" else "ann")


async def test_other_invites_are_no_host_links_and_stay(script: Script) -> None:
    await script.join("ann")
    await script.invite("other", "cohost", 1001.0)
    await script.invite("link", "host", 1002.0)
    assert not await script.store.is_host_link("ROOM-1", "other", 1003.0)
    await script.change(1003.0, host="bob")
    assert [invite.revoked_at for invite in (await script.store.rights("ROOM-1")).invites] == [None, 1003.0]


async def test_the_host_does_not_use_it_up(script: Script) -> None:
    await script.join("ann")
    await script.invite("link", "host", 1001.0)
    assert (await script.ask("ann", 1002.0, invite="link")).participant.role == "host"
    assert await script.store.is_host_link("ROOM-1", "link", 1003.0)


async def test_it_ends_with_the_meeting(script: Script) -> None:
    await script.join("ann")
    await script.invite("link", "host", 1001.0)
    await script.store.end_meeting("ROOM-1", 1010.0)
    assert not await script.store.is_host_link("ROOM-1", "link", 1011.0)
    with pytest.raises(MeetingEnded):
        await script.ask("bob", 1012.0, invite="link")


async def test_of_many_at_once_one_is_host(script: Script, other: Store) -> None:
    """With others who come, the host among them, and people who leave: nobody waits for ever."""
    await script.join("ann")
    people = [await script.join(f"user-{n}") for n in range(10)]
    await script.invite("link", "host", 1001.0)
    scripts = script, Script(other)
    wanted = [scripts[n % 2].ask(f"new-{n}", 1002.0, invite="link") for n in range(10)]
    wanted += [scripts[n % 2].ask("ann", 1002.0) for n in range(2)]
    left = [scripts[n % 2].leave(person, 1003.0) for n, person in enumerate(people)]
    await asyncio.gather(*wanted, *left)
    found = await roles(script)
    assert [user for user, role in found.items() if role == "host"] == [(await script.meeting()).host_user_id]
    assert found["ann"] == "cohost"
    assert (
        len([entry for entry in await script.store.audit("ROOM-1", 20) if entry.action == "host_link"]) == 1
    )
