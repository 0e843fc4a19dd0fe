"""The state of everything, and what must never be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from server.cluster.engine.records import Commit, Committed, Entry, Fenced, Lost
from tests.engines.space import Space

ROOM = "R"
OTHER = {"a": "b", "b": "a"}


class Wrong(Exception):  # noqa: N818 - named for what happened
    """Something that must never be."""


@dataclass(frozen=True, slots=True)
class Node:
    """`phase`: "idle", it has nothing of the room; "owns"; "unsure", it has it, and a connection broke; "told", it
    told another engine what it has.

    `decided`: events that it gave numbers to in this epoch. The first `confirmed` of them are known to be committed.
    `base`: those of the epochs before. `incarnation`: that of the engine that it has made sure of. `doubtful`: somebody
    else may have the room, since its lease was over, or it gave the room and got no answer. `sent`: commits on their
    way; `replies` to them.
    """

    id: str
    phase: str = "idle"
    term: int = 0
    epoch: str = ""
    base: frozenset[str] = frozenset()
    decided: tuple[str, ...] = ()
    confirmed: int = 0
    incarnation: int = 0
    doubtful: bool = False
    sent: tuple[Commit, ...] = ()
    replies: tuple[Committed | Fenced | Lost, ...] = ()

    @property
    def place(self) -> str:
        return self.id[0]

    @property
    def outstanding(self) -> int:
        return len(self.sent) + len(self.replies)

    def forget(self) -> Node:
        """Drop the room without effects."""
        return Node(self.id, doubtful=self.doubtful)


Late = tuple[str, Callable[["World"], object]]
"""A call that lies in a buffer: its name, and what it does when it arrives."""


class World:
    """Every step is made on a copy. `faults` and `gifts` are what may still happen. An event is a letter."""

    def __init__(self, faults: int, gifts: int, events: str) -> None:
        self.space = Space(lease=1e9, settling=1.0)
        self.incarnation = 1
        self.ticks = 0
        self.nodes = {"a": Node("a0"), "b": Node("b0")}
        self.late: tuple[tuple[Late, ...], ...] = ()
        self.before: tuple[Space, ...] = ()
        self.shown: dict[tuple[str, int], str] = {}
        self.committers: dict[int, str] = {}
        self.answered: frozenset[str] = frozenset()
        self.faults = faults
        self.gifts = gifts
        self.events = events
        self.has_lost = False
        self.has_hurried = False
        """The engine has settled before a node that lives has told what it has."""
        for node in self.nodes.values():
            self.space.beat(node.id, b"", (), self.now, self.engine)
            self.space.open_inbox(node.id, self.now)
        self.settle()

    @property
    def now(self) -> float:
        """It rises with every term, so that an engine which lost everything gives out no old ones."""
        return self.ticks * 1e-6

    @property
    def is_done(self) -> bool:
        return len(self.answered) == len(self.events)

    @property
    def engine(self) -> str:
        return str(self.incarnation)

    def settle(self) -> None:
        self.space.seen = (self.engine, -2.0)

    @property
    def is_settled(self) -> bool:
        return self.space.seen == (self.engine, -2.0)

    def copy(self) -> World:
        other = World.__new__(World)
        other.__dict__.update(self.__dict__)
        other.space = self.space.copy()
        other.nodes = dict(self.nodes)
        other.shown = dict(self.shown)
        other.committers = dict(self.committers)
        return other

    def key(self) -> object:
        nodes = tuple(_node_key(node) for node in self.nodes.values())
        late = tuple(sorted(tuple(name for name, _ in queue) for queue in self.late))
        before = tuple(_space_key(space) for space in self.before) if self.faults else ()
        return (
            *(_space_key(self.space), self.incarnation, self.ticks, nodes, late, before),
            *(frozenset(self.shown.items()), self.answered, self.faults, self.gifts, self.has_lost),
            self.has_hurried,
        )

    def write(self) -> None:
        """Before something is written: what a failover goes back to."""
        self.before = (*self.before, self.space.copy())[-2:]

    def carry_out(self, commit: Commit, node: str) -> Committed | Fenced | Lost:
        """Everyone may see the events of a commit as soon as it is carried out: edges read their inboxes."""
        before = self.space.copy()
        told = self.space.commit(commit, self.now)
        if isinstance(told, Committed):
            self.before = (*self.before, before)[-2:]
            if self.committers.setdefault(commit.term, node) != node:
                raise Wrong(f"two nodes commit under term {commit.term}")
            epoch = self.space.rooms[ROOM].epoch
            for entry in commit.entries:
                self.show(epoch, entry)
        return told

    def show(self, epoch: str, entry: Entry) -> None:
        event = entry.payload.decode()
        if self.shown.get((epoch, entry.seq), event) != event:
            raise Wrong(f"{entry.seq} of epoch {epoch} is two events")
        for place, other in self.shown.items():
            if other == event and place != (epoch, entry.seq) and (place[0] == epoch or not self.has_lost):
                raise Wrong(f"{event} happens twice: {place} and {(epoch, entry.seq)}")
        self.shown[epoch, entry.seq] = event

    def check(self) -> None:
        """What was shown of an epoch, its owner has."""
        room = self.space.rooms.get(ROOM)
        for node in self.nodes.values():
            if node.phase != "owns" or room is None or (room.node, room.term) != (node.id, node.term):
                continue
            for (epoch, seq), event in self.shown.items():
                if epoch == node.epoch and node.decided[seq - 1 : seq] != (event,):
                    raise Wrong(f"{event} was shown as {seq} of epoch {epoch}, and its owner has it not")

    def forgets(self, node: Node) -> Node:
        """A node that lives drops the room: the engine or the other node has all that this one knew to be answered."""
        room = self.space.rooms.get(ROOM)
        entries = {entry.payload.decode() for entry in room.entries} if room else set()
        known = entries | set(room.fields.get("base", b"").decode() if room else "")
        other = self.nodes[OTHER[node.place]]
        gone = self.answered & (node.base | set(node.decided[: node.confirmed]))
        gone -= known | other.base | set(other.decided)
        if gone and not self.has_hurried:
            raise Wrong(f"{', '.join(gone)} is lost, though its owner lives")
        return node.forget()

    def lose_sight(self, node: Node) -> Node:
        """Its connection breaks: what is on its way may still arrive."""
        self.delay(tuple(_late(commit, node.id) for commit in node.sent))
        return replace(node, sent=(), replies=(), phase="idle" if node.phase == "idle" else "unsure")

    def delay(self, calls: tuple[Late, ...]) -> None:
        if calls:
            self.late = (*self.late, calls)


def _late(commit: Commit, node: str) -> Late:
    name = f"commit {commit.term} {commit.revision} {commit.entries[0].payload!r} of {commit.incarnation}"
    return name, lambda world: world.carry_out(commit, node)


def _node_key(node: Node) -> object:
    sent = tuple((commit.term, commit.revision) for commit in node.sent)
    return (
        *(node.id, node.phase, node.term, node.epoch, node.base, node.decided, node.confirmed),
        *(node.incarnation, node.doubtful, sent, tuple(str(reply) for reply in node.replies)),
    )


def _space_key(space: Space) -> object:
    room = space.rooms.get(ROOM)
    kept = room and (
        *(room.term, room.node, room.epoch, room.revision, room.complete_in),
        *(tuple(entry.payload for entry in room.entries), room.fields.get("base")),
    )
    return kept, frozenset(space.nodes), frozenset(space.dead), space.seen[0], space.seen[1] < 0
