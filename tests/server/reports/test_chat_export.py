"""However much was written, no piece of an export has more than a page of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, cast

import orjson
import pytest

from server.http.streamed import streamed
from server.reports.chat_export import FORMS, PAGE, pieces
from storage.chat import Message, Reader
from storage.errors import StoreUnavailable
from storage.store import Store

HOST = Reader("u_ann", in_charge=True)


class Written:
    """A store in which `many` messages were written, and which cannot be reached after `until` calls."""

    def __init__(self, many: int, until: int = 1000) -> None:
        self.messages = [
            Message(
                f"m_{n}", "u_ann", None, None, f"text {n}", 1000.0 + n, None, None, "p_1", "Ann", None, None
            )
            for n in range(many)
        ]
        self.left = until

    async def messages_after(
        self, _room: str, _reader: Reader, limit: int, after: Message | None = None
    ) -> Sequence[Message]:
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailable("gone")
        start = 0 if after is None else self.messages.index(after) + 1
        return self.messages[start : start + limit]


def told(form: str, content: bytes) -> list[str]:
    if form == "json":
        return [each["text"] for each in orjson.loads(content)["messages"]]
    if form == "csv":
        return [each["text"] for each in csv.DictReader(io.StringIO(content.decode(), newline=""))]
    return [line.partition("Ann: ")[2] for line in content.decode().splitlines()]


@pytest.mark.parametrize("form", ["json", "csv", "txt"])
@pytest.mark.parametrize("many", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
async def test_all_is_told_in_pieces(form: Any, many: int) -> None:
    store = cast(Store, Written(many))
    found = [piece async for piece in pieces(store, "ROOM-1", HOST, FORMS[form])]
    assert told(form, b"".join(found)) == [f"text {n}" for n in range(many)]
    assert max(piece.count(b"text ") for piece in found) <= PAGE


async def test_an_answer_whose_later_pieces_cannot_be_had_has_no_end() -> None:
    store = cast(Store, Written(3 * PAGE, until=2))
    answer = await streamed(pieces(store, "ROOM-1", HOST, FORMS["json"]), "application/json", {})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    await answer({"type": "http", "path": "/", "asgi": {"spec_version": "2.4"}}, receive, send)
    assert len(sent) == 3
    assert [each.get("more_body") for each in sent] == [None, True, True]


async def test_what_fails_at_once_is_refused_as_ever() -> None:
    with pytest.raises(StoreUnavailable):
        await streamed(pieces(cast(Store, Written(1, until=0)), "ROOM-1", HOST, FORMS["csv"]), "text/csv", {})
