"""Bugs to plant into the engine and into the rules of an owner, to see whether the search finds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from server.cluster.engine.records import (
    Beaten,
    Buried,
    Commit,
    Committed,
    Fenced,
    Lost,
    Ownership,
    RoomState,
    Taken,
)
from tests.engines.small_model.rules import Rules
from tests.engines.small_model.world import ROOM, Node, World
from tests.engines.space import Room, Space


def term_not_compared(patch: pytest.MonkeyPatch) -> None:
    commit = Space.commit

    def anyone(self: Space, commit_: Commit, now: float) -> Committed | Fenced | Lost:
        room = self.rooms.get(commit_.room)
        return commit(self, replace(commit_, term=room.term) if room else commit_, now)

    patch.setattr(Space, "commit", anyone)


def take_without_bury(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Space, "bury", lambda self, node, now: None)


def term_does_not_rise(patch: pytest.MonkeyPatch) -> None:
    """For whoever has the room already."""
    hand_over = Space._hand_over

    def keep(self: Space, name: str, room: Room, node: str, now: float, incarnation: str) -> Taken:
        taken = hand_over(self, name, room, node, now, incarnation)
        if room.node != node:
            return taken
        self.rooms[name] = replace(self.rooms[name], term=room.term)
        return replace(taken, head=replace(taken.head, term=room.term))

    patch.setattr(Space, "_hand_over", keep)


def term_without_clock(patch: pytest.MonkeyPatch) -> None:
    """An engine that lost everything begins with 1 again."""
    patch.setattr(World, "now", 0.0)


def take_claims_completeness(patch: pytest.MonkeyPatch) -> None:
    hand_over = Space._hand_over

    def claim(self: Space, name: str, room: Room, node: str, now: float, incarnation: str) -> Taken:
        taken = hand_over(self, name, room, node, now, incarnation)
        self.rooms[name] = replace(self.rooms[name], complete_in=incarnation)
        return taken

    patch.setattr(Space, "_hand_over", claim)


def establish_over_a_higher_term(patch: pytest.MonkeyPatch) -> None:
    establish = Space.establish
    confirm = Space.confirm

    def force(self: Space, own: Ownership, state: RoomState, now: float, incarnation: str) -> Any:
        room = self.rooms.get(own.room)
        if room and room.term > own.term:
            self.rooms[own.room] = replace(room, term=0)
        return establish(self, own, state, now, incarnation)

    def never_fenced(self: Space, own: Ownership, incarnation: str) -> Any:
        told = confirm(self, own, incarnation)
        return Lost() if isinstance(told, Fenced) else told

    patch.setattr(Space, "establish", force)
    patch.setattr(Space, "confirm", never_fenced)


def confirm_though_behind(patch: pytest.MonkeyPatch) -> None:
    confirm = Space.confirm

    def lenient(self: Space, own: Ownership, incarnation: str) -> Any:
        return confirm(self, replace(own, revision=0), incarnation)

    patch.setattr(Space, "confirm", lenient)


def give_keeps_the_term(patch: pytest.MonkeyPatch) -> None:
    give = Space.give

    def same(self: Space, own: Ownership, to: str, message: bytes, now: float, incarnation: str) -> Any:
        told = give(self, own, to, message, now, incarnation)
        if isinstance(told, Taken):
            self.rooms[own.room] = replace(self.rooms[own.room], term=own.term)
        return told

    patch.setattr(Space, "give", same)


def the_buried_beat(patch: pytest.MonkeyPatch) -> None:
    beat = Space.beat

    def rise(
        self: Space, node: str, about: bytes, keep: Sequence[str], now: float, incarnation: str
    ) -> Beaten | Buried:
        self.dead.pop(node, None)
        return beat(self, node, about, keep, now, incarnation)

    patch.setattr(Space, "beat", rise)


class RollsBack(Rules):
    """No bug: after a lost answer and a new term, what did not happen by then never will."""

    def taken(self, world: World, place: str, taken: Taken) -> None:
        node = world.nodes[place]
        if self.keeps(node, taken) and taken.head.epoch == node.epoch:
            world.nodes[place] = replace(node, decided=node.decided[: taken.head.seq])
        super().taken(world, place, taken)


class AsksOnly(RollsBack):
    """The same without a new term: a commit may lie in a buffer."""

    def call_take(self, world: World, node: str) -> object:
        room = world.space.rooms.get(ROOM)
        is_unsure = any(each.id == node and each.phase == "unsure" for each in world.nodes.values())
        if is_unsure and room and room.node == node:
            return Taken(node, room.term, room.head, room.complete_in == world.engine)
        return super().call_take(world, node)


class DecidesAnew(Rules):
    """After a lost answer, with other events under the same numbers."""

    def taken(self, world: World, place: str, taken: Taken) -> None:
        node = world.nodes[place]
        if node.phase == "unsure":
            world.nodes[place] = replace(node, decided=node.decided[: node.confirmed])
        super().taken(world, place, taken)


class TellsWhatIsAnswered(Rules):
    """An engine that came back as another, without what edges may have seen."""

    def as_told(self, world: World, node: Node) -> Node:
        told = super().as_told(world, node)
        return replace(told, decided=told.decided[: told.confirmed])


class KeepsWhatIsItsOwn(Rules):
    """Somebody else may have had the room, and given it back."""

    def keeps(self, node: Node, taken: Taken) -> bool:
        return node.phase == "unsure" and taken.previous == node.id


class TakesWhileSettling(Rules):
    def may_take(self, world: World) -> bool:
        world.settle()
        return True


class CommitsWhileSettling(Rules):
    def may_own_again(self, world: World, node: Node) -> bool:
        return True


class NeverDoubtsAGift(Rules):
    doubts_gifts = False


class ConfirmsAfterItsLease(Rules):
    def as_told(self, world: World, node: Node) -> Node:
        return super().as_told(world, replace(node, doubtful=False))


class GoesOnWithWhatIsIncomplete(Rules):
    def goes_on(self, taken: Taken) -> bool:
        return bool(taken.head.epoch)


class ForgetsWhatHappened(Rules):
    """`answered` is not adopted."""

    def adopt(self, room: RoomState | None) -> tuple[frozenset[str], tuple[str, ...]]:
        return frozenset(), super().adopt(room)[1]


class ForgetsThisEpoch(Rules):
    def taken(self, world: World, place: str, taken: Taken) -> None:
        super().taken(world, place, taken)
        node = world.nodes[place]
        if node.phase == "owns" and not node.decided:
            world.nodes[place] = replace(node, base=frozenset())


class ShowsBeforeItCommits(Rules):
    def decide(self, world: World, place: str, event: str) -> None:
        super().decide(world, place, event)
        node = world.nodes[place]
        world.show(node.epoch, node.sent[-1].entries[0])


IN_THE_ENGINE: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    plant.__name__: plant
    for plant in (
        term_not_compared,
        take_without_bury,
        term_does_not_rise,
        term_without_clock,
        take_claims_completeness,
        establish_over_a_higher_term,
        confirm_though_behind,
        give_keeps_the_term,
        the_buried_beat,
    )
}

IN_THE_RULES: Sequence[type[Rules]] = (
    AsksOnly,
    DecidesAnew,
    TellsWhatIsAnswered,
    KeepsWhatIsItsOwn,
    TakesWhileSettling,
    CommitsWhileSettling,
    NeverDoubtsAGift,
    ConfirmsAfterItsLease,
    GoesOnWithWhatIsIncomplete,
    ForgetsWhatHappened,
    ForgetsThisEpoch,
    ShowsBeforeItCommits,
)
