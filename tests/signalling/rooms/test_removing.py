"""Members who are removed."""

from __future__ import annotations

from signalling.protocol.errors import CloseCode
from tests.signalling.script import Stage


def test_who_is_removed_is_gone_for_all_and_left_when_they_were_last_here() -> None:
    stage = Stage()
    for user in ("ann", "bob", "cat"):
        stage.join(user)
    stage.lose("cat")
    lost_at = stage.now
    stage.wait(5)
    stage.silence()
    room = stage.hub.rooms["ABC123"]
    for user in ("bob", "cat"):
        member = stage.hub.present("ABC123", user)
        assert member is not None
        stage._carry_out(stage.hub.departures.remove(room, member, CloseCode.REVOKED, stage.now))
    bob = stage.sockets["bob"]
    assert (bob.closed, bob.received) == (CloseCode.REVOKED, [])
    left = [(told["type"], told["participant"]["id"], told["reason"]) for told in stage.messages("ann")]
    assert left == [("participant_left", f"p_{user}_ABC123", "removed") for user in ("bob", "cat")]
    ended = [(end.user_id, end.at, end.reason) for end in stage.ended]
    assert ended == [("bob", stage.now, "removed"), ("cat", lost_at, "removed")]
    # Messages and the close of its socket have no effect any more.
    stage.lose(bob)
    stage.wait(60)
    assert stage.heard("ann") == []
    assert stage.resume(bob) is None


def test_a_room_whose_last_member_is_removed_is_gone() -> None:
    stage = Stage()
    stage.join("ann")
    member = stage.hub.present("ABC123", "ann")
    assert member is not None
    stage._carry_out(
        stage.hub.departures.remove(stage.hub.rooms["ABC123"], member, CloseCode.REVOKED, stage.now)
    )
    assert not stage.hub.rooms
