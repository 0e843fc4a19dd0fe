"""An owner whose engine has lost what was committed, and does not tell: it is the same engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from server.cluster.engine.errors import EngineUnavailable
from server.cluster.engine.records import Committed, Head, Message, Ownership, RoomState, Taken
from server.sharing.owned_room import OwnedRoom
from server.sharing.recovery import Recovery
from signalling.nodes import wire

ROOM = "ROOM-1"
STATE = RoomState(11)


class Node:
    """`me`, whose room has the revision 3 and one commit that was refused. The engine has it as in `head`."""

    def __init__(self, head: Head, previous: tuple[str, int]) -> None:
        self.rooms: dict[str, Any] = {ROOM: None}
        self.done: list[str] = []
        self.calls: list[tuple[str, Ownership]] = []
        self.hub = self
        self.was_lost = False
        self.breaks = 0
        """So many messages to others fail."""
        self.sent: list[tuple[str, ...]] = []
        self.room = OwnedRoom(ROOM, "me", bytes, lambda room: None)
        self.room.line.took(5, "engine", "e_1", 3, 10)
        self.room.line.add(entries=[b"eleven"], effects=["eleven"])  # type: ignore[list-item]
        self.taken = [
            Taken(*previous, head, is_complete=False),
            Taken("", 10, Head("me", 11, "", 0, 0), False),
        ]
        self.membership = membership = SimpleNamespace(
            id="me", others=[], settled=self.connected, seen=self.connected, was_over=lambda _: False
        )
        parts: list[Any] = [self, membership, self, self.lose]
        self.recovery = Recovery(*parts)

    async def recovers(self) -> None:
        self.room.line.next()
        self.room.line.lost_sight()
        with capture_logs():
            self.recovery.begin(self.room)
            assert self.room.recovery is not None
            await self.room.recovery

    def take_is(self, *told: Taken) -> None:
        self.taken = list(told)

    def lose(self, room: OwnedRoom) -> None:
        self.was_lost = True
        room.lose()

    # The engine, and what there is to commit.

    async def connected(self, _: str = "") -> str:
        return "engine"

    async def take(self, *_: str) -> Taken:
        return self.taken.pop(0)

    async def establish(self, own: Ownership, state: RoomState) -> Committed:
        assert state is STATE
        self.calls.append(("establish", own))
        return Committed(own.revision)

    async def send(self, message: Message) -> None:
        if self.breaks:
            self.breaks -= 1
            raise EngineUnavailable("the engine is away", may_have_happened=True)
        assert wire.decode(message.body) == (wire.Unbridged(ROOM), b"")
        self.sent.append((*message.to, *self.done))

    async def drop(self, own: Ownership) -> Committed:
        self.calls.append(("drop", own))
        return Committed(own.revision)

    def gather(self, room: OwnedRoom) -> None: ...

    def stirred(self, room: OwnedRoom) -> None: ...

    def whole(self, room: OwnedRoom) -> RoomState:
        return STATE

    def happened(self, room: OwnedRoom, batch: Any) -> None:
        self.done += batch.effects


@pytest.mark.parametrize(
    ("head", "previous"),
    [
        pytest.param(Head("me", 9, "e_1", 8, 2), ("me", 5), id="the last writes"),
        pytest.param(Head("me", 9, "e_0", 8, 4), ("other", 4), id="that this node has it"),
        pytest.param(Head("me", 9, "", 0, 0), ("", 0), id="everything"),
    ],
)
async def test_whoever_lives_and_has_it_all_establishes_it_again(
    head: Head, previous: tuple[str, int]
) -> None:
    node = Node(head, previous)
    await node.recovers()
    assert node.calls == [("establish", Ownership(ROOM, "me", 9, "e_1", 4))]
    assert (node.done, node.room.line.phase, node.room.line.term) == (["eleven"], "owned", 9)


async def test_of_a_room_in_which_nobody_is_any_more_nothing_is_left_in_the_engine() -> None:
    node = Node(Head("me", 9, "e_1", 8, 2), ("me", 5))
    node.rooms.clear()
    node.room.line.drop(effects=["twelve"])  # type: ignore[list-item]
    await node.recovers()
    assert node.calls == [("drop", Ownership(ROOM, "me", 9, "e_1", 2))]
    assert (node.done, node.room.line.phase) == (["eleven", "twelve"], "taken")


@pytest.mark.parametrize("breaks", [0, 2])
async def test_others_hear_that_something_may_be_lost_before_anything_else(breaks: int) -> None:
    """However long the engine is away: else they pass on what is of another epoch as if it were of the one before."""
    node = Node(Head("me", 9, "e_1", 8, 2), ("me", 5))
    node.membership.others, node.breaks = ["other"], breaks
    node.take_is(node.taken[0], Taken("me", 9, Head("me", 10, "e_1", 11, 4), is_complete=True))
    await node.recovers()
    assert node.sent == [("other",)], "when nothing was done yet"
    assert (node.done, node.room.line.phase) == (["eleven"], "owned")
    node.room.line.add(entries=[b"twelve"], effects=["twelve"])  # type: ignore[list-item]
    node.take_is(Taken("me", 10, Head("me", 12, "e_1", 11, 4), is_complete=True))
    await node.recovers()
    assert len(node.sent) == 1, "once"


@pytest.mark.parametrize("revision", [3, 4])
async def test_what_was_not_lost_goes_on(revision: int) -> None:
    node = Node(Head("me", 9, "e_1", 10, revision), ("me", 5))
    await node.recovers()
    assert (node.calls, node.room.line.phase, node.was_lost) == ([], "owned", False)


async def test_whoever_had_it_in_between_keeps_it() -> None:
    node = Node(Head("me", 9, "e_1", 8, 2), ("other", 6))
    await node.recovers()
    assert (node.calls, node.was_lost) == ([], True)


async def test_a_room_is_begun_anew_once_in_an_engine_whose_answer_is_lost() -> None:
    """Others may have had it while it was away. What was established is gone on with: nothing of that was shown."""

    class Loses(Node):
        def __init__(self) -> None:
            super().__init__(Head("", 0, "", 0, 0), ("", 0))
            self.anew = 0
            self.membership.was_over = lambda _: True

        async def connected(self, _: str = "") -> str:
            return "another"

        async def establish(self, own: Ownership, state: RoomState) -> Committed:
            told = await super().establish(own, state)
            if len(self.calls) == 1:
                raise EngineUnavailable("the connection broke", may_have_happened=True)
            return told

        def begin_anew(self, room: OwnedRoom) -> None:
            self.anew += 1
            room.line.establish("e_2", 10, STATE)

    node = Loses()
    await node.recovers()
    assert [own.epoch for _, own in node.calls] == ["e_2", "e_2"]
    assert (node.anew, node.room.line.phase) == (1, "owned")
    # The same engine loses it later, when somebody else may have had the room again.
    node.room.line.add(entries=[b"twelve"], effects=["twelve"])  # type: ignore[list-item]
    node.take_is(Taken("me", 5, Head("me", 12, "e_2", 1, 1), is_complete=False))
    await node.recovers()
    assert (node.anew, node.room.line.phase, node.was_lost) == (2, "owned", False)
