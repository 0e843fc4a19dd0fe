"""The contract, raised hands: since when, in this stay."""

from __future__ import annotations

from tests.storage.script import Script


async def hands(script: Script) -> dict[str, float | None]:
    return {person.user_id: person.hand_at for person in await script.people()}


async def test_hands_are_of_those_who_are_known(script: Script) -> None:
    for user in ("ann", "bob", "cem"):
        await script.join(user)
    other = Script(script.store, "ROOM-2")
    await other.join("ann")
    await script.store.set_hands("ROOM-1", {"cem": 1008.0, "ann": 1009.25, "nobody": 1.0})
    await script.store.set_hands("NOWHERE", {"ann": 1.0})
    await script.store.set_hands("ROOM-1", {})
    assert await hands(script) == {"ann": 1009.25, "bob": None, "cem": 1008.0}
    assert await hands(other) == {"ann": None}
    await script.store.set_hands("ROOM-1", {"cem": None, "bob": 0.0})
    assert await hands(script) == {"ann": 1009.25, "bob": 0.0, "cem": None}


async def test_a_hand_lasts_as_long_as_its_stay(script: Script) -> None:
    ann, bob, cem = [await script.join(user, 997.0 + n) for n, user in enumerate(("ann", "bob", "cem"))]
    await script.store.set_hands("ROOM-1", {"ann": 1001.0, "bob": 1002.0, "cem": 1003.0})
    # The open one goes on, and one that was lost a moment ago, as over a restart.
    assert (await script.join("ann", 1010.0)).participant.hand_at == 1001.0
    await script.leave(bob, 1011.0, "lost")
    assert [each.participant.hand_at for each in await script.restorable(1012.0)] == [1001.0, 1002.0, 1003.0]
    assert (await script.join("bob", 1012.0, previous=bob)).participant.hand_at == 1002.0
    await script.leave(cem, 1011.0, "lost")
    again = await script.join("cem", 1100.0, previous=cem)
    assert (again.rejoined, again.participant.hand_at) == (True, None)
    await script.leave(ann, 1100.0)
    assert (await script.join("ann", 1101.0)).participant.hand_at is None
    assert await hands(script) == {"ann": None, "bob": 1002.0, "cem": None}


async def test_that_it_was_lowered_is_known_until_that_has_been_told(script: Script) -> None:
    ann = await script.join("ann")
    await script.store.set_hands("ROOM-1", {"ann": 0.0})
    await script.leave(ann, 1010.0)
    assert (await script.join("ann", 1011.0)).participant.hand_at == 0.0
