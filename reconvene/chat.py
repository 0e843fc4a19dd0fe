"""What is written in a meeting, for programs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from reconvene.errors import Refused
from reconvene.meeting_socket import MeetingSocket
from reconvene.views import Participant
from signalling.client.chat import ChatLog

MOST_TEXT = 60_000
"""Bytes of a text that fits into a frame, whatever is in it: the server would close the connection for a larger one."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """Plain text. `sender`, `name`: the author's participant (empty if not known any more) and name. `to`: a
    participant, `hosts`, or None: everyone. `reply_to`: a message. One that was deleted has no text."""

    id: str
    sender: str
    name: str
    text: str
    at: datetime
    to: str | None = None
    reply_to: str | None = None
    edited_at: datetime | None = None
    deleted: bool = False

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> ChatMessage:
        """From the protocol's message."""
        edited_at = message.get("edited_at")
        return cls(
            message["id"],
            message["from"],
            message["name"],
            message["text"],
            datetime.fromisoformat(message["at"]),
            message.get("to"),
            message.get("reply_to"),
            datetime.fromisoformat(edited_at) if edited_at else None,
            "deleted_by" in message,
        )


class Chat:
    """Every coroutine raises `Refused` if the server refuses. What was acknowledged lasts; what a lost connection or a
    restart of the server leaves unanswered is sent again, and takes effect once."""

    def __init__(self, order: Callable[..., Awaitable[None]], socket: MeetingSocket) -> None:
        self._order = order
        self._socket = socket

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """Those that are known by now, in order: what was written since, and what `read` and `more` have brought."""
        return tuple(map(ChatMessage.of, self._log.messages))

    @property
    def has_more(self) -> bool:
        """Whether the server has older ones."""
        return self._log.more

    async def send(
        self,
        text: str,
        *,
        to: Participant | str | Literal["hosts"] | None = None,
        reply_to: str | None = None,
    ) -> None:
        """At most 2,000 characters. `to`: None for everyone. `reply_to`: the id of a message."""
        fields = {"to": to.id if isinstance(to, Participant) else to, "reply_to": reply_to}
        await self._order(
            "chat",
            text=_sendable(text),
            **{name: field for name, field in fields.items() if field is not None},
        )

    async def edit(self, message: ChatMessage | str, text: str) -> None:
        """One's own, within 15 minutes."""
        await self._order("chat_edit", message=_id(message), text=_sendable(text))

    async def delete(self, message: ChatMessage | str) -> None:
        """One's own; whoever is in charge deletes anybody's."""
        await self._order("chat_delete", message=_id(message))

    async def erase(self, author: Participant | str) -> None:
        """All that somebody wrote, in this meeting and by now: for those in charge, of people of a lower role."""
        await self._order("chat_erase", participant=author.id if isinstance(author, Participant) else author)

    async def read(self) -> None:
        """Ask for what was written before. From then on `messages` is complete as far as it reaches back, also after a
        lost connection."""
        await self._order("chat_history")

    async def more(self) -> None:
        """Ask for a page of older ones."""
        if self._log.more and (known := self._log.messages):
            await self._order("chat_history", before=known[0]["id"])

    @property
    def _log(self) -> ChatLog:
        return self._socket.client.membership.chat


def _id(message: ChatMessage | str) -> str:
    return message if isinstance(message, str) else message.id


def _sendable(text: str) -> str:
    """Raises `Refused`."""
    if len(json.dumps(text)) > MOST_TEXT:
        raise Refused("bad_message", "A message has at most 2000 characters.")
    return text
