"""`reconvene conformance serve`: a server on which clients are tried, and its verdicts over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from reconvene.conformance import modes
from reconvene.conformance.trial import Arrival, First, Socket, Trial
from reconvene.socket_link import SUBPROTOCOL
from signalling.protocol.client_messages import MAX_SIZE, Join, Leave
from signalling.protocol.errors import ERRORS, CloseCode, ErrorCode
from signalling.protocol.server_messages import Ack

FIRST_WITHIN = 10.0
"""Seconds for a socket's first message."""

MOST_TRIALS = 1000
"""Older ones are forgotten."""


class Trials:
    """`patience`: seconds within which a client has to come back, and `quiet` in which one must not. One trial for each
    meeting."""

    def __init__(self, patience: float, quiet: float) -> None:
        self._patience, self._quiet = patience, quiet
        self._trials: dict[str, Trial] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._more = asyncio.Event()
        """Set, and replaced, when there is another trial."""

    async def handle(self, ws: ServerConnection) -> None:
        socket = Socket(None, ws)
        try:
            first = await asyncio.wait_for(socket.first(), FIRST_WITHIN)
        except TimeoutError:
            await socket.close(CloseCode.JOIN_TIMED_OUT)
            return
        if first is None:
            await socket.refuse(ErrorCode.NOT_JOINED, None)
            await socket.close(CloseCode.MISUSE)
            return
        trial = self._trial_of(first)
        if trial is None:
            missing = ErrorCode.UNKNOWN_MEETING if isinstance(first, Join) else ErrorCode.BAD_TOKEN
            await self._turn_away(socket, first, missing)
            return
        if trial.over.is_set():
            await self._turn_away(socket, first, ErrorCode.MEETING_ENDED)
            return
        trial.arrivals.put_nowait(Arrival(socket, first))
        # The trial reads until it is over, or this socket is.
        over, done = asyncio.create_task(trial.over.wait()), asyncio.create_task(socket.done.wait())
        try:
            await asyncio.wait({over, done}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            done.cancel()
        if not socket.done.is_set():
            while (message := await socket.message()) is not None:
                if isinstance(message, Leave):
                    if message.id is not None:
                        await socket.send(Ack(message.id))
                    await socket.close(CloseCode.NORMAL)
                    return

    async def verdict(self, meeting: str, within: float) -> dict[str, Any] | None:
        """What is found of who joined the meeting; None: nobody has. Waits so many seconds for the end."""
        room = meeting.upper()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while room not in self._trials:
                    await self._more.wait()
                await self._trials[room].over.wait()
        trial = self._trials.get(room)
        return None if trial is None else trial.verdict()

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    def _trial_of(self, first: First) -> Trial | None:
        if not isinstance(first, Join):
            return next((each for each in self._trials.values() if first.session in each.sessions), None)
        mode = modes.mode_of(first.meeting)
        if mode is None:
            return None
        trial = self._trials.get(first.meeting)
        if trial is None:
            trial = self._trials[first.meeting] = Trial(first.meeting, mode, self._patience, self._quiet)
            self._more.set()
            self._more = asyncio.Event()
            while len(self._trials) > MOST_TRIALS:
                del self._trials[next(iter(self._trials))]
            task = asyncio.create_task(modes.run(trial))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return trial

    async def _turn_away(self, socket: Socket, first: First, code: ErrorCode) -> None:
        await socket.refuse(code, first.id)
        await socket.close(ERRORS[code].close or CloseCode.NORMAL)


@contextlib.asynccontextmanager
async def serving(host: str, port: int, *, patience: float, quiet: float) -> AsyncIterator[str]:
    """Serves meanwhile; the value is its URL. Raises `OSError` if it cannot listen there."""
    trials = Trials(patience, quiet)

    async def answer(connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        if parts.path == "/ws":
            return None
        status, body = await _answer(trials, unquote(parts.path), parse_qs(parts.query))
        response = connection.respond(status, json.dumps(body, indent=2) + "\n")
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = "no-store"
        return response

    server: Server = await serve(
        trials.handle,
        host,
        port,
        process_request=answer,
        # Offering none is fine.
        select_subprotocol=lambda _, offered: SUBPROTOCOL if SUBPROTOCOL in offered else None,
        # Verdicts are waited for.
        open_timeout=None,
        ping_interval=None,
        close_timeout=2,
        compression=None,
        max_size=MAX_SIZE,
    )
    try:
        address = next(iter(server.sockets)).getsockname()
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        yield f"http://{shown}:{address[1]}"
    finally:
        await trials.stop()
        server.close()
        await server.wait_closed()


async def _answer(trials: Trials, path: str, query: dict[str, list[str]]) -> tuple[HTTPStatus, Any]:
    match path.strip("/").split("/"):
        case [""]:
            meant = {name: (mode.__doc__ or "").strip() for name, mode in modes.MODES.items()}
            return HTTPStatus.OK, {"meetings": meant, "verdict": "/verdict/{meeting}?wait={seconds}"}
        case ["verdict", meeting]:
            verdict = await trials.verdict(meeting, _seconds(query))
            if verdict is None:
                return HTTPStatus.NOT_FOUND, {"detail": "Nobody has joined this meeting."}
            return HTTPStatus.OK, verdict
    return HTTPStatus.NOT_FOUND, {"detail": "There is /ws, and /verdict/{meeting}."}


def _seconds(query: dict[str, list[str]]) -> float:
    try:
        return min(600.0, max(0.0, float(query["wait"][0])))
    except (KeyError, ValueError):
        return 0.0
