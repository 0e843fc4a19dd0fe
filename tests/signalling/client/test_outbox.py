"""Commands that are held: each goes out once an answer asks for it."""

from __future__ import annotations

import math

from signalling.client.outbox import Outbox


def test_an_answer_to_a_later_command_does_not_send_the_first_again() -> None:
    outbox = Outbox()
    for number in (1, 2, 3):
        outbox.add({"type": "spotlight", "id": number, "key": f"k_{number}"}, written=True)
    assert outbox.hold(1, until=5.0)
    assert outbox.hold(3, until=4.0)
    assert [each["id"] for each in outbox.due(5.0)] == [1]
    outbox.answered(2)
    assert (outbox.due(6.0), outbox.due_at) == ([], math.inf)
    outbox.answered(1)
    assert [each["id"] for each in outbox.due(6.0)] == [3]


def test_what_follows_waits_for_what_is_on_its_way_again() -> None:
    outbox = Outbox()
    for number in (1, 2):
        outbox.add({"type": "signal", "id": number, "to": "p_b"}, written=True)
    assert outbox.hold(1, until=5.0)
    assert [each["id"] for each in outbox.due(5.0)] == [1]
    assert outbox.hold(2, until=5.1)
    assert outbox.due(6.0) == []
    outbox.answered(1)
    assert [each["id"] for each in outbox.due(6.0)] == [2]


def test_what_is_on_its_way_is_not_sent_again_because_a_later_command_was_refused() -> None:
    outbox = Outbox()
    for number in (1, 2, 3):
        outbox.add({"type": "spotlight", "id": number, "key": f"k_{number}"}, written=True)
    assert outbox.hold(2, until=5.0)
    assert not outbox.add({"type": "spotlight", "id": 4, "key": "k_4"}, written=True)
    assert [each["id"] for each in outbox.due(5.0)] == [2]
    for answered in (1, 3):
        outbox.answered(answered)
        assert outbox.due(6.0) == []
    outbox.answered(2)
    assert [each["id"] for each in outbox.due(6.0)] == [4]
    outbox.answered(4)
    assert outbox.add({"type": "spotlight", "id": 5, "key": "k_5"}, written=True)
