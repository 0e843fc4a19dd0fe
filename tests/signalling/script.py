"""A small language for stories about the hub: people act, then `heard` says what each was sent.

    stage = Stage()
    stage.join("ann"); stage.join("bob")
    assert stage.heard("ann") == ["participant_joined"]

Each person's client is modelled as the protocol asks: it takes events once, by `seq`, and keeps a roster of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import orjson

from signalling.effects import Broadcast, Close, Effect, Send, StayEnded
from signalling.errors import CloseCode
from signalling.hub import Arrival, Hub
from signalling.messages import Media, decode


@dataclass(eq=False)
class Socket:
    """One connection, with what it was sent. What a reader would do with it is done at once."""

    user: str
    received: list[dict[str, Any]] = field(default_factory=list)
    closed: CloseCode | None = None
    roster: dict[str, dict[str, Any]] = field(default_factory=dict)
    seq: int = 0
    you: str = ""
    over: bool = False

    def take(self, payload: bytes) -> None:
        message = json.loads(payload)
        assert self.closed is None, f"{message['type']} was sent after the close"
        self.received.append(message)
        if message["type"] == "joined":
            self.roster = {person["id"]: person for person in message["participants"]}
            self.seq, self.you = message["seq"], message["you"]["id"]
            assert message["you"] == self.roster[self.you]
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

    def __init__(self, grace: float = 30.0) -> None:
        self.hub = Hub(grace=grace, heartbeat=15.0)
        self.now = 1_000_000.0
        self.sockets: dict[str, Socket] = {}
        self.ended: list[StayEnded] = []
        self._known: dict[tuple[str, str], str] = {}
        self._count = 0

    def join(self, user: str, room: str = "ABC123", **media: bool) -> Socket:
        """The user joins by a new socket, which becomes the one the other verbs speak of."""
        self._count += 1
        socket = Socket(user)
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
            instance=f"i_{self._count}",
            epoch=f"e_{self._count}",
            rejoined=rejoined,
            joined_at=self.now,
            media=Media(**media),
            ice_servers=[],
        )
        self.sockets[user] = socket
        self._carry_out(self.hub.join(arrival, self.now))
        return socket

    def say(self, user: str | Socket, **message: Any) -> None:
        socket = user if isinstance(user, Socket) else self.sockets[user]
        self._carry_out(self.hub.receive(socket, decode(orjson.dumps(message)), self.now))

    def lose(self, user: str | Socket) -> None:
        socket = user if isinstance(user, Socket) else self.sockets[user]
        self._carry_out(self.hub.lost(socket, self.now))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._carry_out(self.hub.tick(self.now))

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
                case Close(to, code):
                    to.closed = code
                case StayEnded():
                    self.ended.append(effect)
