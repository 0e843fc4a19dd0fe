"""The ICE servers a browser is given, and given anew while it stays."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Iterator
from typing import Any, cast

from server.identity.turn_credentials import ice_servers
from server.realtime.connection import Connection
from server.settings.config import Config
from signalling.protocol.features import ICE
from signalling.rooms import server_messages
from signalling.rooms.effects import Send
from signalling.rooms.hub import Hub
from signalling.rooms.member import Handle

RENEWED = 3600
"""Seconds that credentials live of clients that are given new ones while they stay."""

RENEWED_AFTER = RENEWED * 0.75
LOOKS_EVERY = 10.0
"""Seconds."""


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
                yield Send(connection, server_messages.ice_servers(servers))
