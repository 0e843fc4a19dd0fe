"""Which key holds what. Scripts say the same names, in `lua/`."""

from __future__ import annotations

NODES = "rc:nodes"
"""Sorted set: nodes by the time of their last beat, ms."""
ENGINE = "rc:engine"
"""Hash: `i`, the incarnation that was seen last, and `since` when, ms."""


def own(room: str) -> str:
    """Hash: `n` node, `t` term, `s` last seq, `r` revision, `e` epoch, `i` the incarnation it is complete in."""
    return f"rc:{{{room}}}:own"


def log(room: str) -> str:
    """Stream with ids `<seq>-0`: `p` payload, `a` at, `o` to."""
    return f"rc:{{{room}}}:log"


def members(room: str) -> str:
    """Hash: participant, state."""
    return f"rc:{{{room}}}:mem"


def fields(room: str) -> str:
    """Hash: what else there is of the room."""
    return f"rc:{{{room}}}:set"


def of_room(room: str) -> tuple[str, str, str, str]:
    return own(room), log(room), members(room), fields(room)


def node(node_id: str) -> str:
    """String: what the node says of itself. It expires with the lease."""
    return f"rc:node:{node_id}"


def dead(node_id: str) -> str:
    """Exists while the node is buried."""
    return f"rc:dead:{node_id}"


def rooms(node_id: str) -> str:
    """Set: rooms that the node owns."""
    return f"rc:rooms:{node_id}"


def inbox(node_id: str) -> str:
    """Stream: `b` message. An entry with `o` marks where the inbox was opened."""
    return f"rc:in:{node_id}"
