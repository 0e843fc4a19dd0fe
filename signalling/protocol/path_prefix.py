"""What the path below which a server is reached may be: RECONVENE_BASE_PATH, and what stands before `/m/…` in links."""

from __future__ import annotations

import re
from collections.abc import Sequence

OURS = frozenset(
    {"m", "ws", "api", "static", "attendance", "docs", "openapi.json", "healthz", "readyz", "metrics"}
)
"""What our own paths begin with. With one of them in a prefix, nobody could tell where it ends."""

_PART = re.compile(r"[A-Za-z0-9._~-]+")


def is_prefix(parts: Sequence[str]) -> bool:
    """Whether these can be the parts of one."""
    return all(_PART.fullmatch(part) and part.strip(".") and part not in OURS for part in parts)


def parse(text: str) -> str:
    """Without a slash at the end: nothing for `/`. Raises `ValueError`."""
    path = text.rstrip("/")
    if path and not (path.startswith("/") and is_prefix(path[1:].split("/"))):
        raise ValueError
    return path
