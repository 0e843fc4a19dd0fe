"""What a log line says about a connection."""

from __future__ import annotations

from server.realtime.connection import Connection
from signalling.rooms.hub import Hub


def of_connection(hub: Hub, connection: Connection) -> dict[str, object]:
    seat = hub.seated(connection)
    if seat is None:
        return {"connection": connection.number}
    return {"connection": connection.number, "meeting": seat.room.id, "participant": seat.member.id}
