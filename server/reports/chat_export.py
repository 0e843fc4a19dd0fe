"""What was written in a meeting, as a list, a table or a text: piece by piece, however much it is."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from signalling.rooms.member import rfc3339
from storage.chat import TO_HOSTS, Message, Reader
from storage.store import Store

PAGE = 100
"""Messages of one piece."""

COLUMNS = ("at", "from", "name", "to", "text", "edited_at", "deleted_at", "id", "reply_to")


@dataclass(frozen=True, slots=True)
class Form:
    """How messages are written down. `between`: what stands between two pages that have messages."""

    media_type: str
    page: Callable[[Sequence[Message]], bytes]
    head: bytes = b""
    between: bytes = b""
    tail: bytes = b""


async def pieces(store: Store, room: str, reader: Reader, form: Form) -> AsyncGenerator[bytes]:
    """All that the reader may see, the oldest first. Raises `StoreUnavailable`, also after some pieces."""
    before = form.head
    after: Message | None = None
    while True:
        page = await store.messages_after(room, reader, PAGE, after)
        # On a thread: the event loop must go on serving sockets.
        written = await asyncio.to_thread(form.page, page) if page else b""
        if len(page) < PAGE:
            yield before + written + form.tail if page or after is None else form.tail
            return
        yield before + written
        before, after = form.between, page[-1]


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


def _json(messages: Sequence[Message]) -> bytes:
    return orjson.dumps([row(each) for each in messages])[1:-1]


def _csv(messages: Sequence[Message]) -> bytes:
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\r\n")
    for message in messages:
        writer.writerow({name: _cell(value) for name, value in row(message).items()})
    return table.getvalue().encode()


def _cell(value: Any) -> Any:
    """No spreadsheet takes a text for a formula (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _text(messages: Sequence[Message]) -> bytes:
    lines = []
    for message in messages:
        to = " (to the hosts)" if message.to_user == TO_HOSTS else " (private)" if message.to_user else ""
        text = "[deleted]" if message.deleted_at is not None else message.text.replace("\n", "\n    ")
        lines.append(f"{rfc3339(message.at)} {message.name or '?'}{to}: {text}\n")
    return "".join(lines).encode()


FORMS: dict[Literal["json", "csv", "txt"], Form] = {
    "json": Form("application/json", _json, head=b'{"messages":[', between=b",", tail=b"]}"),
    "csv": Form("text/csv; charset=utf-8", _csv, head=",".join(COLUMNS).encode() + b"\r\n"),
    "txt": Form("text/plain; charset=utf-8", _text),
}
