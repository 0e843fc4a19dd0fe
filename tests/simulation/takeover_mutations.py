"""Mutations of what goes along when a room goes on in another hub, to plant as those in `mutations` are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from server.realtime.join_order import JoinOrder
from signalling.rooms.event_log import Log
from signalling.state import parts
from signalling.state.parts import Moment


def _without(field: str, instead: Any) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(patch: pytest.MonkeyPatch) -> None:
        read = parts.read
        known = lambda part: read(part) | ({field: instead} if f'"{field}":'.encode() in part else {})  # noqa: E731
        patch.setattr(parts, "read", known)

    return plant


def answered_not_adopted(patch: pytest.MonkeyPatch) -> None:
    """A command that comes again after a take-over is carried out again."""
    _without("answered", ())(patch)


def waiting_not_adopted(patch: pytest.MonkeyPatch) -> None:
    _without("knocks", ())(patch)


def questions_not_adopted(patch: pytest.MonkeyPatch) -> None:
    """What the store had not answered is forgotten."""
    _without("questions", ())(patch)


def log_not_adopted(patch: pytest.MonkeyPatch) -> None:
    adopt = Log.adopt
    patch.setattr(Log, "adopt", lambda self, entries, seq: adopt(self, (), seq))


def joins_counted_from_one(patch: pytest.MonkeyPatch) -> None:
    count = JoinOrder.next
    patch.setattr(JoinOrder, "next", lambda self, room: (0, count(self, room)[1]))


def absences_by_the_last_clock(patch: pytest.MonkeyPatch) -> None:
    """Times go along as they are by the clock of the hub that had the room."""
    patch.setattr(Moment, "ago", lambda self, then: then)
    patch.setattr(Moment, "before", lambda self, then: then)


TAKEOVER_PLANTS = (
    answered_not_adopted,
    waiting_not_adopted,
    questions_not_adopted,
    log_not_adopted,
    joins_counted_from_one,
    absences_by_the_last_clock,
)
