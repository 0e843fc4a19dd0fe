"""The exceptions of a store."""

# Exceptions are named for what happened, not with an Error suffix.
# ruff: noqa: N818

from __future__ import annotations


class StoreError(Exception):
    """Base of the errors that a store raises on purpose."""


class UnknownMeeting(StoreError):
    """No meeting has this id, and the call was not asked to create one."""


class MeetingEnded(StoreError):
    """The meeting was ended for all; it can be read but not joined."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or did not answer in time. Try again in `retry_after` seconds.

    `certain`: nothing of the call was kept. Otherwise it may have been carried out, and only the answer was lost.
    """

    def __init__(self, message: str, retry_after: float = 1.0, *, certain: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.certain = certain


class UnknownParticipant(StoreError):
    """The meeting has no participant with this id."""


class MeetingExists(StoreError):
    """A meeting was held here in this room: nothing can be imported into it."""


class WalkLost(StoreError):
    """Another run has taken over the walk, or it has ended, or was deleted with its meeting."""


class SchemaTooNew(StoreError):
    """The database was migrated by a newer version than this code, which knows versions up to `newest`."""

    def __init__(self, version: int, newest: int) -> None:
        super().__init__(
            f"the database has schema version {version}, this Reconvene knows versions up to {newest}: "
            "run the newer Reconvene that migrated it, or name another database in RECONVENE_STORE"
        )


class BadStore(StoreError):
    """The settings do not name a usable store, and waiting will not help. The text names the setting and the remedy,
    and contains no password or key."""
