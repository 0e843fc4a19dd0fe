"""Answers requests where what they are about is: with the owner of a meeting's room, or on the first of the nodes.

Only a server that is one of several nodes has it. It stands behind all that judges requests (limits, hosts, proxies),
so that the node that has the request judges it, and the other one answers it, unless that has too much to do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.base_path import own_path
from server.http.forwarded import client_of
from server.http.problems import problem, refusal_of
from server.network.client_address import Client
from server.realtime.other_nodes import Moved, OtherNodes, Unanswered
from server.runtime import clock
from signalling.protocol import identifiers
from signalling.protocol.errors import ErrorCode, Refused

log = structlog.get_logger()

WITHIN = 10.0
"""Seconds for a request and its answer."""

PAUSE_LEAST, PAUSE_MOST = 0.05, 1.0
"""Seconds until it is asked again whose something is; it doubles each time."""

OF_A_ROOM = re.compile(
    r"/api/meetings/([^/]+)/?(settings|removed|spotlight|participants|knocks|invites|end|chat(?=/[^/]))?(?:/.*)?"
)
"""What is asked of the room, besides changing or deleting the meeting itself. Attendance, audit and the chat as a
whole are the record's."""

OF_THE_FIRST = re.compile(r"POST /api/echo/?|[A-Z]+ /api/zoom/sync(/.*)?")
"""What a process has for itself: echoes and imports. One node has all of them, so that their limits are for all."""

READS = frozenset({"GET", "HEAD", "OPTIONS"})

MOST = 4 * 2**20
"""Bytes of an answer that comes from another node."""


class About(NamedTuple):
    """`room`: ""; what is asked for is the first node's. `takes`: it changes something."""

    room: str
    takes: bool


class _Request(msgspec.Struct, frozen=True):
    method: str
    path: str
    raw_path: bytes
    query: bytes
    root_path: str
    scheme: str
    headers: list[tuple[bytes, bytes]]
    client: Client
    body: bytes
    room: str = ""


class _Response(msgspec.Struct):
    """`in_vain`: the request looked for a meeting that there is not."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = []
    body: bytes = b""
    in_vain: bool = False


_encode = msgspec.msgpack.encode
_request = msgspec.msgpack.Decoder(_Request).decode
_response = msgspec.msgpack.Decoder(_Response).decode


class AnsweredElsewhere:
    """ASGI middleware. `refusal`: why this node answers nothing for others now, if it does not."""

    def __init__(
        self, app: ASGIApp, nodes: OtherNodes, refusal: Callable[[], Refused | None] = lambda: None
    ) -> None:
        self._app = app
        self._refusal = refusal
        self._nodes = nodes
        nodes.answer = self._answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        about = what_about(scope) if scope["type"] == "http" else None
        if about is None:
            await self._app(scope, receive, send)
            return
        try:
            # First: a meeting stays where it is while something is carried out in it.
            body = await _body(receive)
            until = clock.monotonic() + WITHIN
            response = await self._ask(about, scope, receive, body, until)
        except Refused as refused:
            await refusal_of(refused)(scope, receive, send)
            return
        except HTTPException as error:
            await problem(error.status_code, error.detail)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        if response.in_vain:
            scope.setdefault("state", {})["looked_up_in_vain"] = True
        start = {"type": "http.response.start", "status": response.status, "headers": response.headers}
        await send(start)
        await send({"type": "http.response.body", "body": response.body})

    async def _find(self, about: About, until: float) -> str:
        if not about.room:
            return self._nodes.first
        return await self._nodes.owner(about.room, takes=about.takes, until=until)

    async def _ask(
        self, about: About, scope: Scope, receive: Receive, body: bytes, until: float
    ) -> _Response:
        """Raises `Refused`."""
        request, pause = b"", PAUSE_LEAST
        while True:
            node = await self._find(about, until)
            if node in ("", self._nodes.here):
                run = self._run(scope, _told(body, receive))
                return await self._nodes.committed(about.room, run)
            request = request or _asked(scope, body, about.room)
            try:
                return _response(await self._nodes.ask(node, about.room, request, until))
            except Moved:
                why, again = "Nobody can say now who has this.", True
            except Unanswered:
                why = "The server that has this has not answered: it may be done, and may not."
                again = scope["method"] in READS
            left = until - clock.monotonic()
            if not again or left <= 0:
                raise Refused(ErrorCode.UNAVAILABLE, why, retry_after=1.0)
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, PAUSE_MOST)

    async def _answer(self, body: bytes) -> bytes:
        """Answer the request of another node."""
        if (too_much := self._refusal()) is not None:
            return _encode(_of(refusal_of(too_much)))
        asked = _request(body)
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": asked.method,
            "path": asked.path,
            "raw_path": asked.raw_path,
            "query_string": asked.query,
            "root_path": asked.root_path,
            "scheme": asked.scheme,
            "headers": asked.headers,
            "client": (asked.client.address, 0),
            "server": None,
            "reconvene.client": asked.client,
        }
        try:
            response = await self._nodes.committed(
                asked.room, self._run(scope, _told(asked.body, _nothing_more))
            )
        except Refused as refused:
            response = _of(refusal_of(refused))
        except Exception:
            log.exception("a request of another node failed", path=asked.path)
            response = _of(problem(500, "Something went wrong here. It has been logged."))
        if len(response.body) > MOST:
            response = _of(problem(503, "The answer is too long to come from another server."))
        return _encode(response)

    async def _run(self, scope: Scope, receive: Receive) -> _Response:
        """What the application answers."""
        response = _Response()
        parts: list[bytes] = []

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                response.status = message["status"]
                response.headers = [(bytes(name), bytes(value)) for name, value in message["headers"]]
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        state: dict[str, Any] = scope.setdefault("state", {})
        await self._app(scope, receive, take)
        response.body = b"".join(parts)
        response.in_vain = bool(state.get("looked_up_in_vain"))
        return response


def _of(response: Response) -> _Response:
    return _Response(response.status_code, response.raw_headers, bytes(response.body))


def what_about(scope: Scope) -> About | None:
    """None: any node answers it."""
    path, method = own_path(scope), scope["method"]
    if OF_THE_FIRST.fullmatch(f"{method} {path}"):
        return About("", takes=True)
    found = OF_A_ROOM.fullmatch(path)
    if found is None or (found[2] is None and method not in ("PATCH", "DELETE")):
        return None
    try:
        room = identifiers.meeting_id(found[1])
    except ValueError:
        return None
    return About(room, takes=method not in READS)


def _asked(scope: Scope, body: bytes, room: str) -> bytes:
    """The request, for another node."""
    return _encode(
        _Request(
            *(scope["method"], scope["path"], scope.get("raw_path", b""), scope["query_string"]),
            *(scope.get("root_path", ""), scope["scheme"], list(scope["headers"])),
            *(client_of(scope), body, room),
        )
    )


async def _body(receive: Receive) -> bytes:
    """Raises `ClientDisconnect`, and `HTTPException` if it is too long."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _told(body: bytes, after: Receive) -> Receive:
    """A request's body, as it comes; then what `after` has to say."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(messages, None) or await after()

    return receive


async def _nothing_more() -> Message:
    """The other node has all of the request, and does not say whether its client is still there."""
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await never
