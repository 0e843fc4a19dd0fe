"""What must be true of the record after a run."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from tests.simulation.alone import HELD_UP
from tests.simulation.clock import EPOCH
from tests.simulation.notes import Interval
from tests.simulation.page import Page
from tests.simulation.person import Person

if TYPE_CHECKING:
    from tests.simulation.world import World

SET_BY = 600.0
"""Seconds by a multiple of which the server's clock is set: longer than a run, so a moment tells which it was."""

SLOW_HEARTBEAT = 3.0
"""Seconds within which a node's heartbeat has come, with all that it has to ask of a slow store."""

LATE = 1.0
"""Seconds until a page knows that its socket was closed: a closing handshake over a slow network."""

STAYS = """
SELECT session_id, node_id, joined_at, left_at, reason, estimated FROM participant_sessions
JOIN participants ON id = participant_id WHERE user_id = ? ORDER BY joined_at
"""


class Stay(NamedTuple):
    session_id: str
    node_id: str
    joined_at: float
    left_at: float | None
    reason: str | None
    estimated: bool


def open_stays_elsewhere(connection: sqlite3.Connection, node: str) -> int:
    """How many stays are open under other nodes."""
    query = "SELECT count(*) FROM participant_sessions WHERE left_at IS NULL AND node_id <> ?"
    (count,) = connection.execute(query, (node,)).fetchone()
    return int(count)


def open_stays(connection: sqlite3.Connection) -> list[str]:
    """The users whose stays are open."""
    query = "SELECT user_id FROM participant_sessions JOIN participants ON id = participant_id WHERE left_at IS NULL"
    return sorted(user_id for (user_id,) in connection.execute(query))


def open_stays_are_by(connection: sqlite3.Connection, ahead: float) -> bool:
    """Whether the beginnings of all that are open are by a clock that is so far ahead."""
    query = "SELECT joined_at FROM participant_sessions WHERE left_at IS NULL"
    return all(in_the_run(joined_at)[1] == ahead for (joined_at,) in connection.execute(query))


def check(world: World) -> None:
    server = world.server
    for person in world.people:
        (rows,) = world.store.connection.execute(
            "SELECT count(*) FROM participants WHERE user_id = ?", (person.user_id,)
        ).fetchone()
        if rows > 1:
            world.complain(f"{person.name} is in the record {rows} times")
        stays = [Stay(*row) for row in world.store.connection.execute(STAYS, (person.user_id,))]
        is_open = [stay for stay in stays if stay.left_at is None]
        if len(is_open) > 1:
            world.complain(f"{person.name} has {len(is_open)} open stays")
        if server is not None:
            room = next(iter(server.hub.rooms.values()), None)
            member = room.member_of(person.user_id) if room else None
            if member is None and is_open:
                world.complain(f"{person.name} is gone, and a stay is open in the record")
            if member is not None and not is_open:
                world.complain(f"{person.name} is there, and no stay is open in the record")
            if member is not None and is_open and member.session_id != is_open[0].session_id:
                world.complain(f"{person.name}'s stay is not the one that is open in the record")
        _presence_is_recorded(world, person, stays)


def in_the_run(at: float) -> tuple[float, float]:
    """When that was in the run, and how far the clock was ahead by which it was recorded."""
    ahead = SET_BY * round((at - EPOCH) / SET_BY)
    return at - EPOCH - ahead, ahead


def _in_the_run(world: World, person: Person, stay: Stay) -> Interval:
    since, ahead = in_the_run(stay.joined_at)
    if stay.left_at is None:
        return Interval(since, world.loop.time())
    until, ahead_then = in_the_run(stay.left_at)
    there = Interval(since, until)
    is_lost = _end_was_lost(world, person, there) or _was_put_out_soon(world, stay, until)
    is_lost = is_lost or _goes_on_at_one_that_knows_half(world, there)
    if ahead != ahead_then and not (stay.estimated or is_lost):
        lasted = stay.left_at - stay.joined_at
        world.complain(
            f"{person.name}'s stay from {since:.3f} to {until:.3f} is recorded to last {lasted:.3f} s"
        )
    return Interval(since, max(since, until))


def _end_was_lost(world: World, person: Person, stay: Interval) -> bool:
    """Whether something of the stay was lost, its start by a clock as it was set or its end, before that was noticed:
    somebody has gone on with it meanwhile, or was removed. (A limit, in docs/reconnect.md.)"""
    return any(
        unkept.user_id == person.user_id
        and stay.since <= unkept.at <= stay.until + LATE
        and any(abs(at - unkept.at) <= _found_within(world) for at in world.clock_set_at)
        for unkept in world.store.unkept
    )


def _was_put_out_soon(world: World, stay: Stay, until: float) -> bool:
    """Whether who may have been restored was removed soon after a clock was set. (A limit, in docs/reconnect.md.)"""
    is_soon = any(at <= until <= at + _found_within(world) for at in world.clock_set_at)
    return stay.reason == "removed" and is_soon and len(world.servers) > 1 and not world.keeps_rooms


def _goes_on_at_one_that_knows_half(world: World, stay: Interval) -> bool:
    """Whether the clock was set both before a server began and under it, in one stay. (In docs/reconnect.md.)"""
    sets = [at for at in world.clock_set_at if stay.since <= at <= stay.until]
    return any(sets[0] < server.started_at < sets[-1] for server in world.servers[1:] if sets)


def _noticed_within(world: World) -> float:
    """Seconds in which it is noticed that a connection does not answer, or that a server does not live."""
    return 1.6 * world.heartbeat + 0.5


def _found_within(world: World) -> float:
    """Seconds in which record and rooms are compared."""
    return 2 * world.grace + 10


def _presence_is_recorded(world: World, person: Person, stays: list[Stay]) -> None:
    recorded = merged(_in_the_run(world, person, stay) for stay in stays)
    surely = merged(i for page in person.pages for i in page.surely)
    noticed = _noticed_within(world)
    maybe = merged(
        Interval(i.since, i.until + noticed) for page in person.pages for i in _maybe_there(world, page)
    )
    for missing in minus(surely, recorded):
        length = missing.until - missing.since
        is_held_up = world.is_held_up(missing.since, missing.until)
        if length > LATE and not (is_held_up or may_be_unrecorded(world, person, missing)):
            world.complain(
                f"{person.name} was there from {missing.since:.3f} to {missing.until:.3f}, which is not recorded"
            )
    for extra in minus(recorded, maybe):
        inside = any(i.since < extra.since - 0.001 for i in maybe) and any(
            i.since > extra.since and i.since <= extra.until + 0.001 for i in maybe
        )
        # Who is away when the meeting is ended may be recorded as having been there until then, and who is away when
        # the server dies, to its last heartbeat.
        in_grace = inside or any(
            stay.left_at is not None
            and (stay.estimated or stay.reason == "ended")
            and abs(in_the_run(stay.left_at)[0] - extra.until) < 0.001
            for stay in stays
        )
        allowed = _grace_ends(world, extra.since) - extra.since + 0.5 if in_grace else LATE
        if world.is_held_up(extra.since - noticed, extra.until):
            # That a connection was lost is known to its node, and to the room's owner when the engine is back.
            allowed += HELD_UP
        allowed += world.owner_found_in(extra.since)
        # A stay whose end was lost is gone on with by whoever comes before record and rooms are compared.
        is_unkept = any(
            unkept.user_id == person.user_id and extra.since - noticed <= unkept.at <= extra.until + LATE
            for unkept in world.store.unkept
        )
        if extra.until - extra.since > allowed and not (
            is_unkept or _is_unclaimed(world, person, stays, extra)
        ):
            world.complain(
                f"{person.name} is recorded from {extra.since:.3f} to {extra.until:.3f} and was not there"
            )


def _is_unclaimed(world: World, person: Person, stays: list[Stay], extra: Interval) -> bool:
    """Whether a join began the stay and was not answered. Somebody who asks again goes on with it, until it is closed:
    a grace time after record and rooms are compared, which the store may delay."""
    begun = [each.at for each in world.store.unanswered if each.user_id == person.user_id]
    for stay in stays:
        began_at = in_the_run(stay.joined_at)[0]
        if began_at > extra.since or not any(abs(at - began_at) < 0.01 for at in begun):
            continue
        compared_from = began_at
        for since, until in world.outages:
            if since <= compared_from + 2 * world.grace:
                compared_from = max(compared_from, until)
        if extra.until <= compared_from + 2 * world.grace + SLOW_HEARTBEAT:
            return True
    return False


def _maybe_there(world: World, page: Page) -> list[Interval]:
    """A socket is not looked at while its join is under way: one that died meanwhile gets the place all the same."""
    seated = [event.at for event in world.truth.all() if event.joiner == page.name]
    return [
        Interval(i.since, max([i.until, *(at for at in seated if i.since <= at < until)]))
        for i, until in zip(page.maybe, [*(i.since for i in page.maybe[1:]), math.inf], strict=True)
    ]


def _grace_ends(world: World, lost_at: float) -> float:
    """It begins anew whenever a server starts that keeps the place: of a killed one, the next ones know only when it
    was last seen to live."""
    ends, slack = lost_at + world.grace, _noticed_within(world)
    for since, until in world.down:
        if lost_at <= until and since <= ends + slack:
            ends = max(ends, until + world.grace)
    return ends


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Their union, in order."""
    union: list[Interval] = []
    for i in sorted(intervals):
        if union and i.since <= union[-1].until:
            union[-1] = Interval(union[-1].since, max(union[-1].until, i.until))
        else:
            union.append(i)
    return union


def minus(intervals: list[Interval], others: list[Interval]) -> list[Interval]:
    """What of the first is in none of the others. Both are unions."""
    rest = []
    for since, until in intervals:
        start = since
        for other in others:
            if other.until <= start or other.since >= until:
                continue
            if other.since > start:
                rest.append(Interval(start, other.since))
            start = other.until
        if start < until:
            rest.append(Interval(start, until))
    return rest


def may_be_unrecorded(world: World, person: Person, missing: Interval) -> bool:
    """What a server that was killed saw after its last heartbeat is known to nobody."""
    (ended_at,) = world.store.connection.execute("SELECT ended_at FROM meetings").fetchone()
    # It is over when the record says so; people hear of it a little later.
    if (
        ended_at is not None
        and missing.since >= in_the_run(ended_at)[0] - 0.001
        and missing.until <= world.told_at + 1
    ):
        return True
    admin = world.admin
    if person is admin.revoked and missing.since >= admin.since and missing.until <= admin.done_at + LATE:
        return True
    # What was not kept is found when record and rooms are compared, and what can be known then is recorded.
    found_within = _found_within(world)
    for unkept in world.store.unkept:
        if unkept.user_id == person.user_id and (
            missing.since >= unkept.at - found_within and missing.until <= unkept.at + found_within
        ):
            return True
    heartbeats = dict(world.store.connection.execute("SELECT id, heartbeat_at FROM nodes"))
    for server in world.servers:
        if server.killed and server.node_id in heartbeats:
            beaten_at, _ = in_the_run(heartbeats[server.node_id])
            # Nor is what it could not write because the store was away.
            unseen = missing.since >= beaten_at - 0.001 or person.user_id in server.lost_with_it
            if unseen and missing.until <= server.stopped_at + 0.5:
                return True
    return False
