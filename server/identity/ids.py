"""Ids nobody can guess, and what a user's tells: whether it is a person or a program."""

from __future__ import annotations

import base64
import os

from signalling.protocol.client_messages import Kind

USERS: dict[Kind, str] = {"": "u", "bot": "b", "recorder": "b_rec"}
"""What user ids begin with: what somebody is goes wherever the id goes, into tokens, the record and back.

The store knows of it as well (`storage.store.PROGRAMS`).
"""


def new_user(kind: Kind = "") -> str:
    return new_id(USERS[kind])


def kind_of(user_id: str) -> Kind:
    """What whoever has this id is."""
    if is_recorder(user_id):
        return "recorder"
    return "bot" if user_id.startswith(f"{USERS['bot']}_") else ""


def is_recorder(user_id: str) -> bool:
    return user_id.startswith(f"{USERS['recorder']}_")


def new_id(prefix: str) -> str:
    """An unguessable id of 80 random bits, such as `p_k3v7q2m5x8d4c6f2`."""
    return f"{prefix}_{base64.b32encode(_random(10)).decode().lower()}"


def _random(size: int) -> bytes:
    """From the system's generator, 4 KiB at a time: a join needs several ids, and each system call costs."""
    global _pool
    if len(_pool) < size:
        _pool = os.urandom(4096)
    taken, _pool = _pool[:size], _pool[size:]
    return taken


_pool = b""
