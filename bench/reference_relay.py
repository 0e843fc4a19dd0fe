"""Reference: the least a Python server can do, a bare relay on websockets' Sans-I/O protocol.

An ``asyncio.Protocol`` per connection pumps a ``ServerProtocol`` on uvloop; a status frame is recognised by
its bytes, one answer of the usual shape is formatted, framed once, and the same bytes are written to every
transport of the room. It is the ceiling to hold the real server against, and no server to use: nothing is
parsed (but the join), validated, authorised, stored, logged or limited, nobody is told who else is there,
a slow reader is never noticed, and ``signal`` is not served.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
from typing import cast

import uvloop
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

numbers = itertools.count()
rooms: dict[str, Room] = {}


class Room:
    """The transports of one meeting, and the number of its last event."""

    def __init__(self) -> None:
        self.seq = 0
        self.transports: dict[int, asyncio.Transport] = {}


class Relay(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport
    room: Room | None = None

    def __init__(self) -> None:
        self.number = next(numbers)
        self.protocol = ServerProtocol(subprotocols=[Subprotocol("reconvene.v1")], max_size=64 * 1024)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Request):
                self.protocol.send_response(self.protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                if self.room is None:
                    self.join(bytes(event.data))
                else:
                    self.relay(self.room, bytes(event.data))
        for reply in self.protocol.data_to_send():
            self.transport.write(reply)
        if self.protocol.state is State.CLOSED:
            self.transport.close()

    def join(self, text: bytes) -> None:
        name = json.loads(text)["meeting"]
        self.room = rooms.setdefault(name, Room())
        self.room.transports[self.number] = self.transport
        answer = {"type": "joined", "id": 1, "you": {"id": f"p_{self.number:016x}"}, "participants": []}
        self.protocol.send_text(json.dumps(answer).encode())

    def relay(self, room: Room, text: bytes) -> None:
        room.seq += 1
        audio = b"true" if b"true" in text else b"false"
        update = (
            b'{"type":"participant_updated","seq":%d,"participant":{"id":"p_%016x","media":{"audio":%s}}}'
        )
        frame = Frame(Opcode.TEXT, update % (room.seq, self.number, audio)).serialize(mask=False)
        for transport in room.transports.values():
            transport.write(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.room is not None:
            del self.room.transports[self.number]


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Relay, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(main(parser.parse_args().port))
