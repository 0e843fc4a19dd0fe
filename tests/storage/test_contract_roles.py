"""The contract, roles: what claims of a token and invites grant, and what the meeting's own changes leave of that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from storage.errors import MeetingEnded, TooManyInvites, UnknownMeeting
from storage.moderation import Invite
from storage.records import Participant, Role
from storage.store import Store
from tests.storage.script import Script


async def role(script: Script, user: str, at: float, **how: Any) -> tuple[Role, float | None]:
    found: Participant = (await script.ask(user, at, **how)).participant
    assert found == await script.person(user)
    return found.role, found.role_at


async def test_a_claim_counts_at_the_first_join_and_later_only_if_it_is_newer(script: Script) -> None:
    await script.join("ann")
    assert await role(script, "bob", 1001.0, role="cohost") == ("cohost", None)
    await script.change(1010.0, roles={"bob": "participant"})
    # The demotion outlives the token, and every renewal of it.
    assert await role(script, "bob", 1020.0, role="cohost") == ("participant", 1010.0)
    assert await role(script, "bob", 1021.0, role="cohost", role_at=1010.0) == ("participant", 1010.0)
    assert await role(script, "bob", 1022.0, role="cohost", role_at=1010.5) == ("cohost", 1010.5)
    assert await role(script, "bob", 1023.0, role="participant", role_at=1010.25) == ("cohost", 1010.5)
    assert await role(script, "bob", 1024.0, role="participant", role_at=1024.0) == ("participant", 1024.0)


async def test_a_claim_with_a_moment_is_newer_than_a_role_that_was_never_changed(script: Script) -> None:
    await script.join("ann")
    await script.join("bob")
    assert await role(script, "bob", 1001.0, role="cohost") == ("participant", None)
    assert await role(script, "bob", 1002.0, role="cohost", role_at=5.0) == ("cohost", 5.0)


async def test_a_claim_from_the_future_does_not_outlive_a_demotion(script: Script) -> None:
    await script.join("ann")
    claim = {"role": "cohost", "role_at": 9000.0}
    assert await role(script, "bob", 1001.0, **claim) == ("cohost", 9000.0)
    await script.change(1010.0, roles={"bob": "participant"})
    assert await role(script, "bob", 1020.0, **claim) == ("participant", 9000.0)


async def test_a_removal_is_a_change_of_the_role_too(script: Script) -> None:
    await script.join("ann")
    await script.invite("i_1", "cohost")
    await script.ask("bob", 1001.0, role="cohost", role_at=900.0)
    await script.change(1010.0, remove={"bob": "knock", "cem": "knock"})
    for user in ("bob", "cem"):
        for claim in ({"role": "cohost"}, {"role": "cohost", "role_at": 1010.0}, {"invite": "i_1"}):
            assert await script.refused(user, 1020.0, **claim) == "lobby", (user, claim)
        assert await role(script, user, 1021.0, role="cohost", role_at=1011.0) == ("cohost", 1011.0)


async def test_rights_are_claimed_as_roles_are(script: Script) -> None:
    await script.join("ann")
    mute = {"audio": False}
    joined = await script.ask("bob", 1001.0, may=mute, role_at=900.0)
    assert (joined.participant.may, joined.participant.role, joined.participant.role_at) == (
        mute,
        "participant",
        900.0,
    )
    assert (await script.ask("bob", 1002.0, may={})).participant.may == mute
    assert (await script.ask("bob", 1003.0, may={}, role_at=900.0)).participant.may == mute
    assert (await script.ask("bob", 1004.0, may={}, role_at=901.0)).participant.may == {}


async def test_rights_that_were_taken_do_not_come_back_by_a_token(script: Script) -> None:
    await script.join("ann")
    claim = {"role": "participant", "may": {"audio": True}}
    await script.ask("bob", 1001.0, **claim, role_at=900.0)
    taken = {"audio": False}
    await script.change(1010.0, may={"bob": taken})
    for role_at in (None, 900.0, 1005.0, 1010.0):
        found = (await script.ask("bob", 1020.0, **claim, role_at=role_at)).participant
        assert (found.may, found.role_at) == (taken, 1010.0), role_at
    # Nor does one from the future outlive it.
    await script.ask("bob", 1030.0, **claim, role_at=9000.0)
    await script.change(1040.0, may={"bob": taken})
    found = (await script.ask("bob", 1050.0, **claim, role_at=9000.0)).participant
    assert (found.may, found.role_at) == (taken, 9000.0)
    newer = (await script.ask("bob", 1060.0, **claim, role_at=9001.0)).participant
    assert newer.may == {"audio": True}


async def test_host_is_claimed_where_there_is_none(script: Script) -> None:
    await script.store.create_meeting("ROOM-1", "", "Course", 1000.0)
    claims = [script.ask(user, 1001.0, role="host") for user in ("ann", "bob", "cem")]
    joined = await asyncio.gather(*claims)
    assert sorted(each.participant.role for each in joined) == ["cohost", "cohost", "host"]
    (host,) = [each.participant for each in joined if each.participant.role == "host"]
    assert (await script.meeting()).host_user_id == host.user_id
    # The host stays host, whatever is claimed.
    claim = {"role": "participant", "role_at": 5000.0, "may": {"audio": False}}
    again = await script.ask(host.user_id, 1010.0, **claim)
    assert (again.participant.role, again.participant.may) == ("host", {})
    assert (await script.ask("dee", 1011.0, role="host")).participant.role == "cohost"


async def test_whoever_creates_the_meeting_is_host_whatever_is_claimed(script: Script) -> None:
    joined = await script.ask("ann", role="participant", may={"chat": False})
    assert (joined.participant.role, joined.participant.may, joined.created) == ("host", {}, True)


async def test_an_invite_is_used_once_by_each_user_and_by_no_more_than_it_says(script: Script) -> None:
    await script.join("ann")
    await script.change(settings={"lobby": "everyone"})
    made = await script.invite("i_1", "cohost", 1001.0, uses=2, expires_at=2000.0)
    assert made == Invite("i_1", "cohost", 2, 0, 2000.0, None, 1001.0, "ann")
    assert await script.invite("i_1", "participant", 1002.0) == made
    assert await role(script, "bob", 1010.0, invite="i_1") == ("cohost", 1010.0)
    assert await role(script, "bob", 1011.0, invite="i_1") == ("cohost", 1010.0)
    assert await script.refused("cem", 1012.0, invite="i_1") is None
    assert await script.refused("dee", 1013.0, invite="i_1") == "lobby"
    (kept,) = (await script.store.rights("ROOM-1")).invites
    assert kept.used == 2


async def test_what_an_invite_granted_is_the_records_from_then_on(script: Script) -> None:
    await script.join("ann")
    await script.invite("i_1", "cohost", 1001.0)
    await script.invite("i_2", "cohost", 1001.0)
    await role(script, "bob", 1010.0, invite="i_1")
    await script.change(1020.0, roles={"bob": "participant"})
    # Neither again, nor by one that was made before.
    assert await role(script, "bob", 1030.0, invite="i_1") == ("participant", 1020.0)
    assert await role(script, "bob", 1031.0, invite="i_2") == ("participant", 1020.0)
    await script.invite("i_3", "cohost", 1040.0)
    assert await role(script, "bob", 1041.0, invite="i_3") == ("cohost", 1041.0)
    # None takes a role away.
    await script.invite("i_4", "participant", 1050.0)
    assert await role(script, "bob", 1051.0, invite="i_4") == ("cohost", 1041.0)
    assert await role(script, "cem", 1052.0, invite="i_4") == ("participant", None)
    assert await role(script, "dee", 1053.0, invite="i_1", role="participant") == ("cohost", 1053.0)


async def test_an_invite_of_a_host_makes_one_host(script: Script) -> None:
    await script.store.create_meeting("ROOM-1", "", "Course", 1000.0)
    await script.invite("i_1", "host")
    answers = await asyncio.gather(
        *(script.ask(user, 1001.0, invite="i_1") for user in ("ann", "bob", "cem"))
    )
    assert sorted(each.participant.role for each in answers) == ["host", "participant", "participant"]


@pytest.mark.parametrize("uses", [1, 3])
async def test_an_invite_shown_by_many_at_once_lets_in_so_many(
    script: Script, other: Store, uses: int
) -> None:
    await script.join("ann")
    await script.invite("i_1", uses=uses)
    await script.change(settings={"password_version": "1"})
    asking = [
        each.refused(f"user-{n}", 1001.0, invite="i_1") for n in range(10) for each in (script, Script(other))
    ]
    # Each user asks twice, and the second time has used it.
    assert (await asyncio.gather(*asking)).count(None) == 2 * uses
    (kept,) = (await script.store.rights("ROOM-1")).invites
    assert kept.used == uses


async def test_an_invite_that_is_void_is_as_none(script: Script) -> None:
    await script.join("ann")
    await script.change(settings={"lobby": "everyone"})
    other = Script(script.store, "ROOM-2")
    await other.join("ann")
    await other.invite("elsewhere", "cohost")
    await script.invite("expired", "cohost", expires_at=1010.0)
    await script.invite("revoked", "cohost")
    assert await script.store.revoke_invite("ROOM-1", "revoked", 1005.0, "zed")
    assert await script.store.revoke_invite("ROOM-1", "revoked", 1006.0, "zed")
    assert not await script.store.revoke_invite("ROOM-1", "elsewhere", 1005.0)
    for invite in ("elsewhere", "expired", "revoked", "unheard of"):
        assert await script.refused("bob", 1010.0, invite=invite) == "lobby", invite
    assert await script.refused("bob", 1009.0, invite="expired") is None
    expired, revoked = (await script.store.rights("ROOM-1")).invites
    assert (expired.used, revoked.used, revoked.revoked_at) == (1, 0, 1005.0)
    told = [(entry.by, entry.action, entry.detail) for entry in await script.store.audit("ROOM-1", 10)]
    assert told == [
        ("zed", "revoke_invite", {"invite": "revoked"}),
        ("ann", "invite", {"invite": "revoked", "role": "cohost"}),
        ("ann", "invite", {"invite": "expired", "role": "cohost"}),
    ]


async def test_a_join_that_is_refused_uses_no_invite(script: Script) -> None:
    await script.join("ann")
    await script.change(settings={"locked": True})
    await script.invite("i_1", uses=1)
    assert await script.refused("bob", invite="i_1") == "locked"
    (kept,) = (await script.store.rights("ROOM-1")).invites
    assert kept.used == 0


async def test_there_are_invites_to_meetings_that_go_on(script: Script) -> None:
    with pytest.raises(UnknownMeeting):
        await script.invite("i_1")
    await script.join("ann")
    await script.store.end_meeting("ROOM-1", 1010.0)
    with pytest.raises(MeetingEnded):
        await script.invite("i_1")


async def test_a_meeting_has_no_more_invites_than_its_caller_allows(script: Script) -> None:
    await script.join("ann")
    made = [script.invite(f"i_{n}", at=1001.0 + n, most=3) for n in range(6)]
    outcomes = await asyncio.gather(*made, return_exceptions=True)
    kept = [each for each in outcomes if not isinstance(each, BaseException)]
    assert len(kept) == 3
    assert [type(each) for each in outcomes if isinstance(each, BaseException)] == [TooManyInvites] * 3
    # What was made is answered again, and one that is void counts as well.
    assert await script.invite(kept[0].id, at=1001.0, most=3) == kept[0]
    await script.store.revoke_invite(script.room, kept[0].id, 1010.0)
    with pytest.raises(TooManyInvites):
        await script.invite("i_more", most=3)
    listed = await script.store.invites(script.room)
    assert [each.id for each in listed] == sorted(each.id for each in kept)
    assert [each for each in listed if each.id == kept[1].id] == [kept[1]]
    assert await script.store.invite(script.room, kept[1].id) == kept[1]
    assert await script.store.invite("ROOM-2", kept[1].id) is None
    assert list(await script.store.invites("ROOM-2")) == []
    await script.invite("i_more")
