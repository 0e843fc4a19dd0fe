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
    withdrawn = set(withdrawn_of(state))
    entries: list[bytes] = []
    for each in state.entries:
        if not each.payload:
            # It is not known, so what was before it bridges nothing.
            entries = []
        else:
            entries.append(_blank(each.payload) if each.seq in withdrawn else each.payload)
    return State(state.fields[ABOUT], state.members, entries, state.seq)


def _blank(entry: bytes) -> bytes:
    """The place of an event that was withdrawn."""
    head = msgspec.json.decode(entry.partition(b"\n")[0])
    return msgspec.json.encode({**head, "to": NOBODY})


def withdrawn_of(state: RoomState) -> list[int]:
    numbers: list[int] = msgspec.json.decode(state.fields.get(WITHDRAWN, b"[]"))
    return numbers
