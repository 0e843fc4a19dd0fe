"""What must be true of raised hands: one order for all, in which they were raised, whatever breaks meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from signalling.client.roster import hands
from signalling.rooms.hands import LOWERED
from storage.records import Participant
from tests.simulation.clock import EPOCH
from tests.simulation.notes import ROOM
from tests.simulation.server import Server
from tests.simulation.truth import Event

if TYPE_CHECKING:
    from tests.simulation.world import World

SOON = 0.3
"""Seconds for which a status may wait for the room's budget."""


def check(world: World) -> None:
    started: set[Server] = set()
    for events in world.truth.epochs.values():
        server = max((s for s in world.servers if s.started_at <= events[0].at), key=lambda s: s.started_at)
        # A room that was empty begins anew, without those who were restored.
        _Epoch(world, server, {} if server in started else server.restored).follow(events)
        started.add(server)
    if world.server is not None and not world.has_ended:
        _at_rest(world)


class _Epoch:
    """`up`: by participant, since when the hand is up, as the events tell and as it was restored. `standing`: what they
    were in the meeting, and may do in it, as far as the events have told."""

    def __init__(self, world: World, server: Server, restored: Mapping[str, Participant]) -> None:
        self._world = world
        self._server = server
        self._up = {who: was.hand_at for who, was in restored.items() if was.hand_at}
        self._lowered = {who for who, was in restored.items() if was.hand_at == LOWERED}
        self._standing: dict[str, tuple[Any, Any]] = {
            who: (was.role, was.may) for who, was in restored.items()
        }
        self._latest = max(self._up.values(), default=0.0)

    def follow(self, events: list[Event]) -> None:
        for event in events:
            who = event.message.get("participant", {})
            kind = event.message["type"]
            if kind == "participant_left":
                self._up.pop(who["id"], None)
            elif kind == "participant_updated":
                if who["id"] in self._standing:
                    role, may = self._standing[who["id"]]
                    self._standing[who["id"]] = who.get("role", role), who.get("may", may)
                if "hand" in who:
                    self._changed(event, who)
            elif kind == "participant_joined" or kind == "participant_rejoined":
                self._came(event, who)

    def _changed(self, event: Event, who: Mapping[str, Any]) -> None:
        name = self._world.name_of(who["id"])
        if not who["hand"]:
            if who["hand_at"] is not None:
                self._world.complain(f"{name}'s hand is down at {event.at:.3f}, with a time")
            self._up.pop(who["id"], None)
            return
        at = _time(who["hand_at"])
        if who["id"] in self._up:
            self._world.complain(f"{name}'s hand was up, and was said to be raised at {event.at:.3f}")
        if at <= self._latest:
            self._world.complain(
                f"{name} raised the hand at {event.at:.3f} and is not last: {who['hand_at']}"
            )
        late = SOON + self._world.stood_still(event.at - 10.0, event.at)
        if not self._world.clock_set and abs(at - EPOCH - event.at) > late:
            self._world.complain(f"{name} raised the hand at {event.at:.3f}, told was {who['hand_at']}")
        if who["id"] in self._lowered and not self._has_raised(who["id"], event.at):
            self._world.complain(f"{name}'s hand was lowered before the restart, and is up at {event.at:.3f}")
        self._lowered.discard(who["id"])
        self._up[who["id"]] = self._latest = at

    def _has_raised(self, participant: str, at: float) -> bool:
        """Whether this person has done so since the server was started."""
        person = self._world.person_of(participant)
        times = [time for page in (person.pages if person else ()) for time in page.raised_at]
        return any(self._server.started_at <= time <= at for time in times)

    def _came(self, event: Event, who: Mapping[str, Any]) -> None:
        """A page that comes anew says nothing of its hand. By its token it may not have one up any more."""
        told = _time(who["hand_at"]) if who["hand"] else None
        standing = who["role"], who.get("may", {})
        if told is None and self._standing.get(who["id"], standing) != standing:
            self._up.pop(who["id"], None)
        self._standing[who["id"]] = standing
        if told != self._up.get(who["id"]) and not self._world.keeps_rooms:
            self._world.complain(
                f"{self._world.name_of(who['id'])} came at {event.at:.3f}, the hand up since {told}, "
                f"not {self._up.get(who['id'])}"
            )


def _at_rest(world: World) -> None:
    """The record and every page know the same."""
    server = world.server
    assert server is not None
    room = server.hub.rooms.get(ROOM)
    members = list(room) if room is not None else []
    rows = dict(world.store.connection.execute("SELECT user_id, hand_at FROM participants").fetchall())
    for member in members:
        if (rows[member.user_id] or None) != member.hand_at:
            world.complain(f"{member.user_id}'s hand is up since {member.hand_at}, recorded is {rows}")
    raised = sorted((member.hand_at, member.id) for member in members if member.hand_at is not None)
    for page in world.pages():
        if page.is_live and page.client.phase == "joined":
            seen = [one["id"] for one in hands(page.client.membership.roster)]
            if seen != [who for _, who in raised]:
                world.complain(f"{page.name} sees hands in the order {seen}, they were raised as {raised}")


def _time(text: str) -> float:
    return round(datetime.fromisoformat(text).timestamp(), 3)
