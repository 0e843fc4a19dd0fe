"""Mutations of what those in charge can do, to plant as those in `mutations` are."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from server.realtime.admission import Admission
from server.realtime.change_writer import ChangeWriter
from server.realtime.entry import Door
from server.realtime.moderating import Moderating
from server.realtime.pending_joins import PendingJoins
from signalling.client.membership import Membership
from signalling.client.outbox import Outbox
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import Admit
from signalling.rooms import allowed, coalescing, permissions, planning
from signalling.rooms.change import Change, Recorded, Unsettled
from signalling.rooms.effects import Effect
from signalling.rooms.hub import Hub
from signalling.rooms.orders import Orders
from signalling.rooms.room import Room
from signalling.rooms.waiting import Waiting
from storage.entry import Known
from storage.entry import refusal as whole
from storage.sqlite import joins, meeting_statements, moderation_statements


def removal_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    """The store's join does not look whether somebody was removed."""
    patch.setattr(joins, "refusal", lambda request, known, grant: whole(request, _kept(known), grant))


def _kept(known: Known) -> Known:
    values = {name: getattr(known, name) for name in Known.__dataclass_fields__}
    return Known(**values | {"removal": None})


def stale_joins_go_on(patch: pytest.MonkeyPatch) -> None:
    """A join that is on its way while somebody is removed is not asked again."""
    patch.setattr(PendingJoins, "meeting_changed", lambda self, room: None)


def restore_resurrects(patch: pytest.MonkeyPatch) -> None:
    """Who was removed a moment ago has a place after a restart."""
    patch.setattr(
        meeting_statements,
        "RESTORABLE",
        meeting_statements.RESTORABLE.replace("reason = 'lost'", "reason IN ('lost', 'removed')"),
    )


def lock_looked_at_once(patch: pytest.MonkeyPatch) -> None:
    """Whether the meeting is locked is asked before the store is, and not by it."""
    admit = Admission._admit

    def unlocked(request: Any, known: Known, grant: Any) -> Any:
        settings = {**known.settings, "locked": False}
        values = {name: getattr(known, name) for name in Known.__dataclass_fields__}
        return whole(request, Known(**values | {"settings": settings}), grant)

    async def looks_first(self: Any, connection: Any, join: Any, proof: Any, *rest: Any, **how: Any) -> Any:
        room = self._hub.rooms.get(join.meeting)
        known = self._store.connection.execute(
            "SELECT 1 FROM participants WHERE user_id = ? AND sitting > 0", (proof.user_id,)
        ).fetchone()
        if room is not None and room.settings.locked and not known:
            raise Refused(ErrorCode.MEETING_LOCKED)
        return await admit(self, connection, join, proof, *rest, **how)

    patch.setattr(joins, "refusal", unlocked)
    patch.setattr(Admission, "_admit", looks_first)


def acknowledged_at_once(patch: pytest.MonkeyPatch) -> None:
    """A change is acknowledged before the store has it."""
    record = ChangeWriter.record

    def hasty(self: ChangeWriter, unsettled: Unsettled) -> None:
        if unsettled.told:
            self.settled(unsettled, Recorded(False, {}, 0))
            unsettled = unsettled._replace(reply=None)
        record(self, unsettled)

    patch.setattr(ChangeWriter, "record", hasty)


def repeats_are_told_at_once(patch: pytest.MonkeyPatch) -> None:
    """A command that comes again is made in the room before the store is asked whether it was made before."""
    change = Orders.change

    def hasty(self: Orders, room: Room, actor: Any, command: Any, *rest: Any) -> list[Effect]:
        return change(self, room, actor, msgspec.structs.replace(command, again=False), *rest)

    patch.setattr(Orders, "change", hasty)


def repeats_overtake(patch: pytest.MonkeyPatch) -> None:
    """What is commanded while a repeat waits for the store is made in the room before it."""
    patch.setattr(Change, "touches", lambda self, other: False)


def repeats_not_sent(patch: pytest.MonkeyPatch) -> None:
    """The client forgets its commands over a restart, as it does with what does not last."""
    patch.setattr(Outbox, "forget_what_may_have_happened", lambda self: self._keep(lambda command: False))


def role_lost_on_restore(patch: pytest.MonkeyPatch) -> None:
    restore = Hub.restore

    def demoted(self: Hub, stays: Any, now: float) -> None:
        restore(self, [stay._replace(role="participant") for stay in stays], now)

    patch.setattr(Hub, "restore", demoted)


def role_lost_on_rejoin(patch: pytest.MonkeyPatch) -> None:
    """Whoever is not host is a participant again."""
    join = Hub.join

    def demoted(self: Hub, arrival: Any, now: float, **how: bool) -> list[Effect]:
        role = "participant" if arrival.rejoined and arrival.role == "cohost" else arrival.role
        return join(self, arrival._replace(role=role), now, **how)

    patch.setattr(Hub, "join", demoted)


def settings_lost_on_restore(patch: pytest.MonkeyPatch) -> None:
    """The settings of a room are those that it has when the first page joins."""
    restore = Hub.restore

    def bare(self: Hub, stays: Any, now: float) -> None:
        restore(self, [stay._replace(settings={}, revision=0) for stay in stays], now)

    patch.setattr(Hub, "restore", bare)


def no_clamp_after_a_restart(patch: pytest.MonkeyPatch) -> None:
    """A page says after a restart what it sends, and is believed."""
    resume = Hub.resume

    def believes(self: Hub, back: Any, now: float) -> list[Effect] | None:
        with pytest.MonkeyPatch.context() as lenient:
            lenient.setattr(allowed, "clamp", lambda room, member: {})
            return resume(self, back, now)

    patch.setattr(Hub, "resume", believes)


def mutes_do_nothing(patch: pytest.MonkeyPatch) -> None:
    """They are acknowledged."""
    patch.setattr(Orders, "_mute", lambda *what: [])


def mutes_lost_on_who_is_not_back(patch: pytest.MonkeyPatch) -> None:
    """Who is muted after a restart comes back with what the page says that it sends."""
    mute = Orders._mute

    def forgets(self: Orders, room: Room, *what: Any) -> list[Effect]:
        effects = mute(self, room, *what)
        for member in room:
            member.muted = member.muted if member.generation else frozenset()
        return effects

    patch.setattr(Orders, "_mute", forgets)


def late_statuses_are_free(patch: pytest.MonkeyPatch) -> None:
    """A status that waited for the room's budget turns on what its member may not send."""
    patch.setattr(coalescing, "is_forbidden", lambda *which: False)


def rights_taken_and_nothing_turned_off(patch: pytest.MonkeyPatch) -> None:
    """Who may not send any more goes on until the next status."""
    patch.setattr(allowed, "clamp", lambda room, member: {})


def who_comes_last_waits_last(patch: pytest.MonkeyPatch) -> None:
    """Those who wait stand in the order in which they came back, not in that of their first time."""

    def appended(self: Room, knock: Any) -> None:
        self.knocks[knock.user_id] = knock

    patch.setattr(Room, "add_knock", appended)


def join_does_not_wait_for_changes(patch: pytest.MonkeyPatch) -> None:
    async def at_once(self: ChangeWriter, room: str, within: float) -> bool:
        return True

    patch.setattr(ChangeWriter, "settle", at_once)
    patch.setattr(ChangeWriter, "is_behind", lambda self, room: False)


def admitted_not_asked_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Waiting, "ask_again", lambda self, room, users=None: [])


def hand_lowered_unheard(patch: pytest.MonkeyPatch) -> None:
    """A page whose hand was lowered while it was away believes that it is up."""
    patch.setattr(Membership, "_lower_hand", lambda self: None)


def removal_leaves_the_stay_open(patch: pytest.MonkeyPatch) -> None:
    """The record goes by the room, which may not have had the time to say so."""
    patch.setattr(moderation_statements, "CLOSE_OPEN_STAY", "SELECT 1 WHERE :at IS NULL")


def who_was_put_out_goes_on(patch: pytest.MonkeyPatch) -> None:
    """A page that has not heard that it was removed comes back by a resume, if one may come back."""
    shown = Door.shown
    patch.setattr(Door, "shown", lambda self, join, proof, returns: shown(self, join, proof, returns=False))


def refused_changes_stay(patch: pytest.MonkeyPatch) -> None:
    """What the store refuses for good is not taken back in the room."""

    async def nothing(self: Moderating, room: str) -> None:
        self._hub.rooms[room].is_wrong = False

    patch.setattr(Moderating, "_put_right", nothing)


def what_was_refused_is_built_on(patch: pytest.MonkeyPatch) -> None:
    """A command is held against what the room has not taken back yet."""
    patch.setattr(planning, "_builds_on_what_is", lambda command: False)


def the_first_page_back_says_since_when(patch: pytest.MonkeyPatch) -> None:
    """After a restart one who waits by two pages stands where the one stands that comes first."""
    begin = Waiting.begin

    def later(self: Waiting, room: Room, asks: Any, now: float) -> list[Effect]:
        before = room.knocks.get(asks.user_id)
        return begin(self, room, asks._replace(at=max(asks.at, before.at if before else 0.0)), now)

    patch.setattr(Waiting, "begin", later)


def co_hosts_let_nobody_in(patch: pytest.MonkeyPatch) -> None:
    """They are told that it is not for them."""
    check = permissions.check

    def stricter(standing: Any, command: Any, addressees: Any = ()) -> None:
        if standing == "cohost" and command is Admit:
            raise Refused(ErrorCode.FORBIDDEN)
        check(standing, command, addressees)

    patch.setattr(permissions, "check", stricter)


ORDER_PLANTS = (
    removal_not_asked_for,
    stale_joins_go_on,
    restore_resurrects,
    lock_looked_at_once,
    acknowledged_at_once,
    repeats_are_told_at_once,
    repeats_overtake,
    repeats_not_sent,
    role_lost_on_restore,
    role_lost_on_rejoin,
    settings_lost_on_restore,
    no_clamp_after_a_restart,
    mutes_do_nothing,
    mutes_lost_on_who_is_not_back,
    late_statuses_are_free,
    rights_taken_and_nothing_turned_off,
    who_comes_last_waits_last,
    join_does_not_wait_for_changes,
    admitted_not_asked_again,
    hand_lowered_unheard,
    removal_leaves_the_stay_open,
    who_was_put_out_goes_on,
    refused_changes_stay,
    what_was_refused_is_built_on,
    the_first_page_back_says_since_when,
    co_hosts_let_nobody_in,
)
