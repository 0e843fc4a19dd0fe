"""The stand-in for Zoom: its application and its socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from tests.zoom.stand_in import faults
from tests.zoom.stand_in.clock import Clock
from tests.zoom.stand_in.endpoints import ENDPOINTS, SCOPES, Books, Rates, answer, parameters
from tests.zoom.stand_in.faults import Fault, Faults
from tests.zoom.stand_in.requests import Answer, Asked, RefusedError
from tests.zoom.stand_in.tokens import AccessTokens, Credentials, PageTokens
from tests.zoom.stand_in.views import WebinarView

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class ZoomStandIn:
    """Stands in for `https://api.zoom.us` and `https://zoom.us`, on one port. It can be changed while it runs.

    `scopes`: those that its tokens have. `page_limit`: the most rows of a page. `rates`: requests a second by label.
    """

    def __init__(
        self,
        webinars: Iterable[WebinarView] = (),
        *,
        scopes: Collection[str] = SCOPES,
        page_limit: int = 30,
        rates: Mapping[str, int] | None = None,
        clock: Clock | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.credentials = credentials or Credentials()
        self.faults = Faults()
        self.requests: list[Asked] = []
        """To the API, in the order in which they came."""
        self.token_requests = 0
        self.token_faults: list[Answer] = []
        """Answered by the token endpoint, one each, before it answers by itself again."""
        self.access = AccessTokens(self.credentials, self.clock)
        self.scopes = scopes
        self.pages = PageTokens(self.clock)
        self.books = Books({each.external_id: each for each in webinars}, self.access, self.pages, page_limit)
        self.rates = Rates(rates or {})
        self.changed = asyncio.Condition()
        """Notified with every request that came, and again when it was answered."""
        self.url = ""
        self._released = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._state = ServerState()

    @property
    def scopes(self) -> Collection[str]:
        return self.access.scopes

    @scopes.setter
    def scopes(self, scopes: Collection[str]) -> None:
        self.access.scopes = frozenset(scopes)

    @property
    def webinars(self) -> dict[str, WebinarView]:
        return self.books.webinars

    @property
    def api_url(self) -> str:
        return f"{self.url}/v2"

    @property
    def token_url(self) -> str:
        return f"{self.url}/oauth/token"

    @property
    def environ(self) -> Mapping[str, str]:
        """What a process needs to know to use it."""
        return {
            "ZOOM_ACCOUNT_ID": self.credentials.account_id,
            "ZOOM_CLIENT_ID": self.credentials.client_id,
            "ZOOM_CLIENT_SECRET": self.credentials.client_secret,
            "ZOOM_API_URL": self.api_url,
            "ZOOM_TOKEN_URL": self.token_url,
        }

    def asked_for(self, endpoint: str) -> list[Asked]:
        return [asked for asked in self.requests if asked.endpoint == endpoint]

    async def until(self, fits: Callable[[], bool]) -> None:
        """Wait until it does, which is tried with every request that came or was answered."""
        async with self.changed:
            await self.changed.wait_for(fits)

    async def __aenter__(self) -> ZoomStandIn:
        await self.start()
        return self

    async def start(self, port: int = 0) -> None:
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        config.load()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Protocol(config, self._state), "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._released.set()
        self._server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if scope["raw_path"] == b"/oauth/token":
            await _send(send, self._token(scope, body))
            return
        asked = Asked(
            number=len(self.requests) + 1,
            at=self.clock.now(),
            method=scope["method"],
            path=scope["raw_path"].decode("ascii"),
            params={},
            authorization=_header(scope, b"authorization"),
        )
        self.requests.append(asked)
        await self._notify()
        try:
            await self._serve(asked, scope, receive, send)
        finally:
            await self._notify()

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def _token(self, scope: Scope, body: bytes) -> Answer:
        self.token_requests += 1
        if self.token_faults:
            return self.token_faults.pop(0)
        if scope["method"] != "POST":
            return Answer(405, b"")
        if body and _header(scope, b"content-type").partition(";")[0] != "application/x-www-form-urlencoded":
            return Answer(415, b"")
        return self.access.grant(_header(scope, b"authorization"), scope["query_string"], body)

    async def _serve(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        label = ""
        for endpoint in ENDPOINTS:
            if match := endpoint.path.fullmatch(asked.path):
                asked.endpoint, asked.subject, label = endpoint.name, match[1], endpoint.label
                break
        refused: RefusedError | None = None
        try:
            asked.params = parameters(scope["query_string"])
        except RefusedError as error:
            refused = error
        fault = self.faults.meet(asked)
        match fault and fault.kind:
            case "expire_token":
                self.access.expire()
            case "expire_page_token":
                self.pages.expire()
            case "stall" | "cut":
                if fault is not None and fault.kind == "stall":
                    await self._stall(receive)
                await _hang_up(scope, receive)
                return
        if refused is not None:
            content = refused.answer
        elif fault is not None and fault.answer is not None:
            content = fault.answer
        elif not self.rates.admit(label, asked.at):
            content = _answer_of(faults.too_fast(self.rates.limits[label]))
        else:
            content = self._content(asked)
        asked.status, asked.code, asked.rows = content.status, content.code, content.rows
        match fault and fault.kind:
            case "stall_body":
                await _send_half(send, content)
                await self._stall(receive)
                await _hang_up(scope, receive)
            case "cut_body":
                await _send_half(send, content)
                await _hang_up(scope, receive)
            case _:
                await _send(send, content)

    def _content(self, asked: Asked) -> Answer:
        try:
            for endpoint in ENDPOINTS:
                if endpoint.path.fullmatch(asked.path):
                    return answer(self.books, asked, endpoint)
            self.access.check(asked.authorization)
            raise RefusedError(404, 2300, "This API endpoint is not recognized.")
        except RefusedError as error:
            return error.answer

    async def _stall(self, receive: Receive) -> None:
        """Until the client has hung up, or the stand-in ends."""
        waiting = [asyncio.ensure_future(each) for each in (receive(), self._released.wait())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


class _Protocol(HttpToolsProtocol):
    """Hands its transport on, so that a connection can be cut."""

    def __init__(self, config: uvicorn.Config, state: ServerState) -> None:
        super().__init__(config, state, {})

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: MutableMapping[str, Any] = self.scope  # type: ignore[assignment]
        scope["transport"] = self.transport


def _answer_of(fault: Fault) -> Answer:
    assert fault.answer is not None
    return fault.answer


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """What was written before is sent; there is no end to the answer."""
    scope["transport"].close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


async def _start(send: Send, content: Answer) -> None:
    headers = [(name.encode(), value.encode()) for name, value in content.headers.items()]
    headers.append((b"content-length", str(len(content.body)).encode()))
    await send({"type": "http.response.start", "status": content.status, "headers": headers})


async def _send(send: Send, content: Answer) -> None:
    await _start(send, content)
    await send({"type": "http.response.body", "body": content.body})


async def _send_half(send: Send, content: Answer) -> None:
    await _start(send, content)
    half = content.body[: len(content.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
