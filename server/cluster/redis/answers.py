"""Answers of the scripts, as records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.cluster.engine.records import (
    Beaten,
    Buried,
    Committed,
    Entry,
    Fenced,
    Gone,
    Head,
    Held,
    Lost,
    RoomState,
    SeenNode,
    Settling,
    Taken,
)

FENCED, LOST, GONE = -1, -2, -3


def committed(reply: int) -> Committed | Fenced | Lost:
    if reply >= 0:
        return Committed(reply)
    return Fenced() if reply == FENCED else Lost()


def confirmed(reply: int) -> Committed | Fenced | Lost | Buried:
    return committed(reply) if reply >= LOST else Buried()


def established(reply: int) -> Committed | Fenced | Buried:
    if reply >= 0:
        return Committed(reply)
    return Fenced() if reply == FENCED else Buried()


def taken(reply: Sequence[bytes]) -> Taken | Held | Settling | Buried:
    kind, *rest = reply
    if kind == b"taken":
        return _taken(rest)
    if kind == b"held":
        return Held(rest[0].decode(), int(rest[1]))
    if kind == b"settling":
        return Settling(int(rest[0]) / 1000)
    return Buried()


def given(reply: Any) -> Taken | Fenced | Lost | Gone:
    if isinstance(reply, int):
        return Gone() if reply == GONE else Fenced() if reply == FENCED else Lost()
    return _taken(reply[1:])


def _taken(reply: Sequence[bytes]) -> Taken:
    previous, previous_term, node, term, epoch, seq, revision, is_complete = reply
    head = Head(node.decode(), int(term), epoch.decode(), int(seq), int(revision))
    return Taken(previous.decode(), int(previous_term), head, is_complete == b"1")


def head(reply: Sequence[bytes | None]) -> Head | None:
    node, term, epoch, seq, revision = reply
    if term is None:
        return None
    return Head((node or b"").decode(), int(term), (epoch or b"").decode(), int(seq or 0), int(revision or 0))


def entries(reply: Sequence[Any]) -> list[Entry]:
    """An answer to XRANGE of a log."""
    found = []
    for stream_id, (_, payload, _, at, _, to) in reply:
        found.append(Entry(int(stream_id.partition(b"-")[0]), payload, float(at), to.decode()))
    return found


def state(reply: Any) -> RoomState | None:
    if reply is None:
        return None
    seq, log, members, fields = reply
    return RoomState(int(seq), entries(log), _hash(members), _hash(fields))


def _hash(reply: Sequence[bytes]) -> dict[str, bytes]:
    return {reply[at].decode(): reply[at + 1] for at in range(0, len(reply), 2)}


def beaten(reply: Any) -> Beaten | Buried:
    return Buried() if reply[0] == b"buried" else looked(reply)


def looked(reply: Any) -> Beaten:
    _, at, incarnation, settling, nodes = reply
    seen = [SeenNode(name.decode(), about, float(beat) / 1000) for name, about, beat in nodes]
    return Beaten(int(at) / 1e6, incarnation.decode(), int(settling) / 1000, seen)


def names(reply: Sequence[bytes]) -> list[str]:
    return [name.decode() for name in reply]
