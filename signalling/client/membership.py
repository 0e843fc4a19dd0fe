"""A client's state in one meeting, kept across reconnections: its own participant, the roster, who waits to be let in,
the last event received, and the commands it has given. The page's `static/sdk/membership.js` is its twin.
"""

from __future__ import annotations

import math
from typing import Any

from signalling.client.actions import Action, Emit, Goodbye, Send, interrupted, too_late
from signalling.client.chat import ChatLog
from signalling.client.knocks import Knocks, knocked, knocks_of
from signalling.client.outbox import ANSWERED, KEYED, Message, Outbox
from signalling.client.place import Place
from signalling.client.rights import in_charge, may
from signalling.client.roster import FLAGS, Participant, applied, difference, roster_of
from signalling.protocol.features import BATCH, BUSY, ICE, MODERATION

FEATURES = [BATCH, BUSY, ICE, MODERATION]
"""What this client can do beyond the first version of the protocol."""


class Membership:
    """`epoch`: names the room's log, empty before the first join; `seq`: number of the last event received; `last_id`:
    of the last message that wants an answer. `reads_chat`: `chat` is kept complete, as far as it reaches back."""

    def __init__(self, place: Place) -> None:
        self.epoch = ""
        self.seq = 0
        self.roster: dict[str, Participant] = {}
        self.meeting: Message = {}
        self.knocks: Knocks = {}
        self.chat = ChatLog()
        self.reads_chat = False
        self.my_id = ""
        self.outbox = Outbox()
        self._place = place
        # Unknown until the first join: the server remembers the hand across a reload.
        self._hand: bool | None = None
        self.last_id = 0
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
        self.last_id += 1
        return self.last_id

    def ask(self) -> Message:
        """The message that enters the meeting: a resume if this page has joined before, otherwise a join."""
        place = self._place
        self._attempt += 1
        message = place.join()
        if self.epoch:
            message = {"type": "resume", "session": place.session, "epoch": self.epoch, "seq": self.seq}
            optional = {"token": place.token, "knock": place.knock}
            optional |= {"password": place.password, "invite": place.invite}
            message |= {"hand": self._hand} | {key: value for key, value in optional.items() if value}
        message |= {"id": self.next_id(), "attempt": self._attempt, "media": dict(place.media)}
        return message | {"features": FEATURES}

    def came_in(self, message: Message, now: float) -> list[Action]:
        """The server has answered a join or resume."""
        if message["type"] == "waiting":
            return self._waits(message)
        came = self._joined if message["type"] == "joined" else self._resumed
        return [*too_late(*self.outbox.too_late(now, lost=True)), *came(message)]

    def _joined(self, message: Message) -> list[Action]:
        self.epoch = message["epoch"]
        self.my_id = message["you"]["id"]
        self._place.session = message["session"]
        self._place.token = message.get("token", self._place.token)
        self._place.knock = None
        forgotten = interrupted(self.outbox.start_anew())
        self._look_around(message["seq"], message)
        orders = [*(Send(order) for order in self.outbox.all()), *self._read_anew()]
        obeyed = self._obey(_turned_off(message))
        return [Emit("joined", message), *forgotten, *orders, *obeyed, *self._catch_up()]

    def _waits(self, message: Message) -> list[Action]:
        """Somebody in charge has to let this client in. It keeps what brings it back to its position."""
        self._place.knock = message.get("knock", self._place.knock)
        self._place.token = message.get("token", self._place.token)
        return [Emit("waiting", message)]

    def _resumed(self, message: Message) -> list[Action]:
        restarted = message["epoch"] != self.epoch
        self.epoch = message["epoch"]
        self._place.session = message.get("session", self._place.session)
        # Replayed events carry their own numbers.
        if (snapshot := message.get("snapshot")) is not None:
            self._look_around(message["seq"], snapshot)
        forgotten: list[Action] = []
        # Raised again while this client was away: that is newer than what has lowered it.
        is_up = restarted and self.outbox.is_to_raise_hand()
        if restarted:
            forgotten = interrupted(self.outbox.forget_what_may_have_happened())
        elif snapshot is not None and self.me is not None and not self.me["hand"]:
            # The event that lowered it will not come any more.
            self._lower_hand()
        # A status that waits turns on again what was turned off before it, and raises the hand again.
        off = [
            flag
            for flag in _turned_off(message)
            if not (is_up if flag == "hand" else self.outbox.turns_on(flag))
        ]
        actions = forgotten + [Send(command) for command in self.outbox.all()]
        actions += self._obey(off)
        if snapshot is not None:
            actions += self._read_anew()
        if restarted:
            actions += self._catch_up()
        passed_on = ("replayed", "ice_servers", "session", "snapshot", "lasted")
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
        if message.get("type") == "reaction":
            return [Emit("reaction", message)]
        if not isinstance(seq, int) or seq <= self.seq:
            return []
        self.seq = seq
        was_in_charge = self.me is not None and in_charge(self.me)
        self.roster = applied(self.roster, message)
        message = self.chat.event(message)
        self.knocks = knocked(self.knocks, message, self.me)
        if message["type"] == "meeting_updated":
            self.meeting = {**self.meeting, **message["meeting"]}
        promoted = self.me is not None and in_charge(self.me) and not was_in_charge
        return [Emit("event", message), *self._ordered(message), *(self._read_all() if promoted else [])]

    def _ordered(self, event: Message) -> list[Action]:
        """Obey what the event says of this client."""
        change = event.get("participant", {})
        if event["type"] == "meeting_updated":
            return self._obey([])
        if event["type"] != "participant_updated" or change["id"] != self.my_id:
            return []
        by = event.get("by")
        if by is None:
            return self._obey([])
        if change.get("hand") is False:
            self._lower_hand()
        media = change.get("media", {})
        return self._obey([flag for flag in FLAGS if media.get(flag) is False], by)

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

    def order(self, command: Message, now: float, *, connected: bool) -> list[Action]:
        """Give an order to those who are in the meeting, or write in the chat. The caller makes the `key` of one that
        lasts, and of a message. Whoever asks for the latest of the history has `chat` kept complete from then on. A
        reaction is of the moment: it is sent now, or not at all."""
        if command["type"] == "react":
            return [Send(command)] if connected else []
        if command["type"] == "chat_history" and "before" not in command:
            self.reads_chat = True
            if self.outbox.asks_for_history:
                return []
        return self._command(command, connected=connected, now=now) if self.epoch else []

    def hold(self, error: Message, now: float) -> bool:
        """Whether the refused command is to be sent again a little later: anything after `busy`, an order when the
        server cannot carry it out now."""
        command = self.outbox.find(error.get("id"))
        if command is None:
            return False
        if error["code"] == "unavailable" and "retry_after" in error and command["type"] in ANSWERED:
            # The room may have taken it over already.
            command |= {"again": True} if command["type"] in KEYED else {}
        elif error["code"] != "busy":
            return False
        return self.outbox.hold(command["id"], now + error.get("retry_after", 1.0))

    def answer(self, message: Message) -> list[Action]:
        """A command was answered with `ack`, or for good with `error`."""
        command = self.outbox.find(message.get("id"))
        self.outbox.answered(message.get("id"))
        refused: Message = {key: message[key] for key in ("code", "message") if key in message}
        if command is not None and message["type"] == "chat_page":
            self.chat.page(message, command.get("before"))
            return [Emit("answered", {"order": command, "page": message})]
        if command is not None and command["type"] in ANSWERED:
            again = {"again": True} if message.get("again") else {}
            answer: Message = {"error": refused} if refused else again
            return [Emit("answered", {"order": command, **answer})]
        if not refused:
            if command is not None and command.get("hand") and self.me is not None and not self.me["hand"]:
                # Somebody has lowered it since: that was told before this answer.
                self._lower_hand()
            return []
        forbidden = command is not None and command["type"] == "status" and refused["code"] == "forbidden"
        return [Emit("error", refused), *(self._forbidden(command) if command and forbidden else [])]

    def _read_anew(self) -> list[Action]:
        """Messages may have been missed."""
        self.chat.doubt()
        if not self.reads_chat or self.outbox.asks_for_history:
            return []
        return self._command({"type": "chat_history"}, connected=True)

    def _read_all(self) -> list[Action]:
        """Whoever comes to be in charge may read more than before, also than in a page that is on its way."""
        if not self.reads_chat:
            return []
        self.chat.doubt()
        return self._command({"type": "chat_history"}, connected=True)

    def goodbye(self) -> list[Action]:
        """Nothing before the first join: until then, the stored session belongs to an earlier page."""
        session = self._place.session
        return [Goodbye(session, self._attempt)] if self.epoch and session is not None else []

    def _look_around(self, seq: int, whole: Message) -> None:
        self.seq = seq
        self.meeting = whole["meeting"]
        self.roster = roster_of(whole["participants"])
        self.knocks = knocks_of(whole.get("knocks", []))

    def _command(self, message: Message, *, connected: bool, now: float = math.inf) -> list[Action]:
        command = {**message, "id": self.next_id()}
        may_go = self.outbox.add(command, written=connected, now=now)
        return [Send(command)] if may_go and connected else []

    def _obey(self, off: list[str], by: str | None = None) -> list[Action]:
        """Turn off what somebody else has turned off, and what this client may not send. The server has it so already:
        it is told only where a status on its way would turn it on again."""
        me, media = self.me, self._place.media
        if me is None:
            return []
        if self._hand and ("hand" in off or not may(me, self.meeting, "hand")):
            self._lower_hand()
        off = [flag for flag in FLAGS if media[flag] and (flag in off or not may(me, self.meeting, flag))]
        if not off:
            return []
        change = dict.fromkeys(off, False)
        media.update(change)
        told = [Emit("muted", {"media": change} | ({"by": by} if by is not None else {}))]
        undone = {flag: False for flag in off if self.outbox.turns_on(flag)}
        return [*told, *(self.status(undone, None, connected=True) if undone else [])]

    def _lower_hand(self) -> None:
        if not self.outbox.raises_hand():
            self._hand = False

    def _forbidden(self, status: Message) -> list[Action]:
        """The server took nothing of this status, or somebody has undone it since: turn off what is off there, and say
        the rest again. What was on before still is, and what another status turns on is answered with that."""
        said, me = status.get("media", {}), self.me
        if status.get("hand") and not (me and me["hand"]):
            self._lower_hand()
        off = {
            flag: False
            for flag in FLAGS
            if said.get(flag) and self._place.media[flag] and not (me and me["media"][flag])
            if not self.outbox.turns_on(flag)
        }
        self._place.media.update(off)
        rest = {flag: False for flag in FLAGS if said.get(flag) is False and not self._place.media[flag]}
        told = [Emit("muted", {"media": off})] if off else []
        hand = False if status.get("hand") is False and self._hand is False else None
        return [*told, *self.status(rest, hand, connected=True)]

    def _catch_up(self) -> list[Action]:
        """Report media and hand where others see something else."""
        me = self.me
        if me is None:
            return []
        if self._hand is None:
            self._hand = me["hand"]
        media, hand = difference(me, self._place.media, self._hand)
        return self.status(media, hand, connected=True)


def _turned_off(message: Message) -> list[str]:
    """What `joined` or `resumed` says that this client has to turn off."""
    return [flag for flag, on in message.get("muted", {}).items() if on is False]
