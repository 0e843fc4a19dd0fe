"""What a store raises."""

# Exceptions are named for what happened, not with an Error suffix.
# ruff: noqa: N818

from __future__ import annotations


class StoreError(Exception):
    """Base of what a store raises on purpose."""


class UnknownMeeting(StoreError):
    """No meeting has this id, and the call was not asked to create one."""


class MeetingEnded(StoreError):
    """The meeting was ended for all; it can be read, not joined."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or did not answer in time. `retry_after` says in how many seconds to try again.

    `certain`: nothing of the call was kept. Otherwise it may have been carried out, and only the answer was lost.
    """

    def __init__(self, message: str, retry_after: float = 1.0, *, certain: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.certain = certain


class UnknownParticipant(StoreError):
    """Nobody in the meeting has this participant id."""


class MeetingExists(StoreError):
    """A meeting was held here in that room: nothing can be imported into it."""


class WalkLost(StoreError):
    """The walk is somebody else's by now, has ended, or was deleted with its meeting."""


class SchemaTooNew(StoreError):
    """The database was migrated by a newer version than this code, which knows versions up to `newest`."""

    def __init__(self, version: int, newest: int) -> None:
        super().__init__(
            f"the database has schema version {version}, this Reconvene knows versions up to {newest}: "
            "run the newer Reconvene that migrated it, or name another database in RECONVENE_STORE"
        )


class BadStore(StoreError):
    """The settings do not name a usable store, and waiting will not help. The text names the setting and says what to
    do. It repeats no password and no key."""
