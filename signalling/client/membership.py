"""What a client holds of the meeting that it is in, over as many connections as that takes: who it is there, who else
is, how far it has heard, and what it has said. The page's `static/sdk/membership.js` is its twin.
"""

from __future__ import annotations

from typing import Any

from signalling.client.actions import Action, Emit, Goodbye, Send
from signalling.client.outbox import Message, Outbox
from signalling.client.place import Place
from signalling.client.roster import Participant, applied, difference, roster_of
from signalling.protocol.features import BATCH, BUSY, ICE

FEATURES = [BATCH, BUSY, ICE]
"""What this client can do beyond the first version of the protocol."""


class Membership:
    """`epoch`: the server's life in which it was in, empty before the first; `seq`: of the last event heard."""

    def __init__(self, place: Place) -> None:
        self.epoch = ""
        self.seq = 0
        self.roster: dict[str, Participant] = {}
        self.meeting: Message = {}
        self.my_id = ""
        self.outbox = Outbox()
        self._place = place
        # Unknown until the first join: the server remembers it over a reload.
        self._hand: bool | None = None
        self._last_id = 0
        self._attempt = 0

    @property
    def me(self) -> Participant | None:
        return self.roster.get(self.my_id)

    @property
    def session(self) -> str | None:
        """The credential for this place, to be kept where a reload finds it."""
        return self._place.session

    @property
    def token(self) -> str | None:
        return self._place.token

    @property
    def unanswered(self) -> int:
        """How many commands wait for their answer."""
        return len(self.outbox)

    def next_id(self) -> int:
        """Of commands, joins and resumes alike."""
        self._last_id += 1
        return self._last_id

    def ask(self) -> Message:
        """Join, or resume when this page was in before."""
        place = self._place
        self._attempt += 1
        message = place.join()
        if self.epoch:
            message = {"type": "resume", "session": place.session, "epoch": self.epoch, "seq": self.seq}
            message |= {"hand": self._hand} | ({"token": place.token} if place.token else {})
        message |= {"id": self.next_id(), "attempt": self._attempt, "media": dict(place.media)}
        return message | {"features": FEATURES}

    def joined(self, message: Message) -> list[Action]:
        self.epoch = message["epoch"]
        self.my_id = message["you"]["id"]
        self._place.session = message["session"]
        self._place.token = message.get("token", self._place.token)
        self.outbox.clear()
        self._look_around(message["seq"], message)
        return [Emit("joined", message), *self._catch_up()]

    def resumed(self, message: Message) -> list[Action]:
        restarted = message["epoch"] != self.epoch
        self.epoch = message["epoch"]
        self._place.session = message.get("session", self._place.session)
        # Replayed events carry their own numbers.
        if (snapshot := message.get("snapshot")) is not None:
            self._look_around(message["seq"], snapshot)
        if restarted:
            self.outbox.forget_what_may_have_happened()
        actions: list[Action] = [Send(command) for command in self.outbox.all()]
        if restarted:
            actions += self._catch_up()
        passed_on = ("replayed", "ice_servers", "session", "snapshot")
        detail = {"restarted": restarted} | {name: message[name] for name in passed_on if name in message}
        return [*actions, Emit("resumed", detail)]

    def event(self, message: Message) -> list[Action]:
        """An event that is not above the last one heard has been taken already."""
        seq = message.get("seq")
        if not isinstance(seq, int) or seq <= self.seq:
            return []
        self.seq = seq
        self.roster = applied(self.roster, message)
        if message["type"] == "meeting_updated":
            self.meeting = {**self.meeting, **message["meeting"]}
        return [Emit("event", message)]

    def status(self, media: dict[str, bool] | None, hand: bool | None, *, connected: bool) -> list[Action]:
        """What changed; kept until the server has answered, over as many connections as that takes."""
        change: Message = {}
        if media:
            self._place.media.update(media)
            change["media"] = dict(media)
        if hand is not None:
            self._hand = hand
            change["hand"] = hand
        # Who has not been in yet says it when joining.
        if not change or not self.epoch or self.outbox.merge(change):
            return []
        return self._command({"type": "status", **change}, connected=connected)

    def signal(self, to: str, data: Any, *, connected: bool) -> list[Action]:
        message = {"type": "signal", "to": to, "data": data}
        return self._command(message, connected=connected) if self.epoch else []

    def goodbye(self) -> list[Action]:
        """Before it was in, the session it knows is that of an earlier page."""
        session = self._place.session
        return [Goodbye(session, self._attempt)] if self.epoch and session is not None else []

    def _look_around(self, seq: int, whole: Message) -> None:
        self.seq = seq
        self.meeting = whole["meeting"]
        self.roster = roster_of(whole["participants"])

    def _command(self, message: Message, *, connected: bool) -> list[Action]:
        command = {**message, "id": self.next_id()}
        may_go = self.outbox.add(command, written=connected)
        return [Send(command)] if may_go and connected else []

    def _catch_up(self) -> list[Action]:
        """Tell what the others see otherwise than it is."""
        me = self.me
        if me is None:
            return []
        if self._hand is None:
            self._hand = me["hand"]
        media, hand = difference(me, self._place.media, self._hand)
        return self.status(media, hand, connected=True)
