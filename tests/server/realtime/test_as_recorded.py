"""What the store says of a meeting is asked again if a change overtakes the question."""

from __future__ import annotations

from server.realtime.as_recorded import AsRecorded
from server.realtime.change_writer import ChangeWriter
from server.realtime.pending_joins import PendingJoins
from server.runtime.metrics import Metrics
from signalling.rooms.change import Actor, Change, Outcome, Unsettled
from storage import moderation
from storage.moderation import Changed

ROOM = "ABC123"


class Keeps:
    def __init__(self) -> None:
        self.made: list[str] = []

    async def change(self, change: moderation.Change) -> Changed:
        self.made.append(change.key)
        return Changed(False, change.at, {}, len(self.made), 1)


def command(key: str) -> Unsettled:
    return Unsettled(ROOM, Actor("host", "u_host"), key, Change("settings", settings={}), told=True)


async def test_what_is_commanded_in_the_moment_in_which_what_was_before_is_recorded_counts() -> None:
    store, pending, asked = Keeps(), PendingJoins(), 0
    changes = ChangeWriter(store, Metrics(), now=lambda: 1.0)  # type: ignore[arg-type] # has what is used

    def settled(unsettled: Unsettled, outcome: Outcome) -> None:
        # As `Moderating` does.
        pending.meeting_changed(unsettled.room)
        if unsettled.key == "one":
            changes.record(command("two"))

    changes.settled = settled
    changes.record(command("one"))

    async def question() -> list[str]:
        nonlocal asked
        asked += 1
        return list(store.made)

    assert await AsRecorded(changes, pending).answer(ROOM, question, 5.0) == ["one", "two"]
    assert asked == 2
