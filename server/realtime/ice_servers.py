"""The ICE servers a browser is given, and the renewal of their credentials while it is connected."""

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
"""Lifetime in seconds of credentials for clients that accept new ones during a meeting."""

RENEWED_AFTER = RENEWED * 0.75
LOOKS_EVERY = 10.0
"""Seconds."""


class IceServers:
    """Makes the list for a joiner, and new ones for members. `now` is the monotonic clock's."""

    def __init__(self, config: Config, hub: Hub) -> None:
        self._config = config
        self._hub = hub
        self._look_at = 0.0

    def given(
        self, connection: Handle, user_id: str, features: Collection[str], now: float
    ) -> list[dict[str, Any]]:
        """The list for whoever joins or resumes by this connection; `features` are the client's."""
        if ICE not in features or not self._config.turn_urls:
            return ice_servers(self._config, user_id, time.time())
        cast(Connection, connection).renew_ice_at = now + RENEWED_AFTER
        return ice_servers(self._config, user_id, time.time(), RENEWED)

    def due(self, connections: Iterable[Connection], now: float) -> Iterator[Send]:
        """New lists for members whose credentials expire soon."""
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
