"""What the store has carried out, in the order in which it did: changes by those in charge, and joins.

Noted within the transaction, whatever the caller is told of it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from storage.errors import NotLetIn
from storage.moderation import Change, Changed, Invite, NewInvite
from storage.records import Joined, JoinRequest
from storage.sqlite import joins, moderation, revoked_users

STAYS = """
SELECT session_id, left_at IS NULL, coalesce(reason, '')
FROM participant_sessions JOIN participants ON id = participant_id WHERE user_id = ?
"""

SITTING = """
SELECT sitting, EXISTS (
    SELECT 1 FROM participant_sessions
    WHERE left_at IS NULL AND node_id = (SELECT id FROM nodes ORDER BY heartbeat_at DESC LIMIT 1)
) FROM meetings
"""
"""Of the one meeting; and whether somebody is in at the node that was heard of last."""

PUT_OUT = "SELECT 1 FROM participant_sessions WHERE session_id = ? AND reason = 'removed'"


class Made(NamedTuple):
    """A change. `again`: it had been made before. `ended`: the stays that were open of those whom it removes; `closed`:
    those that have ended by a removal from then on."""

    at: float
    change: Change
    again: bool
    ended: frozenset[str]
    closed: frozenset[str]
    sitting: int


class Came(NamedTuple):
    """A join. `refusal`: why it was refused; empty when it was not. `put_out`: by a page that goes on with a stay which
    a removal has ended. `invite`: what was shown. `took_over`: it has made the user host in place of another.
    `has_place`: one is kept for the user. `role`, `may`, `role_at`: what the token gives, and since when; `now`: the
    store's time."""

    at: float
    user_id: str
    refusal: str
    sitting: int
    put_out: bool
    invite: str | None = None
    took_over: bool = False
    has_place: bool = False
    role: str | None = None
    may: Mapping[str, bool] | None = None
    role_at: float | None = None
    now: float = 0.0


class Linked(NamedTuple):
    """A host link was made, by that user."""

    at: float
    hash: str
    by: str


class Voided(NamedTuple):
    """The links that the user has made are dead."""

    at: float
    by: str


class Damaged(Exception):  # noqa: N818 - what a database may say
    """A change is refused, and would be whenever it is asked for."""


class Journal:
    """`refuses`: whether the database refuses the change with that key for good. `broken_up`: when a sitting began
    while somebody was in."""

    def __init__(self) -> None:
        self.entries: list[Made | Came | Linked | Voided] = []
        self.refused = 0
        self.unnamed: set[str] = set()
        """Users of whom the last name was refused."""
        self.broken_up: list[float] = []
        self.refuses: Callable[[str], bool] = lambda key: False

    def change(self, connection: sqlite3.Connection, change: Change) -> Changed:
        # Nobody removes the host, as whom somebody may have become meanwhile.
        (host,) = connection.execute("SELECT host_user_id FROM meetings").fetchone()
        removed = [user for user in change.remove if user != host]
        before = _stays(connection, removed)
        sitting = connection.execute(SITTING).fetchone()
        changed = moderation.change(connection, change)
        self._look(changed.sitting, *sitting)
        if not changed.again and self.refuses(change.key):
            self.refused += 1
            self.unnamed |= {change.by} if change.name is not None else set()
            raise Damaged(change.key)
        if change.name is not None:
            self.unnamed.discard(change.by)
        ended = frozenset(session for session, (is_open, _) in before.items() if is_open)
        after = _stays(connection, removed)
        closed = frozenset(each for each in after if after[each][1] == "removed" != before[each][1])
        self.entries.append(Made(_now(), change, changed.again, ended, closed, changed.sitting))
        return changed

    def join(self, connection: sqlite3.Connection, request: JoinRequest) -> Joined | NotLetIn:
        returns_to = request.previous_session if request.returns else ""
        put_out = connection.execute(PUT_OUT, (returns_to,)).fetchone() is not None
        # Of a meeting that is created by this join, or for it, nothing is known yet.
        (host,) = connection.execute("SELECT host_user_id FROM meetings").fetchone() or ("",)
        before = connection.execute(SITTING).fetchone() or (1, False)
        joined = joins.join(connection, request)
        took_over = False
        if isinstance(joined, NotLetIn):
            refusal, sitting = str(joined.reason), joined.sitting
        else:
            refusal, sitting = "", joined.meeting.sitting
            took_over = joined.meeting.host_user_id != host
        self._look(sitting, *before)
        came = Came(
            _now(), request.user_id, refusal, sitting, put_out, request.invite, took_over, request.has_place
        )._replace(role=request.role, may=request.may, role_at=request.role_at, now=request.at)
        self.entries.append(came)
        return joined

    def make_invite(self, connection: sqlite3.Connection, invite: NewInvite) -> Invite:
        made = moderation.make_invite(connection, invite)
        self.entries.append(Linked(_now(), invite.hash, invite.by))
        return made

    def revoke(
        self, connection: sqlite3.Connection, user_id: str, before: float, forget: float, at: float
    ) -> None:
        revoked_users.revoke(connection, user_id, before, forget, at)
        self.entries.append(Voided(_now(), user_id))

    def _look(self, sitting: int, before: int, somebody_was_in: int) -> None:
        if sitting > before and somebody_was_in:
            self.broken_up.append(_now())

    def taken_over(self) -> int:
        """How often somebody has become host by a link."""
        return sum(isinstance(entry, Came) and entry.took_over for entry in self.entries)

    def made(self) -> list[Made]:
        """The changes, each once."""
        return [entry for entry in self.entries if isinstance(entry, Made) and not entry.again]


def _stays(connection: sqlite3.Connection, users: Iterable[str]) -> dict[str, tuple[bool, str]]:
    """Those of these users: whether each is open, and why it ended."""
    rows = [row for user in users for row in connection.execute(STAYS, (user,))]
    return {session: (bool(is_open), reason) for session, is_open, reason in rows}


def _now() -> float:
    return asyncio.get_running_loop().time()
