"""HSTS (RFC 6797): a browser that has come by https:// uses https:// from then on."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.network.hosts import is_local


class TransportSecurity:
    """ASGI middleware: sends the header if a trusted proxy says that the request came by TLS. 0 seconds: never.

    Not for localhost, where other programs have ports of their own without TLS, and not for addresses, for which the
    header has no meaning. It does not include names below the host's, which may be others'.
    """

    def __init__(self, app: ASGIApp, seconds: int) -> None:
        self._app = app
        self._header = (b"strict-transport-security", b"max-age=%d" % seconds) if seconds else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        header = self._header
        if header is None or scope["type"] != "http" or scope["scheme"] != "https" or _is_local(scope):
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
            await send(message)

        await self._app(scope, receive, answer)


def _is_local(scope: Scope) -> bool:
    hosts = [value.decode("latin-1") for key, value in scope["headers"] if key == b"host"]
    return not hosts or is_local(hosts[-1])
