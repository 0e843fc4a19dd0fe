"""Reference: the server one would write with ``websockets.asyncio.server`` and its ``broadcast()``.

It does the same visible job as the real server for the messages that are measured: ``join`` is answered
with the whole room and announced to the others, ``status`` changes the room's state and goes to everyone,
``signal`` goes to its addressee, with the same fields in the same frames. It is written as the library's
documentation suggests: a coroutine per connection, stdlib ``json``, one ``broadcast()`` per event, the
library's keepalive pings on. Two settings are in its favour: ``compression=None``, since deflating every
frame would make it several times slower, and a backlog of 1024, since the default of 100 drops connects
in a burst. It runs on asyncio's own loop, as users get it; ``--uvloop`` runs the same on uvloop.

What it leaves out, and the real server does: durability, attendance, identity tokens, resume and its log,
validation, rate limits, logs, metrics.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

HEARTBEAT = 25


class Room:
    """Who is in one meeting, and the number of its last event."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.epoch = secrets.token_hex(4)
        self.seq = 0
        self.created = datetime.now(UTC).isoformat()
        self.participants: dict[str, dict[str, Any]] = {}
        self.connections: dict[str, ServerConnection] = {}

    def event(self, kind: str, **fields: Any) -> str:
        self.seq += 1
        return json.dumps({"type": kind, "seq": self.seq, **fields})


rooms: dict[str, Room] = {}


async def join(connection: ServerConnection, message: dict[str, Any]) -> tuple[Room, dict[str, Any]]:
    name = message["meeting"].upper()
    room = rooms.get(name)
    if room is None:
        room = rooms[name] = Room(name)
    participant: dict[str, Any] = {
        "id": f"p_{secrets.token_hex(8)}",
        "name": message["name"],
        "role": "participant" if room.participants else "host",
        "media": {"audio": False, "video": False, "screen": False},
        "hand": False,
        "state": "connected",
        "instance": secrets.token_hex(4),
        "joined_at": datetime.now(UTC).isoformat(),
    }
    broadcast(room.connections.values(), room.event("participant_joined", participant=participant))
    room.participants[participant["id"]] = participant
    room.connections[participant["id"]] = connection
    answer = {
        "type": "joined",
        "id": message["id"],
        "meeting": {
            "id": name,
            "title": name,
            "host": participant["role"] == "host",
            "created": room.created,
        },
        "you": participant,
        "rejoined": False,
        "session": secrets.token_hex(16),
        "epoch": room.epoch,
        "seq": room.seq,
        "participants": list(room.participants.values()),
        "ice_servers": [],
        "heartbeat": HEARTBEAT,
        "grace": 30,
    }
    await connection.send(json.dumps(answer))
    return room, participant


async def receive(room: Room, participant: dict[str, Any], message: dict[str, Any]) -> None:
    if message["type"] == "status":
        participant["media"].update(message["media"])
        changed = {"id": participant["id"], "media": message["media"]}
        broadcast(room.connections.values(), room.event("participant_updated", participant=changed))
    elif message["type"] == "signal":
        addressee = room.connections.get(message["to"])
        if addressee is not None:
            relayed = room.event("signal", **{"from": participant["id"], "data": message["data"]})
            # The addressee may be going: its own handler takes care of that.
            with contextlib.suppress(ConnectionClosed):
                await addressee.send(relayed)


async def handle(connection: ServerConnection) -> None:
    room, participant = await join(connection, json.loads(await connection.recv()))
    try:
        async for text in connection:
            await receive(room, participant, json.loads(text))
    finally:
        del room.participants[participant["id"]], room.connections[participant["id"]]
        left = room.event("participant_left", participant={"id": participant["id"]}, reason="lost")
        broadcast(room.connections.values(), left)


async def main(port: int) -> None:
    async with serve(
        handle,
        "127.0.0.1",
        port,
        compression=None,
        subprotocols=[Subprotocol("reconvene.v1")],
        max_size=64 * 1024,
        ping_interval=HEARTBEAT,
        backlog=1024,
    ) as server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--uvloop", action="store_true")
    options = parser.parse_args()
    if options.uvloop:
        import uvloop

        uvloop.run(main(options.port))
    else:
        asyncio.run(main(options.port))
