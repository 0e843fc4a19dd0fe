"""Too much to do, at the node that owns a room: other nodes' requests are refused there as its own are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from server.http.elsewhere import AnsweredElsewhere
from server.network.client_address import UNKNOWN
from server.realtime.other_nodes import OtherNodes, Result
from server.realtime.overload import SUSTAINED, Overload, Rank
from server.runtime.metrics import Metrics
from server.sharing.gateway import ClusterGateway
from server.sharing.owned_connection import OwnedConnection
from signalling.protocol.client_messages import Join, Resume

OWNER, EDGE = "n_1", "n_2"


def overloaded(by: float) -> Overload:
    """A bound is exceeded so many times."""
    overload = Overload(1.0, Metrics())
    for moment in range(SUSTAINED):
        overload.measured(by, float(moment))
    return overload


@pytest.mark.parametrize(("by", "refused"), [(0.5, []), (2.0, ["Join"]), (4.0, ["Join", "Resume"])])
def test_joins_and_returns_by_other_nodes_are_refused(by: float, refused: list[str]) -> None:
    gateway: Any = SimpleNamespace(overload=overloaded(by), membership=SimpleNamespace(id=OWNER))
    messages = Join(1, "ABC-DEF", "Ann"), Resume(1, "s", "e", 0)

    def refused_of(edge: str) -> list[str]:
        connection = OwnedConnection(gateway, gateway, edge, 7)
        return [
            type(each).__name__
            for each in messages
            if ClusterGateway._refusal_of(gateway, connection, each) is not None
        ]

    assert refused_of(EDGE) == refused
    # These were looked at when they came.
    assert refused_of(OWNER) == []


async def nobody(_: bytes) -> bytes:
    raise AssertionError


class Node(OtherNodes):
    """`owns`: who is asked instead of this node."""

    here, first = EDGE, OWNER

    def __init__(self, owns: Node | None = None) -> None:
        self.answer: Callable[[bytes], Awaitable[bytes]] = nobody
        self._owns = owns

    async def owner(self, room: str, *, takes: bool, until: float) -> str:
        return OWNER

    async def ask(self, node: str, room: str, body: bytes, until: float) -> bytes:
        return await cast(Node, self._owns).answer(body)

    async def committed(self, room: str, work: Awaitable[Result]) -> Result:
        return await work


@pytest.mark.parametrize(("by", "status"), [(0.5, 200), (1.0, 503)])
async def test_http_that_another_node_passes_on_is_refused(by: float, status: int) -> None:
    reached = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    overload, owner = overloaded(by), Node()
    AnsweredElsewhere(app, owner, lambda: overload.refusal(Rank.HTTP))
    passes_on = AnsweredElsewhere(app, Node(owner), lambda: None)

    async def edge(scope: Any, receive: Any, send: Any) -> None:
        await passes_on({**scope, "reconvene.client": UNKNOWN}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://edge") as http:
        answer = await http.get("/api/meetings/ABC-DEF/participants")
    assert answer.status_code == status
    assert len(reached) == (status == 200)
    if status == 503:
        assert answer.json()["code"] == "unavailable"
        assert int(answer.headers["retry-after"]) > 0
