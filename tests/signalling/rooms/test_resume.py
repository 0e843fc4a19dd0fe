"""A page that comes back is told what it missed, once and in order, or is shown the whole room."""

from __future__ import annotations

from signalling.protocol.errors import CloseCode
from tests.signalling.script import back, full


def test_what_was_missed_follows_in_order_and_then_what_is_new() -> None:
    stage = full("ann", "bob", "cat")
    stage.lose("bob")
    stage.say("ann", type="status", hand=True)
    stage.say("ann", type="signal", to="p_bob_ABC123", data={"n": 1})
    stage.say("ann", type="signal", to="p_cat_ABC123", data={"n": 2})
    bob = back(stage, "bob")
    stage.say("ann", type="status", hand=False)

    resumed, *events = stage.messages(bob)
    assert resumed["type"] == "resumed"
    assert "snapshot" not in resumed
    assert (resumed["replayed"], resumed["seq"]) == (2, events[1]["seq"] + 1)
    assert [event["type"] for event in events] == ["participant_updated", "signal", "participant_updated"]
    assert [event["data"] for event in events if event["type"] == "signal"] == [{"n": 1}]
    assert bob.roster == stage.sockets["ann"].roster


def test_who_is_back_within_a_second_was_never_away() -> None:
    stage = full("ann", "bob")
    stage.lose("bob")
    stage.wait(0.9)
    bob = back(stage, "bob")
    assert stage.heard("ann") == []
    assert stage.messages(bob)[0]["replayed"] == 0


def test_who_was_shown_as_reconnecting_is_shown_as_back() -> None:
    stage = full("ann", "bob")
    stage.lose("bob")
    stage.wait(2)
    bob = back(stage, "bob")
    states = [event["participant"]["state"] for event in stage.messages("ann")]
    assert states == ["reconnecting", "connected"]
    assert stage.heard(bob) == ["resumed", "participant_updated", "participant_updated"]
    assert bob.roster["p_bob_ABC123"]["state"] == "connected"


def test_a_gap_is_answered_with_the_whole_room_and_no_event() -> None:
    stage = full("ann", "bob")
    stage.lose("bob")
    for _ in range(4097):
        stage.say("ann", type="signal", to="p_bob_ABC123", data=None)
    bob = back(stage, "bob")
    (resumed,) = stage.messages(bob)
    assert resumed["replayed"] == 0
    assert [person["id"] for person in resumed["snapshot"]["participants"]] == list(bob.roster)
    assert resumed["snapshot"]["meeting"] == {"id": "ABC123", "title": "", "host": False, "created": False}
    stage.say("ann", type="status", hand=True)
    assert stage.heard(bob) == ["participant_updated"]


def test_who_came_late_is_not_shown_who_was_there_before() -> None:
    stage = full("ann", "eve")
    stage.say("eve", type="leave")
    arrived = stage.join("bob").seq
    stage.say("ann", type="status", hand=True)
    for seq in (0, arrived - 1):
        bob = stage.resume(stage.sockets["bob"], seq=seq)
        assert bob is not None
        (resumed,) = stage.messages(bob)
        assert [person["id"] for person in resumed["snapshot"]["participants"]] == list(bob.roster)
        assert "eve" not in str(resumed)


def test_more_than_is_worth_replaying_is_answered_with_the_whole_room() -> None:
    stage = full("ann", "bob")
    stage.lose("bob")
    for _ in range(20):
        stage.say("ann", type="signal", to="p_bob_ABC123", data="x" * 30_000)
    assert "snapshot" in stage.messages(back(stage, "bob"))[0]


def test_the_newer_connection_of_a_page_takes_over_and_the_older_is_void() -> None:
    stage = full("ann", "bob")
    old = stage.sockets["bob"]
    bob = back(stage, old)
    assert old.closed == CloseCode.REPLACED
    stage.say(old, type="leave", id=5)
    stage.lose(old)
    stage.wait(60)
    assert stage.heard("ann") == []
    stage.say(bob, type="status", hand=True)
    assert stage.heard("ann") == ["participant_updated"]


def test_an_attempt_that_comes_too_late_takes_nothing_over() -> None:
    stage = full("ann", "bob")
    old = stage.sockets["bob"]
    bob = back(stage, old, attempt=3)
    late = back(stage, old, attempt=2)
    assert (bob.closed, late.closed) == (None, CloseCode.REPLACED)
    assert late.received == []

    page = stage.join("cat", page="page", attempt=2)
    late = stage.join("cat", page="page", attempt=1)
    assert (page.closed, late.closed) == (None, CloseCode.REPLACED)


def test_a_newer_page_is_not_robbed_by_an_older_one() -> None:
    stage = full("ann", "bob")
    old = stage.sockets["bob"]
    new = stage.join("bob")
    late = back(stage, old)
    assert (new.closed, late.closed) == (None, CloseCode.REPLACED)
    stage.lose(new)
    assert back(stage, old).closed == CloseCode.REPLACED


def test_a_page_that_never_heard_that_it_was_in_does_not_rob_the_one_opened_after_it() -> None:
    stage = full("ann")
    stage.join("ann", page="older")
    newer = stage.join("ann", page="newer")
    late = stage.join("ann", page="older", attempt=2)
    assert (newer.closed, late.closed) == (None, CloseCode.REPLACED)
    assert late.received == []


def test_a_page_whose_join_was_answered_on_a_dead_socket_is_answered_again() -> None:
    stage = full("ann", "bob")
    first = stage.join("bob", page="page", attempt=1)
    stage.join("bob", page="page", attempt=2)
    stage.silence()
    bob = back(stage, first, attempt=3)
    assert stage.heard(bob) == ["joined"]
    assert stage.heard("ann") == []


def test_signals_to_a_page_that_does_not_know_yet_that_it_is_in_come_with_the_answer() -> None:
    stage = full("ann", "bob")
    stage.say("ann", type="signal", to="p_bob_ABC123", data="to the page before")
    first = stage.join("bob", page="page", attempt=1)
    stage.join("bob", page="page", attempt=2)
    stage.say("ann", type="signal", to="p_bob_ABC123", data="to this one")
    bob = back(stage, first, attempt=3)
    joined, signal = stage.messages(bob)
    assert (joined["type"], signal["data"]) == ("joined", "to this one")
    assert signal["seq"] == joined["seq"] + 1


def test_a_place_that_was_given_up_is_not_resumed() -> None:
    stage = full("ann", "bob", grace=5)
    stage.lose("bob")
    stage.wait(6)
    assert stage.resume("bob") is None
    assert stage.resume("ann", room="OTHER") is None


def test_a_command_sent_again_is_answered_again_and_not_repeated() -> None:
    stage = full("ann", "bob")
    stage.say("bob", type="status", id=3, hand=True)
    stage.say("bob", type="signal", id=4, to="p_ann_ABC123", data=1)
    stage.lose("bob")
    bob = back(stage, "bob")
    stage.silence()
    stage.say("ann", type="ping", id=1)
    stage.silence()
    stage.say(bob, type="status", id=3, hand=True)
    stage.say(bob, type="signal", id=4, to="p_ann_ABC123", data=1)
    assert stage.heard("ann") == []
    assert [(message["type"], message["id"]) for message in stage.messages(bob)] == [("ack", 3), ("ack", 4)]


def test_a_command_that_was_lost_takes_effect_under_its_old_id() -> None:
    stage = full("ann", "bob")
    stage.say("bob", type="status", id=9, hand=True)
    stage.lose("bob")
    bob = back(stage, "bob")
    stage.silence()
    stage.say(bob, type="status", id=8, hand=False)
    assert stage.heard("ann") == ["participant_updated"]


def test_a_command_that_was_refused_has_not_taken_effect() -> None:
    stage = full("ann")
    stage.say("ann", type="signal", id=2, to="p_bob_ABC123", data=1)
    stage.join("bob")
    stage.silence()
    stage.say("ann", type="signal", id=2, to="p_bob_ABC123", data=1)
    assert stage.heard("bob") == ["signal"]


def test_a_page_that_joins_anew_counts_from_the_beginning() -> None:
    stage = full("ann", "bob")
    stage.say("bob", type="status", id=2, hand=True)
    stage.join("bob")
    stage.silence()
    stage.say("bob", type="status", id=2, hand=False)
    assert stage.heard("ann") == ["participant_updated"]


def test_time_in_which_nobody_could_come_back_does_not_count() -> None:
    stage = full("ann", "bob", grace=30)
    stage.lose("bob")
    stage.now += 120
    stage.hub.stood_still(100, stage.now)
    stage.wait(0)
    assert stage.heard("ann") == ["participant_updated"]
    stage.wait(11)
    assert stage.heard("ann") == ["participant_left"]


def test_who_is_lost_when_a_standstill_is_over_is_excused_from_nothing() -> None:
    stage = full("ann", "bob")
    stage.lose("bob")
    stage.hub.stood_still(100, stage.now)
    stage.wait(31)
    assert stage.heard("ann") == ["participant_left"]


def test_the_stays_here_can_be_listed() -> None:
    stage = full("ann", "bob", "cat")
    stage.restart()
    back(stage, "ann")
    back(stage, "bob")
    stage.lose("bob")
    lost_at = stage.now
    stage.wait(3)
    assert [stay.user_id for stay in stage.hub.stays.present(stage.now)] == ["ann", "bob"]
    assert [(stay.user_id, stay.at, stay.reason) for stay in stage.hub.stays.lost()] == [
        ("bob", lost_at, "lost")
    ]
