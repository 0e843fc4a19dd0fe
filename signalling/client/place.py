"""Where a client joins, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from signalling.client.outbox import Message
from signalling.client.roster import FLAGS
from signalling.protocol.fields import Kind


@dataclass(slots=True)
class Place:
    """Where to join, and as whom. `page` is a random name made once per page or process.
    `kind`: the kind of identity to create when there is no token. `knock`: names a place among those who wait."""

    meeting: str
    name: str
    page: str
    token: str | None = None
    session: str | None = None
    create: bool = False
    title: str = ""
    on_duplicate: Literal["replace", "reject"] = "reject"
    media: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(FLAGS, False))
    kind: Kind = ""
    password: str | None = None
    invite: str | None = None
    knock: str | None = None

    def join(self) -> Message:
        """The join message, without the fields that differ between attempts."""
        message: Message = {"type": "join", "meeting": self.meeting, "name": self.name, "page": self.page}
        message["on_duplicate"] = self.on_duplicate
        optional = {"token": self.token, "session": self.session, "create": self.create}
        optional |= {"title": self.title, "kind": self.kind, "knock": self.knock}
        optional |= {"password": self.password, "invite": self.invite}
        return message | {key: value for key, value in optional.items() if value}
