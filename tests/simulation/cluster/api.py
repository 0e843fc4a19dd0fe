"""What a node of a simulation answers over HTTP: orders of the admin, at the node that has the meeting."""

from __future__ import annotations

from typing import Any

from starlette.types import Message, Receive, Scope, Send

from server.http.elsewhere import AnsweredElsewhere
from server.network.client_address import UNKNOWN
from server.realtime.other_nodes import OtherNodes
from server.realtime.outside_commands import OutsideCommands
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import Settings, SettingsChange
from storage.errors import StoreError
from tests.simulation.notes import ROOM

DONE, IN_EFFECT, UNAVAILABLE, REFUSED = 200, 202, 503, 409


class Api:
    """What a node answers. An order's body is its key."""

    def __init__(self, outside: OutsideCommands, nodes: OtherNodes) -> None:
        self._outside = outside
        self._elsewhere = AnsweredElsewhere(self._answer, nodes)

    async def patch(self, key: str) -> int:
        """The status."""
        statuses: list[int] = []

        async def body() -> Message:
            return {"type": "http.request", "body": key.encode()}

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope: dict[str, Any] = {"type": "http", "method": "PATCH", "path": f"/api/meetings/{ROOM}"}
        scope |= {"query_string": b"", "scheme": "http", "headers": [], "reconvene.client": UNKNOWN}
        await self._elsewhere(scope, body, told)
        return statuses[0]

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = (await receive())["body"].decode()
        try:
            made = await self._outside.change(ROOM, None, Settings(1, key, SettingsChange(message=key)))
            status = IN_EFFECT if made is None else DONE
        except StoreError:
            status = UNAVAILABLE
        except Refused as refused:
            status = UNAVAILABLE if refused.code is ErrorCode.UNAVAILABLE else REFUSED
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
