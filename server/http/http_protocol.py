"""HTTP/1.1 as uvicorn speaks it, with limits on the length of a request's head and on the time its sender may take.

uvicorn has neither. Its parser joins the pieces of a header anew for each new piece, and keeps them for as long as the
socket is open.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeaderValue

from server.http.problems import problem
from server.http.request_progress import MAX_FIELDS, MAX_HEAD, RequestProgress
from server.http.unread_answer import UnreadAnswer
from server.realtime.connection import Connection
from server.realtime.connection_owner import ConnectionOwner
from server.realtime.handshake import Upgrade
from server.realtime.socket_writer import CLOSE_TIMEOUT

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

    from server.runtime.metrics import Metrics

log = structlog.get_logger()

HEAD_TIMEOUT = 10.0
"""Seconds from the first byte of a request, or from the opening of the socket, to the end of the headers."""

BODY_TIMEOUT = 30.0
"""Seconds from the end of the headers to the end of the body."""

READ_TIMEOUT = 30.0
"""Seconds a client may take to read 64 KiB of an answer, or its last bytes."""

_TOO_SLOW = "The rest of the request did not come in time."

_PIECE = 4096
"""Bytes that are parsed at once. After so many it is checked whether to refuse, or to wait for earlier requests."""


class HttpProtocol(HttpToolsProtocol):
    """One connection, until it closes or becomes a WebSocket."""

    def __init__(self, *uvicorn: Any, gateway: ConnectionOwner, metrics: Metrics, **more: Any) -> None:
        super().__init__(*uvicorn, **more)
        self._sockets = gateway.sockets
        self._proxies = gateway.proxies
        self._metrics = metrics
        self._progress = RequestProgress()
        self._unread = b""
        self._running: RequestResponseCycle | None = None
        self._has_ended = False
        self._late_refusal: tuple[int, str] | None = None
        self._expected: tuple[str, int] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._unread_answer = UnreadAnswer(self.loop)

    # asyncio's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        remote = self.client[0] if self.client else ""
        # A proxy's connections belong to many clients. A WebSocket's client is known from its handshake.
        network = None if self._proxies.trusts(remote) else self._proxies.client(remote, lambda _: ()).network
        self._sockets.opened(transport, network or None)
        self._wait_for_remote()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_timers()
        self._tell_running()
        self._sockets.closed(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._has_ended:
            return
        if self._unread:
            self._unread += data
            self.flow.pause_reading()
            return
        self._unset_keepalive_if_required()
        self._parse(data)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_answer.watch(self.transport, READ_TIMEOUT, self._cut)

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._unread_answer.forget()

    # The parser's side

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._progress.begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._progress.take_field():
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._progress.has_too_many_fields:
            self._progress.end_head()
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._progress.take_body():
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._progress.end():
            super().on_message_complete()

    def _parse(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if self.pipeline:
                # uvicorn keeps every request that waits, and has stopped reading.
                self._unread = data[at:]
                break
            piece = data[at : at + min(_PIECE, self._progress.room)]
            if not piece:
                self._refuse(431, f"The headers of a request have at most {MAX_HEAD // 1024} KiB.")
                return
            at += len(piece)
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade as upgrade:
                at += upgrade.args[0] - len(piece)
                if self._should_upgrade():
                    self._upgrade(data[at:])
                    return
            except httptools.HttpParserError:
                self._refuse(400, "This is no HTTP request.")
                return
            if self._progress.has_too_many_fields:
                self._refuse(431, f"A request has at most {MAX_FIELDS} headers.")
                return
            self._progress.feed(len(piece))
        self._wait_for_remote()

    def on_response_complete(self) -> None:
        self._sockets.waits(self.transport)
        super().on_response_complete()
        if self._late_refusal is not None and not self.pipeline:
            self._answer_refusal(*self._late_refusal)
        elif self.transport.is_closing():
            # uvicorn closes the socket when everything is written, however long that takes.
            self._unread_answer.watch(self.transport, READ_TIMEOUT, self._cut)
        elif self._unread:
            # uvicorn reads on after each answer; the bytes that are already here come first.
            self.flow.pause_reading()
            if not self.pipeline:
                self.loop.call_soon(self._go_on)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        if not cycle.more_body:
            # The request waited for its turn, and is here in full.
            self._sockets.works(self.transport)
        super()._start_asgi_task(cycle, app)

    def _go_on(self) -> None:
        """Parse the bytes that came behind requests which are answered by now."""
        data, self._unread = self._unread, b""
        if data and not self._has_ended and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._parse(data)
            if not self._unread:
                self.flow.resume_reading()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._unread_answer.watch(self.transport, READ_TIMEOUT, self._cut)

    # Upgrades

    def _upgrade(self, behind: bytes) -> None:
        """Hand the socket over with the parsed request. (uvicorn writes the request anew, to be parsed once more.)"""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._refuse(400, "An earlier request is not answered yet.")
            return
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers]
        try:
            headers = Headers(fields)
        except InvalidHeaderValue:  # newer versions of the library check
            self._refuse(400, "This is no WebSocket handshake.")
            return
        self._forget_timers()
        self.connections.discard(self)
        self._has_ended = True
        connection: Connection = cast(Any, self.config.ws)(server_state=self.server_state)
        method, version, target = self.scope["method"], self.scope["http_version"], self.url.decode("latin-1")
        upgrade = Upgrade(method=method, version=version, target=target, headers=headers)
        connection.connection_made(self.transport)
        self.transport.set_protocol(connection)
        self.flow.resume_reading()
        # Break the cycle of parser and protocol, so that 5 KB per connection need not wait for the collector.
        self.parser = None  # type: ignore[assignment] # as uvicorn's own connection_lost() does
        connection.upgrade(upgrade, behind)

    # Time

    def _wait_for_remote(self) -> None:
        """Set the deadline for the rest of the headers, or of the body. There is none between requests: uvicorn closes
        idle connections."""
        expected, running = self._progress.expected, self._running
        if expected is not None or running is None or running.response_complete:
            self._sockets.waits(self.transport)
        else:
            self._sockets.works(self.transport)
        if expected == self._expected:
            return
        self._expected = expected
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if expected is not None:
            self._be_patient()

    def _be_patient(self) -> None:
        limit = HEAD_TIMEOUT if self._progress.is_in_head else BODY_TIMEOUT
        self._patience = self.loop.call_later(limit, self._has_waited)

    def _has_waited(self) -> None:
        if self.flow.read_paused or self._unread:
            # The remote is not the one that keeps us waiting.
            self._be_patient()
        elif self._progress.is_in_head and (self._running is None or self._running.response_complete):
            # Without an answer: a browser may have opened the socket in advance, and would take the answer for one to
            # its next request.
            if self._progress.messages or self._progress.fruitless:
                self._note_refusal(408, _TOO_SLOW)
            self._has_ended = True
            self.transport.close()
            self._ends_within(CLOSE_TIMEOUT)
        else:
            self._refuse(408, _TOO_SLOW)

    def _ends_within(self, seconds: float) -> None:
        if self._ending is None:
            self._ending = self.loop.call_later(seconds, self._cut)

    def _cut(self) -> None:
        self._tell_running()
        self.transport.abort()

    def _tell_running(self) -> None:
        """Tell the request being answered that nobody hears its answer. uvicorn tells only the latest request."""
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()

    def _forget_timers(self) -> None:
        for timer in (self._patience, self._ending):
            if timer is not None:
                timer.cancel()
        self._patience = self._ending = None
        self._unread_answer.forget()

    # Ends

    def _refuse(self, status: int, why: str) -> None:
        """Answer bytes that are no request, after the answers to those before, and read no more from this remote."""
        self._has_ended = True
        self._note_refusal(status, why)
        cycle: RequestResponseCycle | None = self.cycle
        is_answered = cycle is None or cycle.response_complete
        if not self._progress.is_in_head and cycle is not None:
            if is_answered:
                # The request was answered before all of it was here.
                self._end()
                return
            # The application waits in vain for the body of this request.
            cycle.disconnected = not cycle.response_started
            cycle.message_event.set()
            if self.pipeline:
                # The application has not begun with this request.
                self.pipeline.popleft()
                is_answered = False
            else:
                is_answered = cycle.disconnected
        if is_answered:
            self._answer_refusal(status, why)
        else:
            self._late_refusal = status, why
            self._ends_within(READ_TIMEOUT)

    def _note_refusal(self, status: int, why: str) -> None:
        self._metrics.requests_refused[status] += 1
        log.info("request refused", remote=self.client[0] if self.client else "", status=status, why=why)

    def _answer_refusal(self, status: int, why: str) -> None:
        answer = problem(status, why, headers={"Connection": "close"})
        lines = [b"%b: %b\r\n" % each for each in (*self.server_state.default_headers, *answer.raw_headers)]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", bytes(answer.body)]))
        self._end()

    def _end(self) -> None:
        """Close the socket when the remote has closed it, or soon. Until then, read and drop what the remote sends:
        closing with bytes unread would reset the connection, and the remote might never see the answer (RFC 9112,
        section 9.6)."""
        self._has_ended = True
        self._unset_keepalive_if_required()
        self._forget_timers()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._ends_within(CLOSE_TIMEOUT)
