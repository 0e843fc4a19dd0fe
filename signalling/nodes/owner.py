"""An owner's side of a room: which frames are next, and what is not committed yet.

    frame ─► hub ─► batch ─► commit on its way ─► committed: its effects are released

A batch is what happened in a room in one turn of the loop: events, changes of the state, messages to edges, and effects
that nobody may notice before it is in the engine: frames to this node's own sockets, and what the store is told.

    phase   taken      nothing of it was established yet
            dropped    the engine has forgotten it: it has to be taken once more for whatever is behind that
            owned      commits go out, without waiting for each other
            held       it is being given to another node: nothing goes out
            unsure     an answer was lost, or the engine is another: nothing goes out until the room is taken again, or
                       asserted
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Generic, Literal, NamedTuple, TypeVar

Effect = TypeVar("Effect")

Phase = Literal["taken", "owned", "held", "unsure", "dropped"]

Kind = Literal["commit", "establish", "drop", "say"]

Fate = Literal["next", "again", "early"]


class Counts:
    """Frames of one connection, as its owner counts them. `taken`: the last one that came in its turn. `done`: the last
    one that is carried out: a join takes its time, and those behind it wait. `told`: the last one whose answer is in a
    batch. `again`: that is to be said once more."""

    __slots__ = ("again", "done", "edge", "number", "taken", "told")

    def __init__(self, edge: str, number: int, done: int = 0) -> None:
        self.edge = edge
        self.number = number
        self.taken = self.done = self.told = done
        self.again = False

    def came(self, n: int) -> Fate:
        """Only a frame that is next counts: those before it may have gone to somebody who did not own the room yet."""
        if n == self.taken + 1:
            self.taken = n
            return "next"
        return "again" if n <= self.taken else "early"

    def begins_with(self, first: int) -> None:
        """All before that frame are answered, as its edge says."""
        if self.taken < first - 1:
            self.taken = self.done = self.told = first - 1


class Parcel(NamedTuple):
    """An entry for the inboxes of these nodes."""

    to: Sequence[str]
    body: bytes


class Batch(NamedTuple, Generic[Effect]):
    """`revision` and `seq`: the room's before it. `whole`: the room's state, of a batch that establishes it.

    `entries`: of the log, with the seqs behind `seq`. Members and fields that are None go. So do entries of before:
    those with the seqs `withdrawn`, and all before `cut`.
    """

    kind: Kind
    epoch: str
    revision: int
    seq: int
    entries: Sequence[bytes]
    members: Mapping[str, bytes | None]
    fields: Mapping[str, bytes | None]
    parcels: Sequence[Parcel]
    effects: Sequence[Effect]
    whole: Any = None
    withdrawn: Sequence[int] = ()
    cut: int = 0

    @property
    def changes(self) -> bool:
        """Whether it changes the room, or only passes what it has for edges if the room is still the owner's."""
        return bool(self.entries or self.members or self.fields)


class Uncommitted(Generic[Effect]):
    """The batches of one room that are not known to be in the engine, oldest first.

    `revision` and `seq` are the room's behind all of them.
    """

    def __init__(self) -> None:
        self.phase: Phase = "taken"
        self.term = 0
        self.epoch = ""
        """Of the room behind all batches; "" if there is none."""
        self.incarnation = ""
        self.revision = 0
        self.seq = 0
        self._batches: deque[Batch[Effect]] = deque()
        self._sent = 0

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def is_asserting(self) -> bool:
        """Whether a batch that has to be alone is on its way."""
        return bool(self._sent) and self._batches[0].kind != "commit"

    def took(self, term: int, incarnation: str, epoch: str, revision: int, seq: int) -> None:
        """The room is taken from somebody else, or from nobody."""
        self.term, self.incarnation, self.epoch = term, incarnation, epoch
        self.revision, self.seq = revision, seq
        self.phase = "owned" if epoch else "taken"

    def add(
        self,
        parcels: Sequence[Parcel] = (),
        effects: Sequence[Effect] = (),
        *,
        kind: Kind = "commit",
        entries: Sequence[bytes] = (),
        members: Mapping[str, bytes | None] | None = None,
        fields: Mapping[str, bytes | None] | None = None,
        whole: Any = None,
        withdrawn: Sequence[int] = (),
        cut: int = 0,
    ) -> None:
        """What happened in this turn. Where entries go, a field says so."""
        what = entries, members or {}, fields or {}, parcels, effects, whole, withdrawn, cut
        batch: Batch[Effect] = Batch(kind, self.epoch, self.revision, self.seq, *what)
        self._batches.append(batch)
        self.revision += batch.changes
        self.seq += len(entries)

    def establish(
        self, epoch: str, seq: int, whole: Any, parcels: Sequence[Parcel] = (), effects: Sequence[Effect] = ()
    ) -> None:
        """The room begins, or begins anew."""
        self.epoch, self.seq = epoch, seq
        self.add(parcels, effects, kind="establish", whole=whole)

    def drop(self, parcels: Sequence[Parcel] = (), effects: Sequence[Effect] = ()) -> None:
        """Nobody is in the room any more. It may be that nobody ever was: then it is only said so."""
        if self.epoch:
            self.add(parcels, effects, kind="drop")
            self.epoch = ""
        elif parcels or effects:
            self.add(parcels, effects, kind="say")

    def next(self) -> list[Batch[Effect]]:
        """What is to be sent now, in order. What does not only commit is sent alone."""
        found: list[Batch[Effect]] = []
        while self.phase in ("taken", "owned") and self._sent < len(self._batches):
            batch = self._batches[self._sent]
            if self.is_asserting or (batch.kind != "commit" and self._sent):
                break
            self._sent += 1
            found.append(batch)
        return found

    def happened(self) -> Batch[Effect]:
        """The first that was sent is in the engine."""
        self._sent -= 1
        batch = self._batches.popleft()
        if batch.kind == "establish":
            self.phase = "owned"
        elif batch.kind == "drop":
            self.phase = "dropped"
        return batch

    def hold(self) -> None:
        """The room is being given to another node."""
        self.phase = "held"

    def release(self) -> None:
        """It was not given."""
        if self.phase == "held":
            self.phase = "owned"

    def lost_sight(self) -> None:
        """It is not known what became of those that were sent, or the engine has not what they count on."""
        self.phase = "unsure"

    def is_behind(self, epoch: str, revision: int) -> bool:
        """Whether an engine that has the room so has not what it is known to have had."""
        first = self._batches[0] if self._batches else None
        if first is None:
            known = self.epoch, self.revision
        elif first.kind in ("establish", "say") or (first.kind == "drop" and not epoch):
            return False
        else:
            known = first.epoch, first.revision
        return bool(known[0]) and (epoch != known[0] or revision < known[1])

    def took_again(self, term: int, incarnation: str, epoch: str, revision: int) -> list[Batch[Effect]]:
        """The room was this owner's all the time. Returns those that happened; the others go out again as they were."""
        self.term, self.incarnation = term, incarnation
        happened = 0
        for count, batch in enumerate(islice(self._batches, self._sent), 1):
            if batch.kind == "establish":
                is_in = epoch == batch.epoch
            elif batch.kind == "drop":
                is_in = epoch != batch.epoch
            else:
                is_in = batch.changes and epoch == batch.epoch and revision > batch.revision
            if is_in:
                happened = count
        return self._go_on(happened, epoch)

    def took_anew(self, term: int, incarnation: str) -> None:
        """It was dropped, and is this owner's again, without anything in it."""
        self.term, self.incarnation = term, incarnation
        self._go_on(0, "")

    def begins_anew(self) -> list[Effect]:
        """In another epoch, which is established next. Returns the effects of all that was not committed."""
        effects = [effect for batch in self._batches for effect in batch.effects]
        self.forgets()
        return effects

    def asserted(self, count: int, incarnation: str) -> list[Batch[Effect]]:
        """The engine has all of the room that the first `count` batches left it with. Returns these."""
        self.incarnation = incarnation
        return self._go_on(count, self.epoch)

    @property
    def sent(self) -> tuple[int, int]:
        """How many were sent, and the room's revision behind them: edges may have seen them, whatever was answered."""
        revision = self._batches[self._sent].revision if self._sent < len(self._batches) else self.revision
        return self._sent, revision

    def forgets(self) -> None:
        """The room is somebody else's. Nothing of what was not committed has happened."""
        self._batches.clear()
        self._sent = 0

    def _go_on(self, happened: int, epoch: str) -> list[Batch[Effect]]:
        self._sent = 0
        self.phase = "owned" if epoch else "taken"
        return [self._batches.popleft() for _ in range(happened)]
