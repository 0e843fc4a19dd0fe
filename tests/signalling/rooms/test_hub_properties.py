"""Whatever people do, in whatever order, and however little a room can be told: the hub never breaks, and every
client's roster is what the room's single events, one by one, make of it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from signalling.client.roster import Roster, applied
from signalling.protocol.client_messages import BadMessage
from signalling.protocol.errors import CloseCode
from signalling.protocol.features import BATCH
from signalling.protocol.rights import MEDIA
from signalling.rooms.allowed import may
from signalling.rooms.telling import FRAMES
from tests.signalling.script import Stage
from tests.signalling.socket import Socket

USERS = st.sampled_from(["ann", "bob", "cat", "dan"])
ROOMS = st.sampled_from(["ONE", "TWO"])
FLAGS = st.dictionaries(st.sampled_from(["audio", "video", "screen"]), st.booleans())
JUNK: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["type", "id", "to", "data", "media", "hand", "t", "meeting", "name"]),
    st.sampled_from(
        ["join", "status", "signal", "leave", "ping", "", 0, 1, -1, True, None, {}, [], {"audio": 3}]
    ),
)
COMMANDS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"type": "remove"},
        {"type": "mute", "media": {"audio": False, "screen": False}},
        {"type": "allow", "may": {"audio": False}},
        {"type": "allow", "may": {"audio": None, "hand": False}},
        {"type": "set_role", "role": "cohost"},
        {"type": "set_role", "role": "participant"},
        {"type": "set_role", "role": "host"},
        {"type": "ask"},
        {"type": "lower_hands"},
        {"type": "spotlight"},
        {"type": "admit"},
        {"type": "deny"},
        {"type": "rename", "name": "Another"},
    ]
)


class Meetings(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.every: list[tuple[Socket, str]] = []
        self.knocked: list[tuple[Socket, str]] = []
        self.commands = 0
        self.history: dict[str, list[Roster]] = {}
        """By epoch: who was there after the first event, the second, and so on."""

    @initialize(frames=st.sampled_from([1, 6, FRAMES]), batching=st.sets(USERS))
    def begin(self, frames: int, batching: set[str]) -> None:
        """`frames`: the budget of a room. `batching`: who takes batches."""
        self.stage = Stage(grace=10, frames=frames)
        self.batching = batching
        self.soon = False

    def live(self) -> list[tuple[Socket, str]]:
        """The sockets that nobody has closed, with their rooms."""
        return [(socket, room) for socket, room in self.every if socket.closed is None and not socket.over]

    def pick(self, data: st.DataObject) -> Socket | None:
        if not self.every:
            return None
        return data.draw(st.sampled_from([socket for socket, _ in self.every]), label="socket")

    @rule(user=USERS, room=ROOMS, media=FLAGS, soon=st.booleans())
    def join(self, user: str, room: str, media: dict[str, bool], soon: bool) -> None:
        features = [BATCH] if user in self.batching else []
        # Somebody has to begin.
        self.stage.roles.setdefault("ann", "host")
        socket = self.stage.join(user, room, features=features, soon=soon, **media)  # type: ignore[arg-type] # flags only
        self.soon = self.soon or soon
        self.every.append((socket, room))

    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        if self.every:
            socket, room = data.draw(st.sampled_from(self.every), label="socket")
            back = self.stage.resume(socket, room)
            if back is not None and back.closed is None:
                self.every.append((back, room))

    @rule()
    def release(self) -> None:
        self.stage.release()

    @rule()
    def tell_soon(self) -> None:
        self.stage.tell_soon()
        self.soon = False

    @rule(data=st.data(), media=FLAGS, hand=st.none() | st.booleans())
    def status(self, data: st.DataObject, media: dict[str, bool], hand: bool | None) -> None:
        self.say(data, type="status", id=5, media=media, **({} if hand is None else {"hand": hand}))

    @rule(data=st.data(), user=USERS, room=ROOMS)
    def signal(self, data: st.DataObject, user: str, room: str) -> None:
        self.say(data, type="signal", to=f"p_{user}_{room}", data={"x": 1}, id=6)

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.say(data, type="leave", id=7)

    @rule(data=st.data(), user=USERS, room=ROOMS, command=COMMANDS, again=st.booleans())
    def command(
        self, data: st.DataObject, user: str, room: str, command: dict[str, Any], again: bool
    ) -> None:
        """What those in charge say, or would like to."""
        self.commands += 1
        number = data.draw(st.sampled_from([8, 100 + self.commands]), label="id")
        about: dict[str, Any] = {"participant": f"p_{user}_{room}"}
        if command["type"] in {"mute", "allow", "lower_hands", "spotlight"}:
            about = {"participants": [f"p_{user}_{room}"]}
        elif command["type"] in {"admit", "deny"}:
            about = {"knocks": [f"k_{user}"]}
        elif command["type"] == "rename":
            about = {}
        lasting = (
            {} if command["type"] in {"mute", "ask", "lower_hands"} else {"key": str(number), "again": again}
        )
        self.say(data, **command, **about, **lasting, id=number)

    @rule(lost=st.booleans())
    def settle(self, lost: bool) -> None:
        self.stage.settle(lost=lost)

    @rule(user=USERS, room=ROOMS)
    def knock(self, user: str, room: str) -> None:
        """Nobody waits who is in."""
        if self.stage.hub.present(room, user) is None:
            self.knocked.append((self.stage.knock(user, room), room))

    @rule(data=st.data())
    def lose_a_waiting_one(self, data: st.DataObject) -> None:
        waiting = [socket for socket, _ in self.knocked if socket.closed is None and not socket.over]
        if waiting:
            socket = data.draw(st.sampled_from(waiting), label="waiting")
            socket.over = True
            self.stage.lose(socket)

    @rule(data=st.data(), message=JUNK)
    def junk(self, data: st.DataObject, message: dict[str, Any]) -> None:
        with contextlib.suppress(BadMessage):
            self.say(data, **message)

    def say(self, draw: st.DataObject, /, **message: Any) -> None:
        socket = self.pick(draw)
        # The shell passes on nothing from a socket it closes. Fencing must not depend on that: replaced ones talk on.
        if socket is not None and not socket.over and socket.closed in {None, CloseCode.REPLACED}:
            self.stage.receive(socket, orjson.dumps(message))

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        socket = self.pick(data)
        if socket is not None:
            socket.over = True
            self.stage.lose(socket)

    @rule(seconds=st.sampled_from([0.1, 1.5, 11.0]))
    def wait(self, seconds: float) -> None:
        self.stage.wait(seconds)

    @rule(room=ROOMS)
    def end(self, room: str) -> None:
        self.stage.end(room)

    @invariant()
    def every_roster_is_what_the_single_events_make_of_it(self) -> None:
        for room in self.stage.hub.rooms.values():
            history = self.history.setdefault(room.log.epoch, [{}])
            for number, _, payload, _to in room.log._entries:
                if number == len(history):
                    history.append(applied(history[-1], json.loads(payload)) if payload else history[-1])
            assert len(history) == room.log.seq + 1
            assert shown(history[-1]) == shown({each.id: json.loads(each.encoded()) for each in room})
        for socket, _ in self.live():
            assert shown(socket.roster) == shown(self.history[socket.epoch][socket.seq])

    @invariant()
    def everyone_has_been_told_everything_when_nothing_is_kept_back(self) -> None:
        hub = self.stage.hub
        keeps_back = hub.keeps_back or self.soon
        for socket, room in self.live():
            # Signals to others have numbers, too.
            for told in [] if keeps_back else self.history[socket.epoch][socket.seq :]:
                assert told == self.history[socket.epoch][socket.seq]
            assert not hub.rooms[room].untold or keeps_back

    @invariant()
    def nobody_sends_what_they_may_not(self) -> None:
        for room in self.stage.hub.rooms.values():
            for member in room:
                for right in MEDIA:
                    assert not getattr(member, right) or may(room, member, right)

    @invariant()
    def whoever_waits_waits_once_and_is_told_so(self) -> None:
        hub = self.stage.hub
        for room in hub.rooms.values():
            assert not room.is_empty
            assert not [user for user in room.knocks if room.member_of(user) is not None]
            for knock in room.knocks.values():
                assert knock.connection is None or knock.connection.closed is None
        for socket, room_id in self.knocked:
            if socket.closed is None and not socket.over:
                assert hub.rooms[room_id].knocks[socket.user].connection is socket

    @invariant()
    def one_entry_per_participant_and_one_connection_each(self) -> None:
        live = {id(socket) for socket, _ in self.live()}
        for room in self.stage.hub.rooms.values():
            users = [member.user_id for member in room]
            assert len(users) == len(set(users)) == len(room)
            for member in room:
                assert (member.connection is None) == (member.lost_at is not None)
                assert member.connection is None or id(member.connection) in live
            assert len(room.audience()) == sum(member.connection is not None for member in room)

    @invariant()
    def every_live_socket_has_its_seat(self) -> None:
        for socket, room in self.live():
            seat = self.stage.hub.seated(socket)
            assert seat is not None
            assert seat.room is self.stage.hub.rooms[room]
            assert seat.member.connection is socket

    @invariant()
    def a_stay_ends_once(self) -> None:
        ended = [(end.participant_id, end.session_id) for end in self.stage.ended]
        assert len(ended) == len(set(ended))


def shown(roster: Roster) -> list[dict[str, Any]]:
    """A field that an event has set to null is left out of a list."""
    return [{name: value for name, value in one.items() if value is not None} for one in roster.values()]


Meetings.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestMeetings = Meetings.TestCase
