"""The check of the websocket: opens it as the server's page does, with its Origin, and asks for a pong."""

from __future__ import annotations

import asyncio
import time

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidUpgrade,
    WebSocketException,
)
from websockets.typing import Origin

from reconvene.one_line import one_line
from reconvene.probe.context import Visit
from reconvene.probe.steps import Failed, Seen
from reconvene.server_address import Address
from reconvene.socket_link import SUBPROTOCOL

UPGRADES = (
    "Have the proxy in front pass upgrades on /ws: HTTP/1.1 with the headers Upgrade and Connection"
    " (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade)"
)


async def websocket(visit: Visit, within: float) -> Seen:
    origin = visit.address.origin
    try:
        ws = await _opened(visit.address, origin)
    except InvalidStatus as refused:
        raise await _refusal(visit.address, origin, refused.response.status_code) from None
    except (InvalidUpgrade, InvalidMessage, EOFError) as error:
        raise Failed(f"what answers at /ws is no websocket: {one_line(error)}", UPGRADES) from None
    except InvalidHandshake as error:
        raise Failed(f"the websocket cannot be opened: {one_line(error)}", UPGRADES) from None
    except (OSError, WebSocketException) as error:
        raise Failed(
            f"the websocket cannot be opened: {one_line(error)}",
            "HTTP gets through to the same address, so look at what the proxy in front does with /ws",
        ) from None
    try:
        took = await _pong(ws, within)
    finally:
        # Closed without waiting: it has not joined.
        ws.transport.abort()
    selected = ws.subprotocol
    if selected != SUBPROTOCOL:
        raise Failed(
            f"the subprotocol {SUBPROTOCOL} is not selected",
            "Have the proxy in front pass the header Sec-WebSocket-Protocol, both ways",
        )
    return Seen(
        f"{selected}, pong after {took * 1000:.1f} ms",
        {"subprotocol": selected, "pong_ms": round(took * 1000, 1)},
    )


async def _opened(address: Address, origin: str | None) -> ClientConnection:
    return await connect(
        address.websocket,
        origin=None if origin is None else Origin(origin),
        subprotocols=[SUBPROTOCOL],
        open_timeout=None,
        ping_interval=None,
        close_timeout=0.5,
        compression=None,
        proxy=None,
    )


async def _pong(ws: ClientConnection, within: float) -> float:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(within / 2):
            await ws.send('{"type":"ping","t":1}')
            await ws.recv()
    except TimeoutError:
        raise Failed(
            f"the websocket opens, but a ping is not answered within {within / 2:.2g} s",
            "Have the proxy in front pass messages on /ws at once, both ways, without buffering them",
        ) from None
    except ConnectionClosed as closed:
        raise Failed(
            f"the websocket opens, and is closed at once: {one_line(closed)}",
            "Look into the log of the server, and of the proxy in front",
        ) from None
    return time.perf_counter() - began


async def _refusal(address: Address, origin: str, status: int) -> Failed:
    if status == 403:
        try:
            ws = await _opened(address, None)
        except (OSError, WebSocketException):
            return Failed(
                "the upgrade is refused (403)", "Look at who may pass the proxy in front, and into its log"
            )
        ws.transport.abort()
        return Failed(
            f"browsers are refused (403): to the server their Origin, {origin}, is another host than its own",
            "Have the proxy in front pass the Host header as it is (nginx: proxy_set_header Host $http_host), or set"
            f" RECONVENE_ALLOWED_ORIGINS={origin}",
        )
    if status in {502, 503, 504}:
        return Failed(
            f"a proxy answers the upgrade with {status}",
            "Look at where the proxy passes /ws on to, and at the server's limits",
        )
    if status == 401:
        return Failed("the upgrade wants a login (401)", "Have the proxy in front let /ws pass without one")
    return Failed(f"the upgrade on /ws is answered with {status}, as if it were none", UPGRADES)
