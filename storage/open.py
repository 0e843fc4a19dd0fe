"""Which backend a store URL names."""

from __future__ import annotations

from pathlib import Path

from storage.sqlite import SqliteStore
from storage.store import BadStore, Store

_ALLOWED = (
    "RECONVENE_STORE may be sqlite:///relative/path.db or sqlite:////absolute/path.db, "
    "such as sqlite:///data/reconvene.db"
)


def open_store(url: str) -> Store:
    """The store a URL names, not connected yet: `await store.open()` does that.

    Raises `BadStore`, whose text never repeats more of the URL than its scheme when it is not SQLite's, as others
    may hold a password.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise BadStore(f"the store is not given as a URL; {_ALLOWED}")
    if scheme != "sqlite":
        raise BadStore(f"there is no store for {scheme}:// URLs; {_ALLOWED}")
    path = rest.removeprefix("/")
    if path in ("", ":memory:"):
        raise BadStore(f"{url} names no file, and what is kept in memory only is lost; {_ALLOWED}")
    if path == rest or path.endswith("/"):
        raise BadStore(f"{url} names no file; {_ALLOWED}")
    if "?" in path or "#" in path:
        raise BadStore(f"{url}: SQLite stores take no options; {_ALLOWED}")
    return SqliteStore(Path(path))
