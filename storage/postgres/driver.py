"""The protocol between `function_store` and a driver that calls the database's functions, with its errors."""

# Exceptions are named for what happened, not with an Error suffix.
# ruff: noqa: N818

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from storage.errors import StoreError, StoreUnavailable
from storage.migrations import Applied, SchemaFiles

Call = Mapping[str, Any]


class CallFailed(StoreError):
    """The database refused the call: a programming error, such as a value of the wrong type. Nothing was kept."""

    def __init__(self, sqlstate: str, text: str) -> None:
        super().__init__(f"{sqlstate}: {text}")
        self.sqlstate = sqlstate


class Unheard(StoreUnavailable):
    """A call was sent, and no answer came. It may have been carried out, or may still be."""


class Database(Protocol):
    """Calls the functions, one attempt at a time, and classifies errors."""

    concurrency: int
    """How many batches it carries out at once."""

    async def open(self) -> None:
        """Connect. Raises `BadStore`, `StoreUnavailable`."""

    async def close(self) -> None:
        """Disconnect. Idempotent."""

    async def carry_out(
        self, calls: Sequence[Call], within: float, before: float | None = None
    ) -> Sequence[Any]:
        """Carry out a batch in one transaction. Returns an answer for each call, in order.

        It makes one attempt of `within` seconds. The database refuses it after `before`, by its own clock.

        Raises `StoreUnavailable` (`certain` where nothing can have been kept; `RowLocked`, `Unheard`), `CallFailed`,
        `BadStore` (wrong key, missing permission, missing function).
        """

    async def applied(self) -> Applied:
        """The migrations and functions that the database has. Needs no `open`. Raises as `carry_out`."""

    async def migrate(self, files: SchemaFiles) -> Sequence[str]:
        """Apply the missing files, all or none; returns their names. Needs no `open`.

        Raises `SchemaTooNew`; `BadStore` if it cannot be done from here, with a text that says how it can.
        """
