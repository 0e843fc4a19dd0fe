"""A participant without a browser: in a meeting like any other, connected to everyone in it.

    async with Bot(address, "Echo", Echo()) as bot:
        await bot.over()

Its `Behaviour` defines what it does there. After a lost connection it comes back by itself as the page does: it
resumes, or joins anew if the server has given up its tab session.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Literal, Self

import structlog
from aiortc import MediaStreamTrack, RTCConfiguration

from reconvene.meeting_socket import GetToken, MeetingSocket
from reconvene.participants.behaviour import Behaviour
from reconvene.participants.stay_end import Over, closed, not_let_in, refused
from reconvene.server_address import Address
from reconvene.webrtc import ice
from reconvene.webrtc.link import Link, Outgoing
from signalling.client.actions import Emit
from signalling.client.outbox import Message
from signalling.client.place import Place
from signalling.client.rights import NOTHING, Plays, plays
from signalling.client.roster import Participant, Roster
from signalling.client.state_machine import SignallingClient
from signalling.protocol.reach import Reach

log = structlog.get_logger()

Kind = Literal["bot", "recorder"]

MOST_UNSENT = 1000
"""Most messages that wait for the server. It may be away for days while links go on offering; lost messages are sent
again once it is back."""

CLOSING = 3.0
"""Seconds for connections to close. Releasing the relay of a TURN server that is gone would take a minute."""


class Bot:
    """`media`: what it announces to send. `create`: create the meeting if there is none. `token`: an identity to join
    with; by default the server makes one of this kind. `get_token`: asks the application for a newer one. `invite`: by
    default that of the address. `wait`: most seconds in the lobby; by default as long as it takes. `page`: by default
    a random name.

    `reach`: which remote candidates it tries. `relay_only`: connects through TURN only. `servers`: ICE servers to
    use instead of those that the server names.
    """

    def __init__(
        self,
        address: Address,
        name: str,
        behaviour: Behaviour,
        *,
        kind: Kind = "bot",
        create: bool = False,
        token: str | None = None,
        get_token: GetToken | None = None,
        invite: str | None = None,
        password: str | None = None,
        wait: float | None = None,
        page: str | None = None,
        media: dict[str, bool] | None = None,
        reach: Reach = Reach.ANY,
        relay_only: bool = False,
        servers: Sequence[dict[str, Any]] | None = None,
    ) -> None:
        if address.meeting is None:
            raise ValueError("no meeting in the address")
        self.meeting = address.meeting
        flags = {"audio": False, "video": False, "screen": False, **(media or {})}
        place = Place(
            self.meeting,
            name,
            page=page or secrets.token_hex(8),
            token=token,
            invite=invite or address.invite,
            password=password,
            create=create,
            media=flags,
            kind=kind,
        )
        self.address = address
        self.name = name
        self.links: dict[str, Link] = {}
        """By participant id."""
        self.reach = reach
        self.socket = MeetingSocket(address.websocket, place, self._heard, get_token=get_token)
        self._behaviour = behaviour
        self._relay_only = relay_only
        self._servers = servers
        self._named: Sequence[dict[str, Any]] = ()
        self._end: Over | None = None
        self._wait = wait
        self._waiting: asyncio.TimerHandle | None = None
        self._stopping: set[asyncio.Task[None]] = set()
        self._instance = ""

    @property
    def client(self) -> SignallingClient:
        return self.socket.client

    @property
    def roster(self) -> Roster:
        return self.client.membership.roster

    @property
    def my_id(self) -> str:
        return self.client.membership.my_id

    @property
    def others(self) -> list[Participant]:
        return [participant for key, participant in self.roster.items() if key != self.my_id]

    async def __aenter__(self) -> Self:
        await self.socket.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves, and waits for connections to close, for a limited time."""
        self._stop_waiting()
        self.leave()
        try:
            await self.socket.__aexit__(kind, error, trace)
        finally:
            for participant_id in list(self.links):
                self._part(participant_id)
            if self._stopping:
                await asyncio.wait(self._stopping, timeout=CLOSING)

    def plays(self, participant_id: str) -> Plays:
        """What of this participant to play or record: nothing else of them is meant to be heard or seen."""
        participant = self.roster.get(participant_id)
        return NOTHING if participant is None else plays(participant, self.client.membership.meeting)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is checked after every event of this bot or its links. Raises `Over`."""

        def holds() -> bool:
            if self._end is not None:
                raise self._end
            return condition()

        await self.socket.until(holds)

    async def joined(self) -> None:
        """Wait until it is in the meeting. Raises `Over`."""
        await self.until(lambda: self.client.phase == "joined")

    async def over(self) -> None:
        """Wait until it has left. Raises `Over` when its stay ended otherwise."""
        await self.until(lambda: self.client.phase == "over")

    def status(self, **change: Any) -> None:
        """Send a status: `media` (only the changed flags), `hand`."""
        self.socket.status(**change)

    def leave(self) -> None:
        self.socket.leave()

    # Called by links.

    @property
    def instance(self) -> str:
        return self._instance

    def configuration(self) -> RTCConfiguration:
        servers = self._named if self._servers is None else self._servers
        return ice.configuration(servers, relay_only=self._relay_only)

    def tell(self, link: Link, data: dict[str, Any]) -> None:
        if self.links.get(link.participant_id) is link and self.client.membership.unanswered < MOST_UNSENT:
            self.socket.signal(link.participant_id, data)

    def outgoing(self, link: Link) -> Outgoing:
        return self._behaviour.outgoing(link)

    def incoming(self, link: Link, track: MediaStreamTrack, screen: bool) -> Coroutine[Any, Any, None]:
        return self._behaviour.incoming(link, track, screen)

    def link_changed(self, link: Link) -> None:
        self._behaviour.link_changed(link)
        self.socket.wake()

    # Called by the socket.

    def _heard(self, happened: Emit) -> None:
        detail = happened.detail
        match happened.name:
            case "joined":
                self._came_in(detail)
            case "resumed":
                self._came_back(detail)
            case "ice_servers":
                # For future connections. aiortc cannot change the servers of existing ones, whose relays stay valid.
                self._named = detail["ice_servers"]
            case "event":
                self._event(detail)
            case "muted":
                self._behaviour.muted(self, detail)
            case "waiting":
                self._waits(detail)
            case "away":
                self._behaviour.away(self)
            case "refused":
                self._end = refused(self.address, self.meeting, detail)
            case "closed":
                self._end = closed(detail["code"])
            case "error":
                log.debug("refused", **detail)

    def _waits(self, waiting: Message) -> None:
        log.info("waiting to be let in", name=self.name, position=waiting["position"])
        if self._wait is not None and self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(self._wait, self._waited, self._wait)

    def _waited(self, seconds: float) -> None:
        if self._end is None:
            self._end = not_let_in(seconds)
            self.leave()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _came_in(self, joined: Message) -> None:
        self._stop_waiting()
        self._instance = joined["you"]["instance"]
        self._named = joined["ice_servers"]
        for participant_id in list(self.links):
            self._part(participant_id)
        self._behaviour.joined(self, joined)
        for participant in self.others:
            self._meet(participant)

    def _came_back(self, detail: Message) -> None:
        self._named = detail["ice_servers"]
        self._behaviour.resumed(self, detail)
        if "snapshot" not in detail:
            return
        for participant_id in list(self.links):
            if participant_id not in self.roster:
                self._part(participant_id)
        known = list(self.links.values())
        for participant in self.others:
            self._meet(participant)
        for link in known:
            if self.links.get(link.participant_id) is link:
                link.recover()

    def _event(self, event: Message) -> None:
        self._behaviour.event(self, event)
        match event["type"]:
            case "participant_joined" | "participant_rejoined":
                self._meet(event["participant"])
            case "participant_updated":
                self._know(event["participant"]["id"])
            case "participant_left":
                self._part(event["participant"]["id"])
            case "signal" if link := self.links.get(event["from"]):
                link.receive(event["data"])

    def _meet(self, participant: Participant) -> None:
        """Idempotent: the same instance keeps its link, another one gets a new one at once."""
        participant_id = participant["id"]
        link = self.links.get(participant_id)
        if participant_id == self.my_id:
            return
        if link is not None and link.instance == participant["instance"]:
            link.participant = participant
            return
        self._part(participant_id)
        polite = participant.get("kind") == "bot" and self.my_id < participant_id
        self.links[participant_id] = link = Link(self, participant, polite=polite)
        link.start()

    def _know(self, participant_id: str) -> None:
        link, participant = self.links.get(participant_id), self.roster.get(participant_id)
        if link is not None and participant is not None:
            link.participant = participant

    def _part(self, participant_id: str) -> None:
        link = self.links.pop(participant_id, None)
        if link is None:
            return
        task = link.stop()
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)
        self._behaviour.parted(link)
