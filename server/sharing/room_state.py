"""A room's state as the engine keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from server.cluster.engine.bounds import LOG_KEPT
from server.cluster.engine.records import Entry, RoomState
from signalling.rooms.event_log import NOBODY
from signalling.state.parts import State

ABOUT = "room"
"""The field with what belongs to no member."""

WITHDRAWN = "withdrawn"
"""The field with the numbers of events that nobody is to be sent any more."""


def room_state(about: bytes, members: Mapping[str, bytes], log_: Sequence[bytes], seq: int) -> RoomState:
    kept = log_[-LOG_KEPT:]
    entries = [Entry(number, payload, 0.0) for number, payload in enumerate(kept, seq - len(kept) + 1)]
    return RoomState(seq, entries, members, {ABOUT: about})


def parts_of(state: RoomState) -> State:
    withdrawn, kept = set(withdrawn_of(state)), {each.seq: each.payload for each in state.entries}
    entries: list[bytes] = []
    for seq in range(min(kept, default=state.seq + 1), state.seq + 1):
        before = kept.get(seq) or (entries[-1] if entries else b"")
        if seq in withdrawn and before:
            entries.append(_blank(before, seq))
        elif payload := kept.get(seq):
            entries.append(payload)
        else:
            # It is not known, so what was before it bridges nothing.
            entries = []
    return State(state.fields[ABOUT], state.members, entries, state.seq)


def _blank(entry: bytes, seq: int) -> bytes:
    """The place of an event that was withdrawn, at the time of that entry."""
    head = msgspec.json.decode(entry.partition(b"\n")[0])
    return msgspec.json.encode({**head, "seq": seq, "to": NOBODY})


def withdrawn_of(state: RoomState) -> list[int]:
    numbers: list[int] = msgspec.json.decode(state.fields.get(WITHDRAWN, b"[]"))
    return numbers
