"""A small language for stories about the hub: people act, then `heard` says what each was sent.

    stage = Stage()
    stage.join("ann"); stage.join("bob")
    assert stage.heard("ann") == ["participant_joined"]

Each person's client is modelled as the protocol asks: it takes events once, by `seq`, and keeps a roster of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson

from signalling.protocol.client_messages import Authenticate, decode
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.fields import Kind, Media
from signalling.protocol.identifiers import instance
from signalling.protocol.rights import ALL, Rights, Role
from signalling.rooms.change import NOBODY, Outcome, Person, Recorded, Unsettled
from signalling.rooms.effects import (
    Broadcast,
    Close,
    Effect,
    EndMeeting,
    LetIn,
    Send,
    StayEnded,
    StayResumed,
    Together,
)
from signalling.rooms.flow import Flow
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Arrival, Goodbye, Restored, Return
from signalling.rooms.knock import Knocking
from signalling.rooms.member import Look
from signalling.rooms.telling import DELAY, FRAMES
from tests.signalling.frames import check_client_frame
from tests.signalling.record import keep
from tests.signalling.socket import Socket


class Stage:
    """A hub with a clock that stands still until it is moved."""

    def __init__(
        self, grace: float = 30.0, *, features: Collection[str] = (), frames: float = FRAMES
    ) -> None:
        """`features`: what everyone's client can do. `frames`: the budget of a room."""
        self.behind: set[Socket] = set()
        self._features = frozenset(features)
        self._flow = Flow(is_behind=self.behind.__contains__)
        self.hub = Hub(grace=grace, heartbeat=15.0, flow=self._flow, frames=frames)
        self.now = 1_000_000.0
        self.sockets: dict[str, Socket] = {}
        self.ended: list[StayEnded] = []
        self.resumed: list[StayResumed] = []
        # What the store has, and what is to be recorded.
        self.roles: dict[str, Role] = {}
        self.may: dict[str, Rights] = {}
        self.looks: dict[str, Look] = {}
        self.hands: dict[str, float | None] = {}
        self.settings: dict[str, Any] = {}
        self.revision = 0
        self.names: list[str] = []
        self.recorded: set[tuple[str, str]] = set()
        self.unsettled: list[Unsettled] = []
        self.let_in: list[Socket] = []
        self.ended_by = ""
        self._known: dict[tuple[str, str], str] = {}
        self._count = 0

    def join(
        self,
        user: str,
        room: str = "ABC123",
        *,
        page: str = "",
        attempt: int = 0,
        kind: Kind = "",
        features: Collection[str] | None = None,
        soon: bool = False,
        role: Role | None = None,
        socket: Socket | None = None,
        **media: bool,
    ) -> Socket:
        """The user joins by a new socket, which becomes the one the other verbs speak of. `soon`: others are told by
        `tell_soon`. `role`: None: as before; the user "host" is host. `socket`: one that has waited."""
        self._count += 1
        socket = socket or Socket(user, features=self._features if features is None else frozenset(features))
        rejoined = (room, user) in self._known
        participant = self._known.setdefault((room, user), f"p_{user}_{room}")
        member = self.hub.present(room, user)
        self.roles[user] = role or self.roles.get(user, "host" if user == "host" else "participant")
        arrival = Arrival(
            connection=socket,
            message_id=1,
            room=room,
            title="",
            created=False,
            hosting=user == "host",
            participant_id=participant,
            user_id=user,
            name=user.title(),
            role=self.roles[user],
            session_id=member.session_id if member else f"s_{self._count}",
            session="token",
            token=None,
            instance=instance(page or f"i_{self._count}", f"j_{self._count}"),
            epoch=f"e_{self._count}",
            rejoined=rejoined,
            joined_at=member.began_at if member else self.now,
            media=Media(**media),
            ice_servers=[],
            attempt=attempt,
            kind=kind,
            features=socket.features,
            may=self.may.get(user, ALL),
            settings=self.settings,
            revision=self.revision,
            look=self.looks.get(user, Look()),
        )
        self.sockets[user] = socket
        self._carry_out(self.hub.join(arrival, self.now, soon=soon))
        return socket

    def resume(self, user: str | Socket, room: str = "ABC123", **changes: Any) -> Socket | None:
        """The page behind a socket comes back by a new one; None when it has to join again."""
        old = user if isinstance(user, Socket) else self.sockets[user]
        socket = Socket(old.user, roster=dict(old.roster), epoch=old.epoch, seq=old.seq, you=old.you)
        socket.instance, socket.features = old.instance, old.features
        back = Return(
            connection=socket,
            message_id=1,
            room=room,
            user_id=old.user,
            instance=old.instance,
            session="token",
            epoch=old.epoch,
            seq=old.seq,
            attempt=0,
            media=Media(),
            hand=None,
            ice_servers=[],
            features=socket.features,
        )
        if (effects := self.hub.resume(back._replace(**changes), self.now)) is None:
            return None
        self.sockets[old.user] = socket
        self._carry_out(effects)
        return socket

    def restart(self, epoch: str = "e_restart") -> None:
        """The server is killed and started again, and knows from the record who was there. Sockets are gone."""
        known = [
            Restored(
                room.id,
                room.title,
                epoch,
                member.id,
                member.user_id,
                member.name,
                self.roles[member.user_id],
                member.session_id,
                member.instance,
                member.joined_at,
                member.kind,
                self.may.get(member.user_id, ALL),
                self.settings,
                self.revision,
                self.hands.get(member.user_id),
                lasted=room.lasted(self.now),
            )
            for room in self.hub.rooms.values()
            for member in room
        ]
        self.hub = Hub(grace=self.hub.grace, heartbeat=self.hub.heartbeat, flow=self._flow)
        self.hub.restore(known, self.now)

    def say(self, user: str | Socket, known: Mapping[str, Person] = NOBODY, **message: Any) -> None:
        """`known`: absent people whom the message is about."""
        frame = orjson.dumps(message)
        check_client_frame(frame)
        self.receive(user, frame, known)

    def receive(self, user: str | Socket, frame: bytes, known: Mapping[str, Person] = NOBODY) -> None:
        """Whatever it is. Raises `BadMessage`."""
        socket = user if isinstance(user, Socket) else self.sockets[user]
        message = decode(frame)
        # The shell handles this one: whether a token is valid is no question for rooms.
        assert not isinstance(message, Authenticate)
        self._carry_out(self.hub.receive(socket, message, self.now, known))

    def lose(self, user: str | Socket, *, goodbye: bool = False) -> None:
        socket = user if isinstance(user, Socket) else self.sockets[user]
        self._carry_out(self.hub.lost(socket, self.now, goodbye=goodbye))

    def goodbye(
        self, user: str | Socket, room: str = "ABC123", *, attempt: int | None = 1, back_in: float = 0.0
    ) -> bool:
        """The page behind a socket says goodbye, by another way; answers whether that changed anything."""
        socket = user if isinstance(user, Socket) else self.sockets[user]
        said = Goodbye(room, socket.user, socket.instance, attempt, back_in)
        self._carry_out((effects := self.hub.goodbye(said, self.now)) or [])
        return effects is not None

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._carry_out(self.hub.tick(self.now))

    def release(self) -> None:
        """Tell what the room had no budget for."""
        self.now += DELAY
        self._carry_out(self.hub.release(self.now))

    def tell_soon(self) -> None:
        """Tell of those who joined in this turn."""
        self._carry_out(self.hub.tell_soon(self.now))

    def knock(self, user: str, room: str = "ABC123", *, at: float | None = None, most: int = 50) -> Socket:
        """The user asks to come in by a new socket, and the store says that they have to be let in."""
        socket = Socket(user, features=self._features)
        self._count += 1
        asks = Knocking(
            connection=socket,
            message_id=1,
            room=room,
            title="",
            epoch=f"e_{self._count}",
            id=f"k_{user}",
            user_id=user,
            name=user.title(),
            anonymous=True,
            at=self.now if at is None else at,
            knock=f"token of {user}",
            most=most,
            settings=self.settings,
            revision=self.revision,
        )
        self.sockets[user] = socket
        self._carry_out(self.hub.wait(asks, self.now))
        return socket

    def settle(self, *, lost: bool = False) -> None:
        """The store answers all that it was asked to record; `lost`: it has it, and the answer does not come."""
        asked, self.unsettled = self.unsettled, []
        for each in asked:
            again = (each.actor.user_id, each.key) in self.recorded
            answer: Outcome = Recorded(again, self.settings, self.revision)
            if not again and each.change.if_revision not in (None, self.revision):
                answer = Refused(ErrorCode.CHANGED)
            elif not again:
                self.recorded.add((each.actor.user_id, each.key))
                keep(self, each.change)
                answer = Recorded(again, self.settings, self.revision)
            if not lost:
                self._carry_out(self.hub.settled(each, answer, self.now))

    def end(self, room: str = "ABC123") -> None:
        self._carry_out(self.hub.end(room, self.now))

    def heard(self, user: str | Socket) -> list[str]:
        """The types of what the user was sent since last asked, in order."""
        return [message["type"] for message in self.messages(user)]

    def messages(self, user: str | Socket) -> list[dict[str, Any]]:
        socket = user if isinstance(user, Socket) else self.sockets[user]
        received, socket.received = socket.received, []
        return received

    def silence(self) -> None:
        """Forget what everyone heard so far."""
        for socket in self.sockets.values():
            socket.received = []

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(to, payload):
                    to.take(payload)
                case Broadcast(to, payload):
                    for socket in to:
                        socket.take(payload)
                case Together(to, payloads):
                    for socket in to:
                        for payload in payloads:
                            socket.take(payload)
                case Close(to, code):
                    to.closed = code
                case StayEnded():
                    self.ended.append(effect)
                case StayResumed():
                    self.resumed.append(effect)
                case Unsettled():
                    self.unsettled.append(effect)
                case LetIn(connection):
                    self.let_in.append(connection)
                case EndMeeting(room, actor):
                    self._carry_out(self.hub.end(room, self.now))
                    self.ended_by = actor.user_id
        for hands in self.hub.hands.take().values():
            self.hands |= hands


def full(*users: str, grace: float = 30.0) -> Stage:
    """They are in a room, and know it."""
    stage = Stage(grace=grace)
    for user in users:
        stage.join(user)
    stage.silence()
    return stage


def back(stage: Stage, user: str | Socket, **changes: Any) -> Socket:
    """The page behind a socket has resumed."""
    socket = stage.resume(user, **changes)
    assert socket is not None
    return socket
