"""Reads the entries of this node's inbox, and passes each on to the part that it is for."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from server.sharing.edge_sockets import EdgeSockets
from server.sharing.from_edges import FromEdges
from server.sharing.over_http import OverHttp
from server.sharing.owned_rooms import OwnedRooms
from server.sharing.sealing import NotSealed
from server.sharing.shared_limits import SharedLimits
from signalling.nodes import wire

log = structlog.get_logger()


class Entries:
    def __init__(
        self,
        owned_rooms: OwnedRooms,
        from_edges: FromEdges,
        edge: EdgeSockets,
        over_http: OverHttp,
        shared_limits: SharedLimits,
    ) -> None:
        self._owned_rooms = owned_rooms
        self._from_edges = from_edges
        self._edge = edge
        self._over_http = over_http
        self._shared_limits = shared_limits

    def read(self, bodies: Sequence[bytes]) -> None:
        """Whoever can write to the engine can write entries: none of them ends the reading."""
        for body in bodies:
            try:
                message, payload = wire.decode(body)
                self._pass_on(message, payload)
            except (wire.BadEntry, NotSealed) as error:
                log.error("an entry of the inbox cannot be read", reason=str(error)[:200])
            except Exception:
                log.exception("an entry of the inbox failed")

    def _pass_on(self, message: wire.NodeMessage, payload: bytes) -> None:
        if isinstance(message, wire.TO_OWNER):
            self._from_edges.received(message, payload)
        elif isinstance(message, wire.OVER_HTTP):
            self._over_http.heard(message, payload)
        elif isinstance(message, wire.Counted):
            self._shared_limits.heard(payload)
        elif isinstance(message, wire.Marked):
            self._owned_rooms.marks.reached(message.number)
        elif isinstance(message, wire.Given):
            self._owned_rooms.given(message.room)
        else:
            self._edge.heard(message, payload)
