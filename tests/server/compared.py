"""The record against what the visitors saw. Every function answers with complaints: none, when all is well.

What nobody can know is allowed for: what a process saw between its last heartbeat and its death is lost with it, and
who was away just then is recorded as if they were there, and keeps the place, until it has become clear that they
are not coming back.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from storage.records import Attendance, Participant, Stay
from tests.server.visitors import Visitor
from tests.simulation.notes import Interval
from tests.simulation.store_checks import merged, minus

ROUNDING = 0.005
"""Seconds. All use one clock, but read it at different times."""

Record = Sequence[tuple[Participant, Sequence[Stay]]]


class Terms(NamedTuple):
    """In seconds: the grace time, the node's heartbeat, how long something may take on a busy machine, and how much
    later than the server the visitors may hear that a connection was cut."""

    grace: float
    interval: float
    late: float
    lag: float


def compared(
    attendance: Attendance, visitors: Sequence[Visitor], kills: Sequence[Interval], terms: Terms
) -> list[str]:
    """`visitors` are all who were ever in the meeting; `kills` when the server was killed, from the signal to the end
    of the process. All have left, and the stays of dead nodes are closed."""
    people = {participant.id: (participant, stays) for participant, stays in attendance.participants}
    complaints = list(_one_of_each(attendance, visitors))
    seen = set()
    for visitor in visitors:
        joins = [join for visit in visitor.visits for join in visit.joins]
        ids = {join.participant for join in joins}
        if len(ids) != 1:
            complaints.append(f"{visitor.name} was told to be {ids or 'nobody'}")
            continue
        (participant,) = ids
        if participant in people:
            seen.add(participant)
            of_one = Of(visitor, *people[participant], kills, terms)
            complaints += [f"{visitor.name}: {complaint}" for complaint in of_one.complaints()]
        else:
            complaints.append(f"{visitor.name} is missing")
    complaints += [
        f"{people[unknown][0]} was never there, or is there twice" for unknown in people.keys() - seen
    ]
    return complaints


def _one_of_each(attendance: Attendance, visitors: Sequence[Visitor]) -> Iterator[str]:
    people = [participant for participant, _ in attendance.participants]
    for user, count in Counter(person.user_id for person in people).items():
        if count > 1:
            yield f"the user {user} is {count} participants"
    hosts = [person.user_id for person in people if person.role == "host"]
    if hosts != [attendance.meeting.host_user_id]:
        yield f"{attendance.meeting.room} has the hosts {hosts}"
    if sum(join.created for visitor in visitors for visit in visitor.visits for join in visit.joins) > 1:
        yield f"{attendance.meeting.room} was created more than once"


class Of(NamedTuple):
    """One person."""

    visitor: Visitor
    person: Participant
    stays: Sequence[Stay]
    kills: Sequence[Interval]
    terms: Terms

    def complaints(self) -> Iterator[str]:
        yield from self._stays()
        yield from self._joins()
        if any(stay.left_at is None for stay in self.stays):
            return
        recorded = merged(_interval(stay) for stay in self.stays)
        yield from self._totals(recorded)
        yield from self._missing(recorded)
        yield from self._surplus(recorded)

    def _stays(self) -> Iterator[str]:
        for session, count in Counter(stay.session_id for stay in self.stays).items():
            if count > 1:
                yield f"the stay {session} is there {count} times"
        ordered = sorted(self.stays, key=lambda stay: stay.joined_at)
        for stay, after in itertools.pairwise(ordered):
            if stay.left_at is not None and after.joined_at < stay.left_at:
                yield f"stays overlap: {stay} and {after}"
        for stay in self.stays:
            if stay.left_at is None:
                yield f"open for ever: {stay}"
            elif stay.estimated and not self._killed(
                stay.left_at, stay.left_at + self.terms.interval + self.terms.late
            ):
                yield f"estimated, and nobody died: {stay}"
        left_at = self.visitor.visits[-1].left_at
        if left_at is None or any(kill.until >= left_at for kill in self.kills):
            return
        if not ordered or (ordered[-1].reason, ordered[-1].estimated) != ("left", False):
            yield f"left in good order, and the record says: {ordered[-1:]}"

    def _joins(self) -> Iterator[str]:
        kept = {stay.session_id for stay in self.stays}
        for visit in self.visitor.visits:
            for join in visit.joins:
                if join.session not in kept:
                    yield f"an acknowledged join is missing: {join}"
                if join.role != self.person.role:
                    yield f"is {self.person.role}, and was told: {join}"

    def _totals(self, recorded: Sequence[Interval]) -> Iterator[str]:
        total = sum(i.until - i.since for i in recorded)
        told = self.person
        if (told.session_count, told.state) != (len(self.stays), "disconnected") or abs(
            told.total_duration - total
        ) > ROUNDING:
            yield f"{told} does not go with {len(self.stays)} stays of {total:.3f} s together"

    def _missing(self, recorded: list[Interval]) -> Iterator[str]:
        surely = merged(i for visit in self.visitor.visits for i in visit.surely)
        before, late = self.terms.interval + self.terms.late, self.terms.late
        for since, until in minus(surely, recorded):
            unseen = any(since >= kill.since - before and until <= kill.until + late for kill in self.kills)
            if until - since > ROUNDING + self.terms.lag and not unseen:
                yield f"was there from {since:.3f} for {until - since:.3f} s, which is not recorded"

    def _surplus(self, recorded: list[Interval]) -> Iterator[str]:
        maybe = merged(i for visit in self.visitor.visits for i in visit.maybe)
        leaves = {visit.left_at for visit in self.visitor.visits}
        for since, until in minus(recorded, maybe):
            # Whose process dies before its next heartbeat is recorded until just before they came back.
            came_back = any(
                -ROUNDING < i.since - until < self.terms.interval + self.terms.late for i in maybe
            )
            has_left = any(at is not None and abs(at - since) < ROUNDING for at in leaves)
            allowed = self._allowed(since, came_back=came_back, has_left=has_left)
            if until > allowed:
                yield (
                    f"is recorded for {until - since:.3f} s from {since:.3f} without being there, "
                    f"{allowed - since:.3f} s would be all right"
                )

    def _allowed(self, since: float, *, came_back: bool, has_left: bool) -> float:
        """Until when the record may have someone whose last sign of life was at that time."""
        grace, interval, late, _ = self.terms
        kept = late if has_left else grace + late
        deaths = self._killed(since - ROUNDING, since + kept)
        if not deaths:
            # The end itself is exact, whenever it was written; a return before it goes on with the stay.
            return since + (kept if came_back else late)
        if not came_back:
            return max(since, deaths[0].until) + late
        # Dead, restored as of the last heartbeat, perhaps by several processes; then grace begins anew.
        return deaths[0].until + interval + 2 * grace + late

    def _killed(self, since: float, until: float) -> list[Interval]:
        return [kill for kill in self.kills if kill.until >= since and kill.since <= until]


def _interval(stay: Stay) -> Interval:
    assert stay.left_at is not None
    return Interval(stay.joined_at, stay.left_at)
