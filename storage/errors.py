"""The exceptions of a store."""

# Exceptions are named for what happened, not with an Error suffix.
# ruff: noqa: N818

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

Reason = Literal["removed", "denied", "lobby", "not_started", "password_required", "locked"]
"""Why somebody was not let in. "lobby" and "not_started": they may wait."""


class StoreError(Exception):
    """Base of the errors that a store raises on purpose."""


class UnknownMeeting(StoreError):
    """No meeting has this id, and the call was not asked to create one."""


class MeetingEnded(StoreError):
    """The meeting was ended for all; it can be read but not joined."""


class Revoked(StoreError):
    """The credentials of whoever asks are void."""


class TooManyInvites(StoreError):
    """The meeting has as many invites as the caller allows."""


class NotLetIn(StoreError):
    """The user may not join the meeting, or not yet. `settings`, `revision` and `sitting` are the meeting's.

    `denials`: how often the user was denied. `name`: the user's in this meeting; "" for whoever was never in it.
    """

    def __init__(
        self,
        reason: Reason,
        *,
        settings: Mapping[str, Any],
        revision: int,
        sitting: int,
        denials: int = 0,
        name: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.settings = settings
        self.revision = revision
        self.sitting = sitting
        self.denials = denials
        self.name = name


class Outdated(StoreError):
    """The settings are of another revision than the change expected. The settings as they are come along."""

    def __init__(self, *, settings: Mapping[str, Any], revision: int, sitting: int) -> None:
        super().__init__(f"the settings are of revision {revision}")
        self.settings = settings
        self.revision = revision
        self.sitting = sitting


class PersonPresent(StoreError):
    """Somebody is in these meetings, by the record."""

    def __init__(self, *, rooms: Sequence[str]) -> None:
        super().__init__(f"The person is in {', '.join(rooms)}")
        self.rooms = rooms


class StoreUnavailable(StoreError):
    """The database cannot be reached or did not answer in time. Try again in `retry_after` seconds.

    `certain`: nothing of the call was kept. Otherwise it may have been carried out, and only the answer was lost.
    """

    def __init__(self, message: str, retry_after: float = 1.0, *, certain: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.certain = certain


class RowLocked(StoreUnavailable):
    """Another transaction holds a row of this meeting for long; other meetings are served. Nothing was kept, except
    perhaps by an earlier attempt (`certain`)."""

    def __init__(self, message: str, *, certain: bool = True) -> None:
        super().__init__(message, certain=certain)


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
