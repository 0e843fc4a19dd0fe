"""Whatever people do, in whatever order: the hub never breaks, and every client's roster is the hub's."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from signalling.errors import CloseCode
from signalling.messages import BadMessage
from tests.signalling.script import Socket, Stage

USERS = st.sampled_from(["ann", "bob", "cat", "dan"])
ROOMS = st.sampled_from(["ONE", "TWO"])
FLAGS = st.dictionaries(st.sampled_from(["audio", "video", "screen"]), st.booleans())
JUNK: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["type", "id", "to", "data", "media", "hand", "t", "meeting", "name"]),
    st.sampled_from(
        ["join", "status", "signal", "leave", "ping", "", 0, 1, -1, True, None, {}, [], {"audio": 3}]
    ),
)


class Meetings(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(grace=10)
        self.every: list[tuple[Socket, str]] = []

    def live(self) -> list[tuple[Socket, str]]:
        """The sockets that nobody has closed, with their rooms."""
        return [(socket, room) for socket, room in self.every if socket.closed is None and not socket.over]

    def pick(self, data: st.DataObject) -> Socket | None:
        if not self.every:
            return None
        return data.draw(st.sampled_from([socket for socket, _ in self.every]), label="socket")

    @rule(user=USERS, room=ROOMS, media=FLAGS)
    def join(self, user: str, room: str, media: dict[str, bool]) -> None:
        self.every.append((self.stage.join(user, room, **media), room))  # type: ignore[arg-type] # flags only

    @rule(data=st.data(), media=FLAGS, hand=st.none() | st.booleans())
    def status(self, data: st.DataObject, media: dict[str, bool], hand: bool | None) -> None:
        self.say(data, type="status", id=5, media=media, **({} if hand is None else {"hand": hand}))

    @rule(data=st.data(), user=USERS, room=ROOMS)
    def signal(self, data: st.DataObject, user: str, room: str) -> None:
        self.say(data, type="signal", to=f"p_{user}_{room}", data={"x": 1}, id=6)

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.say(data, type="leave", id=7)

    @rule(data=st.data(), message=JUNK)
    def junk(self, data: st.DataObject, message: dict[str, Any]) -> None:
        with contextlib.suppress(BadMessage):
            self.say(data, **message)

    def say(self, draw: st.DataObject, /, **message: Any) -> None:
        socket = self.pick(draw)
        # The shell passes on nothing from a socket it closes. Fencing must not depend on that: replaced ones talk on.
        if socket is not None and not socket.over and socket.closed in {None, CloseCode.REPLACED}:
            self.stage.say(socket, **message)

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
    def every_roster_is_the_hubs(self) -> None:
        rooms = self.stage.hub.rooms
        for socket, room in self.live():
            expected = [json.loads(member.encoded()) for member in rooms[room]]
            assert sorted(socket.roster.values(), key=str) == sorted(expected, key=str)

    @invariant()
    def one_entry_per_participant_and_one_connection_each(self) -> None:
        live = {id(socket) for socket, _ in self.live()}
        for room in self.stage.hub.rooms.values():
            users = [member.user_id for member in room]
            assert len(users) == len(set(users)) == len(room) > 0
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


Meetings.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestMeetings = Meetings.TestCase
