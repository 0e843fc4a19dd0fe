"""A small language for storage tests: who joins and leaves one meeting, and when."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from storage.errors import NotLetIn, Reason
from storage.moderation import Change, Changed, Invite, NewInvite
from storage.open_stays import StayAbandon
from storage.records import (
    EndReason,
    Joined,
    JoinRequest,
    Meeting,
    Participant,
    Restorable,
    Role,
    Stay,
    StayEnd,
    StayResume,
)
from storage.store import Store

NODE = "n_1"

_numbers = count(1)


def request(user: str, at: float = 1000.0, *, room: str = "ROOM-1") -> JoinRequest:
    """What a server would ask for: ids never used before, and the meeting created when it is missing."""
    # As long as each other: those who come at the same moment are told in the order of their ids.
    number = f"{os.getpid()}_{next(_numbers):06}"
    return JoinRequest(
        room=room,
        user_id=user,
        name=user.title(),
        participant_id=f"p_{number}",
        session_id=f"s_{number}",
        instance=f"tab-{number}",
        node_id=NODE,
        at=at,
        create=True,
    )


class Script:
    def __init__(self, store: Store, room: str = "ROOM-1") -> None:
        self.store = store
        self.room = room

    def request(self, user: str, at: float = 1000.0) -> JoinRequest:
        return request(user, at, room=self.room)

    async def join(
        self,
        user: str,
        at: float = 1000.0,
        *,
        previous: Joined | None = None,
        grace: float = 30.0,
        node: str = NODE,
        name: str | None = None,
    ) -> Joined:
        wanted = replace(self.request(user, at), grace=grace, node_id=node)
        if previous is not None:
            wanted = replace(wanted, previous_session=previous.stay.session_id)
        if name is not None:
            wanted = replace(wanted, name=name)
        return await self.store.join(wanted)

    async def refused(self, user: str, at: float = 1000.0, **how: Any) -> Reason | None:
        """Why the user is not let in; None: they are."""
        try:
            await self.ask(user, at, **how)
        except NotLetIn as refusal:
            return refusal.reason
        return None

    async def ask(self, user: str, at: float = 1000.0, **how: Any) -> Joined:
        """A join with more in its request."""
        return await self.store.join(replace(self.request(user, at), **how))

    async def change(self, at: float = 1000.0, *, by: str = "ann", action: str = "", **parts: Any) -> Changed:
        """A change with a key that was never used."""
        key = parts.pop("key", f"key-{next(_numbers)}")
        return await self.store.change(Change(self.room, by, key, at, action, **parts))

    async def invite(self, name: str, role: Role = "participant", at: float = 1000.0, **how: Any) -> Invite:
        """`name` is the hash, too."""
        return await self.store.make_invite(NewInvite(self.room, name, name, role, at, "ann", **how))

    async def leave(self, joined: Joined, at: float, reason: EndReason = "left") -> None:
        """Leave as the node would that took the join."""
        stay = joined.stay
        await self.store.leave(StayEnd(*self._whose(joined), stay.node_id, at, reason))

    async def resume(
        self, joined: Joined, at: float, node: str = NODE, *, returned: bool = True, if_free: bool = False
    ) -> None:
        whose = self._whose(joined)
        await self.store.resume_stay(
            StayResume(*whose, node, joined.stay.instance, at, returned, if_free=if_free)
        )

    async def abandon(self, joined: Joined, seen_at: float | None = None, node: str | None = None) -> None:
        whose = self._whose(joined)
        await self.store.abandon_stay(StayAbandon(*whose, node or joined.stay.node_id, seen_at))

    async def restorable(self, now: float, *, grace: float = 30.0, slack: float = 5.0) -> list[Restorable]:
        return list(await self.store.restorable(now, grace, slack))

    async def people(self) -> list[Participant]:
        return [participant for participant, _ in (await self.store.attendance(self.room)).participants]

    async def stays(self, user: str) -> Sequence[Stay]:
        return (await self._record(user))[1]

    async def person(self, user: str) -> Participant:
        return (await self._record(user))[0]

    async def meeting(self) -> Meeting:
        return (await self.store.attendance(self.room)).meeting

    @staticmethod
    def _whose(joined: Joined) -> tuple[str, str, str, str]:
        person = joined.participant
        return person.room, person.user_id, person.id, joined.stay.session_id

    async def _record(self, user: str) -> tuple[Participant, Sequence[Stay]]:
        records = (await self.store.attendance(self.room)).participants
        (record,) = [record for record in records if record[0].user_id == user]
        return record
