"""Gives the rooms of a hub away as data, and takes them over from another hub.

    state(room)  ──►  adopt(state)        all of a room, as it is
    fresh(room)  ──►  what has changed since the last call, to keep a copy elsewhere that can be adopted
    drop(room)        nobody is told: the room goes on elsewhere

A room that was adopted has the same epoch, and goes on where it was: whoever keeps a connection notices nothing. A
connection whose place another one took has been closed, and does not go along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from signalling.rooms.effects import Effect, PutRight
from signalling.rooms.event_log import Entry
from signalling.rooms.hub import Hub
from signalling.rooms.member import Member
from signalling.rooms.room import Room
from signalling.rooms.stays import stay_resumed
from signalling.rooms.touched import Touched
from signalling.state import events, members, parts, questions, rooms
from signalling.state.parts import Find, Fresh, Lost, Moment, Name, State

FORGOTTEN = 64 * 1024
"""Bytes that a copy may be longer than the log, until something else happens."""


class Handover:
    """`name` and `find`: connections as data. All methods take `now`, the hub's clock, and `at`, the same moment by a
    clock that all hubs share (seconds). `stirred` is called with a room when `fresh` has something new to say."""

    def __init__(
        self, hub: Hub, name: Name, find: Find, stirred: Callable[[str], None] = lambda room: None
    ) -> None:
        self._hub = hub
        self._stirred = stirred
        self._name = name
        self._find = find

    def state(self, room_id: str, now: float, at: float) -> State:
        """Raises `KeyError` if nobody is in the room."""
        room, when = self._hub.rooms[room_id], Moment(now, at)
        return State(
            rooms.write(self._hub, room, when, self._name),
            {member.id: self._member(member, when) for member in room},
            [events.write(entry, when) for entry in room.log.after(-1)],
            room.log.seq,
        )

    def fresh(self, room_id: str, now: float, at: float) -> Fresh | None:
        """What has changed in the room since the last call; everything at the first. None: nobody is in it any more.

        It costs as much as has changed, and rooms of which nobody asks note nothing. Budgets, which fill again, and
        messages that wait come along when there is something else.
        """
        room, when = self._hub.rooms.get(room_id), Moment(now, at)
        if room is None:
            return None
        touched, is_whole = room.touched, room.touched is None
        if touched is None:
            touched = self._watch(room)
        part = None
        hub = self._hub
        # What is told, who waits for an answer and at which position changes without a change of the room.
        is_behind = bool(room.untold or hub.orders.questions.of(room_id) or hub.waiting.is_moved(room))
        is_behind = is_behind or any(hub.telling.waits(room))
        if touched.room or is_behind:
            part = rooms.write(hub, room, when, self._name)
        if room.log.forgotten >= FORGOTTEN and room.log.seq > touched.seq:
            room.log.cut_now()
        fresh = Fresh(
            is_whole,
            part,
            {member.id: self._member(member, when) for member in touched.members},
            [gone for gone in touched.gone if room.member(gone) is None],
            [events.write(entry, when) for entry in room.log.after(touched.seq)],
            tuple(room.log.withdrawn or ()),
            room.log.seq,
            room.log.cut,
        )
        touched.room = is_behind
        touched.members = {}
        touched.gone = []
        touched.seq = room.log.seq
        room.log.withdrawn, room.log.cut = [], 0
        return fresh

    def adopt(
        self,
        state: State,
        now: float,
        at: float,
        lost_at: Lost | None = None,
        *,
        paused: float = 0.0,
        is_copy: bool = False,
    ) -> list[Effect]:
        """Go on with a room that another hub had. The room must not be here (`ValueError`).

        `lost_at`: of connections that are gone; without it they were lost now. `paused`: seconds for which nobody had
        the room, which count for nobody. `is_copy`: the state is a copy that goes on being kept, so `fresh` tells what
        changes from here on.

        Raises `UnknownVersion`, or whatever comes of a state that is damaged. The room is not here then.

        Whoever had it may have died before the store knew everything: all stays are told again, what was not answered
        is asked again, and those who wait are asked for again.
        """
        when = Moment(now, at)
        about, people = parts.read(state.room), [parts.read(each) for each in state.members.values()]
        log = [events.read(each, when) for each in state.log]
        if about["id"] in self._hub.rooms:
            raise ValueError(f"{about['id']} is here already")
        try:
            effects = self._adopt(
                about, people, log, state.seq, when, lost_at or (lambda connection: now), is_copy
            )
            self._hub.stood_still(paused, now, self._hub.rooms[about["id"]])
            return effects
        except Exception:
            self.drop(about["id"])
            raise

    def _adopt(
        self,
        about: Mapping[str, Any],
        people: Iterable[Mapping[str, Any]],
        log: Iterable[Entry],
        seq: int,
        when: Moment,
        lost_at: Lost,
        is_copy: bool,
    ) -> list[Effect]:
        hub = self._hub
        room = rooms.read(hub, about, when, self._find, lost_at)
        room.log.adopt(log, seq)
        if is_copy:
            self._watch(room, seq)
        for part in sorted(people, key=lambda each: each.get("place", 0)):
            self._admit(room, part, when, lost_at)
        hub.absences.adopt(room, [member for member in room if member.connection is None])
        ahead = {room.member(participant): number for participant, number in about["ahead"].items()}
        room.ahead = {member: number for member, number in ahead.items() if member is not None}
        asked = [questions.read(room, each) for each in about["questions"]]
        if asked:
            hub.orders.questions.adopt(room, asked)
        hub.hands.adopted(room)
        stays = [stay_resumed(room.id, member, when.now) for member in room if not member.restored]
        wrong = [PutRight(room.id)] if room.is_wrong else []
        return [*stays, *asked, *wrong, *hub.waiting.ask_again(room)]

    def _admit(self, room: Room, part: Mapping[str, Any], when: Moment, lost_at: Lost) -> None:
        hub = self._hub
        member = members.read(part, when, self._find, hub.coalescing.flow)
        place = member.place
        room.add(member)
        member.place, room.places = place, place + 1
        if member.connection is not None:
            hub.seats.adopt(room, member)
            if waits := members.said(part):
                hub.coalescing.adopt(room, member, [(member.connection, each) for each in waits])
        elif member.lost_at is None:
            member.lost_at = lost_at(part.get("connection"))
            member.touch()
        if "connection" in part:
            hub.succession.adopted(room, member, member.lost_at or when.now)

    def begin_anew(self, room_id: str, epoch: str) -> None:
        """Begin another epoch: what was shown of the last one may be known to nobody. All pages have to resume."""
        hub = self._hub
        room = hub.rooms[room_id]
        room.log = hub.new_log(epoch)
        room.untold, room.ahead, room.touched = [], {}, None
        hub.telling.forget(room)
        for member in room:
            member.arrived_at = 0

    def drop(self, room_id: str) -> None:
        """Forget the room, and tell nobody: it goes on elsewhere."""
        hub = self._hub
        room = hub.rooms.pop(room_id, None)
        if room is None:
            return
        for member in room:
            hub.absences.end(member)
            hub.coalescing.forget(member)
            # Connections that lost their place are on their way out, and find nothing.
            hub.seats.pop(member.connection, None)
            # What the store answers late is told to nobody here.
            member.connection = None
        hub.telling.forget(room)
        hub.waiting.forget(room)
        hub.orders.questions.forget(room)

    def _watch(self, room: Room, seq: int = 0) -> Touched:
        """Note from now on what changes, and all members that are there."""
        stirs = partial(self._stirred, room.id)
        touched = room.touched = Touched(stirs, seq)
        room.log.stirs, room.log.withdrawn, room.log.cut = stirs, [], 0
        for member in room:
            member.touched = touched
            member.touch()
        return touched

    def _member(self, member: Member, when: Moment) -> bytes:
        said = [message for _, message in self._hub.coalescing.said(member)]
        return members.write(member, said, when, self._name)
