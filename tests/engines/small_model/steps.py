"""What can happen next: the steps of nodes, of calls on their way, and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from server.cluster.engine.records import Buried
from tests.engines.small_model.rules import Rules
from tests.engines.small_model.world import OTHER, Node, World
from tests.engines.space import Space

PIPELINED = 2

Step = tuple[str, Callable[[World], None]]


def steps(rules: Rules, world: World) -> Iterator[Step]:
    """Those that need no fault."""
    for place, node in world.nodes.items():
        yield from _of_node(rules, world, node)
        if node.sent:
            yield f"{node.id}'s commit arrives", partial(_arrive, place=place)
    for queue in range(len(world.late)):
        yield (
            f"a late call arrives: {world.late[queue][0][0]}",
            partial(_arrive_late, queue=queue),
        )
    for node_id in world.space.nodes.keys() - {node.id for node in world.nodes.values()}:
        yield f"the lease of {node_id} is over", partial(_end_lease, node=node_id)
    if not world.is_settled and all(_has_told(world, node) for node in world.nodes.values()):
        yield "the engine has settled", World.settle


def _has_told(world: World, node: Node) -> bool:
    return node.phase == "idle" or node.incarnation == world.incarnation


def _of_node(rules: Rules, world: World, node: Node) -> Iterator[Step]:
    place = node.place
    if node.id not in world.space.nodes or node.id in world.space.dead:
        yield f"{node.id} beats", partial(_beat, place=place)
    if node.replies:
        yield f"{node.id} reads an answer", partial(rules.read, place=place)
    if node.phase == "told" and rules.may_own_again(world, node):
        yield f"{node.id} goes on", partial(_go_on, place=place)
    if node.phase == "owns":
        yield from _of_owner(rules, world, node)
    for name, do, _ in _calls(rules, world, node):
        yield name, do


def _of_owner(rules: Rules, world: World, node: Node) -> Iterator[Step]:
    place = node.place
    # Clients ask each node in another order.
    for event in world.events if place == "a" else reversed(world.events):
        if event in world.answered:
            continue
        if rules.may_decide(node, event):
            if node.outstanding < PIPELINED:
                yield (
                    f"{node.id} decides {event}",
                    partial(rules.decide, place=place, event=event),
                )
            return
        if event in node.base or event in node.decided[: node.confirmed]:
            yield (
                f"{node.id} answers {event} again",
                partial(rules.again, place=place, event=event),
            )


Call = tuple[str, Callable[[World], None], Callable[[World], object]]
"""A call that a node waits for: its name, all that it does, and what of that the engine does."""


def _calls(rules: Rules, world: World, node: Node) -> Iterator[Call]:
    place = node.place
    if not world.space.lives(node.id):
        return
    wants = not world.is_done
    knows = node.incarnation == world.incarnation
    if rules.may_take(world) and ((node.phase == "idle" and wants) or (node.phase == "unsure" and knows)):
        yield (
            f"{node.id} takes",
            partial(rules.take, place=place),
            partial(rules.call_take, node=node.id),
        )
    if node.phase == "unsure" and not knows:
        told = rules.as_told(world, node)
        yield (
            f"{node.id} tells what it has",
            partial(rules.tell, place=place),
            partial(rules.call_tell, node=told),
        )
    other = world.nodes[OTHER[place]]
    if (
        node.phase == "owns"
        and world.gifts
        and not node.outstanding
        and wants
        and world.space.lives(other.id)
    ):
        yield (
            f"{node.id} gives",
            partial(_give, rules=rules, place=place),
            partial(rules.call_give, node=node),
        )


def faults(rules: Rules, world: World) -> Iterator[Step]:
    for place, node in world.nodes.items():
        if node.outstanding:
            yield f"{node.id}'s connection breaks", partial(_break, place=place)
        yield f"{node.id} dies", partial(_die, place=place)
        if node.id in world.space.nodes:
            yield (
                f"{node.id} stands still for longer than its lease",
                partial(_stand_still, place=place),
            )
        for name, do, call in _calls(rules, world, node):
            doubts = rules.doubts_gifts and name.endswith("gives")
            yield f"{name}, and the answer is lost", partial(_unheard, place=place, do=do, doubts=doubts)
            if name.endswith("takes"):
                # Lost before a new epoch is established.
                yield (
                    f"{name}, and that alone, and the answer is lost",
                    partial(_unheard, place=place, do=call, doubts=doubts),
                )
            late = partial(World.delay, calls=((name, call),))
            yield f"{name}, and that lies in a buffer", partial(_unheard, place=place, do=late, doubts=doubts)
    yield "the engine starts again", partial(_restart, space=None)
    yield (
        "the engine starts again, and is empty",
        partial(_restart, space=Space(lease=1e9, settling=1.0)),
    )
    for lost, space in enumerate(reversed(world.before), 1):
        yield (
            f"the engine fails over, and loses {lost}",
            partial(_restart, space=space),
        )
    if not world.is_settled and not all(_has_told(world, node) for node in world.nodes.values()):
        yield "the engine has settled before everyone has told", _hurry


def _hurry(world: World) -> None:
    world.has_hurried = True
    world.settle()


def _arrive(world: World, place: str) -> None:
    node = world.nodes[place]
    commit, *others = node.sent
    reply = world.carry_out(commit, node.id)
    world.nodes[place] = replace(node, sent=tuple(others), replies=(*node.replies, reply))


def _arrive_late(world: World, queue: int) -> None:
    (_, do), *others = world.late[queue]
    rest = (tuple(others),) if others else ()
    world.late = world.late[:queue] + rest + world.late[queue + 1 :]
    do(world)


def _end_lease(world: World, node: str) -> None:
    del world.space.nodes[node]


def _beat(world: World, place: str) -> None:
    """A node that is buried goes on as another."""
    node = world.nodes[place]
    if isinstance(world.space.beat(node.id, b"", (), world.now, world.engine), Buried):
        world.forgets(world.lose_sight(node))
        world.nodes[place] = _born_again(world, node)
    elif node.incarnation == world.incarnation:
        # It was not buried: nobody had the room.
        world.nodes[place] = replace(node, doubtful=False)


def _born_again(world: World, node: Node) -> Node:
    new = Node(f"{node.place}{int(node.id[1:]) + 1}")
    world.space.beat(new.id, b"", (), world.now, world.engine)
    world.space.open_inbox(new.id, world.now)
    return new


def _go_on(world: World, place: str) -> None:
    world.nodes[place] = replace(world.nodes[place], phase="owns")


def _give(world: World, rules: Rules, place: str) -> None:
    world.gifts -= 1
    rules.give(world, place)


def _break(world: World, place: str) -> None:
    world.nodes[place] = world.lose_sight(world.nodes[place])


def _die(world: World, place: str) -> None:
    node = world.nodes[place]
    world.lose_sight(node)
    world.nodes[place] = _born_again(world, node)


def _stand_still(world: World, place: str) -> None:
    node = world.nodes[place]
    del world.space.nodes[node.id]
    world.nodes[place] = replace(node, doubtful=True)


def _unheard(world: World, place: str, do: Callable[[World], object], doubts: bool) -> None:
    node = world.nodes[place]
    do(world)
    world.nodes[place] = replace(world.lose_sight(node), doubtful=node.doubtful or doubts)


def _restart(world: World, space: Space | None) -> None:
    """As it was when there was this in it; None: with everything."""
    if space is not None:
        world.has_lost = True
        world.space = space.copy()
    world.incarnation += 1
    world.space.seen = (world.engine, world.now)
    world.late = world.before = ()
    for place, node in world.nodes.items():
        world.nodes[place] = replace(
            node, sent=(), replies=(), phase="idle" if node.phase == "idle" else "unsure"
        )
