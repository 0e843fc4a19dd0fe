"""What must be true of what those in charge commanded: what was acknowledged holds, and nothing else does."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from signalling.client.outbox import LASTING
from signalling.client.rights import may
from signalling.client.roster import FLAGS
from signalling.protocol.rights import settings_of
from tests.simulation import reasons
from tests.simulation.alone import HELD_UP
from tests.simulation.journal import Came
from tests.simulation.notes import ROOM, Whole
from tests.simulation.rulings import Rulings
from tests.simulation.store_checks import in_the_run

if TYPE_CHECKING:
    from tests.simulation.world import World

REASONS = {
    "removed": {"remove"},
    "4002": {"remove"},
    "denied": {"deny"},
    "4005": {"deny"},
    "meeting_locked": {"settings"},
}
"""Why a page is turned away: what somebody has commanded before."""

HEARD = 0.001


def check(world: World) -> None:
    if not world.moderators.acts:
        return
    _commands_took_effect_once(world)
    reasons.check(world)
    _joins_were_decided_rightly(world)
    _nobody_became_a_newcomer(world)
    _removed_means_removed(world)
    _pages_that_were_put_out_did_not_go_on(world)
    _pages_were_turned_away_for_a_reason(world)
    rulings = Rulings(world.people[0].user_id).follow(world.store.journal.entries)
    _record_is_as_ruled(world, rulings)
    _stays_of_those_removed_are_closed(world)
    if world.server is not None and not world.has_ended:
        _room_is_as_ruled(world, rulings)
        _who_waits_has_to(world, rulings)


def _commands_took_effect_once(world: World) -> None:
    made = {(entry.change.by, entry.change.key): entry for entry in world.store.journal.made()}
    counts = Counter((entry.change.by, entry.change.key) for entry in world.store.journal.made())
    for order in world.moderators.orders:
        page, what = order.page, f"{order.page.name}'s {order.kind} ({order.key})"
        if not order.answer and page.is_live and page.client.phase == "joined":
            world.complain(f"{what} was never answered")
        if order.kind in LASTING:
            name = page.user_id, order.key
            if counts[name] > 1:
                world.complain(f"{what} was recorded {counts[name]} times")
            if order.is_acknowledged and (name not in made or made[name].at > order.answered_at + HEARD):
                world.complain(f"{what} was acknowledged at {order.answered_at:.3f}, and not recorded")
            # What is refused may be carried out when it comes the second time.
            if order.answer and not order.is_acknowledged and name in made and not order.twice:
                world.complain(f"{what} was answered {order.answer}, and recorded")


def _joins_were_decided_rightly(world: World) -> None:
    rulings = Rulings(world.people[0].user_id)
    for entry in world.store.journal.entries:
        if isinstance(entry, Came):
            rulings.sitting = entry.sitting
            takes_over = rulings.takes_over(entry)
            expected = rulings.refusal(
                entry.user_id,
                takes_over=takes_over,
                has_place=entry.has_place,
                given=rulings.given(entry),
            )
            expected = "removed" if entry.put_out else expected
            if entry.took_over is not (takes_over and not expected):
                told = "has" if entry.took_over else "has not"
                world.complain(f"{entry.user_id} {told} become host by {entry.invite} at {entry.at:.3f}")
            if entry.refusal != expected:
                how = entry.refusal or "let in"
                world.complain(f"{entry.user_id} was {how} at {entry.at:.3f}, not {expected or 'let in'}")
        rulings.follow([entry])


def _nobody_became_a_newcomer(world: World) -> None:
    for at in world.store.journal.broken_up:
        world.complain(f"a sitting began at {at:.3f} while somebody was in")


def _removed_means_removed(world: World) -> None:
    people = {person.participant: person for person in world.people if person.participant}
    removals = [entry for entry in world.store.journal.made() if entry.change.remove]
    if not removals:
        return
    for event in world.truth.all():
        who, kind = event.message.get("participant", {}), event.message["type"]
        comes = kind in {"participant_joined", "participant_rejoined"} or who.get("state") == "connected"
        person = people.get(who.get("id"))
        if comes and person is not None and world.moderators.keeps_out(person.user_id, event.at, event.at):
            world.complain(f"{person.name} was removed, and came at {event.at:.3f} ({kind})")


def _pages_that_were_put_out_did_not_go_on(world: World) -> None:
    """However they may come back, and however dead their link was: they have to hear of it."""
    acknowledged = {
        (order.page.user_id, order.key): order.answered_at
        for order in world.moderators.orders
        if order.is_acknowledged
    }
    for made in world.store.journal.made():
        since = acknowledged.get((made.change.by, made.change.key), math.inf)
        for page in world.pages():
            if all(world.tokens.read_session(each).session_id not in made.ended for each in page.held):
                continue
            asked = [page.asked(heard.at).since for heard in page.heard if isinstance(heard, Whole)]
            asked += [page.waited.asked] if page.waited else []
            if any(at > since for at in asked):
                world.complain(f"{page.name} was put out before {since:.3f}, and went on at {max(asked):.3f}")


def _pages_were_turned_away_for_a_reason(world: World) -> None:
    for page in world.pages():
        kinds = REASONS.get(page.final)
        if kinds is None:
            continue
        orders = [order for order in world.moderators.orders if order.kind in kinds]
        if not any(
            order.sent_at <= page.final_at and (page.user_id in order.users or order.kind == "settings")
            for order in orders
        ):
            world.complain(f"{page.name} was turned away with {page.final}, which nobody had commanded")


def _record_is_as_ruled(world: World, rulings: Rulings) -> None:
    connection = world.store.connection
    for user, role in connection.execute("SELECT user_id, role FROM participants"):
        if role != rulings.role(user):
            world.complain(f"{user} is {role} in the record, and {rulings.role(user)} by what was commanded")
    room = connection.execute("SELECT revision, host_user_id FROM meetings").fetchone()
    if room != (rulings.revision, rulings.host):
        world.complain(
            f"the record has {room}, commanded were {rulings.revision} changes, host {rulings.host}"
        )


def _stays_of_those_removed_are_closed(world: World) -> None:
    query = "SELECT participant_id, session_id, reason, left_at FROM participant_sessions"
    rows = world.store.connection.execute(query).fetchall()
    reasons = {session: reason for _, session, reason, _ in rows}
    for made in world.store.journal.made():
        for session in made.ended:
            if reasons[session] != "removed":
                world.complain(
                    f"{made.change.whom} was removed at {made.at:.3f}, the stay ended as {reasons[session]}"
                )
    left = Counter(
        event.message["participant"]["id"]
        for event in world.truth.all()
        if event.message["type"] == "participant_left" and event.message["reason"] == "removed"
    )
    closed = {session for made in world.store.journal.made() for session in made.closed}
    for made in world.store.journal.made():
        if len(made.closed - made.ended) > 1:
            world.complain(f"{made.change.whom} was removed, and {len(made.closed)} stays ended so")
    # What of an epoch was not committed when the room began anew was told to nobody, and is recorded.
    anew = [events[0].at for events in world.truth.epochs.values()][1:] if world.keeps_rooms else []
    # The room may have said so first, or alone, when the server died.
    alone = Counter(
        who
        for who, session, reason, left_at in rows
        if reason == "removed"
        and session not in closed
        and not any(abs(in_the_run(left_at)[0] - at) <= HELD_UP for at in anew)
    )
    for who, count in alone.items():
        if count > left[who]:
            world.complain(f"{world.name_of(who)} was put out {left[who]} times, and {count} stays ended so")


def _room_is_as_ruled(world: World, rulings: Rulings) -> None:
    server = world.server
    assert server is not None
    room = server.hub.rooms.get(ROOM)
    if room is None:
        return
    settings = msgspec.to_builtins(settings_of(rulings.settings))
    waiting = {knock.id for knock in room.knocks.values() if not knock.admitted}
    rows = world.store.connection.execute("SELECT user_id, name FROM participants WHERE room = ?", (ROOM,))
    names = dict(rows.fetchall())
    for member in room:
        if rulings.keeps_out(member.user_id):
            world.complain(f"{member.user_id} was removed, and is in the meeting")
        if member.role != rulings.role(member.user_id):
            world.complain(
                f"{member.user_id} is {member.role}, and {rulings.role(member.user_id)} was commanded"
            )
        if member.name != names[member.user_id] and member.user_id not in world.store.journal.unnamed:
            world.complain(f"{member.user_id} is {member.name}, and recorded as {names[member.user_id]}")
        own = {
            right: value for right, value in rulings.may.get(member.user_id, {}).items() if value is not None
        }
        if msgspec.to_builtins(member.may) != own:
            world.complain(f"{member.user_id} may {member.may}, and {own} was commanded")
    for page in world.pages():
        membership = page.client.membership
        if not page.is_live or page.client.phase != "joined" or membership.me is None:
            continue
        told = membership.meeting.get("settings", {}), membership.meeting.get("revision", 0)
        if told != (settings, rulings.revision):
            world.complain(
                f"{page.name} knows the settings as {told}, they are {settings}, {rulings.revision}"
            )
        if membership.me["role"] != "participant" and set(membership.knocks) != waiting:
            world.complain(f"{page.name} knows of {set(membership.knocks)} waiting, and {waiting} do")
        for one in membership.roster.values():
            if any(one["media"][flag] and not may(one, membership.meeting, flag) for flag in FLAGS):
                world.complain(f"{page.name} sees {one}, who may not send that: {membership.meeting}")


def _who_waits_has_to(world: World, rulings: Rulings) -> None:
    server = world.server
    assert server is not None
    room = server.hub.rooms.get(ROOM)
    positions = {}
    for page in world.pages():
        if page.is_live and page.is_knocking:
            if (refusal := rulings.refusal(page.user_id)) != "lobby":
                world.complain(f"{page.name} waits, and would be {refusal or 'let in'}")
            if room is None or page.user_id not in room.knocks:
                world.complain(f"{page.name} waits, the server does not know of it")
            positions[page.name] = page.position
    # Whoever was admitted has no position any more.
    order = [user for user, knock in room.knocks.items() if not knock.admitted] if room is not None else []
    for page in world.pages():
        if (
            page.name in positions
            and page.user_id in order
            and page.position != order.index(page.user_id) + 1
        ):
            world.complain(
                f"{page.name} waits at {page.position}, and was put at {order.index(page.user_id) + 1}"
            )
