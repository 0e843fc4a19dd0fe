"""What a program knows of its meeting: from what its client emits to the events that it is told, without I/O."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from reconvene.chat import ChatMessage
from reconvene.events import (
    Asked,
    CommandRefused,
    Event,
    IceServersChanged,
    Knocked,
    KnockEnded,
    MeetingChanged,
    MessageChanged,
    MessagesErased,
    MessageWritten,
    Muted,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    Reacted,
    SignalReceived,
    State,
    StateChanged,
    TokenExpiring,
    Waiting,
)
from reconvene.views import Knock, Participant
from signalling.client.actions import Emit
from signalling.client.outbox import Message
from signalling.protocol.errors import ERRORS
from signalling.protocol.rights import MeetingSettings

CLOSING = frozenset(code for code, entry in ERRORS.items() if entry.close is not None)
"""Errors after which the server closes: the end of the stay tells of them."""


class Knowledge:
    def __init__(self) -> None:
        self.state: State = "connecting"
        self.my_id = ""
        self.title = ""
        self.participants: dict[str, Participant] = {}
        """By id, in the order in which they came."""
        self.knocks: dict[str, Knock] = {}
        self.settings = MeetingSettings()
        self.revision = 0
        self.ice_servers: tuple[Message, ...] = ()
        self.began: float | None = None
        """When the meeting did, by `time.monotonic`, which nobody sets."""
        self._entries: dict[str, Message] = {}
        """The protocol's `<participant>`s."""

    def heard(self, emit: Emit) -> list[Event]:
        """The events that it means, in order; this object is up to date with the last of them."""
        return list(self._events(emit.name, emit.detail))

    def _events(self, name: str, detail: Message) -> Iterator[Event]:
        match name:
            case "joined":
                first = not self.my_id
                self.my_id = detail["you"]["id"]
                changes = list(self._whole(detail))
                self.ice_servers = tuple(detail["ice_servers"])
                self._lasted(detail)
                yield from self._turned("joined")
                yield from () if first else changes
            case "resumed":
                self.ice_servers = tuple(detail["ice_servers"])
                self._lasted(detail)
                yield from self._turned("joined")
                yield from self._whole(detail["snapshot"]) if "snapshot" in detail else ()
            case "away":
                yield from self._turned("reconnecting")
            case "waiting":
                yield from self._turned("waiting")
                yield Waiting(detail["position"], detail["message"])
            case "event":
                yield from self._event(detail)
            case "reaction":
                yield Reacted(detail["from"], detail["emoji"])
            case "muted":
                yield Muted(tuple(detail["media"]), detail.get("by"))
            case "ice_servers":
                self.ice_servers = tuple(detail["ice_servers"])
                yield IceServersChanged(self.ice_servers)
            case "token_expiring":
                yield TokenExpiring(detail["in"])
            case "error" if detail["code"] not in CLOSING:
                yield CommandRefused(detail["code"], detail["message"])

    def _lasted(self, detail: Message) -> None:
        self.began = time.monotonic() - detail["lasted"] if "lasted" in detail else None

    def _turned(self, state: State) -> Iterator[Event]:
        if state != self.state:
            self.state = state
            yield StateChanged(state)

    def _event(self, event: Message) -> Iterator[Event]:
        by = event.get("by")
        match event["type"]:
            case "participant_joined" | "participant_rejoined" as kind:
                yield ParticipantJoined(self._known(event["participant"]), kind == "participant_rejoined")
            case "participant_updated" if before := self.participants.get(event["participant"]["id"]):
                now = self._known(self._entries[before.id] | event["participant"])
                yield ParticipantChanged(now, before, by)
                if before.id == self.my_id and before.role != now.role == "participant":
                    self.knocks.clear()
            case "participant_left" if gone := self._gone(event["participant"]["id"]):
                yield ParticipantLeft(gone, event["reason"], by)
            case "meeting_updated":
                self._set(event["meeting"])
                yield MeetingChanged(self.settings, self.revision, by)
            case "signal":
                yield SignalReceived(event["from"], event["data"])
            case "ask":
                yield Asked(event["from"], tuple(flag for flag, on in event["media"].items() if on))
            case "knock":
                self.knocks[event["knock"]["id"]] = knock = Knock.of(event["knock"])
                yield Knocked(knock)
            case "chat_message" | "chat_changed" | "chat_erased" if event.get("again"):
                pass
            case "chat_message":
                yield MessageWritten(ChatMessage.of(event["message"]))
            case "chat_changed":
                change = event["message"]
                yield MessageChanged(change["id"], change.get("text"))
            case "chat_erased":
                yield MessagesErased(event["from"], datetime.fromisoformat(event["until"]))
            case "knock_ended" if over := self.knocks.pop(event["id"], None):
                yield KnockEnded(over, event["reason"], by)

    def _whole(self, whole: Message) -> Iterator[Event]:
        """The whole room, in place of what was known: what has changed while this program was away."""
        self.title = whole["meeting"]["title"]
        settings, self.settings, self.revision = self.settings, MeetingSettings(), 0
        self._set(whole["meeting"])
        if settings != self.settings:
            yield MeetingChanged(self.settings, self.revision, None)
        entries = {entry["id"]: entry for entry in whole["participants"]}
        for gone in [each for key, each in self.participants.items() if key not in entries]:
            yield ParticipantLeft(gone, "unseen", None)
        before, self.participants, self._entries = self.participants, {}, {}
        for entry in entries.values():
            self._known(entry)
        for now in self.participants.values():
            was = before.get(now.id)
            if was is None or was.instance != now.instance:
                yield ParticipantJoined(now, was is not None)
            elif was != now:
                yield ParticipantChanged(now, was, None)
        knocks, self.knocks = self.knocks, {each["id"]: Knock.of(each) for each in whole.get("knocks", ())}
        for over in [each for key, each in knocks.items() if key not in self.knocks]:
            yield KnockEnded(over, "left", None)
        for knock in [each for key, each in self.knocks.items() if key not in knocks]:
            yield Knocked(knock)

    def _set(self, meeting: Message) -> None:
        if "settings" in meeting:
            self.settings = msgspec.convert(meeting["settings"], MeetingSettings)
            self.revision = meeting["revision"]

    def _known(self, entry: dict[str, Any]) -> Participant:
        self._entries[entry["id"]] = entry
        self.participants[entry["id"]] = participant = Participant.of(entry)
        return participant

    def _gone(self, key: str) -> Participant | None:
        self._entries.pop(key, None)
        return self.participants.pop(key, None)
