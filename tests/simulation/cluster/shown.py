"""What really happened in the rooms of several nodes: what was put into the engine, and nothing else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence

import msgspec

from server.cluster.engine.records import Commit, Committed, Entry, Fenced, Lost, Ownership, RoomState
from signalling.rooms.event_log import Log, To
from tests.engines.memory_server import MemoryServer
from tests.engines.space import Space
from tests.simulation.clock import PROCESS
from tests.simulation.cluster.node import NodeServer
from tests.simulation.server import MOST_WAITING
from tests.simulation.truth import Event, Truth


def _node() -> str:
    """As whom the process that runs is known now."""
    server = PROCESS.get()
    return server.cluster.membership.id if isinstance(server, NodeServer) else ""


class Shown(Truth):
    """`complain` is told of two events with one number."""

    def __init__(self, complain: Callable[[str], None], engine: MemoryServer) -> None:
        super().__init__()
        self._engine = engine
        self._complain = complain
        self._numbered: dict[tuple[str, int], bytes] = {}
        self._appended: dict[tuple[str, str, int], tuple[bytes, To]] = {}
        """By the node whose log it is: one that was stopped may go on with a room that others have."""
        self._gone: set[tuple[str, int]] = set()
        self._blanked: set[tuple[str, str, int]] = set()
        """By node, too: signals that it has sent again under other numbers."""

    def kept(self) -> str:
        rooms = self._engine.space.rooms.values()
        return "".join(entry.payload.decode() for room in rooms for entry in room.entries)

    @contextlib.contextmanager
    def told(self, now: Callable[[], float]) -> Iterator[None]:
        commit, establish, append, drop = Space.commit, Space.establish, Log.append, Space.drop
        withdraw = Log.withdraw

        def withdrawn(log: Log, participant: str, since: int) -> list[bytes]:
            mine = {entry[0] for entry in log.after(since) if entry[3] == participant}
            if found := withdraw(log, participant, since):
                self._blanked |= {(_node(), log.epoch, seq) for seq in mine}
            return found

        def appended(log: Log, payload: bytes, at: float, to: To = None) -> None:
            append(log, payload, at, to)
            self._appended[_node(), log.epoch, log.seq] = (payload, to)

        def committed(space: Space, what: Commit, at: float) -> Committed | Fenced | Lost:
            answer = commit(space, what, at)
            if isinstance(answer, Committed):
                room = space.rooms[what.room]
                self._note(room.node, room.epoch, what.entries, now())
                self._withdraw(room.epoch, what.fields.get("withdrawn"))
                for member in what.members.values():
                    self._is_small(member)
            return answer

        def established(space: Space, own: Ownership, state: RoomState, *rest: object) -> object:
            before = space.rooms.get(own.room)
            answer = establish(space, own, state, *rest)  # type: ignore[arg-type]
            if isinstance(answer, Committed):
                # Where nobody is any more, whoever comes begins another.
                is_other = before is not None and before.members and before.epoch not in ("", own.epoch)
                if before and is_other and before.complete_in == rest[-1]:
                    self._complain(
                        f"epoch {before.epoch} was ended by {own.node}, and nothing of it was lost"
                    )
                self._note(own.node, own.epoch, state.entries, now())
                self._note(own.node, own.epoch, self._forgotten(own, state), now())
                mine = sorted(at for *whose, at in self._blanked if whose == [own.node, own.epoch])
                self._withdraw(own.epoch, json.dumps(mine).encode())
            return answer

        def dropped(space: Space, own: Ownership, at: float) -> Committed | Fenced | Lost:
            before = space.rooms.get(own.room)
            answer = drop(space, own, at)
            if isinstance(answer, Committed) and before is not None:
                # What happened last, and has left nobody there, is committed so.
                last = sorted(
                    seq
                    for node, epoch, seq in self._appended
                    if (node, epoch) == (own.node, own.epoch) and seq > before.seq
                )
                self._note(own.node, own.epoch, [Entry(seq, b"", 0.0) for seq in last], now())
            return answer

        Log.append = appended  # type: ignore[method-assign, assignment]
        Log.withdraw = withdrawn  # type: ignore[method-assign, assignment]
        Space.commit = committed  # type: ignore[method-assign, assignment]
        Space.drop = dropped  # type: ignore[method-assign, assignment]
        Space.establish = established  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            Log.append = append  # type: ignore[method-assign]
            Log.withdraw = withdraw  # type: ignore[method-assign]
            Space.drop = drop  # type: ignore[method-assign]
            Space.commit = commit  # type: ignore[method-assign]
            Space.establish = establish  # type: ignore[method-assign]
            for events in self.epochs.values():
                events.sort(key=lambda event: event.seq)

    def _forgotten(self, own: Ownership, state: RoomState) -> Sequence[Entry]:
        """What an owner has told that asserts its room, and its log does not have any more."""
        first = state.entries[0].seq if state.entries else state.seq + 1
        mine = [seq for node, epoch, seq in self._appended if (node, epoch) == (own.node, own.epoch)]
        return [
            Entry(seq, b"", 0.0)
            for seq in sorted(mine)
            if seq < first and (own.epoch, seq) not in self._numbered
        ]

    def _note(self, node: str, epoch: str, entries: Sequence[Entry], at: float) -> None:
        for entry in entries:
            head, _, payload = entry.payload.partition(b"\n")
            if payload:
                told = msgspec.json.decode(head)["to"]
                to: To = frozenset(told) if isinstance(told, list) else told
            elif (appended := self._appended.get((node, epoch, entry.seq))) and (
                not entry.payload or appended[0].startswith(b'{"type":"chat_')
            ):
                # Of very many events in one turn the log has forgotten the first, and a text that was deleted.
                payload, to = appended
            else:
                continue
            known = self._numbered.setdefault((epoch, entry.seq), payload)
            if known is payload:
                event = Event(entry.seq, at, json.loads(payload), to)
                self.epochs.setdefault(epoch, []).append(event)
            elif known != payload:
                self._complain(f"event {entry.seq} of {epoch} is {known!r} and {payload!r}")

    def _is_small(self, member: bytes | None) -> None:
        """What waits of a member is committed again, all of it, with whatever more waits."""
        if member is None or b'"said"' not in member:
            return
        said = [json.loads(each) for each in json.loads(member)["said"]]
        signals = [msgspec.json.encode(each["data"]) for each in said if each["type"] == "signal"]
        if len(signals) > 1 and (size := sum(map(len, signals))) > MOST_WAITING:
            self._complain(f"{size} bytes of one member wait")

    def _withdraw(self, epoch: str, numbers: bytes | None) -> None:
        for seq in json.loads(numbers or b"[]"):
            payload = self._numbered.get((epoch, seq))
            if payload is not None and (epoch, seq) not in self._gone:
                self._gone.add((epoch, seq))
                event = json.loads(payload)
                if event["type"] == "signal":
                    self.withdrawn.append(event["data"]["n"])
