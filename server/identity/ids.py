"""Unguessable ids. A user id also tells whether the user is a person, a bot or a recorder."""

from __future__ import annotations

import base64
import os

from signalling.protocol.fields import Kind

USERS: dict[Kind, str] = {"": "u", "bot": "b", "recorder": "b_rec"}
"""Prefixes of user ids: tokens and the record carry the kind of a user in the id.

The store uses them as well (`storage.records.PROGRAMS`).
"""


def new_user(kind: Kind = "") -> str:
    return new_id(USERS[kind])


def kind_of(user_id: str) -> Kind:
    """The kind of the user with this id."""
    if is_recorder(user_id):
        return "recorder"
    return "bot" if user_id.startswith(f"{USERS['bot']}_") else ""


def is_recorder(user_id: str) -> bool:
    return user_id.startswith(f"{USERS['recorder']}_")


def new_id(prefix: str) -> str:
    """An unguessable id of 80 random bits, such as `p_k3v7q2m5x8d4c6f2`."""
    return f"{prefix}_{base64.b32encode(_random(10)).decode().lower()}"


def _random(size: int) -> bytes:
    """Bytes from the system's generator, read 4 KiB at a time: a join needs several ids, and a system call is slow."""
    global _pool
    if len(_pool) < size:
        _pool = os.urandom(4096)
    taken, _pool = _pool[:size], _pool[size:]
    return taken


_pool = b""
