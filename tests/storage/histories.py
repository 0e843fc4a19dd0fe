"""Random histories of a few people, meetings and servers: calls of a store, each with its arguments.

Moments are whole eighths of a second, so that sums of them are exact in whatever order they are added up. They mostly
rise; now and then one comes late, and now and then a call is made twice, as happens when an answer is lost.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from storage.errors import NotLetIn, Outdated, StoreError
from storage.open_stays import StayAbandon
from storage.records import Joined, JoinRequest, StayEnd, StayResume
from storage.store import Store

ROOMS = "ROOM-1", "ROOM-2", "ROOM-3"
USERS = "ann", "bob", "cem", "dee"
NODES = "n_1", "n_2", "n_3"

Call = tuple[str, tuple[Any, ...]]


class History:
    """Calls made up one after the other, from what the first store to hear them has answered so far."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same each time
        self._now = 1000.0
        self._joined: list[Joined] = []
        self._made = 0
        self.calls: list[Call] = []

    def next(self) -> Call:
        draw = self._random
        self._now += draw.randrange(0, 160) / 8
        if self.calls and draw.random() < 0.08:
            # The same again, at once or much later.
            call = draw.choice(self.calls[-3:] if draw.random() < 0.7 else self.calls)
        else:
            makers, weights = zip(*self._makers().items(), strict=True)
            (maker,) = draw.choices(makers, weights)
            at = self._now - draw.choice((0, 0, 0, 0, 0, 0, 4, 60))
            call = maker(at)
        self.calls.append(call)
        return call

    def told(self, answer: Any) -> None:
        if isinstance(answer, Joined):
            self._joined.append(answer)

    def _makers(self) -> dict[Callable[[float], Call], int]:
        stays = {self._leave: 22, self._resume: 12, self._abandon: 4} if self._joined else {}
        return {
            self._join: 40,
            self._heartbeat: 8,
            self._look: 6,
            self._end: 2,
            self._node: 6,
            self._delete: 1,
            self._create: 2,
            **stays,
        }

    def _join(self, at: float) -> Call:
        draw, n = self._random, self._number()
        before = draw.choice(self._joined).stay.session_id if self._joined else None
        request = JoinRequest(
            room=draw.choice(ROOMS),
            user_id=draw.choice(USERS),
            name=draw.choice(("", "Ann", "Bob", "Ünal 😀")),
            participant_id=f"p_{n}",
            session_id=f"s_{n}",
            instance=f"tab-{draw.randrange(6)}",
            node_id=draw.choice(NODES),
            at=at,
            previous_session=draw.choice((None, before)),
            grace=draw.choice((0.0, 30.0, 120.0)),
            create=draw.random() < 0.9,
            title=draw.choice(("", "Stand-up")),
        )
        return "join", (request,)

    def _leave(self, at: float) -> Call:
        person, stay = self._stay()
        node = stay.node_id if self._random.random() < 0.8 else self._random.choice(NODES)
        reason = self._random.choice(("left", "lost", "lost", "removed"))
        return "leave", (
            StayEnd(person.room, person.user_id, person.id, stay.session_id, node, at, reason),  # type: ignore[arg-type]
        )

    def _resume(self, at: float) -> Call:
        draw = self._random
        person, stay = self._stay()
        instance = draw.choice((stay.instance, f"tab-{draw.randrange(6)}"))
        whose = person.room, person.user_id, person.id, stay.session_id
        return "resume_stay", (StayResume(*whose, draw.choice(NODES), instance, at, draw.random() < 0.7),)

    def _abandon(self, at: float) -> Call:
        person, stay = self._stay()
        whose = person.room, person.user_id, person.id, stay.session_id
        seen_at = self._random.choice((None, at))
        return "abandon_stay", (StayAbandon(*whose, self._random.choice((stay.node_id, *NODES)), seen_at),)

    def _heartbeat(self, at: float) -> Call:
        return "heartbeat", (self._random.choice(NODES), at)

    def _node(self, at: float) -> Call:
        if self._random.random() < 0.5:
            return "stop_node", (self._random.choice(NODES), at)
        return "close_dead_nodes", (at - self._random.choice((0, 20, 60)),)

    def _end(self, at: float) -> Call:
        return "end_meeting", (self._random.choice(ROOMS), at)

    def _create(self, at: float) -> Call:
        draw = self._random
        return "create_meeting", (draw.choice(ROOMS), draw.choice(USERS), "Stand-up", at)

    def _delete(self, at: float) -> Call:
        if self._random.random() < 0.5:
            return "delete_meeting", (self._random.choice(ROOMS),)
        return "delete_old_meetings", (at - self._random.choice((50, 500)), self._random.choice((1, 100)))

    def _look(self, at: float) -> Call:
        draw = self._random
        after = draw.choice(self._joined).participant.id if self._joined else None
        return draw.choice(
            (
                ("meeting", (draw.choice(ROOMS),)),
                ("attendance", (draw.choice(ROOMS),)),
                ("attendance", (draw.choice(ROOMS), draw.randrange(1, 4), draw.choice((None, after)))),
                ("restorable", (at, draw.choice((30.0, 120.0)), 5.0)),
                ("hosted_meetings", (draw.choice(USERS), draw.choice((1, 100)))),
            )
        )

    def _stay(self) -> tuple[Any, Any]:
        """One of the latest, mostly: those may be open."""
        joined = self._random.choice(self._joined[-6:] if self._random.random() < 0.8 else self._joined)
        return joined.participant, joined.stay

    def _number(self) -> int:
        self._made += 1
        return self._made


async def outcome(store: Store, call: Call) -> Any:
    """What the call answers, or how it is refused."""
    name, arguments = call
    method: Callable[..., Awaitable[Any]] = getattr(store, name)
    try:
        return await method(*arguments)
    except StoreError as refused:
        name = type(refused).__name__
        return (name, vars(refused)) if isinstance(refused, NotLetIn | Outdated) else name


def plain(value: Any) -> Any:
    """Records as tuples, all the way down, so that any two that say the same are equal."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return tuple(plain(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return tuple(sorted((key, plain(each)) for key, each in value.items()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(map(plain, value))
    return value
