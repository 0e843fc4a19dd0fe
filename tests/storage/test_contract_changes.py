"""The contract, changes: each is carried out once, and does all of what it says or nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from storage.errors import MeetingEnded, NotLetIn, Outdated, StoreError, UnknownMeeting
from storage.moderation import KEYS_KEPT, AuditEntry, Change, Changed
from storage.records import Meeting
from storage.store import Store
from tests.storage.script import Script

NOBODY: dict[str, Any] = {}


async def test_settings_are_merged_and_every_change_of_them_has_a_revision(script: Script) -> None:
    await script.join("ann")
    first = await script.change(
        1001.0, settings={"locked": True, "lobby": "guests", "may": {"audio": False, "x": None}}
    )
    assert first == Changed(
        False, 1001.0, {"locked": True, "lobby": "guests", "may": {"audio": False, "x": None}}, 1, 1
    )
    second = await script.change(1002.0, settings={"locked": None, "may": {"chat": False}, "never": None})
    assert (second.settings, second.revision) == ({"lobby": "guests", "may": {"chat": False}}, 2)
    assert (await script.change(1003.0, roles={"ann": "cohost"})).revision == 2
    assert (await script.change(1004.0, settings={})).revision == 3
    meeting = Meeting("ROOM-1", "", "ann", 1000.0, None, {"lobby": "guests", "may": {"chat": False}}, 3, 1)
    assert await script.store.meeting("ROOM-1") == meeting
    assert (await script.join("ann", 1005.0)).meeting == meeting
    assert (await script.meeting()) == meeting
    (listed,) = await script.store.hosted_meetings("ann", 10)
    assert listed.meeting == meeting


async def test_a_change_of_settings_that_others_have_changed_is_outdated(script: Script) -> None:
    await script.join("ann")
    await script.change(settings={"locked": True}, revision=0)
    change = Change("ROOM-1", "ann", "mine", 1001.0, "settings", settings={"locked": False}, revision=0)
    for _ in range(2):
        with pytest.raises(Outdated) as outdated:
            await script.store.change(change)
        told = outdated.value.settings, outdated.value.revision, outdated.value.sitting
        assert told == ({"locked": True}, 1, 1)
    assert await script.store.audit("ROOM-1", 10) == []
    # The key was not used up.
    done = await script.store.change(replace(change, revision=1))
    assert (done.again, done.settings, done.revision) == (False, {"locked": False}, 2)


async def test_a_change_is_carried_out_once(script: Script) -> None:
    await script.join("ann")
    change = Change("ROOM-1", "ann", "key", 1001.0, "deny", deny=["bob"], settings={"a": 1})
    assert await script.store.change(change) == Changed(False, 1001.0, {"a": 1}, 1, 1)
    await script.change(settings={"b": 2})
    again = await script.store.change(replace(change, at=1500.0, revision=77, settings={"a": 3}))
    assert again == Changed(True, 1001.0, {"a": 1, "b": 2}, 2, 1)
    assert (await script.store.change(change)).again
    assert [denial.denials for denial in (await script.store.rights("ROOM-1")).denials] == [1]
    assert len(await script.store.audit("ROOM-1", 10)) == 1
    # The same key of somebody else, or in another meeting, is another one.
    assert not (await script.store.change(replace(change, by="zed"))).again
    other = Script(script.store, "ROOM-2")
    await other.join("ann")
    assert not (await script.store.change(replace(change, room="ROOM-2"))).again


async def test_a_change_asked_for_at_once_is_carried_out_once(script: Script, other: Store) -> None:
    await script.join("ann")
    changes = [Change("ROOM-1", "ann", "key", 1001.0 + n, "deny", deny=["bob"]) for n in range(10)]
    stores = script.store, other
    answers = await asyncio.gather(*(stores[n % 2].change(change) for n, change in enumerate(changes)))
    assert [answer.again for answer in answers].count(False) == 1
    assert [denial.denials for denial in (await script.store.rights("ROOM-1")).denials] == [1]


async def test_after_the_end_there_is_nothing_to_change_but_a_repeat_is_answered(script: Script) -> None:
    await script.join("ann")
    change = Change("ROOM-1", "ann", "key", 1001.0, "lock", settings={"locked": True})
    await script.store.change(change)
    await script.store.end_meeting("ROOM-1", 1010.0)
    assert await script.store.change(change) == Changed(True, 1001.0, {"locked": True}, 1, 1)
    with pytest.raises(MeetingEnded):
        await script.change(1020.0, settings={"locked": False})
    for call in (
        script.store.change(replace(change, room="NOWHERE")),
        script.store.rights("NOWHERE"),
        script.store.audit("NOWHERE", 10),
    ):
        with pytest.raises(UnknownMeeting):
            await call


async def test_the_key_of_a_change_is_forgotten_after_two_days(script: Script) -> None:
    await script.join("ann")
    first, second = (Change("ROOM-1", "ann", key, at, "x") for key, at in (("a", 1000.0), ("b", 1010.0)))
    for change in (first, second):
        await script.store.change(change)
    await script.store.close_dead_nodes(1005.0 + KEYS_KEPT)
    assert not (await script.store.change(first)).again
    assert (await script.store.change(second)).again


async def test_there_is_one_host_and_whoever_was_it_is_co_host(script: Script) -> None:
    await script.join("ann")
    await script.join("bob", 1001.0)
    await script.change(1002.0, remove={"bob": "never"}, deny=["bob", "cem"])
    await script.change(1003.0, deny=["bob"])
    await script.change(1010.0, host="bob")
    assert (await script.meeting()).host_user_id == "bob"
    ann, bob = await script.person("ann"), await script.person("bob")
    assert [(ann.role, ann.role_at), (bob.role, bob.role_at)] == [("cohost", 1010.0), ("host", 1010.0)]
    # A host is let in, whatever was.
    joined = await script.join("bob", 1011.0)
    assert (joined.participant.role, joined.meeting.host_user_id) == ("host", "bob")
    assert (await script.store.rights("ROOM-1")).removals == []
    # Neither removed nor denied, nor is the role changed but by a new host.
    await script.change(
        1012.0, remove={"bob": "never"}, deny=["bob"], roles={"bob": "participant", "cem": "cohost"}
    )
    await script.change(1013.0, deny=["bob"], host="bob")
    assert (await script.person("bob")).state == "connected"
    assert (await script.join("bob", 1014.0)).participant.role == "host"
    # Who has not been there yet is host from the first join on.
    await script.change(1020.0, host="dee")
    assert (await script.join("dee", 1021.0)).participant.role == "host"
    assert (await script.person("bob")).role == "cohost"


async def test_roles_and_rights_are_of_those_who_are_known(script: Script) -> None:
    for n, user in enumerate(("ann", "bob", "cem")):
        await script.join(user, 1000.0 + n)
    who = {"bob": "cohost", "nobody": "cohost"}
    may = {
        "bob": {"audio": False, "ünal": [1, {"x": None}]},
        "cem": {"chat": False},
        "nobody": {"chat": True},
    }
    await script.change(1010.0, roles=who, may=may)
    await script.change(1020.0, may={"cem": {}})
    bob, cem = await script.person("bob"), await script.person("cem")
    assert (bob.role, bob.role_at, bob.may) == ("cohost", 1010.0, may["bob"])
    assert (cem.role, cem.role_at, cem.may) == ("participant", 1020.0, {})
    assert (await script.join("bob", 1030.0)).participant.may == may["bob"]
    assert await script.store.participant("ROOM-1", "bob") == (await script.person("bob"))
    # What a role was changed at never goes back.
    await script.change(1005.0, roles={"bob": "participant"})
    assert (await script.person("bob")).role_at == 1010.0
    (found, *_) = await script.restorable(1031.0)
    assert found.meeting == await script.meeting()
    assert [each.participant.may for each in await script.restorable(1031.0)] == [{}, may["bob"], {}]
    assert len(await script.people()) == 3


async def test_whoever_takes_another_name_has_it_until_the_next(script: Script) -> None:
    await script.join("ann")
    await script.join("bob")
    await script.change(1010.0, by="bob", action="rename", key="one", name="Zoë “B”")
    await script.change(1011.0, by="nobody", action="rename", name="Eve")
    assert [person.name for person in await script.people()] == ["Ann", "Zoë “B”"]
    await script.change(1012.0, by="bob", action="rename", name="Bo")
    # It comes again, and it is so.
    assert (await script.change(1013.0, by="bob", action="rename", key="one", name="Zoë “B”")).again
    await script.change(1014.0, by="bob", action="rename", name="Bo")
    assert (await script.person("bob")).name == "Bo"
    # What nobody has done is not in the audit.
    await script.change(1015.0, by="ann", name="Anna")
    assert await script.store.audit("ROOM-1", 10) == [
        AuditEntry(2, 1012.0, "bob", "rename", "", {"name": "Bo", "before": "Zoë “B”"}),
        AuditEntry(1, 1010.0, "bob", "rename", "", {"name": "Zoë “B”", "before": "Bob"}),
    ]
    assert (await script.join("bob", 1020.0)).participant.name == "Bob"


async def test_whoever_is_made_co_host_after_two_denials_gets_in(script: Script) -> None:
    await script.join("ann")
    await script.leave(await script.join("bob"), 1001.0)
    for at in (1002.0, 1003.0):
        await script.change(at, deny=["bob", "cem"])
    await script.change(1004.0, roles={"bob": "participant"})
    assert await script.refused("bob", 1005.0) == "denied"
    await script.change(1006.0, roles={"bob": "cohost"})
    assert await script.refused("bob", 1007.0) is None
    assert [each.user_id for each in (await script.store.rights("ROOM-1")).denials] == ["cem"]


async def test_a_denial_takes_an_admission_back(script: Script) -> None:
    await script.join("ann")
    await script.change(1001.0, settings={"lobby": "everyone"}, admit=["bob"])
    await script.change(1002.0, deny=["bob"])
    assert await script.refused("bob", 1003.0) == "lobby"


async def test_the_audit_is_read_from_the_end(script: Script) -> None:
    await script.join("ann")
    for n in range(5):
        await script.change(1000.0 + n, action=f"a{n}", whom="bob", detail={"n": n, "x": ["ü", None]}, by="")
    await script.change(1010.0, action="", settings={"locked": True})
    entries = await script.store.audit("ROOM-1", 2)
    assert entries == [
        AuditEntry(n, 999.0 + n, "", f"a{n - 1}", "bob", {"n": n - 1, "x": ["ü", None]}) for n in (5, 4)
    ]
    assert [entry.n for entry in await script.store.audit("ROOM-1", 10, before=4)] == [3, 2, 1]
    assert await script.store.audit("ROOM-1", 10, before=1) == []


async def test_what_ends_with_the_meeting_and_what_goes_with_it(script: Script) -> None:
    await script.join("ann")
    await script.invite("i_1")
    assert await script.refused("cem", invite="i_1") is None
    await script.change(1001.0, action="x", remove={"bob": "never"}, admit=["dee"], deny=["eve"])
    await script.store.end_meeting("ROOM-1", 1010.0)
    rights = await script.store.rights("ROOM-1")
    assert [removal.user_id for removal in rights.removals] == ["bob"]
    assert (rights.admissions, rights.denials, rights.invites) == ([], [], [])
    assert await script.store.delete_meeting("ROOM-1")
    with pytest.raises(UnknownMeeting):
        await script.store.rights("ROOM-1")
    await script.join("bob", 2000.0)
    assert (await script.meeting()).settings == {}
    assert await script.store.audit("ROOM-1", 10) == []
    assert (await script.store.rights("ROOM-1")).removals == []


async def test_a_lock_and_joins_at_once(script: Script, other: Store) -> None:
    """Whoever was let in has a stay, who was not has none, and after the lock was acknowledged nobody comes."""
    await script.join("ann")

    async def lock() -> None:
        await script.change(1001.0, settings={"locked": True})
        assert await script.refused("late", 1002.0) == "locked"

    users = [f"user-{n}" for n in range(60)]
    scripts = script, Script(other)
    joins = [scripts[n % 2].join(user, 1001.0) for n, user in enumerate(users)]
    answers = await asyncio.gather(*joins[:30], lock(), *joins[30:], return_exceptions=True)
    assert answers.pop(30) is None
    refused = [isinstance(answer, StoreError) for answer in answers]
    assert all(isinstance(answer, NotLetIn) for answer in answers if isinstance(answer, BaseException))
    there = {person.user_id for person in await script.people()} - {"ann"}
    assert there == {user for user, is_refused in zip(users, refused, strict=True) if not is_refused}
