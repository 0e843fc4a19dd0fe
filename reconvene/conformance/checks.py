"""What `reconvene conformance check` tries with a server, one function for each. They raise `Wrong`."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec

from reconvene.conformance.remote import Remote, Wrong, same
from signalling.protocol import server_messages as messages
from signalling.protocol.client_messages import MAX_SIZE
from signalling.protocol.errors import CloseCode


class Server:
    """The server that is checked. `tokens`: of different users, where everybody has to log in."""

    def __init__(self, url: str, tokens: Sequence[str] = ()) -> None:
        self._url = url
        self._tokens = tokens
        self._stack = contextlib.AsyncExitStack()

    async def client(self, name: str = "Check") -> Remote:
        remote = await Remote.open(self._url, name)
        self._stack.push_async_callback(remote.close)
        return remote

    async def member(self, meeting: str, number: int, **fields: object) -> Remote:
        """A client in the meeting, as the user with this number, from 0."""
        remote = await self.client(f"Check {number}")
        token = {"token": self._tokens[number]} if self._tokens else {}
        await remote.join(meeting, **token, **fields)
        return remote

    @contextlib.asynccontextmanager
    async def pair(self) -> AsyncIterator[tuple[Remote, Remote, str]]:
        """Two in a meeting of their own, the first of whom is host; nothing is left to be told. It is ended after."""
        meeting = f"CHECK-{secrets.token_hex(5).upper()}"
        first = await self.member(meeting, 0, create=True)
        try:
            second = await self.member(meeting, 1)
            joined = await first.event(messages.ParticipantJoined)
            same("the id of who joined", joined.participant.id, second.id)
            yield first, second, meeting
        finally:
            await first.send("end")

    async def close(self) -> None:
        await self._stack.aclose()


async def subprotocol(server: Server) -> None:
    """The subprotocol reconvene.v1 is selected."""
    same("the subprotocol", (await server.client()).subprotocol, "reconvene.v1")


async def ping_first(server: Server) -> None:
    """A ping is answered before a join, with the same `t`."""
    remote = await server.client()
    t = {"a": [1, None, "ä"]}
    await remote.send("ping", t=t)
    pong = await remote.expect(messages.Pong)
    same("t", None if pong.t is msgspec.UNSET else msgspec.json.decode(pong.t), t)


async def join_first(server: Server) -> None:
    """Any other message before a join is answered with not_joined, and the close code 4000."""
    remote = await server.client()
    number = await remote.send("status", hand=True)
    await remote.refused("not_joined", number)
    await remote.closed(CloseCode.MISUSE)


async def malformed(server: Server) -> None:
    """What is no message is answered with bad_message, and the socket stays open."""
    remote = await server.client()
    await remote.say("this is no JSON")
    await remote.refused("bad_message")
    number = await remote.send("of_a_newer_client")
    await remote.refused("bad_message", number)
    number = await remote.send("status", hand="up")
    await remote.refused("bad_message", number)
    await remote.nothing()


async def binary(server: Server) -> None:
    """A binary frame is answered with the close code 1003."""
    remote = await server.client()
    await remote.say(b"{}")
    await remote.closed(CloseCode.UNSUPPORTED_DATA)


async def too_big(server: Server) -> None:
    """A message over 64 KiB is answered with the close code 1009."""
    remote = await server.client()
    await remote.say(json.dumps({"type": "ping", "t": "x" * MAX_SIZE}))
    await remote.closed(CloseCode.MESSAGE_TOO_BIG)


async def unknown_meeting(server: Server) -> None:
    """A meeting that does not exist is unknown_meeting, and another join may follow on the socket."""
    async with server.pair() as (_, second, meeting):
        remote = await server.client()
        number = await remote.send("join", meeting=f"{meeting}-NOT", name="Check")
        error = await remote.expect(messages.Error)
        # Where everybody has to log in, that is asked for first.
        if str(error.code) not in {"unknown_meeting", "login_required"}:
            raise Wrong(f"the code of the error is {error.code}")
        same("the id of the error", error.id, number)
        await remote.nothing()
        await second.nothing()


async def join(server: Server) -> None:
    """Who joins is told who is there, and the others are told of it once."""
    async with server.pair() as (first, second, meeting):
        joined = second.joined
        same(
            "the meeting",
            (joined.meeting.id, joined.meeting.host, joined.meeting.created),
            (meeting, False, False),
        )
        same("the participants", [each.id for each in joined.participants], [first.id, second.id])
        same("you", joined.you, joined.participants[1])
        number = await second.send("join", meeting=meeting, name="Check")
        await second.refused("already_joined", number)
        await first.nothing()


async def status(server: Server) -> None:
    """A status is told to everyone, to its author before the ack. Fields that are not known are ignored."""
    async with server.pair() as (first, second, _):
        number = await first.send("status", media={"audio": True}, of_a_newer_client=1)
        event = await first.event(messages.ParticipantUpdated)
        same("who", event.participant.id, first.id)
        media = messages.MediaState(audio=True, video=False, screen=False)
        same("the media", event.participant.media, media)
        same("the id of the ack", (await first.expect(messages.Ack)).id, number)
        same("what the other is told", await second.event(messages.ParticipantUpdated), event)
        await first.send("status", media={"audio": True})
        await first.expect(messages.Ack)
        await second.nothing()


async def signal(server: Server) -> None:
    """A signal is relayed as it is, in order, to its addressee alone; to nobody it is unknown_participant."""
    async with server.pair() as (first, second, _):
        data = '{"a" : [1.0, "\\u00e4"],  "b":null}'
        for number in (101, 102):
            frame = f'{{"type":"signal","to":"{second.id}","data":{data},"id":{number}}}'
            await first.say(frame)
            same("the id of the ack", (await first.expect(messages.Ack)).id, number)
            event = await second.event(messages.RelayedSignal)
            same("the sender", event.sender, first.id)
            same("the data", bytes(event.data).decode(), data)
        first.number = 102
        for nobody in ("p_nobody", first.id):
            number = await first.send("signal", to=nobody, data=1)
            await first.refused("unknown_participant", number)


async def resume(server: Server) -> None:
    """Who comes back in time has missed nothing, and nobody saw a leave. A command sent again takes effect once."""
    async with server.pair() as (first, second, _):
        number = await second.send("signal", to=first.id, data="once")
        await second.expect(messages.Ack)
        await first.event(messages.RelayedSignal)
        second.cut()
        for n in range(3):
            await first.send("signal", to=second.id, data=n)
            await first.expect(messages.Ack)
        back = await server.client(second.name)
        resumed = await back.resume(second)
        same("the epoch", resumed.epoch, second.epoch)
        if resumed.snapshot is not msgspec.UNSET:
            raise Wrong("the room came as a snapshot, as if the server had forgotten")
        replay = [await back.replayed() for _ in range(resumed.replayed)]
        signals = [bytes(each.data) for each in replay if isinstance(each, messages.RelayedSignal)]
        same("what is replayed", signals, [b"0", b"1", b"2"])
        same("the end of the replay", back.seq, resumed.seq)
        await back.say(json.dumps({"type": "signal", "id": number, "to": first.id, "data": "once"}))
        same("the id of the ack", (await back.expect(messages.Ack)).id, number)
        await first.nothing()


async def replaced(server: Server) -> None:
    """The same session on another socket takes the place: the older one is closed with 4001."""
    async with server.pair() as (first, second, _):
        back = await server.client(second.name)
        await back.resume(second)
        await second.closed(CloseCode.REPLACED)
        await back.nothing()
        await first.nothing()


async def leave(server: Server) -> None:
    """Who leaves has left at once; the socket is closed with 1000 after the ack."""
    async with server.pair() as (first, second, _):
        number = await second.send("leave")
        same("the id of the ack", (await second.expect(messages.Ack)).id, number)
        await second.closed(CloseCode.NORMAL)
        left = await first.event(messages.ParticipantLeft)
        same("who left, and why", (left.participant.id, left.reason), (second.id, "left"))


async def end(server: Server) -> None:
    """The host ends the meeting: everyone is told, and closed with 4003. Nobody else may."""
    async with server.pair() as (first, second, _):
        number = await second.send("end")
        await second.refused("forbidden", number)
        await first.send("end")
        await second.event(messages.MeetingEnded)
        await second.closed(CloseCode.MEETING_ENDED)
        await first.closed(CloseCode.MEETING_ENDED)


CHECKS: tuple[Callable[[Server], Awaitable[None]], ...] = (
    *(subprotocol, ping_first, join_first, malformed, binary, too_big),
    *(join, unknown_meeting, status, signal, resume, replaced, leave, end),
)
