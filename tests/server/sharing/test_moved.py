"""A question about a room that comes to whoever does not have it, whatever the engine says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import msgspec
import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from server.http.elsewhere import WITHIN, AnsweredElsewhere
from server.network.client_address import UNKNOWN
from server.realtime.other_nodes import Moved, Result, Unanswered
from server.runtime import clock
from server.sharing.asking import Sealed
from server.sharing.sealing import Seal
from signalling.nodes import wire
from tests.server.sharing.test_orders_under_way import ROOM, Node, run

FEW = 20


class Others:
    """The engine says that the room is `other`'s, and that is what becomes of each question there."""

    here, first = "me", "other"

    def __init__(self, becomes: type[Exception]) -> None:
        self.asked = 0
        self._becomes = becomes

    async def owner(self, room: str, *, takes: bool, until: float) -> str:
        return "other"

    async def ask(self, node: str, room: str, body: bytes, until: float) -> bytes:
        self.asked += 1
        raise self._becomes

    async def committed(self, room: str, work: Awaitable[Result]) -> Result:
        raise AssertionError("it is not here")


@pytest.mark.parametrize(
    ("becomes", "method", "path"),
    [
        (Moved, "PATCH", f"/api/meetings/{ROOM}"),
        (Moved, "GET", f"/api/meetings/{ROOM}/settings"),
        (Unanswered, "GET", f"/api/meetings/{ROOM}/settings"),
        (Unanswered, "GET", "/api/zoom/sync/1"),
    ],
)
def test_what_nobody_answers_is_asked_again_in_pauses_and_then_refused(
    becomes: type[Exception], method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others, told = Others(becomes), list[Message]()
    nodes: Any = others

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response()(scope, receive, send)

    async def body() -> Message:
        return {"type": "http.request"}

    async def tell(message: Message) -> None:
        told.append(message)

    async def asks() -> float:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(clock, "monotonic", loop.time)
        began = loop.time()
        scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "query_string": b""}
        scope |= {"scheme": "http", "headers": [], "reconvene.client": UNKNOWN}
        await AnsweredElsewhere(app, nodes)(scope, body, tell)
        return loop.time() - began

    took: float = run(asyncio.wait_for(asks(), 100.0))
    assert took == pytest.approx(WITHIN)
    assert 1 < others.asked < FEW
    assert told[0]["status"] == 503
    assert dict(told[0]["headers"])[b"retry-after"] == b"1"
    assert msgspec.json.decode(told[1]["body"])["code"] == "unavailable"


def test_whoever_has_a_room_and_does_not_know_takes_it_when_it_is_asked() -> None:
    """It could not adopt it before, or had given up its place in the engine in vain."""

    async def asked() -> None:
        node = Node()
        room = node.rooms.pop(ROOM)

        async def take(room_id: str) -> tuple[str, int] | None:
            node.rooms[room_id] = room
            return "me", 5

        async def answer(_body: bytes) -> bytes:
            return b"done"

        rooms: Any = node.asking._rooms
        rooms.take = take
        node.asking.answer = answer
        question = Seal("a secret").seal(msgspec.msgpack.encode(Sealed(1.0, b"")))
        node.asking.heard(wire.Asked("third", 1, ROOM), question)
        await asyncio.gather(*node.asking.tasks)
        assert [reply.moved for reply in node.replies] == [False]
        assert node.rooms == {ROOM: room}

    run(asked())
