"""Unguessable ids. A user id also tells whether the user is a person, a bot or a recorder."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator

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


def new_id(prefix: str) -> str:
    """An unguessable id of 80 random bits, such as `p_k3v7q2m5x8d4c6f2`."""
    if not _drawn:
        _drawn.extend(_draw())
    return f"{prefix}_{_drawn.pop()}"


def _draw() -> Iterator[str]:
    """Many at once: a join needs several, and a system call is slow. Of each byte five bits count."""
    text = os.urandom(4096).translate(_LETTERS).decode()
    return (text[at : at + 16] for at in range(0, len(text), 16))


_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
_drawn: list[str] = []
