"""Read-only access to a server's record: nothing is created, changed or migrated."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from server.settings.config import Config
from storage.import_store import StoreWithImports


class CannotShow(Exception):  # noqa: N818 - named for what happened
    """There is nothing to show; the text says why."""


def place(config: Config) -> str:
    """How messages name the store; URLs other than SQLite's are not shown, as they may hold a password."""
    return config.store if config.store.startswith("sqlite:") else "the store that RECONVENE_STORE names"


@contextlib.asynccontextmanager
async def opened(config: Config) -> AsyncIterator[StoreWithImports]:
    """The store, if it exists; a server may be using it.

    Raises `CannotShow`, `StoreError`.
    """
    store = config.make_store()
    # Checked first: opening a missing store would create it.
    schema = await store.schema()
    if schema.version == 0:
        raise CannotShow(
            f"there is no record at {place(config)}. Is it the RECONVENE_STORE that the server runs with?"
        )
    if schema.pending:
        raise CannotShow(
            f"{place(config)} was made by an older Reconvene (version {schema.version} of {schema.newest}): "
            "run reconvene migrate first"
        )
    await store.open()
    try:
        yield store
    finally:
        await store.close()
