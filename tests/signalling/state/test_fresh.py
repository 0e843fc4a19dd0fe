"""What changes seldom is in the copy that somebody else keeps of a room, like everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from signalling.protocol.features import BUSY
from signalling.rooms.inputs import Restored
from tests.signalling.script import back
from tests.signalling.state.roaming import Roaming, assert_is_copied

ROOM = "ABC123"
BOB = f"p_bob_{ROOM}"


def somebody_who_is_away_says_goodbye(stage: Roaming) -> Iterator[None]:
    stage.lose("bob")
    yield
    stage.goodbye("bob", back_in=8.0)


def a_page_says_that_what_was_muted_is_off(stage: Roaming) -> Iterator[None]:
    stage.say("bob", type="status", media={"audio": True})
    stage.say("ann", type="mute", id=1, participants=[BOB], media={"audio": False})
    yield
    stage.say("bob", type="status", media={"audio": False})


def a_page_has_heard_that_its_hand_was_lowered(stage: Roaming) -> Iterator[None]:
    stage.say("bob", type="status", hand=True)
    stage.lose("bob")
    stage.say("ann", type="lower_hands", id=1, participants=[BOB])
    back(stage, "bob")
    yield
    stage.say("bob", type="status", hand=False)


def signals_are_sent_again_under_new_numbers(stage: Roaming) -> Iterator[None]:
    former = stage.join("bob", page="page")
    stage.lose(stage.join("bob", page="page"))
    stage.say("ann", type="signal", to=BOB, data="one")
    yield
    # The answer to the second join was lost.
    back(stage, former)


def a_signal_is_refused_as_busy(stage: Roaming) -> Iterator[None]:
    yield
    stage.behind.add(stage.sockets["ann"])
    stage.say("bob", type="signal", id=1, to=f"p_ann_{ROOM}", data="one")


def a_signal_that_was_refused_comes_again(stage: Roaming) -> Iterator[None]:
    yield from a_signal_is_refused_as_busy(stage)
    yield
    stage.behind.clear()
    stage.say("bob", type="signal", id=1, to=f"p_ann_{ROOM}", data="one")


def a_signal_that_was_refused_comes_again_too_late(stage: Roaming) -> Iterator[None]:
    yield from a_signal_is_refused_as_busy(stage)
    stage.say("ann", type="leave")
    yield
    stage.say("bob", type="signal", id=1, to=f"p_ann_{ROOM}", data="one")


def somebody_is_restored_whose_hand_is_up(stage: Roaming) -> Iterator[None]:
    yield
    cat = Restored(
        room=ROOM,
        title="",
        epoch="e_1",
        participant_id=f"p_cat_{ROOM}",
        user_id="cat",
        name="Cat",
        role="participant",
        session_id="s_9",
        instance="page.joining",
        joined_at=stage.now,
        hand_at=stage.now,
    )
    stage.hub.restore([cat], stage.now)


def a_join_brings_newer_settings(stage: Roaming) -> Iterator[None]:
    yield
    stage.settings, stage.revision = {"locked": True}, 7
    stage.join("cat")


def the_meeting_has_another_title(stage: Roaming) -> Iterator[None]:
    yield
    stage.hub.rooms[ROOM].rename("Standup")


def the_clock_of_the_record_was_set(stage: Roaming) -> Iterator[None]:
    yield
    stage.hub.stays.clock_was_set(3600.0)


def somebody_in_charge_is_seen(stage: Roaming) -> Iterator[None]:
    stage.say("ann", type="settings", id=1, key="k", settings={"without_host": "lock"})
    stage.settle()
    yield
    stage.wait(6.0)


def somebody_knocks(stage: Roaming) -> Iterator[None]:
    yield
    stage.knock("cat")


def somebody_knocks_again(stage: Roaming) -> Iterator[None]:
    stage.knock("cat")
    yield
    stage.knock("cat")


def somebody_was_let_in_and_comes(stage: Roaming) -> Iterator[None]:
    stage.knock("cat")
    stage.say("ann", type="admit", id=1, key="k", knocks=["k_cat"])
    stage.settle()
    yield
    stage.join("cat")


def those_who_wait_on_are_told_later(stage: Roaming) -> Iterator[None]:
    stage.knock("cat")
    stage.knock("dan")
    stage.join("cat", soon=True)
    yield
    stage.tell_soon()


def a_change_is_answered(stage: Roaming) -> Iterator[None]:
    stage.say("ann", type="settings", id=1, key="k", settings={"locked": True})
    yield
    stage.settle()


def a_status_waits(stage: Roaming) -> Iterator[None]:
    """The room has no budget. Whoever sent it does not send it again: that it came is known."""
    stage.hub.rooms[ROOM].frames = None
    stage.hub.telling._frames = 2
    for on in (True, False):
        stage.say("bob", type="status", media={"audio": on})
    yield
    stage.say("bob", type="status", id=2, media={"audio": False})
    assert stage.hub.coalescing


@pytest.mark.parametrize(
    "story",
    [
        somebody_who_is_away_says_goodbye,
        a_page_says_that_what_was_muted_is_off,
        a_page_has_heard_that_its_hand_was_lowered,
        signals_are_sent_again_under_new_numbers,
        a_signal_is_refused_as_busy,
        a_signal_that_was_refused_comes_again,
        a_signal_that_was_refused_comes_again_too_late,
        somebody_is_restored_whose_hand_is_up,
        a_join_brings_newer_settings,
        the_meeting_has_another_title,
        the_clock_of_the_record_was_set,
        somebody_in_charge_is_seen,
        somebody_knocks,
        somebody_knocks_again,
        somebody_was_let_in_and_comes,
        those_who_wait_on_are_told_later,
        a_change_is_answered,
        a_status_waits,
    ],
)
def test_the_copy_has_it(story: Callable[[Roaming], Iterator[None]]) -> None:
    """What stands before each `yield` is copied, and then what comes after it."""
    stage = Roaming(30.0, copies=True)
    stage.join("ann", role="host")
    stage.join("bob", features=[BUSY])
    for _ in story(stage):
        stage.copy()
        # What does not change is not copied again.
        stage.copy()
    stage.copy()
    assert_is_copied(stage)
