"""Batches of calls to a SQLite database: one transaction each, of which a call that fails leaves nothing.

A savepoint for each call would cost a twelfth of a join. So there are none until a call fails that may have changed
something: then the batch is carried out anew, with savepoints.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence

from storage.errors import StoreError, StoreUnavailable

Work = Callable[[sqlite3.Connection], object]

# Programming errors (a value of the wrong type, a broken constraint), not the database's state.
_MISTAKES = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)


def run_batch(connection: sqlite3.Connection, begin: str, batch: Sequence[Work]) -> list[object]:
    """Carry out a batch in one transaction. Returns the result or exception of each piece of work.

    If the transaction itself fails, nothing of it is kept, and each outcome is a `StoreUnavailable`.
    """
    committing = False
    try:
        connection.execute(begin)
        outcomes = _run_all(connection, begin, batch)
        committing = True
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        return [_unavailable(error, certain=not committing) for _ in batch]
    return outcomes


def _run_all(connection: sqlite3.Connection, begin: str, batch: Sequence[Work]) -> list[object]:
    outcomes: list[object] = []
    for work in batch:
        changes = connection.total_changes
        try:
            outcomes.append(work(connection))
        except Exception as error:
            # SQLite may roll back the whole transaction, as on a full disk, and with it the others' work.
            if not connection.in_transaction:
                raise
            if not isinstance(error, StoreError) or connection.total_changes != changes:
                connection.execute("ROLLBACK")
                connection.execute(begin)
                return [_run_one(connection, work) for work in batch]
            outcomes.append(_failed(error))
    return outcomes


def _run_one(connection: sqlite3.Connection, work: Work) -> object:
    connection.execute("SAVEPOINT one")
    try:
        outcome = work(connection)
    except Exception as error:
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO one")
        outcome = _failed(error)
    connection.execute("RELEASE one")
    return outcome


def _failed(error: Exception) -> Exception:
    is_state = isinstance(error, sqlite3.Error) and not isinstance(error, _MISTAKES)
    return _unavailable(error, certain=True) if is_state else error


def _unavailable(error: Exception, *, certain: bool) -> StoreUnavailable:
    unavailable = StoreUnavailable(f"SQLite: {error}", certain=certain)
    unavailable.__cause__ = error
    return unavailable
