"""The ICE servers a browser is given, and given anew while it stays."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import time
from collections.abc import Collection, Iterable, Iterator
from typing import Any, cast

from server.config import Config
from server.connection import Connection
from signalling import events
from signalling.effects import Send
from signalling.features import ICE
from signalling.hub import Hub
from signalling.room import Handle

RENEWED = 3600
"""Seconds that credentials live of clients that are given new ones while they stay."""

LASTING = 6 * 3600
"""Seconds that those of others live: longer than most meetings; a reconnect brings new ones."""

RENEWED_AFTER = RENEWED * 0.75
LOOKS_EVERY = 10.0
"""Seconds."""


def ice_servers(config: Config, user_id: str, now: float, lifetime: int = LASTING) -> list[dict[str, Any]]:
    """RTCIceServer dictionaries (W3C webrtc-pc): the fixed ones, and TURN with credentials made for this user.

    The credentials follow the TURN REST API draft (draft-uberti-behave-turn-rest), as coturn implements it.
    """
    servers = list(config.ice_servers)
    if config.turn_urls and config.turn_secret:
        username = f"{int(now) + lifetime}:{user_id}"
        digest = hmac.new(config.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
        servers.append(
            {
                "urls": list(config.turn_urls),
                "username": username,
                "credential": base64.b64encode(digest).decode(),
            }
        )
    return servers


class IceServers:
    """Gives them to who comes in, and to who stays. `now` is the monotonic clock's."""

    def __init__(self, config: Config, hub: Hub) -> None:
        self._config = config
        self._hub = hub
        self._look_at = 0.0

    def given(
        self, connection: Handle, user_id: str, features: Collection[str], now: float
    ) -> list[dict[str, Any]]:
        """For who comes in by this connection, with a client that has these features."""
        if ICE not in features or not self._config.turn_urls:
            return ice_servers(self._config, user_id, time.time())
        cast(Connection, connection).renew_ice_at = now + RENEWED_AFTER
        return ice_servers(self._config, user_id, time.time(), RENEWED)

    def due(self, connections: Iterable[Connection], now: float) -> Iterator[Send]:
        """New ones, for those whose credentials run out before long."""
        if now < self._look_at:
            return
        self._look_at = now + LOOKS_EVERY
        for connection in tuple(connections):
            if now < connection.renew_ice_at:
                continue
            seat = self._hub.seated(connection)
            connection.renew_ice_at = now + RENEWED_AFTER if seat else math.inf
            if seat:
                servers = ice_servers(self._config, seat.member.user_id, time.time(), RENEWED)
                yield Send(connection, events.ice_servers(servers))
