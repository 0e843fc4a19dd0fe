"""Clients of a running server, to play scenes with.

    ann = await play.client()
    await ann.join(room, "Ann", create=True)
    await bob.expect("participant_joined")

`expect` takes the very next message; `nothing` proves by a ping that none is on its way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.process import ServerProcess
from tests.signalling.frames import Dialogue

TIMEOUT = 10.0

Message = dict[str, Any]

EVENTS = {
    "participant_joined",
    "participant_rejoined",
    "participant_updated",
    "participant_left",
    "meeting_updated",
    "meeting_ended",
    "signal",
    "ask",
    "knock",
    "knock_ended",
    "chat_message",
    "chat_changed",
}


class Client:
    """One WebSocket, and what its page would remember: participant id, tokens, the last message as it came."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.raw = ""
        self.id = ""
        self.token = ""
        self.session = ""
        self.joined: Message = {}
        self.epoch = ""
        self.seq = 0
        self._number = 0
        self._dialogue = Dialogue()

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        subprotocol: str | None = None,
        origin: str | None = None,
        address: str | None = None,
    ) -> Client:
        """`address`: where it comes from, as a proxy would tell."""
        ws = await connect(
            url,
            subprotocols=None if subprotocol is None else [Subprotocol(subprotocol)],
            origin=None if origin is None else Origin(origin),
            additional_headers=None if address is None else {"X-Forwarded-For": address},
            ping_interval=None,
            compression=None,
            proxy=None,
            max_size=None,
            # Else whoever has much unread is not heard when it closes.
            max_queue=None,
            open_timeout=TIMEOUT,
            close_timeout=TIMEOUT,
        )
        return cls(ws)

    # Sending.

    async def send_text(self, text: str) -> None:
        await self.ws.send(text)

    async def send(self, kind: str, /, **fields: Any) -> int:
        """Send a message with the next id; answers the id."""
        text = self._text(kind, fields)
        self._dialogue.sent(text)
        await self.send_text(text)
        return self._number

    async def send_wrong(self, kind: str, /, **fields: Any) -> int:
        """Like `send`, for messages that the protocol does not allow."""
        await self.send_text(self._text(kind, fields))
        return self._number

    def _text(self, kind: str, fields: dict[str, Any]) -> str:
        self._number += 1
        return json.dumps({"type": kind, "id": self._number} | fields)

    async def join(self, meeting: str, name: str, **fields: Any) -> Message:
        """Join, expect `joined`, and remember the participant id and the tokens."""
        number = await self.send("join", meeting=meeting, name=name, **fields)
        answer = await self.expect("joined", id=number)
        self.joined = answer
        self.epoch, self.seq = answer["epoch"], answer["seq"]
        self.id = answer["you"]["id"]
        self.session = answer["session"]
        self.token = answer.get("token") or fields.get("token") or ""
        return answer

    async def resume(self, page: Client, **fields: Any) -> Message:
        """Go on in the place of a page that was here by another socket; answers `resumed`."""
        self.id, self.token, self.session = page.id, page.token, page.session
        self.epoch, self.seq, self._number = page.epoch, page.seq, page._number
        number = await self.ask_to_resume(**fields)
        answer = await self.expect("resumed", id=number)
        self.epoch = answer["epoch"]
        if "snapshot" in answer:
            self.seq = answer["seq"]
        return answer

    async def ask_to_resume(self, **fields: Any) -> int:
        place = {"session": self.session, "epoch": self.epoch, "seq": self.seq}
        return await self.send("resume", **(place | fields))

    async def status(self, **fields: Any) -> Message:
        """Say what changed; answers the event that everyone gets."""
        number = await self.send("status", **fields)
        event = await self.expect("participant_updated")
        await self.expect("ack", id=number)
        return event

    async def signal(self, to: Client | str, data: Any) -> None:
        number = await self.send("signal", to=to if isinstance(to, str) else to.id, data=data)
        await self.expect("ack", id=number)

    async def order(self, kind: str, /, **fields: Any) -> Message:
        """Command something that lasts, be told of it among what comes first, and be acknowledged."""
        number = await self.send(kind, key=f"{self.id}-{self._number}", **fields)
        ack, _ = await self.until("ack", id=number)
        return ack

    async def leave(self) -> None:
        await self.send("leave")
        code, _ = await self.closed()
        assert code == 1000

    # Being told.

    async def next(self) -> Message:
        async with asyncio.timeout(TIMEOUT):
            text = await self.ws.recv()
        assert isinstance(text, str)
        self._dialogue.received(text)
        self.raw = text
        message = json.loads(text)
        assert isinstance(message, dict)
        self.seq = message["seq"] if message["type"] in EVENTS else self.seq
        return message

    async def expect(self, kind: str, **fields: Any) -> Message:
        """The next message, which has to be this one."""
        message = await self.next()
        assert {"type": kind, **fields}.items() <= message.items(), f"{kind} {fields} expected, got {message}"
        return message

    async def error(self, code: str, **fields: Any) -> Message:
        return await self.expect("error", code=code, **fields)

    async def until(self, kind: str, **fields: Any) -> tuple[Message, list[Message]]:
        """The next message of the kind, and those before it."""
        before: list[Message] = []
        while True:
            message = await self.next()
            if {"type": kind, **fields}.items() <= message.items():
                return message, before
            before.append(message)

    async def nothing(self) -> None:
        """No message is on its way: the server answers in order, and the pong is next."""
        number = await self.send("ping", t="nothing else")
        await self.expect("pong", id=number)

    async def closed(self) -> tuple[int, list[Message]]:
        """The server's close code, and what it said before. Fails if the socket stays open."""
        messages: list[Message] = []
        try:
            while True:
                messages.append(await self.next())
        except ConnectionClosed as closed:
            return (closed.rcvd.code if closed.rcvd else 1006), messages

    def drop(self) -> None:
        """Lose the connection without a closing handshake."""
        self.ws.transport.abort()

    async def close(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self.ws.close()


class Play:
    """Opens clients of one server and closes them at the end."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        # No TLS: to read the certificates of all authorities takes longer than most tests.
        self.http = httpx.AsyncClient(base_url=server.url, timeout=TIMEOUT, trust_env=False, verify=False)  # noqa: S501
        self._clients: list[Client] = []

    async def client(
        self, *, subprotocol: str | None = None, origin: str | None = None, address: str | None = None
    ) -> Client:
        client = await Client.open(
            self.server.ws_url, subprotocol=subprotocol, origin=origin, address=address
        )
        self._clients.append(client)
        return client

    async def joined(self, meeting: str, name: str, **fields: Any) -> Client:
        client = await self.client()
        await client.join(meeting, name, **fields)
        return client

    async def pair(self, meeting: str) -> tuple[Client, Client]:
        """Ann, who is host, and Bob, with nothing left to be told."""
        ann = await self.joined(meeting, "Ann", create=True)
        bob = await self.joined(meeting, "Bob")
        await ann.expect("participant_joined")
        return ann, bob

    async def identity(self) -> str:
        answer = await self.http.post("/api/identity")
        assert answer.status_code == 200
        return str(answer.json()["token"])

    async def attendance(self, meeting: str, token: str) -> list[Message]:
        """Everyone who was ever in the meeting, with their sessions."""
        answer = await self.http.get(f"/api/meetings/{meeting}/attendance", headers=bearer(token))
        assert answer.status_code == 200, answer.text
        participants = answer.json()["participants"]
        assert isinstance(participants, list)
        return participants

    async def recorded(self) -> None:
        """Wait until everything that is to be recorded has been."""
        names = [f"\nreconvene_unrecorded_{what} 0.0\n" for what in ("leaves", "hands")]
        while True:
            metrics = (await self.http.get("/metrics")).text
            if all(name in metrics for name in names):
                return

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients))
        await self.http.aclose()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextlib.asynccontextmanager
async def playing(server: ServerProcess) -> AsyncIterator[Play]:
    play = Play(server)
    try:
        yield play
    finally:
        await play.close()
