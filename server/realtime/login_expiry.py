"""How long members whom an application has identified may stay by the token they have shown, and what they are told.

Deadlines are by the monotonic clock: a clock that is set forward throws nobody out. Looked at once a second, which is
as exact as tokens are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from typing import cast

from server.identity.outside_user import LEEWAY
from server.identity.tokens import Voucher
from server.realtime.connection import Connection
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms import server_messages
from signalling.rooms.commands import refuse
from signalling.rooms.effects import Effect, Send
from signalling.rooms.hub import Hub
from signalling.rooms.member import Handle

NOTICE = 60.0
"""Seconds before a token expires at which its bearer is told; or half of its life, if that is shorter."""

LEAST_NOTICE_AFTER = 1.0
"""Seconds a token counts, at least, before its bearer is asked for the next one."""

LATE = 10.0
"""Seconds in which to show a newer token, for whoever was let in when the one shown at the knock had expired."""

LOOKS_EVERY = 1.0

AFTER_A_PAUSE = 30.0
"""Seconds in which to show a newer token once it can be shown again: while the engine was away, nobody could."""


class LoginExpiry:
    """`now` is the monotonic clock's. `renewing`: connections whose newer token is being verified; they may stay."""

    def __init__(self, config: Config, hub: Hub) -> None:
        self._leaves = config.jwt_expired == "leave"
        self._hub = hub
        self._look_at = 0.0
        self._none_before = 0.0
        self.renewing: set[Connection] = set()

    def given(self, connection: Handle, voucher: Voucher | None, now: float) -> None:
        """Note until when whoever joins or resumes by this connection may stay; None: for ever."""
        if voucher is None:
            return
        connection = cast(Connection, connection)
        left = voucher.expires_at - time.time()
        left = left if left > 0 else LATE
        valid = left - LEEWAY
        connection.vouched_until = now + left
        # One that is over at once would otherwise be asked for all the time.
        connection.renew_login_at = now + max(
            valid - min(NOTICE, valid / 2), min(left / 2, LEAST_NOTICE_AFTER)
        )

    def paused(self, now: float) -> None:
        """Until now nobody could show a newer token."""
        self._none_before = now + AFTER_A_PAUSE

    def due(self, connections: Iterable[Connection], now: float) -> Iterator[Effect]:
        """Tell whose token expires soon, and close the connections of those whose time is over."""
        if now < self._look_at:
            return
        self._look_at = now + LOOKS_EVERY
        for connection in tuple(connections):
            if now < connection.renew_login_at and now < connection.vouched_until:
                continue
            if self._hub.seated(connection) is None:
                connection.vouched_until = connection.renew_login_at = math.inf
                continue
            if now >= connection.renew_login_at:
                connection.renew_login_at = math.inf
                left = max(0.0, connection.vouched_until - LEEWAY - now)
                yield Send(connection, server_messages.token_expiring(round(left, 3)))
            is_over = now >= max(connection.vouched_until, self._none_before)
            if is_over and connection not in self.renewing:
                connection.vouched_until = math.inf
                if self._leaves:
                    yield from refuse(connection, Refused(ErrorCode.TOKEN_EXPIRED))
