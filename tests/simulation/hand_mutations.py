"""Mutations of raised hands, to plant as those in `mutations` are."""

from __future__ import annotations

from typing import Any

import pytest

from server.realtime.hand_writer import HandWriter
from server.realtime.pending_joins import PendingJoin
from signalling.client.membership import Membership
from signalling.protocol.fields import Media
from signalling.rooms.hands import Hands
from signalling.rooms.hub import Hub
from signalling.rooms.member import Member
from signalling.rooms.room import Room


def hands_not_recorded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HandWriter, "record", lambda self, changed: None)


def hands_lost_on_restore(patch: pytest.MonkeyPatch) -> None:
    """Whoever was in the queue stands at its end after a restart."""
    restore = Hub.restore

    def forgets(self: Hub, stays: Any, now: float) -> None:
        restore(self, [stay._replace(hand_at=None) for stay in stays], now)

    patch.setattr(Hub, "restore", forgets)


def hands_by_the_clock_alone(patch: pytest.MonkeyPatch) -> None:
    """A hand that is raised after the clock was set back stands before the others."""
    said = Hands.said

    def forgets(self: Hands, room: Room, *who: Any) -> dict[str, Any]:
        room.hand_at = 0.0
        return said(self, room, *who)

    patch.setattr(Hands, "said", forgets)


def hand_keeps_its_first_time(patch: pytest.MonkeyPatch) -> None:
    """Lowered and raised again, it is where it was."""
    said, first = Hands.said, dict[str, float]()

    def remembers(self: Hands, room: Room, member: Member, *what: Any) -> dict[str, Any]:
        changes = said(self, room, member, *what)
        if changes.get("hand"):
            member.hand_at = first.setdefault(member.id, member.hand_at or 0.0)
            changes["hand_at"] = member.raised_at
        return changes

    patch.setattr(Hands, "said", remembers)


def hand_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What a page sends by now is not taken over after a restart."""
    resume = Hub.resume
    patch.setattr(
        Hub, "resume", lambda self, back, now: resume(self, back._replace(media=Media(), hand=None), now)
    )
    patch.setattr(Membership, "_catch_up", lambda self: [])


def hands_by_an_older_record(patch: pytest.MonkeyPatch) -> None:
    """Whoever joins while the place is given up has the hand up again."""
    patch.setattr(PendingJoin, "hand_at", lambda self, recorded: recorded)


HAND_PLANTS = (
    hand_forgotten,
    hands_not_recorded,
    hands_lost_on_restore,
    hands_by_the_clock_alone,
    hand_keeps_its_first_time,
    hands_by_an_older_record,
)
