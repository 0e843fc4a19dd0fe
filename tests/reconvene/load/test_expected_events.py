"""What clients under load have to see, and how it is found out that they did not."""

from __future__ import annotations

from typing import Any

import pytest

from reconvene.load.expected_events import Changes, Event, Log, Signals, Stretch, flags, state_of
from reconvene.load.statistics import Delays, Progress, Tally


class Script:
    """A room whose one speaker is Ann. Frames are whatever differs from one to the next."""

    def __init__(self, made: int = 0, state: int = 0) -> None:
        self.ann = Changes()
        self.make(made)
        self.people = {"ann": self.ann}
        self.log = Log("e1", 2, [person("ann", state), person("eve", 9)], self.people)
        self.ann.came_in(self.log)

    def make(self, count: int) -> None:
        for _ in range(count):
            self.ann.make(now=1000 + self.ann.made)

    def told(self, seq: int, number: int, **more: Any) -> Event:
        """The server tells of Ann's change with this number."""
        return self.hear(seq, "participant_updated", {"id": "ann", **of_number(number), **more})

    def hear(self, seq: int, kind: str, participant: dict[str, Any]) -> Event:
        message = {"type": kind, "seq": seq, "participant": participant}
        return self.log.sight(repr(message).encode(), message, self.people)

    @property
    def missing(self) -> int:
        return len(self.log.shown["ann"].missing)

    @property
    def outstanding(self) -> int:
        return self.log.outstanding("ann", self.ann)


def of_number(number: int) -> dict[str, Any]:
    media, hand = flags(number)
    return {"media": media, "hand": hand}


def person(name: str, state: int) -> dict[str, Any]:
    return {"id": name, **of_number(state)}


def test_each_number_has_a_state_and_the_next_one_differs() -> None:
    changes, state = Changes(), 0
    for number in range(1, 40):
        media, hand = changes.make(now=number)
        assert media
        change: dict[str, Any] = {"media": {**flags(state)[0], **media}}
        state = state_of(change if hand is None else {**change, "hand": hand}, state)
        assert state == number % 16
    assert changes.latest_with(3) == 35
    assert Changes().latest_with(3) is None


def test_changes_are_told_apart_and_timed() -> None:
    script = Script()
    script.make(2)
    first, second = script.told(3, 1), script.told(4, 2)
    assert (first.made_at, second.made_at) == (1000, 1001)
    assert (first.numbered, first.repeated, script.outstanding, script.missing) == (True, False, 0, 0)
    assert script.ann.made_at == {}


def test_what_the_server_never_told_is_missing() -> None:
    script = Script()
    script.make(3)
    script.told(3, 1)
    assert script.told(4, 3).made_at == 1002
    assert (script.missing, script.outstanding) == (1, 0)


def test_what_nobody_has_seen_yet_is_outstanding() -> None:
    script = Script()
    script.make(3)
    script.told(3, 1)
    assert (script.missing, script.outstanding) == (0, 2)


def test_a_change_that_the_server_made_twice_is_found() -> None:
    script = Script()
    script.make(1)
    script.told(3, 1)
    assert script.told(4, 1).repeated
    # From there on it goes on.
    script.make(1)
    assert not script.told(5, 2).repeated
    script.make(1)
    assert script.told(6, 3).made_at == 1002


def test_what_one_client_lost_another_may_see_later() -> None:
    script = Script()
    script.make(2)
    early, late = Stretch(script.log, 2, 2), Stretch(script.log, 2, 2)
    assert early.take(script.told(4, 2).seq)
    assert (early.lost(), script.missing) == (0, 1)
    straggler = script.told(3, 1)
    assert straggler.made_at == 1000
    assert late.take(straggler.seq)
    assert (early.lost(), late.lost(), script.missing) == (1, 0, 0)
    assert late.lost(until=script.log.head) == 1


def test_an_event_that_does_not_rise_is_doubled() -> None:
    script = Script()
    script.make(2)
    stretch = Stretch(script.log, 2, 2)
    assert [stretch.take(seq) for seq in (script.told(3, 1).seq, 3, script.told(4, 2).seq, 3)] == [
        True,
        False,
        True,
        False,
    ]
    assert stretch.lost() == 0


def test_signals_move_a_client_on_and_are_no_events_of_others() -> None:
    script = Script()
    script.make(1)
    stretch, other = Stretch(script.log, 2, 2), Stretch(script.log, 2, 2)
    assert stretch.skip(3)
    assert not stretch.skip(3)
    seq = script.told(4, 1).seq
    assert stretch.take(seq)
    assert other.take(seq)
    assert (stretch.lost(), other.lost()) == (0, 0)


def test_a_snapshot_stands_for_what_was_before_it() -> None:
    script = Script()
    script.make(4)
    before = Stretch(script.log, 2, 2)
    for number in (1, 2, 3, 4):
        script.told(2 + number, number)
    assert before.take(3)
    after = Stretch(script.log, 5, 5)
    assert after.take(6)
    # What is between them was shown by the snapshot.
    assert (before.lost(), after.lost()) == (0, 0)
    assert before.lost(until=6) == 3


def test_after_a_restart_the_latest_state_is_all_that_is_told() -> None:
    """The server forgot flags and which commands it had carried out; Ann tells by her resume."""
    script = Script(made=5)
    assert script.outstanding == 5
    assert not script.told(3, 5).repeated
    assert (script.missing, script.outstanding) == (0, 0)
    # And from there on, one by one.
    script.make(2)
    assert script.told(4, 7).numbered
    assert script.missing == 1


def test_after_a_restart_nothing_needs_to_be_told_of_who_is_as_before() -> None:
    script = Script(made=16)
    assert script.outstanding == 0
    script.make(1)
    assert script.told(3, 17).made_at == 1016


def test_others_may_hear_of_a_return_before_whoever_returns() -> None:
    script = Script(made=5)
    script.ann.log = None
    script.told(3, 5)
    assert script.outstanding == 0
    script.ann.came_in(script.log)
    script.make(1)
    script.told(4, 6)
    assert script.log.shown["ann"].settled


def test_a_new_stay_begins_with_the_state_it_has() -> None:
    script = Script()
    script.make(3)
    script.told(3, 1)
    script.hear(4, "participant_rejoined", person("ann", 3))
    assert (script.missing, script.outstanding) == (0, 0)
    script.hear(5, "participant_left", {"id": "ann"})
    assert script.outstanding == 0


def test_strangers_and_presence_are_events_without_a_number() -> None:
    script = Script()
    assert not script.hear(3, "participant_updated", {"id": "ann", "state": "reconnecting"}).numbered
    assert not script.hear(4, "participant_joined", person("zoe", 0)).numbered
    assert script.hear(5, "participant_updated", {"id": "zoe", "hand": True}).made_at == 0
    assert script.log.between(2, 5) == 3


def test_a_list_of_who_is_there_tells_of_those_who_are_not_known() -> None:
    script = Script()
    script.make(1)
    script.told(3, 1)
    script.log.meet(3, [person("ann", 0), person("bob", 2)], script.people)
    assert script.log.shown["bob"].state == 2
    assert script.log.shown["ann"].state == 1


def test_several_events_in_one_frame_are_what_they_are_one_by_one() -> None:
    one_by_one, together = Script(), Script()
    for script in (one_by_one, together):
        script.make(2)
    singles = [one_by_one.told(3, 1), one_by_one.told(4, 2)]
    messages = [
        {"type": "participant_updated", "seq": seq, "participant": {"id": "ann", **of_number(number)}}
        for seq, number in ((3, 1), (4, 2))
    ]
    batch = together.log.sight_all(b"batch", messages, together.people)
    assert [(event.seq, event.made_at) for event in batch] == [(e.seq, e.made_at) for e in singles]
    assert together.log.batches[b"batch"] is batch
    # In another frame with others, for who came in between, they are no new ones.
    assert together.log.see(messages[1], together.people).made_at == 0
    assert (together.log.between(2, 9), together.missing) == (2, 0)
    together.log.forget(3)
    assert together.log.batches
    together.log.forget(4)
    assert not together.log.batches


def test_frames_are_forgotten_when_all_have_seen_them() -> None:
    script = Script()
    script.make(3)
    events = [script.told(2 + number, number) for number in (1, 2, 3)]
    script.log.forget(4)
    assert list(script.log.known.values()) == events[2:]
    # A late one is the same event, and not counted again.
    assert script.told(3, 1).seq == 3
    assert script.log.between(2, 5) == 3


@pytest.mark.parametrize(
    ("excused", "arrived", "lost", "dropped", "doubled"),
    [
        (0, [1, 2, 3, 4], 0, 0, 0),
        (0, [1, 2, 2, 3, 4], 0, 0, 1),
        (0, [1, 3, 4], 1, 0, 0),
        (0, [1, 2], 2, 0, 0),
        (0, [2, 1, 3, 4], 1, 0, 1),
        (2, [3, 4], 0, 2, 0),
        (2, [1, 4], 1, 1, 0),
        (4, [], 0, 4, 0),
        (1, [], 3, 1, 0),
    ],
)
def test_signals_come_once_and_in_order(
    excused: int, arrived: list[int], lost: int, dropped: int, doubled: int
) -> None:
    signals = Signals()
    signals.sent = excused
    signals.excuse()
    signals.sent = 4
    assert sum(not signals.take(number) for number in arrived) == doubled
    # One that was excused may never come.
    assert signals.awaited == (excused < 4 and 4 not in arrived)
    signals.close()
    assert (signals.lost, signals.dropped) == (lost, dropped)


def test_quantiles_are_right_within_a_sixty_fourth() -> None:
    delays = Delays()
    delays.add(range(1, 100_001))
    for share in (0.5, 0.99):
        assert delays.quantile(share) == pytest.approx(share * 100, rel=1 / 64)
    assert delays.longest == 100_000
    assert Delays().quantile(0.5) is None
    few = Delays()
    few.add([7])
    assert few.quantile(0.99) == pytest.approx(0.007)


def test_tallies_add_up_and_survive_a_pipe() -> None:
    one = Tally(clients=2, joined=2, lost=1, busy=0.5, seconds=3.0, joining=(1.0, 3.0))
    one.closed[1006] = 2
    one.errors["rate_limited"] = 1
    one.delays.add([1000, 2000])
    other = Tally(clients=3, joined=2, busy=0.7, seconds=2.0, joining=(2.0, 5.0))
    other.closed[1006] = 1
    total = Tally()
    for tally in (one, other):
        total += Tally.unpacked(tally.packed())
    assert (total.clients, total.joined, total.lost, total.busy, total.seconds) == (5, 4, 1, 0.7, 3.0)
    assert (total.closed, total.errors) == ({1006: 3}, {"rate_limited": 1})
    assert total.join_rate == 1.0
    assert (len(total.delays), total.delays.longest) == (2, 2000)
    assert Tally().join_rate is None
    together = Progress(joined=1, p99=3.0)
    together += Progress(joined=2, p99=2.0)
    assert together == Progress(joined=3, p99=3.0)
