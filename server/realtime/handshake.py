"""The WebSocket handshake: answers a request for an upgrade (RFC 6455, section 4.2).

Every request is answered, whatever bytes its headers hold; a refusal says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.utils import accept_key

from server.network.hosts import Hosts, is_allowed_origin

PATH = "/ws"
SUBPROTOCOL = Subprotocol("reconvene.v1")

_USUAL_CONNECTION = (["Upgrade"], ["keep-alive, Upgrade"], ["upgrade"])

_KEY = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")
"""Sixteen bytes in base64."""

_SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
_ACCEPTED = _SWITCHING + b"Sec-WebSocket-Accept: %b\r\n%b\r\n"
_CHOSEN = b"Sec-WebSocket-Protocol: %b\r\n" % SUBPROTOCOL.encode()


class Upgrade(NamedTuple):
    """A parsed request for an upgrade. Its bytes are decoded as latin-1."""

    method: str
    version: str
    target: str
    headers: Headers


class Answer(NamedTuple):
    """`data`: the whole response. `why`: what is wrong with the request."""

    status: int
    data: bytes
    why: str = ""


def answer(
    asked: Upgrade,
    ws: Callable[[], ServerProtocol],
    names: Sequence[str],
    hosts: Hosts,
    allowed_origins: Sequence[str],
    base_path: str = "",
) -> Answer:
    """101 or a refusal. `ws`: the library's side of the connection, made when it is needed. `names`: host names the
    request came by. `base_path` may precede PATH."""
    refused = _refusal(asked, names, hosts, allowed_origins, base_path)
    if refused is not None:
        status, why = refused
        return _as_answer(ws().reject(status, f"{why}\n"))
    usual = _usual(asked.headers)
    if usual is not None:
        return Answer(101, usual)
    response = ws().accept(Request(asked.target, asked.headers))
    if response.status_code == 500:
        # The library failed on something unexpected in the request.
        response = ws().reject(400, "This is no WebSocket handshake.\n")
    return _as_answer(response)


def elsewhere(ws: ServerProtocol) -> Answer:
    """The handshake is refused so that a proxy asks another server."""
    return _as_answer(ws.reject(503, "This server does not reach the others.\n"))


def _as_answer(response: Response) -> Answer:
    why = response.body.decode(errors="replace").strip()
    return Answer(response.status_code, response.serialize(), why)


def _usual(headers: Headers) -> bytes | None:
    """The library's response to what clients usually send, in a tenth of the time; None: the library has to look."""
    values = headers.get_all
    keys, offered = values("Sec-WebSocket-Key"), values("Sec-WebSocket-Protocol")
    is_usual = (
        values("Connection") in _USUAL_CONNECTION
        and values("Upgrade") == ["websocket"]
        and values("Sec-WebSocket-Version") == ["13"]
        and offered in ([], [SUBPROTOCOL])
        and len(keys) == 1
        and _KEY.fullmatch(keys[0])
    )
    if not is_usual:
        return None
    return _ACCEPTED % (accept_key(keys[0]).encode(), _CHOSEN if offered else b"")


def chosen_subprotocol(offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Our subprotocol if offered, else none. The library's own rule would refuse clients that offer none."""
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def _refusal(
    asked: Upgrade, names: Sequence[str], hosts: Hosts, allowed_origins: Sequence[str], base_path: str
) -> tuple[int, str] | None:
    """Status and reason, from the checks that the library does not make."""
    headers = asked.headers
    if asked.method != "GET" or asked.version != "1.1":
        return 400, "A WebSocket handshake is a GET request by HTTP/1.1."
    if "Content-Length" in headers or "Transfer-Encoding" in headers:
        return 400, "A WebSocket handshake has no body."
    if asked.target.partition("?")[0] not in {PATH, base_path + PATH}:
        return 404, f"WebSockets are served at {base_path}{PATH}."
    try:
        origin, _ = headers.get("Origin"), headers.get("Host")
    except LookupError:
        return 400, "Origin and Host may appear once only."
    not_ours = hosts.refusal(names)
    if not_ours is not None:
        return 421, not_ours
    if origin is None:
        return None
    if not is_origin(origin):
        return 400, "Origin must be one, such as https://meet.example.org."
    if not is_allowed_origin(origin, names[-1] if names else None, allowed_origins):
        return 403, "Pages of this origin may not connect; see RECONVENE_ALLOWED_ORIGINS."
    return None


def is_origin(text: str) -> bool:
    """Whether the text can be read as an origin (RFC 6454, section 7)."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:  # such as http://[ or a port that is no number
        return False
    return text.isascii()
