"""Opens the backend that the settings name."""

from __future__ import annotations

from pathlib import Path

from storage.errors import BadStore
from storage.import_store import StoreWithImports
from storage.postgres.function_store import FunctionStore
from storage.sqlite.store import SqliteStore

SUPABASE = "supabase"
"""Used instead of a URL: the project in `SUPABASE_URL`."""

_ALLOWED = (
    "RECONVENE_STORE may be sqlite:///relative/path.db or sqlite:////absolute/path.db, such as "
    "sqlite:///data/reconvene.db, or postgresql://user:password@host/database, or supabase"
)


def open_store(
    url: str,
    *,
    supabase_url: str | None = None,
    supabase_key: str | None = None,
    supabase_db_url: str | None = None,
) -> StoreWithImports:
    """The store of a URL, not connected yet: `await store.open()` connects it.

    Raises `BadStore`. Its text shows a SQLite URL in full, but only the scheme of others, which may contain a password.
    """
    if url == SUPABASE:
        # Imported only when needed, like the drivers.
        from storage.postgres.supabase_driver import SupabaseDatabase

        if not supabase_url or not supabase_key:
            raise BadStore("RECONVENE_STORE=supabase needs SUPABASE_URL and SUPABASE_SERVICE_KEY")
        return FunctionStore(SupabaseDatabase(supabase_url, supabase_key, db_url=supabase_db_url))
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise BadStore(f"the store is not given as a URL; {_ALLOWED}")
    if scheme in ("postgresql", "postgres"):
        return _postgres(url)
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


def _postgres(url: str) -> StoreWithImports:
    from storage.postgres.asyncpg_driver import PostgresDatabase

    return FunctionStore(PostgresDatabase(url))
