"""The contract of all stores: clocks that were set, and nodes that died long ago."""

from __future__ import annotations

from storage.records import StayEnd, StayResume
from storage.sqlite.meetings import FORGOTTEN_AFTER
from tests.storage.script import Script


async def test_a_stay_that_began_by_another_clock_is_corrected_with_all_that_is_known_of_it(
    script: Script,
) -> None:
    """A clock was set back by 600 s: whoever has the stay says when it began by the clock as it goes now."""
    ann = await script.join("ann", 1000.0)
    await script.resume(ann, 1010.25)
    (stay,) = await script.stays("ann")
    whose = "ROOM-1", "ann", ann.participant.id, stay.session_id, stay.node_id
    resumed = StayResume(*whose, stay.instance, 420.0, returned=False, joined_at=400.0)
    for _ in range(2):
        await script.store.resume_stay(resumed)
        (stay,) = await script.stays("ann")
        assert (stay.joined_at, stay.left_at, stay.reconnects) == (400.0, None, (410.25,))
    await script.store.leave(StayEnd(*whose, 430.0, "left", joined_at=400.0))
    (stay,) = await script.stays("ann")
    assert (stay.joined_at, stay.left_at, stay.estimated) == (400.0, 430.0, False)
    assert (await script.person("ann")).total_duration == 30.0

    bob = await script.join("bob", 1000.0)
    whose = "ROOM-1", "bob", bob.participant.id, bob.stay.session_id, bob.stay.node_id
    await script.store.leave(StayEnd(*whose, 430.0, "left", joined_at=400.0))
    (stay,) = await script.stays("bob")
    assert (stay.joined_at, stay.left_at) == (400.0, 430.0)


async def test_whoever_is_there_when_a_meeting_ends_before_it_began_was_there_until_then(
    script: Script,
) -> None:
    """It was created by a clock that has been set back by 600 s since."""
    ann = await script.join("ann", 1000.0)
    stay = ann.stay
    whose = "ROOM-1", "ann", ann.participant.id, stay.session_id, stay.node_id
    await script.store.resume_stay(StayResume(*whose, stay.instance, 420.0, returned=False, joined_at=400.0))
    meeting = await script.store.end_meeting("ROOM-1", 430.0)
    assert meeting.ended_at == 1000.0
    (stay,) = await script.stays("ann")
    assert (stay.joined_at, stay.left_at, stay.reason) == (400.0, 430.0, "ended")


async def test_a_return_that_is_recorded_after_such_an_end_says_how_long_the_stay_was_at_least(
    script: Script,
) -> None:
    ann = await script.join("ann", 1000.0)
    stay = ann.stay
    await script.leave(ann, 1001.0, "lost")
    await script.store.end_meeting("ROOM-1", 430.0)
    whose = "ROOM-1", "ann", ann.participant.id, stay.session_id, stay.node_id
    await script.store.resume_stay(StayResume(*whose, stay.instance, 420.0, returned=True, joined_at=400.0))
    (stay,) = await script.stays("ann")
    assert (stay.joined_at, stay.left_at, stay.reason) == (400.0, 420.0, "ended")


async def test_nodes_last_heard_of_in_the_future_are_dead_if_they_are_said_to_be(script: Script) -> None:
    await script.store.heartbeat("n_1", 5000.0)
    await script.join("ann", 4990.0)
    assert await script.store.close_dead_nodes(1000.0) == 0
    assert await script.store.close_dead_nodes(1000.0, 5000.0) == 0
    assert await script.store.close_dead_nodes(1000.0, 4999.0) == 1
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.reason, stay.estimated) == (5000.0, "lost", True)


async def test_a_stay_that_ended_in_the_future_was_before_one_that_ended_a_moment_ago(script: Script) -> None:
    """The clock was set back in between."""
    first = await script.join("ann", 1590.0)
    await script.leave(first, 1600.0, "lost")
    last = await script.join("ann", 1000.0)
    await script.leave(last, 1010.0, "lost")
    (found,) = await script.restorable(1011.0)
    assert (found.stay.session_id, found.seen_at) == (last.stay.session_id, 1010.0)
    assert await script.restorable(900.0) == [], "both did"


async def test_a_stay_that_was_lost_in_the_future_was_not_lost_a_moment_ago(script: Script) -> None:
    """The clock was set back since, and by it nobody can tell how long that stay would have lasted."""
    first = await script.join("ann", 1590.0)
    await script.leave(first, 1600.0, "lost")
    again = await script.join("ann", 1000.0, previous=first)
    assert not again.continued
    assert again.stay.session_id != first.stay.session_id


async def test_nodes_that_died_long_ago_are_forgotten_and_what_is_known_of_stays_is_not(
    script: Script,
) -> None:
    ann = await script.join("ann", 1000.0, node="n_dead")
    await script.store.heartbeat("n_dead", 1010.0)
    assert await script.store.close_dead_nodes(1011.0) == 1
    later = 1011.0 + FORGOTTEN_AFTER
    assert await script.store.close_dead_nodes(later) == 0
    (stay,) = await script.stays("ann")
    assert (stay.node_id, stay.left_at, stay.estimated) == ("n_dead", 1010.0, True)
    # It was not dead, but asleep; what it has to say comes late, and is heard.
    await script.leave(ann, 1012.0)
    await script.join("bob", later, node="n_dead")
    assert await script.store.close_dead_nodes(later + 1.0) == 1
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.estimated) == (1012.0, False)
