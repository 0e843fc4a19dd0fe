"""The contract, removals: who is out, and how they may come back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storage.moderation import Admission, Denial, Removal
from storage.records import StayEnd
from tests.storage.script import Script


@pytest.mark.parametrize(("back", "reason"), [("never", "removed"), ("knock", "lobby"), ("freely", None)])
async def test_who_is_removed_is_out_and_comes_back_as_was_said(
    script: Script, back: Any, reason: Any
) -> None:
    await script.join("ann")
    bob = await script.join("bob", 1001.0)
    await script.change(1002.0, roles={"bob": "cohost"}, admit=["bob"], deny=["bob"])
    await script.store.set_hands("ROOM-1", {"bob": 1002.0})
    await script.change(1003.0, admit=["bob"], may={"bob": {"chat": False}})
    await script.change(1010.0, remove={"bob": back})

    (stay,) = await script.stays("bob")
    assert (stay.left_at, stay.reason, stay.estimated) == (1010.0, "removed", False)
    person = await script.person("bob")
    assert (person.role, person.role_at, person.hand_at, person.state) == (
        "participant",
        1010.0,
        None,
        "disconnected",
    )
    assert (person.may, person.total_duration) == ({"chat": False}, 9.0)
    rights = await script.store.rights("ROOM-1")
    assert rights.removals == ([] if back == "freely" else [Removal("bob", back, 1010.0, "ann", "Bob")])
    assert rights.admissions == []
    # The server may know that they were away then. No other end counts, and nobody comes back to the stay.
    await script.leave(bob, 1008.0, "removed")
    (stay,) = await script.stays("bob")
    assert (stay.left_at, stay.reason, stay.estimated) == (1008.0, "removed", False)
    await script.leave(bob, 1012.0, "lost")
    await script.resume(bob, 1013.0)
    assert await script.stays("bob") == [stay]
    assert [each.participant.user_id for each in await script.restorable(1014.0)] == ["ann"]
    # The page that was in has to hear of it; one that is loaded anew comes in as was said.
    place = bob.stay.session_id
    assert await script.refused("bob", 1014.0, previous_session=place, returns=True) == "removed"
    assert await script.refused("bob", 1015.0, previous_session=place) == reason
    assert [each.left_at for each in await script.stays("bob")] == (
        [1008.0, None] if reason is None else [1008.0]
    )


async def test_who_was_lost_a_moment_ago_does_not_come_back_after_a_removal(script: Script) -> None:
    await script.join("ann")
    bob = await script.join("bob")
    await script.leave(bob, 1010.0, "lost")
    cem = await script.join("cem")
    await script.leave(cem, 1010.0, "lost")
    await script.change(1011.0, remove={"bob": "freely"})
    await script.change(1911.0, remove={"cem": "never"})
    assert [each.participant.user_id for each in await script.restorable(1012.0)] == ["ann", "cem"]
    await script.resume(bob, 1013.0)
    assert [(stay.left_at, stay.reason) for stay in await script.stays("bob")] == [(1010.0, "removed")]
    assert (
        await script.refused("bob", 1014.0, previous_session=bob.stay.session_id, returns=True) == "removed"
    )
    # The node at which they were knows better if they had come back, and not if they had not.
    there = replace(bob, stay=replace(bob.stay, node_id="n_new"))
    for at, left_at in ((1009.0, 1010.0), (1010.5, 1010.5)):
        await script.leave(there, at, "removed")
        assert [(each.left_at, each.reason) for each in await script.stays("bob")] == [(left_at, "removed")]
    # Longer ago, that is how it ended. Nor does anybody come back to it.
    await script.resume(cem, 1912.0)
    assert [stay.reason for stay in await script.stays("cem")] == ["lost"]


async def test_a_stay_that_another_node_left_open_ends_when_that_was_last_heard_of(script: Script) -> None:
    await script.join("ann")
    bob = await script.join("bob", node="n_old")
    cem = await script.join("cem", node="n_old")
    await script.join("dee", node="n_old")
    await script.join("eve")
    await script.store.heartbeat("n_old", 1004.0)
    await script.resume(cem, 1006.0, node="n_old")
    await script.change(1020.0, remove=dict.fromkeys(("bob", "cem", "eve"), "freely"), node="n_1")
    # Of whoever does not say which node they are nobody can tell.
    await script.change(1021.0, remove={"dee": "freely"})
    ends = {}
    for user in ("bob", "cem", "dee", "eve"):
        (stay,) = await script.stays(user)
        assert stay.reason == "removed"
        ends[user] = stay.left_at, stay.estimated
    assert ends == {
        "bob": (1004.0, True),
        "cem": (1006.0, True),
        "dee": (1021.0, False),
        "eve": (1020.0, False),
    }
    # Bob had come back here, which was still to be recorded.
    await script.resume(bob, 1010.0)
    here = replace(bob, stay=replace(bob.stay, node_id="n_1"))
    await script.leave(here, 1012.0, "lost")
    assert [(each.left_at, each.estimated) for each in await script.stays("bob")] == [(1004.0, True)]
    await script.leave(here, 1015.0, "removed")
    (stay,) = await script.stays("bob")
    assert (stay.left_at, stay.reason, stay.estimated) == (1015.0, "removed", False)


async def test_an_end_that_was_guessed_and_became_a_removal_is_one(script: Script) -> None:
    """The server that knows the true end tells it later."""
    await script.join("ann")
    bob = await script.join("bob", node="n_old")
    await script.store.close_dead_nodes(1500.0)
    await script.change(1501.0, remove={"bob": "freely"})
    await script.leave(bob, 1010.0, "lost")
    await script.resume(bob, 1502.0)
    assert [stay.reason for stay in await script.stays("bob")] == ["removed"]


@pytest.mark.parametrize("began_at", [1000.0, 400.0], ids=["", "the clock was set back since"])
async def test_who_left_before_the_room_heard_of_a_removal_was_there_until_then(
    script: Script, began_at: float
) -> None:
    """The store had removed them, and the answer was lost."""
    await script.join("ann")
    bob = await script.join("bob", 1000.0)
    await script.change(1010.0, remove={"bob": "knock"})
    stay = bob.stay
    whose = "ROOM-1", "bob", bob.participant.id, stay.session_id, stay.node_id
    for left_at in (began_at + 5.0, began_at + 20.0):
        await script.store.leave(StayEnd(*whose, left_at, "left", joined_at=began_at))
    (stay,) = await script.stays("bob")
    assert (stay.joined_at, stay.left_at, stay.reason) == (began_at, began_at + 20.0, "removed")


async def test_who_waits_and_was_never_in_can_be_removed(script: Script) -> None:
    await script.join("ann")
    await script.change(1001.0, remove={"bob": "knock"})
    assert await script.refused("bob", 1002.0) == "lobby"
    await script.change(1003.0, remove={"bob": "never"})
    assert await script.refused("bob", 1004.0) == "removed"
    assert (await script.store.rights("ROOM-1")).removals == [Removal("bob", "never", 1003.0, "ann", None)]
    await script.change(1005.0, remove={"bob": "freely"})
    assert await script.refused("bob", 1006.0) is None


async def test_an_admission_cancels_that_one_must_knock_and_not_a_removal_for_good(script: Script) -> None:
    await script.join("ann")
    await script.change(1001.0, settings={"lobby": "everyone"}, remove={"bob": "knock", "cem": "never"})
    await script.change(1002.0, admit=["bob", "cem", "dee"])
    refused = [await script.refused(user, 1003.0) for user in ("bob", "cem", "dee", "eve")]
    assert refused == [None, "removed", None, "lobby"]
    rights = await script.store.rights("ROOM-1")
    assert rights.admissions == [
        Admission("bob", 1002.0, "ann", "Bob"),
        Admission("cem", 1002.0, "ann", None),
        Admission("dee", 1002.0, "ann", "Dee"),
    ]
    assert [removal.user_id for removal in rights.removals] == ["cem"]


async def test_who_comes_back_in_charge_need_not_knock_later(script: Script) -> None:
    await script.join("ann")
    await script.change(1001.0, remove={"bob": "knock", "cem": "knock"})
    await script.change(1002.0, roles={"bob": "cohost"})
    assert await script.refused("bob", 1003.0) == "lobby", "nobody was promoted who was never in"
    dee = await script.join("dee")
    await script.leave(dee, 1004.0)
    await script.change(1005.0, remove={"dee": "knock"}, roles={"dee": "participant"})
    await script.change(1006.0, roles={"dee": "cohost"})
    assert await script.refused("dee", 1007.0) is None
    await script.change(1008.0, roles={"dee": "participant"})
    assert await script.refused("dee", 1009.0) is None
    assert {each.user_id for each in (await script.store.rights("ROOM-1")).removals} == {"bob", "cem"}


async def test_who_is_readmitted_is_as_if_nothing_had_been(script: Script) -> None:
    await script.join("ann")
    await script.change(1001.0, deny=["bob", "cem"], remove={"dee": "never"})
    await script.change(1002.0, deny=["bob"])
    assert (await script.store.rights("ROOM-1")).denials == [
        Denial("bob", 2, 1002.0, "ann", None),
        Denial("cem", 1, 1001.0, "ann", None),
    ]
    assert [await script.refused(user, 1003.0) for user in ("bob", "cem", "dee")] == [
        "denied",
        None,
        "removed",
    ]
    await script.change(1004.0, readmit=["bob", "dee"])
    assert [await script.refused(user, 1005.0) for user in ("bob", "dee")] == [None, None]
    await script.change(1006.0, deny=["bob"])
    assert [denial.denials for denial in (await script.store.rights("ROOM-1")).denials] == [1, 1]
