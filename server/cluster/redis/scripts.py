"""The scripts that the engine runs, as it is given them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from server.cluster.engine import bounds

LUA = Path(__file__).parent / "lua"
NAMES = ("commit", "take", "give", "drop", "confirm", "establish", "load", "beat", "look")


@dataclass(frozen=True, slots=True)
class Script:
    source: bytes
    sha: bytes
    """What EVALSHA calls it by."""


def load_scripts(*, lease: float = bounds.LEASE, settling: float = bounds.SETTLING) -> dict[str, Script]:
    """All of `NAMES`. Durations in seconds. Nodes of one cluster run the same scripts."""
    numbers = {
        "LEASE": lease * 1000,
        "SETTLING": settling * 1000,
        "ROOM_LIVES": bounds.ROOM_LIVES * 1000,
        "INBOX_LIVES": bounds.INBOX_LIVES * 1000,
        "LOG_KEPT": bounds.LOG_KEPT,
        "INBOX_KEPT": bounds.INBOX_KEPT,
    }
    head = "".join(f"local {name} = {number:.0f}\n" for name, number in numbers.items())
    prelude = (LUA / "prelude.lua").read_text(encoding="utf-8")
    scripts = {}
    for name in NAMES:
        body = (LUA / f"{name}.lua").read_text(encoding="utf-8")
        # Each call of a script defines all functions in it: a commit needs none.
        source = (head + ("" if name == "commit" else prelude) + body).encode()
        # The name that Redis gives a script; nobody is kept out by it.
        scripts[name] = Script(source, hashlib.sha1(source, usedforsecurity=False).hexdigest().encode())
    return scripts
