"""The contract, one person: told all that is known, and erased so that what is true of others stays true."""

from __future__ import annotations

from typing import Any

import pytest

from storage.errors import PersonPresent
from storage.people import KINDS, OwnStay
from tests.storage.script import Script

NOTHING: dict[str, Any] = {kind: [] for kind in KINDS} | {"revoked_before": None}


async def history(script: Script) -> None:
    """Bob hosts, comes, goes, invites, is admitted, denied and removed, and does things to others."""
    ann = await script.join("ann")
    bob = await script.join("bob", 1001.0, name="Bob Ünal")
    await script.invite("i_ann", "cohost", 1001.0)
    await script.change(
        1002.0, action="set_role", whom="bob", roles={"bob": "cohost"}, may={"bob": {"chat": False}}
    )
    who_knocked = {"names": {"cem": "Cem Ünlü"}}
    await script.change(1003.0, by="bob", action="deny", whom="cem", deny=["cem"], detail=who_knocked)
    await script.change(
        1004.0, action="allow", detail={"users": ["bob", "bobby"], "may": {"bob": {}, "bobby": {}}}
    )
    await script.leave(bob, 1031.0)
    again = await script.ask("bob", 1040.0, invite="i_ann", name="Bob Ünal")
    await script.change(1050.0, action="remove", whom="bob", remove={"bob": "knock"})
    await script.change(1051.0, admit=["dee"], by="bob")
    await script.change(1051.5, action="rename", by="bob", name="Bo Ünal")
    await script.change(1052.0, deny=["bob"])
    await script.leave(again, 1045.0)
    await script.leave(ann, 1061.0)


async def other(script: Script) -> Script:
    """Another meeting, which is Bob's."""
    second = Script(script.store, "ROOM-2")
    joined = await second.join("bob", 2000.0)
    await second.leave(joined, 2010.0)
    return second


async def test_all_that_is_known_is_told_and_nothing_of_others(script: Script) -> None:
    assert await script.store.export_person("bob") == NOTHING
    await history(script)
    await other(script)
    assert list(await script.store.own_stays(script.room, "bob")) == [
        OwnStay(1001.0, 1031.0, estimated=False),
        OwnStay(1040.0, 1050.0, estimated=False),
    ]
    assert list(await script.store.own_stays("ROOM-2", "ann")) == []
    told = await script.store.export_person("bob")
    assert set(told) == {*KINDS, "revoked_before"}
    assert [(each["room"], each["created_at"]) for each in told["hosted"]] == [("ROOM-2", 2000.0)]
    assert [(each["room"], each["name"]) for each in told["participants"]] == [
        ("ROOM-1", "Bo Ünal"),
        ("ROOM-2", "Bob"),
    ]
    assert [(each["joined_at"], each["left_at"], each["estimated"]) for each in told["stays"]] == [
        (1001.0, 1031.0, False),
        (1040.0, 1050.0, False),
        (2000.0, 2010.0, False),
    ]
    assert told["removals"] == [{"room": "ROOM-1", "back": "knock", "at": 1050.0}]
    assert [(each["denials"], each["at"]) for each in told["admissions"]] == [(1, 1052.0)]
    assert told["invite_uses"] == [{"room": "ROOM-1", "invite": "i_ann", "at": 1040.0}]
    assert [tuple(each[name] for name in ("action", "as", "name", "before")) for each in told["audit"]] == [
        ("set_role", "whom", None, None),
        ("deny", "by", None, None),
        ("allow", "whom", None, None),
        ("remove", "whom", None, None),
        ("rename", "by", "Bo Ünal", "Bob Ünal"),
    ]
    assert "cem" not in str(told)
    assert "bobby" not in str(told)
    await script.store.revoke("bob", 3000.0, 0.0, 3000.0)
    assert (await script.store.export_person("bob"))["revoked_before"] == 3000.0


async def test_who_is_erased_has_no_name_and_no_id_and_what_is_true_of_others_stays(script: Script) -> None:
    await history(script)
    second = await other(script)
    before = {person.user_id: person for person in await script.people()}
    assert await script.store.erase_person("bob", "salt") == 2
    assert await script.store.export_person("bob") == NOTHING
    people = {person.user_id: person for person in await script.people()}
    (erased,) = [person for user, person in people.items() if user not in before]
    was = before["bob"]
    assert (erased.name, erased.role, erased.state) == ("erased", "participant", "disconnected")
    assert (erased.session_count, erased.total_duration) == (was.session_count, was.total_duration)
    assert (erased.first_joined_at, erased.last_seen_at) == (was.first_joined_at, was.last_seen_at)
    assert people["ann"] == before["ann"]
    assert [(stay.joined_at, stay.left_at, stay.instance) for stay in await script.stays(erased.user_id)] == [
        (1001.0, 1031.0, ""),
        (1040.0, 1050.0, ""),
    ]
    audit = await script.store.audit("ROOM-1", 20)
    assert {entry.by for entry in audit} == {"ann", erased.user_id}
    (allowed,) = [entry.detail for entry in audit if entry.action == "allow"]
    assert allowed == {"users": [erased.user_id, "bobby"], "may": {erased.user_id: {}, "bobby": {}}}
    rights = await script.store.rights("ROOM-1")
    assert rights.removals == []
    assert {denial.by for denial in rights.denials} == {erased.user_id}
    # Nobody can tell that it was the same person elsewhere.
    (elsewhere,) = await second.people()
    assert elsewhere.user_id != erased.user_id
    assert (await second.meeting()).host_user_id == elsewhere.user_id
    everything = f"{audit}{rights}{people}{elsewhere}{was.id in str(people)}"
    assert "'bob'" not in everything
    assert "Ünal" not in everything
    assert was.id not in str(people)


async def test_who_only_knocked_is_known_by_what_they_called_themselves_until_they_are_erased(
    script: Script,
) -> None:
    await history(script)
    both = {"users": ["cem", "fay"], "names": {"cem": "Cem", "fay": "Fay"}}
    await script.change(1055.0, action="admit", admit=["cem", "fay"], detail=both)
    told = (await script.store.export_person("cem"))["audit"]
    assert [(each["action"], each["as"], each["name"]) for each in told] == [
        ("deny", "whom", "Cem Ünlü"),
        ("admit", "whom", "Cem"),
    ]
    assert await script.store.erase_person("cem", "salt") == 1
    audit = await script.store.audit("ROOM-1", 20)
    (admitted,) = [entry.detail for entry in audit if entry.action == "admit"]
    assert admitted["names"] == {"fay": "Fay"}
    assert "Cem" not in str(audit)
    assert "'cem'" not in str(audit)


async def test_to_erase_twice_or_nobody_does_nothing(script: Script) -> None:
    await history(script)
    assert await script.store.erase_person("bob", "salt") == 1
    whole = await script.store.attendance("ROOM-1"), await script.store.audit("ROOM-1", 20)
    assert await script.store.erase_person("bob", "another") == 0
    assert await script.store.erase_person("bo", "another") == 0
    assert (await script.store.attendance("ROOM-1"), await script.store.audit("ROOM-1", 20)) == whole


async def test_who_is_there_is_not_erased(script: Script) -> None:
    bob = await script.join("bob")
    with pytest.raises(PersonPresent) as present:
        await script.store.erase_person("bob", "salt")
    assert present.value.rooms == ["ROOM-1"]
    assert (await script.person("bob")).name == "Bob"
    await script.leave(bob, 1010.0)
    assert await script.store.erase_person("bob", "salt") == 1


async def test_who_is_erased_comes_as_somebody_new_and_a_program_stays_one(script: Script) -> None:
    bob, bot = await script.join("bob"), await script.join("b_bot")
    for joined in (bob, bot):
        await script.leave(joined, 1010.0)
    for user in ("bob", "b_bot"):
        await script.store.erase_person(user, "salt")
    assert sorted(person.is_program for person in await script.people()) == [False, True]
    assert not (await script.join("bob", 1020.0)).rejoined
