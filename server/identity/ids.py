"""Unguessable ids. A user id also tells whether the user is a person, a bot or a recorder."""

from __future__ import annotations

import base64
import hashlib
import json
import os

from signalling.protocol.fields import Kind

USERS: dict[Kind, str] = {"": "u", "bot": "b", "recorder": "b_rec"}
"""Prefixes of user ids: tokens and the record carry the kind of a user in the id.

The store uses them as well (`storage.records.PROGRAMS`).
"""

OUTSIDE: dict[Kind, str] = {"": "x", "bot": "xb", "recorder": "xb_rec"}
"""Prefixes of ids of users whom an application has identified: no subject of theirs becomes one of the users above."""

USER_ID = rf"^({'|'.join((*USERS.values(), *OUTSIDE.values()))})_[A-Za-z0-9-]{{1,120}}$"
"""Matches user ids, and neither those of participants nor what an application calls its users."""

_PROGRAMS: tuple[Kind, ...] = ("recorder", "bot")
"""The more special first: their prefixes are longer."""


def new_user(kind: Kind = "") -> str:
    return new_id(USERS[kind])


def outside_user(issuer: str, subject: str, kind: Kind = "") -> str:
    """The id of a user of an issuer, always the same: a hash, so that neither can be read from it."""
    digest = hashlib.sha256(json.dumps([issuer, subject]).encode()).digest()
    return f"{OUTSIDE[kind]}_{base64.b32encode(digest[:20]).decode().lower()}"


def is_outside(user_id: str) -> bool:
    """Whether an application has identified this user."""
    return user_id.startswith((f"{OUTSIDE['']}_", f"{OUTSIDE['bot']}_"))


def kind_of(user_id: str) -> Kind:
    """The kind of the user with this id."""
    for kind in _PROGRAMS:
        if user_id.startswith((f"{USERS[kind]}_", f"{OUTSIDE[kind]}_")):
            return kind
    return ""


def is_recorder(user_id: str) -> bool:
    return kind_of(user_id) == "recorder"


_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
"""For each byte, of which five bits count."""


def new_id(prefix: str) -> str:
    """An unguessable id of 80 random bits, such as `p_k3v7q2m5x8d4c6f2`."""
    return f"{prefix}_{_random(16).translate(_LETTERS).decode()}"


def _random(size: int) -> bytes:
    """Bytes from the system's generator, read 4 KiB at a time: a join needs several ids, and a system call is slow."""
    global _pool
    if len(_pool) < size:
        _pool = os.urandom(4096)
    taken, _pool = _pool[:size], _pool[size:]
    return taken


_pool = b""


def _forget() -> None:
    global _pool
    _pool = b""


# A copy of the process would make the same ones.
os.register_at_fork(after_in_child=_forget)
