"""The path prefix of a server: RECONVENE_BASE_PATH, and what precedes `/m/…` in links."""

from __future__ import annotations

import re
from collections.abc import Sequence

OURS = frozenset(
    {"m", "ws", "api", "static", "attendance", "docs", "openapi.json", "healthz", "readyz", "metrics"}
)
"""First parts of our own paths. In a prefix that contained one, nobody could tell where the prefix ends."""

_PART = re.compile(r"[A-Za-z0-9._~-]+")


def is_prefix(parts: Sequence[str]) -> bool:
    """Whether these parts can form a path prefix."""
    return all(_PART.fullmatch(part) and part.strip(".") and part not in OURS for part in parts)


def parse(text: str) -> str:
    """The prefix without a slash at the end: empty for `/`. Raises `ValueError`."""
    path = text.rstrip("/")
    if path and not (path.startswith("/") and is_prefix(path[1:].split("/"))):
        raise ValueError
    return path
