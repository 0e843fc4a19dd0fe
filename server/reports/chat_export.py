"""What was written in a meeting, as a list, a table or a text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from signalling.rooms.member import rfc3339
from storage.chat import TO_HOSTS, Message, MessagePage, Reader
from storage.store import Store

PAGE = 1000

COLUMNS = ("at", "from", "name", "to", "text", "edited_at", "deleted_at", "id", "reply_to")


async def everything(store: Store, room: str, reader: Reader) -> Sequence[Message]:
    """All that the reader may see, the oldest first."""
    pages: list[Sequence[Message]] = []
    before: str | None = None
    while True:
        page: MessagePage = await store.messages(room, reader, PAGE, before)
        pages.append(page.messages)
        if not page.more:
            return [message for each in reversed(pages) for message in each]
        before = page.messages[0].id


def row(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "from": message.participant,
        "name": message.name,
        "to": "hosts" if message.to_user == TO_HOSTS else message.to,
        "reply_to": message.reply_to,
        "text": message.text,
        "at": rfc3339(message.at),
        "edited_at": None if message.edited_at is None else rfc3339(message.edited_at),
        "deleted_at": None if message.deleted_at is None else rfc3339(message.deleted_at),
    }


def as_csv(messages: Sequence[Message]) -> str:
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for message in messages:
        writer.writerow({name: _cell(value) for name, value in row(message).items()})
    return table.getvalue()


def _cell(value: Any) -> Any:
    """No spreadsheet takes a text for a formula (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def as_text(messages: Sequence[Message]) -> str:
    lines = []
    for message in messages:
        to = " (to the hosts)" if message.to_user == TO_HOSTS else " (private)" if message.to_user else ""
        text = "[deleted]" if message.deleted_at is not None else message.text.replace("\n", "\n    ")
        lines.append(f"{rfc3339(message.at)} {message.name or '?'}{to}: {text}\n")
    return "".join(lines)
