"""Pending joins: the store has not answered yet. Notes what happens meanwhile that invalidates the answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from signalling.rooms.hands import RECORDED
from storage.records import Joined


@dataclass(slots=True, eq=False)
class PendingJoin:
    """Stale: its user's stay was closed meanwhile. Revoked: the user's credentials became void meanwhile. `hand`: the
    state of the user's hand by the room (`rooms.hands`), where the store may have answered by an older one. `hosts`:
    those who may have become host meanwhile."""

    stale: bool = False
    revoked: bool = False
    hosts: frozenset[str] = frozenset()
    hand: float | UnsetType | None = UNSET

    def begin_anew(self) -> None:
        """The store is asked (again): what was known before, it knows."""
        self.stale, self.hosts = False, frozenset()

    def is_older_than_known(self, joined: Joined) -> bool:
        """Whether the store may have given this answer before something that is known by now. Who is host matters to
        whoever it was then, and to whoever it may be now."""
        then, user = joined.meeting.host_user_id, joined.participant.user_id
        others = self.hosts - {then}
        return self.stale or user in others or (user == then and bool(others))

    def hand_at(self, recorded: float | None) -> float | None:
        """The state of the user's hand, of which the store has answered this."""
        return recorded if self.hand is UNSET else self.hand


class PendingJoins:
    """By room, then by user in the order they asked (dictionaries keep their order).

    `unrecorded_hand`: by room and user, the state of a hand that the store may not have yet. `are_ours`: whether joins
    of a room are this process' to record, as far as it knows.
    """

    def __init__(self) -> None:
        self.unrecorded_hand: Callable[[str, str], float | UnsetType | None] = lambda room, user_id: UNSET
        self.are_ours: Callable[[str], bool] = lambda room: True
        self._rooms: dict[str, dict[str, list[PendingJoin]]] = {}
        self._watched: dict[str, list[PendingJoin]] = {}

    @contextlib.contextmanager
    def begin(self, room: str, user_id: str) -> Iterator[PendingJoin]:
        join = PendingJoin(hand=self.unrecorded_hand(room, user_id))
        users = self._rooms.setdefault(room, {})
        joins = users.setdefault(user_id, [])
        joins.append(join)
        try:
            yield join
        finally:
            joins.remove(join)
            if not joins:
                del users[user_id]
            if not users:
                self._rooms.pop(room, None)

    @contextlib.contextmanager
    def watch(self, room: str) -> Iterator[PendingJoin]:
        """What is asked of the store about the meeting, as with a join, and for nobody."""
        watch = PendingJoin()
        watched = self._watched.setdefault(room, [])
        watched.append(watch)
        try:
            yield watch
        finally:
            watched.remove(watch)
            if not watched:
                self._watched.pop(room, None)

    def has(self, room: str, user_id: str) -> bool:
        """Whether the user has a pending join in this room."""
        return user_id in self.asking(room)

    def asking(self, room: str) -> Collection[str]:
        """The users with a pending join in this room, in the order they asked."""
        return self._rooms.get(room, {}).keys()

    def stay_ended(self, room: str, user_id: str) -> None:
        """A stay was closed or recorded again: a pending join that continued it must ask the store again."""
        for join in self._rooms.get(room, {}).get(user_id, ()):
            join.stale = True

    def hands_changed(self, changed: Mapping[str, RECORDED]) -> None:
        """By room and user. Nobody waits for a hand to be recorded, so the answer to a join may not know of it."""
        for room, hands in changed.items():
            users = self._rooms.get(room, {})
            for user_id in users.keys() & hands.keys():
                for join in users[user_id]:
                    join.hand = hands[user_id]

    def meeting_changed(self, room: str) -> None:
        """Who may be in it has changed, or it has ended: all pending joins must ask the store again."""
        for joins in self._rooms.get(room, {}).values():
            for join in joins:
                join.stale = True
        self.person_changed(room)

    def person_changed(self, room: str) -> None:
        """A join has given somebody who is in the room another role, or other rights: what is being asked of the store
        about those in it may be older."""
        for watch in self._watched.get(room, ()):
            watch.stale = True

    def host_changed(self, room: str, host: str) -> None:
        """A join has made the user host, or may have: pending joins ask the store again if that matters to them."""
        for joins in self._rooms.get(room, {}).values():
            for join in joins:
                join.hosts |= {host}
        self.person_changed(room)

    def revoked(self, user_ids: Collection[str]) -> None:
        """The credentials of these users are void: refuse their pending joins."""
        for users in self._rooms.values():
            for user_id in users.keys() & set(user_ids):
                for join in users[user_id]:
                    join.revoked = True
