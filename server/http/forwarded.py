"""Passes on to the application (ASGI) what trusted proxies say about a request."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.problems import problem
from server.network.client_address import Client, Proxies
from server.network.hosts import ANY_HOST, Hosts, asked_by


class Forwarded:
    """ASGI middleware: tells the application who the client is, and the scheme and host of its request.

    Refuses requests for a host name that is not served: pages of that name may send the headers that a proxy would.

    `scope["client"]` has the client's address, `client_of(scope)` all that is known of it.
    """

    def __init__(self, app: ASGIApp, proxies: Proxies, hosts: Hosts = ANY_HOST) -> None:
        self._app = app
        self._hosts = hosts
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            remote = scope["client"][0] if scope.get("client") else ""

            def header(name: str) -> list[str]:
                wanted = name.encode()
                return [value.decode("latin-1") for key, value in scope["headers"] if key == wanted]

            client = self._proxies.client(remote, header)
            scope["reconvene.client"] = client
            scope["client"] = (client.address, 0)
            trusted = self._proxies.trusts(remote)
            names = asked_by(header, trusted=trusted)
            refusal = self._hosts.refusal(names)
            if refusal is not None:
                await problem(421, refusal)(scope, receive, send)
                return
            if trusted:
                others = [(key, value) for key, value in scope["headers"] if key != b"host"]
                scope["headers"] = [*others, *((b"host", name.encode("latin-1")) for name in names[-1:])]
                schemes = [text.strip().lower() for text in header("x-forwarded-proto")]
                if schemes and schemes[-1] in {"http", "https"}:
                    scope["scheme"] = schemes[-1]
        await self._app(scope, receive, send)


def client_of(scope: Scope) -> Client:
    """Who makes this request."""
    client: Client = scope["reconvene.client"]
    return client
