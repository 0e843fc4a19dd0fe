"""A small language for stories about the hub: people act, then `heard` says what each was sent.

    stage = Stage()
    stage.join("ann"); stage.join("bob")
    assert stage.heard("ann") == ["participant_joined"]

Each person's client is modelled as the protocol asks: it takes events once, by `seq`, and keeps a roster of its own.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import orjson

from signalling.protocol.client_messages import Authenticate, Kind, Media, decode
from signalling.protocol.errors import CloseCode
from signalling.protocol.identifiers import instance
from signalling.rooms.effects import Broadcast, Close, Effect, Send, StayEnded, StayResumed, Together
from signalling.rooms.flow import Flow
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Arrival, Goodbye, Restored, Return
from signalling.rooms.telling import DELAY, FRAMES
from tests.signalling.frames import check_client_frame, check_server_frame


@dataclass(eq=False)
class Socket:
    """One connection, with what it was sent. What a reader would do with it is done at once."""

    user: str
    received: list[dict[str, Any]] = field(default_factory=list)
    closed: CloseCode | None = None
    roster: dict[str, dict[str, Any]] = field(default_factory=dict)
    epoch: str = ""
    seq: int = 0
    you: str = ""
    instance: str = ""
    over: bool = False
    features: frozenset[str] = frozenset()
    batches: int = 0

    def take(self, payload: bytes) -> None:
        check_server_frame(payload)
        message = json.loads(payload)
        assert self.closed is None, f"{message['type']} was sent after the close"
        if message["type"] == "batch":
            self.batches += 1
            for event in message["events"]:
                self.take(json.dumps(event).encode())
            assert (message["first"], message["seq"]) == (message["events"][0]["seq"], self.seq)
            return
        self.received.append(message)
        if message["type"] == "joined":
            self.roster = {person["id"]: person for person in message["participants"]}
            self.epoch, self.seq = message["epoch"], message["seq"]
            self.you, self.instance = message["you"]["id"], message["you"]["instance"]
            assert message["you"] == self.roster[self.you]
        elif message["type"] == "resumed":
            self.epoch = message["epoch"]
            if "snapshot" in message:
                self.roster = {person["id"]: person for person in message["snapshot"]["participants"]}
                self.seq = message["seq"]
        elif "seq" in message:
            assert message["seq"] > self.seq, "seq must rise"
            self.seq = message["seq"]
            self._apply(message)

    def _apply(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "participant_joined":
                assert event["participant"]["id"] not in self.roster
                self.roster[event["participant"]["id"]] = event["participant"]
            case "participant_rejoined":
                self.roster[event["participant"]["id"]] = event["participant"]
            case "participant_updated":
                self.roster[event["participant"]["id"]].update(event["participant"])
            case "participant_left":
                del self.roster[event["participant"]["id"]]
            case "meeting_ended":
                self.roster.clear()


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
        **media: bool,
    ) -> Socket:
        """The user joins by a new socket, which becomes the one the other verbs speak of. `soon`: others are told by
        `tell_soon`."""
        self._count += 1
        socket = Socket(user, features=self._features if features is None else frozenset(features))
        rejoined = (room, user) in self._known
        participant = self._known.setdefault((room, user), f"p_{user}_{room}")
        member = self.hub.present(room, user)
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
            role="host" if user == "host" else "participant",
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
        effects = self.hub.resume(back._replace(**changes), self.now)
        if effects is None:
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
                member.role,
                member.session_id,
                member.instance,
                member.joined_at,
                member.kind,
            )
            for room in self.hub.rooms.values()
            for member in room
        ]
        self.hub = Hub(grace=self.hub.grace, heartbeat=self.hub.heartbeat, flow=self._flow)
        self.hub.restore(known, self.now)

    def say(self, user: str | Socket, **message: Any) -> None:
        frame = orjson.dumps(message)
        check_client_frame(frame)
        self.receive(user, frame)

    def receive(self, user: str | Socket, frame: bytes) -> None:
        """Whatever it is. Raises `BadMessage`."""
        socket = user if isinstance(user, Socket) else self.sockets[user]
        message = decode(frame)
        # The shell handles this one: whether a token is valid is no question for rooms.
        assert not isinstance(message, Authenticate)
        self._carry_out(self.hub.receive(socket, message, self.now))

    def lose(self, user: str | Socket, *, goodbye: bool = False) -> None:
        socket = user if isinstance(user, Socket) else self.sockets[user]
        self._carry_out(self.hub.lost(socket, self.now, goodbye=goodbye))

    def goodbye(
        self, user: str | Socket, room: str = "ABC123", *, attempt: int | None = 1, back_in: float = 0.0
    ) -> bool:
        """The page behind a socket says goodbye, by another way; answers whether that changed anything."""
        socket = user if isinstance(user, Socket) else self.sockets[user]
        effects = self.hub.goodbye(Goodbye(room, socket.user, socket.instance, attempt, back_in), self.now)
        self._carry_out(effects or [])
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
