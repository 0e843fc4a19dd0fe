"""What a node does with its room: the rules that an owner has to keep, as small as they can be said."""

from __future__ import annotations

from dataclasses import replace

from server.cluster.engine.records import (
    Commit,
    Committed,
    Entry,
    Fenced,
    Lost,
    Ownership,
    RoomState,
    Taken,
)
from tests.engines.small_model.world import OTHER, ROOM, Node, World


class Rules:
    """The steps of a node. Plants are other ways to go about it."""

    doubts_gifts = True
    """Who gave the room, and got no answer, is no longer sure to own it."""

    def own(self, node: Node) -> Ownership:
        """All that it ever sent counts: edges may have seen it."""
        return Ownership(ROOM, node.id, node.term, node.epoch, len(node.decided))

    def commit(self, node: Node, at: int) -> Commit:
        """Of the event with this index. Sent again, it is the same."""
        event = node.decided[at]
        entry = Entry(at + 1, event.encode(), 0.0)
        return Commit(ROOM, node.term, at, at, str(node.incarnation), [entry])

    def state(self, node: Node) -> RoomState:
        entries = [Entry(seq, event.encode(), 0.0) for seq, event in enumerate(node.decided, 1)]
        return RoomState(len(entries), entries, {}, {"base": "".join(sorted(node.base)).encode()})

    def keeps(self, node: Node, taken: Taken) -> bool:
        """Nobody else had the room since."""
        return node.phase == "unsure" and (taken.previous, taken.previous_term) == (node.id, node.term)

    def goes_on(self, taken: Taken) -> bool:
        """With the same epoch."""
        return bool(taken.head.epoch) and taken.is_complete

    def take(self, world: World, place: str) -> None:
        taken = self.call_take(world, world.nodes[place].id)
        if isinstance(taken, Taken):
            self.taken(world, place, taken)
        else:
            world.nodes[place] = world.forgets(world.nodes[place])

    def call_take(self, world: World, node: str) -> object:
        before = world.space.copy()
        # Time goes on with every term only: there would be no end of worlds.
        world.ticks += 1
        told = world.space.take(ROOM, node, world.now, world.engine)
        if isinstance(told, Taken):
            world.before = (*world.before, before)[-2:]
        else:
            world.ticks -= 1
        return told

    def taken(self, world: World, place: str, taken: Taken) -> None:
        node = world.nodes[place]
        head = taken.head
        if self.keeps(node, taken) and head.epoch == node.epoch:
            again = replace(
                node, phase="owns", term=head.term, confirmed=head.seq, incarnation=world.incarnation
            )
            rest = tuple(self.commit(again, at) for at in range(head.seq, len(again.decided)))
            world.nodes[place] = replace(again, sent=rest, doubtful=False)
            return
        room = world.space.state(ROOM)
        base, events = self.adopt(room)
        new = replace(
            *(node.forget(),),
            phase="owns",
            term=head.term,
            epoch=head.epoch,
            base=base,
            decided=events,
            confirmed=len(events),
            incarnation=world.incarnation,
            doubtful=False,
        )
        if not self.goes_on(taken):
            new = replace(new, epoch=str(head.term), base=base | set(events), decided=(), confirmed=0)
            told = world.space.establish(self.own(new), self.state(new), world.now, world.engine)
            assert isinstance(told, Committed)
        world.nodes[place] = new

    def adopt(self, room: RoomState | None) -> tuple[frozenset[str], tuple[str, ...]]:
        """What happened in the epochs before, and in this one."""
        if room is None:
            return frozenset(), ()
        return frozenset(room.fields["base"].decode()), tuple(
            entry.payload.decode() for entry in room.entries
        )

    def tell(self, world: World, place: str) -> None:
        """An engine that came back as another: confirm what it has, or establish what it lost."""
        node = self.as_told(world, world.nodes[place])
        told = self.call_tell(world, node)
        if isinstance(told, Committed):
            sure = replace(node, phase="told", incarnation=world.incarnation, doubtful=False)
            world.nodes[place] = replace(sure, confirmed=len(node.decided))
        else:
            world.nodes[place] = world.forgets(world.nodes[place])

    def as_told(self, world: World, node: Node) -> Node:
        """Who is in doubt begins another epoch: others may have had the room, and shown what nobody knows now."""
        if not node.doubtful:
            return node
        events = node.base | set(node.decided)
        return replace(node, epoch=f"{node.term}.{world.incarnation}", base=events, decided=(), confirmed=0)

    def call_tell(self, world: World, node: Node) -> object:
        world.write()
        told = world.space.confirm(self.own(node), world.engine)
        if isinstance(told, Lost):
            return world.space.establish(self.own(node), self.state(node), world.now, world.engine)
        return told

    def may_take(self, world: World) -> bool:
        return world.is_settled

    def may_own_again(self, world: World, node: Node) -> bool:
        return world.is_settled

    def give(self, world: World, place: str) -> None:
        node = world.nodes[place]
        if isinstance(self.call_give(world, node), Taken | Fenced):
            world.nodes[place] = node.forget()

    def call_give(self, world: World, node: Node) -> object:
        world.write()
        world.ticks += 1
        to = world.nodes[OTHER[node.place]].id
        return world.space.give(self.own(node), to, b"yours", world.now, world.engine)

    def read(self, world: World, place: str) -> None:
        """The answer to a commit."""
        node = world.nodes[place]
        reply, *others = node.replies
        node = replace(node, replies=tuple(others))
        if isinstance(reply, Fenced):
            node = world.forgets(node)
        elif isinstance(reply, Lost):
            node = world.lose_sight(node)
        else:
            world.answered |= {node.decided[node.confirmed]}
            node = replace(node, confirmed=node.confirmed + 1)
        world.nodes[place] = node

    def decide(self, world: World, place: str, event: str) -> None:
        """An event gets its number, and goes out."""
        node = world.nodes[place]
        node = replace(node, decided=(*node.decided, event))
        world.nodes[place] = replace(node, sent=(*node.sent, self.commit(node, len(node.decided) - 1)))

    def may_decide(self, node: Node, event: str) -> bool:
        """Not what has happened before."""
        return event not in node.base and event not in node.decided

    def again(self, world: World, place: str, event: str) -> None:
        """A command of before is only answered, behind the fence."""
        room = world.space.rooms.get(ROOM)
        node = world.nodes[place]
        if room and room.term == node.term:
            world.answered |= {event}
        else:
            world.nodes[place] = node.forget()
