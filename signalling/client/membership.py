"""A client's state in one meeting, kept across reconnections: its own participant, the roster, the last event received,
and the commands it has given. The page's `static/sdk/membership.js` is its twin.
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
    """`epoch`: names the room's log, empty before the first join; `seq`: number of the last event received."""

    def __init__(self, place: Place) -> None:
        self.epoch = ""
        self.seq = 0
        self.roster: dict[str, Participant] = {}
        self.meeting: Message = {}
        self.my_id = ""
        self.outbox = Outbox()
        self._place = place
        # Unknown until the first join: the server remembers the hand across a reload.
        self._hand: bool | None = None
        self._last_id = 0
        self._attempt = 0

    @property
    def me(self) -> Participant | None:
        return self.roster.get(self.my_id)

    @property
    def session(self) -> str | None:
        """The tab session's token, to be stored where a reload finds it."""
        return self._place.session

    @property
    def token(self) -> str | None:
        return self._place.token

    @property
    def unanswered(self) -> int:
        """How many commands have no answer yet."""
        return len(self.outbox)

    def next_id(self) -> int:
        """The next message id. Commands, joins and resumes share one sequence."""
        self._last_id += 1
        return self._last_id

    def ask(self) -> Message:
        """The message that enters the meeting: a resume if this page has joined before, otherwise a join."""
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

    def authenticate(self) -> Action:
        """Show the server the newer token."""
        return Send({"type": "authenticate", "id": self.next_id(), "token": self._place.token})

    def authenticated(self, message: Message) -> list[Action]:
        self._place.session = message["session"]
        return [Emit("authenticated", message)]

    def event(self, message: Message) -> list[Action]:
        """Apply an event. One that is not newer than the last one was applied before, and is ignored."""
        seq = message.get("seq")
        if not isinstance(seq, int) or seq <= self.seq:
            return []
        self.seq = seq
        self.roster = applied(self.roster, message)
        if message["type"] == "meeting_updated":
            self.meeting = {**self.meeting, **message["meeting"]}
        return [Emit("event", message)]

    def status(self, media: dict[str, bool] | None, hand: bool | None, *, connected: bool) -> list[Action]:
        """Report what changed. The command is kept until the server has answered, across reconnections."""
        change: Message = {}
        if media:
            self._place.media.update(media)
            change["media"] = dict(media)
        if hand is not None:
            self._hand = hand
            change["hand"] = hand
        # Before the first join nothing is sent: the join carries the media, `_catch_up` the rest.
        if not change or not self.epoch or self.outbox.merge(change):
            return []
        return self._command({"type": "status", **change}, connected=connected)

    def signal(self, to: str, data: Any, *, connected: bool) -> list[Action]:
        message = {"type": "signal", "to": to, "data": data}
        return self._command(message, connected=connected) if self.epoch else []

    def goodbye(self) -> list[Action]:
        """Nothing before the first join: until then, the stored session belongs to an earlier page."""
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
        """Report media and hand where others see something else."""
        me = self.me
        if me is None:
            return []
        if self._hand is None:
            self._hand = me["hand"]
        media, hand = difference(me, self._place.media, self._hand)
        return self.status(media, hand, connected=True)
