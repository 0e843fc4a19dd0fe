"""What an engine keeps, and what its scripts do with it, in Python: the Lua scripts are held against this.

No clock, no chance: the time and the name of the incarnation are arguments. Values are never changed, only replaced, so
that a copy costs little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from server.cluster.engine.bounds import INBOX_KEPT, INBOX_LIVES, LEASE, LOG_KEPT, ROOM_LIVES, SETTLING
from server.cluster.engine.records import (
    Beaten,
    Buried,
    Commit,
    Committed,
    Entry,
    Fenced,
    Gone,
    Head,
    Held,
    Lost,
    Message,
    Ownership,
    RoomState,
    SeenNode,
    Settling,
    Taken,
)


@dataclass(frozen=True, slots=True)
class Room:
    """`complete_in`: the incarnation in which the log has all that anybody was shown. Dropped: no node, no epoch."""

    term: int
    until: float
    node: str = ""
    epoch: str = ""
    revision: int = -1
    seq: int = 0
    complete_in: str = ""
    entries: tuple[Entry, ...] = ()
    members: Mapping[str, bytes] = field(default_factory=dict)
    fields: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def head(self) -> Head:
        return Head(self.node, self.term, self.epoch, self.seq, max(self.revision, 0))


@dataclass(frozen=True, slots=True)
class Box:
    """An inbox: messages by their ids, which rise. The first entry may be a place that was read before."""

    until: float
    entries: tuple[tuple[int, bytes | None], ...]


class Space:
    def __init__(
        self, *, lease: float = LEASE, settling: float = SETTLING, inbox_kept: int = INBOX_KEPT
    ) -> None:
        self.lease = lease
        self.settle_for = settling
        self.inbox_kept = inbox_kept
        self.rooms: dict[str, Room] = {}
        self.nodes: dict[str, tuple[bytes, float]] = {}
        """What they say of themselves, and until when they live."""
        self.dead: dict[str, float] = {}
        self.beats: dict[str, float] = {}
        self.boxes: dict[str, Box] = {}
        self.seen: tuple[str, float] = ("", 0.0)
        """The incarnation that was seen last, and since when."""

    def copy(self) -> Space:
        other = Space(lease=self.lease, settling=self.settle_for, inbox_kept=self.inbox_kept)
        other.rooms = dict(self.rooms)
        other.nodes = dict(self.nodes)
        other.dead = dict(self.dead)
        other.beats = dict(self.beats)
        other.boxes = dict(self.boxes)
        other.seen = self.seen
        return other

    def expire(self, now: float) -> None:
        self.rooms = {name: room for name, room in self.rooms.items() if room.until > now}
        self.nodes = {name: node for name, node in self.nodes.items() if node[1] > now}
        self.dead = {name: until for name, until in self.dead.items() if until > now}
        self.boxes = {name: box for name, box in self.boxes.items() if box.until > now}

    def lives(self, node: str) -> bool:
        return node in self.nodes and node not in self.dead

    def commit(self, commit: Commit, now: float) -> Committed | Fenced | Lost:
        room = self.rooms.get(commit.room)
        if refusal := self._refusal(room, commit.term, commit.revision):
            return refusal
        assert room is not None
        if room.seq != commit.seq:
            return Lost()
        for message in commit.messages:
            self.send(message, now)
        if not (commit.entries or commit.members or commit.fields):
            return Committed(room.revision)
        self.rooms[commit.room] = replace(
            room,
            until=now + ROOM_LIVES,
            revision=room.revision + 1,
            seq=room.seq + len(commit.entries),
            entries=(*_left(room.entries, commit), *commit.entries)[-LOG_KEPT:],
            members=_changed(room.members, commit.members),
            fields=_changed(room.fields, commit.fields),
        )
        return Committed(room.revision + 1)

    def send(self, message: Message, now: float) -> None:
        for node in message.to:
            if box := self.boxes.get(node):
                entries = (*box.entries, (max(box.entries[-1][0] + 1, int(now * 1e6)), message.body))
                self.boxes[node] = replace(box, entries=entries[-self.inbox_kept :])

    def take(self, name: str, node: str, now: float, incarnation: str) -> Taken | Held | Settling | Buried:
        if not self.lives(node):
            return Buried()
        if left := self.settling(now, incarnation):
            return Settling(left)
        room = self.rooms.get(name) or Room(term=0, until=0.0)
        if room.node not in ("", node):
            if room.node in self.nodes:
                return Held(room.node, room.term)
            self.bury(room.node, now)
        return self._hand_over(name, room, node, now, incarnation)

    def give(
        self, own: Ownership, to: str, message: bytes, now: float, incarnation: str
    ) -> Taken | Fenced | Lost | Gone:
        room = self.rooms.get(own.room)
        if refusal := self._refusal(room, own.term, own.revision):
            return refusal
        assert room is not None
        if not self.lives(to) or to not in self.boxes:
            return Gone()
        self.send(Message([to], message), now)
        return self._hand_over(own.room, room, to, now, incarnation)

    def drop(self, own: Ownership, now: float) -> Committed | Fenced | Lost:
        room = self.rooms.get(own.room)
        if refusal := self._refusal(room, own.term, own.revision):
            return refusal
        self.rooms[own.room] = Room(term=own.term + 1, until=now + ROOM_LIVES)
        return Committed(max(own.revision, 0))

    def confirm(self, own: Ownership, incarnation: str) -> Committed | Fenced | Lost | Buried:
        room = self.rooms.get(own.room)
        if not self.lives(own.node):
            return Buried()
        if room and room.term > own.term:
            return Fenced()
        if not room or not _has(room, own):
            return Lost()
        self.rooms[own.room] = replace(room, complete_in=incarnation)
        return Committed(room.revision)

    def establish(
        self, own: Ownership, state: RoomState, now: float, incarnation: str
    ) -> Committed | Fenced | Buried:
        told = self.confirm(own, incarnation)
        if not isinstance(told, Lost):
            return told
        self.rooms[own.room] = Room(
            *(own.term, now + ROOM_LIVES, own.node, own.epoch, own.revision, state.seq, incarnation),
            tuple(state.entries),
            dict(state.members),
            dict(state.fields),
        )
        return Committed(own.revision)

    def state(self, name: str) -> RoomState | None:
        room = self.rooms.get(name)
        if room is None or not room.epoch:
            return None
        return RoomState(room.seq, list(room.entries), dict(room.members), dict(room.fields))

    def people(self, name: str) -> int:
        return len(self.rooms[name].members) if name in self.rooms else 0

    def beat(
        self, node: str, about: bytes, keep: Sequence[str], now: float, incarnation: str
    ) -> Beaten | Buried:
        if node in self.dead:
            return Buried()
        self.nodes[node] = (about, now + self.lease)
        self.beats[node] = now
        self.beats = {name: at for name, at in self.beats.items() if at >= now - ROOM_LIVES}
        if box := self.boxes.get(node):
            self.boxes[node] = replace(box, until=now + INBOX_LIVES)
        for name in keep:
            if room := self.rooms.get(name):
                self.rooms[name] = replace(room, until=now + ROOM_LIVES)
        return replace(self.look(now, incarnation), settling=self.settling(now, incarnation))

    def look(self, now: float, incarnation: str) -> Beaten:
        seen = [SeenNode(name, self.nodes.get(name, (None,))[0], at) for name, at in self.beats.items()]
        return Beaten(now, incarnation, 0.0, seen)

    def rooms_of(self, node: str) -> list[str]:
        return [name for name, room in self.rooms.items() if room.node == node]

    def open_inbox(self, node: str, now: float) -> int:
        """The place to read from."""
        place = int(now * 1e6)
        self.boxes[node] = Box(now + INBOX_LIVES, ((place, None),))
        return place

    def read(self, node: str, place: int, most: int) -> tuple[list[tuple[int, bytes | None]], bool]:
        """What is behind the place, and whether the place is still there. What is before it goes."""
        box = self.boxes.get(node)
        if box is None:
            return [], False
        left = tuple(entry for entry in box.entries if entry[0] >= place)
        if not left:
            # The place was lost, with what came after it.
            return [], False
        self.boxes[node] = replace(box, entries=left)
        return [entry for entry in left if entry[0] > place][:most], left[0][0] == place

    def settling(self, now: float, incarnation: str) -> float:
        """Seconds in which rooms are not taken yet."""
        left = self.seen[1] + self.settle_for - now
        if self.seen[0] != incarnation or left > self.settle_for:
            self.seen = (incarnation, now)
            return self.settle_for
        return max(left, 0.0)

    def bury(self, node: str, now: float) -> None:
        self.dead[node] = now + ROOM_LIVES

    def _hand_over(self, name: str, room: Room, node: str, now: float, incarnation: str) -> Taken:
        term = max(room.term + 1, int(now * 1e6))
        taken = replace(room, node=node, term=term, until=now + ROOM_LIVES)
        self.rooms[name] = taken
        return Taken(room.node, room.term, taken.head, is_complete=room.complete_in == incarnation)

    def _refusal(self, room: Room | None, term: int, revision: int) -> Fenced | Lost | None:
        if room and room.term > term:
            return Fenced()
        if room is None or room.term < term or room.revision != revision:
            return Lost()
        return None


def _has(room: Room, own: Ownership) -> bool:
    """The room is the owner's under this term and epoch, and not behind."""
    return (room.term, room.node, room.epoch) == (own.term, own.node, own.epoch) and (
        room.revision >= own.revision
    )


def _left(entries: tuple[Entry, ...], commit: Commit) -> tuple[Entry, ...]:
    if not (commit.withdrawn or commit.cut):
        return entries
    return tuple(each for each in entries if each.seq >= commit.cut and each.seq not in commit.withdrawn)


def _changed(before: Mapping[str, bytes], changes: Mapping[str, bytes | None]) -> Mapping[str, bytes]:
    if not changes:
        return before
    return {name: value for name, value in {**before, **changes}.items() if value is not None}
