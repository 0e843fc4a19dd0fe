"""A connection in a story about the hub: what it was sent, and what its page makes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from signalling.protocol.errors import CloseCode
from tests.signalling.frames import check_server_frame


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
