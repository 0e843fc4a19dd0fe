"""A page that says goodbye, by its socket or by another way: it has left, unless it is back in time."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.protocol.errors import CloseCode
from signalling.protocol.fields import Media
from signalling.rooms.absences import GOODBYE, RELOAD_MOST
from tests.signalling.script import Stage, back


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    for user in ("ann", "bob"):
        stage.join(user, page=user, attempt=1)
    stage.silence()
    return stage


def left(stage: Stage) -> list[Any]:
    """Who left, as Ann was told, and why."""
    return [
        (message["participant"]["id"], message["reason"])
        for message in stage.messages("ann")
        if message["type"] == "participant_left"
    ]


BOB_LEFT = [("p_bob_ABC123", "left")]


class TestByTheSocketAlone:
    def test_a_closed_tab_has_left_after_a_moment_and_at_the_time_it_closed(self, stage: Stage) -> None:
        closed_at = stage.now
        stage.lose("bob", goodbye=True)
        stage.wait(GOODBYE - 0.1)
        assert stage.heard("ann") == []
        stage.wait(0.2)
        (left,) = stage.messages("ann")
        assert (left["type"], left["reason"]) == ("participant_left", "left")
        assert [(end.at, end.reason) for end in stage.ended] == [(closed_at, "left")]

    def test_a_reloaded_one_has_not(self, stage: Stage) -> None:
        stage.lose("bob", goodbye=True)
        stage.wait(GOODBYE - 0.1)
        stage.join("bob")
        stage.wait(60)
        assert stage.heard("ann") == ["participant_rejoined"]
        assert stage.ended == []

    def test_the_goodbye_of_one_connection_does_not_shorten_the_grace_of_the_next(self, stage: Stage) -> None:
        stage.lose("bob", goodbye=True)
        back(stage, "bob", attempt=2)
        stage.lose("bob")
        stage.wait(GOODBYE + 1)
        assert stage.heard("ann") == ["participant_updated"]


class TestAfterTheSocketIsLost:
    """As in Firefox, which closes it with 1001 before the page is told."""

    def test_it_has_left_when_it_is_not_back_in_time(self, stage: Stage) -> None:
        lost_at = stage.now
        stage.lose("bob")
        assert stage.goodbye("bob", back_in=5.0)
        stage.wait(4.9)
        assert left(stage) == []
        stage.wait(0.2)
        assert left(stage) == BOB_LEFT
        assert [(end.at, end.reason) for end in stage.ended] == [(lost_at, "left")]

    def test_the_time_counts_from_the_goodbye_on(self, stage: Stage) -> None:
        """A page that was away for long and is reloaded because of that has the whole time for it."""
        stage.lose("bob")
        stage.wait(20)
        assert stage.goodbye("bob", back_in=5.0)
        stage.wait(4.9)
        assert left(stage) == []
        stage.wait(0.2)
        assert left(stage) == BOB_LEFT

    def test_nobody_is_kept_longer_than_grace(self) -> None:
        stage = Stage(grace=6.0)
        stage.join("ann")
        stage.join("bob")
        stage.lose("bob")
        stage.wait(4)
        assert stage.goodbye("bob", back_in=15.0)
        stage.wait(2.1)
        assert left(stage) == BOB_LEFT

    @pytest.mark.parametrize(("asked", "kept"), [(-5.0, GOODBYE), (0.0, GOODBYE), (1e9, RELOAD_MOST)])
    def test_no_page_is_kept_for_less_than_a_reload_takes_or_for_long(
        self, stage: Stage, asked: float, kept: float
    ) -> None:
        stage.lose("bob")
        assert stage.goodbye("bob", back_in=asked)
        stage.wait(kept - 0.1)
        assert left(stage) == []
        stage.wait(0.2)
        assert left(stage) == BOB_LEFT

    def test_a_close_in_good_order_is_kept_for_longer(self, stage: Stage) -> None:
        stage.lose("bob", goodbye=True)
        assert stage.goodbye("bob", back_in=8.0)
        stage.wait(7.9)
        assert left(stage) == []
        stage.wait(0.2)
        assert left(stage) == BOB_LEFT

    def test_a_reload_in_time_is_not_seen(self, stage: Stage) -> None:
        stage.lose("bob")
        assert stage.goodbye("bob", back_in=5.0)
        stage.wait(2.9)
        stage.join("bob", page="bob-reloaded", attempt=1)
        stage.wait(60)
        assert stage.heard("ann") == ["participant_rejoined"]
        assert stage.ended == []

    def test_a_slow_reload_is_shown_as_one(self, stage: Stage) -> None:
        stage.lose("bob")
        assert stage.goodbye("bob", back_in=15.0)
        stage.wait(GOODBYE - 0.1)
        assert stage.heard("ann") == []
        stage.wait(0.2)
        assert [m["participant"]["state"] for m in stage.messages("ann")] == ["reconnecting"]
        stage.join("bob", page="bob-reloaded", attempt=1)
        assert stage.heard("ann") == ["participant_rejoined"]

    def test_nobody_is_shown_who_has_left_a_moment_later(self, stage: Stage) -> None:
        stage.lose("bob")
        stage.wait(0.5)
        assert stage.goodbye("bob", back_in=GOODBYE)
        for _ in range(5):
            stage.wait(0.6)
        stage.wait(0.1)
        assert stage.heard("ann") == ["participant_left"]

    def test_time_in_which_nobody_could_come_back_does_not_count(self, stage: Stage) -> None:
        stage.lose("bob")
        assert stage.goodbye("bob", back_in=5.0)
        stage.now += 20
        stage.hub.stood_still(20, stage.now)
        stage.wait(4.9)
        assert left(stage) == []
        stage.wait(0.2)
        assert left(stage) == BOB_LEFT


class TestBeforeTheSocketIsLost:
    """The goodbye overtakes the close, or the socket is dead and nobody knows."""

    def test_it_has_left_when_it_is_not_back_in_time(self, stage: Stage) -> None:
        bob = stage.sockets["bob"]
        assert stage.goodbye("bob", back_in=5.0)
        assert bob.closed is CloseCode.NORMAL
        said_at = stage.now
        stage.wait(0.1)
        stage.lose(bob)
        stage.wait(4.8)
        assert left(stage) == []
        stage.wait(0.2)
        assert left(stage) == BOB_LEFT
        assert [(end.at, end.reason) for end in stage.ended] == [(said_at, "left")]

    def test_a_page_that_is_there_all_the_same_comes_back_unseen(self, stage: Stage) -> None:
        assert stage.goodbye("bob", attempt=None)
        stage.say("ann", type="status", hand=True)
        bob = stage.resume("bob", attempt=2)
        assert bob is not None
        assert stage.heard(bob) == ["resumed", "participant_updated"]
        stage.wait(60)
        assert stage.heard("ann") == ["participant_updated"]
        assert stage.ended == []

    def test_what_it_had_asked_for_before_is_void(self, stage: Stage) -> None:
        """Its resume was on the way when it was closed."""
        stage.lose("bob")
        assert stage.goodbye("bob", attempt=2)
        late = stage.resume("bob", attempt=2)
        assert late is not None
        assert late.closed is CloseCode.REPLACED
        stage.wait(GOODBYE)
        assert left(stage) == BOB_LEFT


class TestWhatChangesNothing:
    def test_of_somebody_who_is_not_there(self, stage: Stage) -> None:
        assert not stage.goodbye("bob", room="OTHER-1")
        stage.say("bob", type="leave")
        stage.silence()
        assert not stage.goodbye("bob")
        stage.wait(60)
        assert stage.heard("ann") == []

    def test_of_the_page_before_a_reload(self, stage: Stage) -> None:
        before = stage.sockets["bob"]
        stage.lose(before)
        stage.join("bob", page="bob-reloaded", attempt=1)
        stage.silence()
        assert not stage.goodbye(before)
        stage.wait(60)
        assert stage.heard("ann") == []

    @pytest.mark.parametrize("away", [False, True])
    def test_of_a_page_that_was_brought_back_since(self, stage: Stage, away: bool) -> None:
        stage.lose("bob")
        stage.resume("bob", attempt=2)
        if away:
            stage.lose("bob")
        assert not stage.goodbye("bob", attempt=1)
        assert stage.sockets["bob"].closed is None
        stage.wait(10)
        assert left(stage) == []

    def test_said_once_more(self, stage: Stage) -> None:
        assert stage.goodbye("bob")
        stage.wait(2)
        assert not stage.goodbye("bob")
        stage.wait(GOODBYE - 2)
        assert left(stage) == BOB_LEFT

    def test_for_the_next_connection(self, stage: Stage) -> None:
        assert stage.goodbye("bob")
        stage.resume("bob", attempt=2)
        stage.lose("bob")
        stage.wait(10)
        assert [message["type"] for message in stage.messages("ann")] == ["participant_updated"]


def test_who_says_goodbye_to_a_restarted_server_was_there_until_then() -> None:
    stage = Stage()
    stage.join("ann")
    bob = stage.join("bob")
    stage.restart()
    stage.resume("ann")
    stage.silence()
    stage.wait(2)
    said_at = stage.now
    assert stage.goodbye(bob)
    stage.wait(GOODBYE)
    assert left(stage) == BOB_LEFT
    assert [(stay.user_id, stay.at) for stay in stage.resumed[1:]] == [("bob", said_at)]
    assert [(end.user_id, end.at, end.reason) for end in stage.ended] == [("bob", said_at, "left")]


def test_who_comes_back_after_a_goodbye_to_a_restarted_server_says_what_it_sends() -> None:
    stage = Stage()
    stage.join("ann")
    bob = stage.join("bob")
    stage.restart()
    stage.resume("ann")
    stage.silence()
    assert stage.goodbye(bob)
    stage.resume(bob, attempt=2, media=Media(audio=True), hand=True)
    (update,) = stage.messages("ann")
    assert update["participant"] == {
        "id": "p_bob_ABC123",
        "state": "connected",
        "obeys": False,
        "media": {"audio": True, "video": False, "screen": False},
        "hand": True,
        "hand_at": "1970-01-12T13:46:40.000Z",
    }
