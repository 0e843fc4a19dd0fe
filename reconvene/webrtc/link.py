"""Connects a bot with one instance of one participant: by an RTCPeerConnection, and by a new one when that fails.

aiortc can neither roll back an offer nor restart ICE. So a bot is always the impolite side of perfect negotiation
(W3C WebRTC, 10.7); of two bots, the one with the smaller participant id makes no offers. Where a browser would restart
ICE, a bot makes a new connection with the next number, which its offer carries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NamedTuple, Protocol

import structlog
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)

from reconvene.webrtc import ice, negotiation
from reconvene.webrtc.candidates import Candidates
from reconvene.webrtc.incoming_tracks import IncomingTracks
from reconvene.webrtc.negotiation import Signal
from reconvene.webrtc.recovery import Recovery
from signalling.client.roster import Participant
from signalling.protocol.reach import Reach

log = structlog.get_logger()

MOST_WAITING = 200
"""Most signals that wait; further ones are dropped. A page that starts sends some twenty at once."""


class Outgoing(NamedTuple):
    """The outgoing tracks of one connection; they end with it."""

    audio: MediaStreamTrack | None = None
    video: MediaStreamTrack | None = None


class Renewal(NamedTuple):
    """A request to replace this connection."""

    connection: int


class Owner(Protocol):
    """What a link needs from its bot."""

    @property
    def instance(self) -> str: ...
    @property
    def reach(self) -> Reach: ...
    def configuration(self) -> RTCConfiguration: ...
    def tell(self, link: Link, data: dict[str, Any]) -> None: ...
    def outgoing(self, link: Link) -> Outgoing: ...
    def incoming(self, link: Link, track: MediaStreamTrack, screen: bool) -> Coroutine[Any, Any, None]: ...
    def link_changed(self, link: Link) -> None: ...


class Link:
    """`polite`: makes no offers, only answers them. `state` is the connection's (`RTCPeerConnectionState`)."""

    def __init__(self, owner: Owner, participant: Participant, *, polite: bool) -> None:
        self.participant_id: str = participant["id"]
        self.instance: str = participant["instance"]
        self.participant = participant
        self.connection = 0
        self.pc: RTCPeerConnection | None = None
        self.stopped = False
        self._owner = owner
        self._polite = polite
        self._inbox: asyncio.Queue[Signal | Renewal | None] = asyncio.Queue()
        self._tracks = IncomingTracks(lambda track, screen: owner.incoming(self, track, screen))
        self._candidates: Candidates | None = None
        self._number = self._told = 0
        self._recovery = Recovery(self._help_on, self._renew_now)
        self._closing: set[asyncio.Task[None]] = set()
        self._work = asyncio.create_task(self._run())

    @property
    def state(self) -> str:
        return self.pc.connectionState if self.pc is not None else "new"

    @property
    def negotiated(self) -> bool:
        """Whether an offer has been answered."""
        return (
            self.pc is not None
            and self.pc.signalingState == "stable"
            and negotiation.remote(self.pc) is not None
        )

    def path(self) -> ice.Path | None:
        """The path that media takes, or None before there is one."""
        return ice.path(self.pc) if self.pc is not None else None

    # Requests. They are queued and handled one at a time, so that none interrupts another.

    def start(self) -> None:
        self._recovery.watch()
        if not self._polite:
            self._renew_now()

    def receive(self, data: Any) -> None:
        signal = negotiation.read(data, self._owner.instance, self.instance, self._owner.reach)
        if signal is None or self._inbox.qsize() >= MOST_WAITING:
            return
        # An offer being made is sent anyway. A second copy would revert what the other side offers after the first.
        if not (signal.repeat and self._number != self._told):
            self._inbox.put_nowait(signal)

    def recover(self) -> None:
        """Signals may have been lost in either direction."""
        self._inbox.put_nowait(None)

    def stop(self) -> asyncio.Task[None]:
        """Stop at once; the returned task is done when everything is closed."""
        self.stopped = True
        self._recovery.stop()
        self._work.cancel()
        self._close()
        return asyncio.create_task(self._closed())

    async def _closed(self) -> None:
        await asyncio.wait({self._work, *self._closing})

    # Handling the requests.

    async def _run(self) -> None:
        while True:
            task = await self._inbox.get()
            try:
                if isinstance(task, Signal):
                    await self._take(task)
                elif task is not None:
                    # The other side may have begun a newer connection meanwhile.
                    if task.connection == self.connection:
                        await self._renew()
                else:
                    self._repeat_offer()
                    self._tell({"repeat": True})
            except Exception as error:
                # Covers descriptions that aiortc cannot handle, and its own errors: the next connection starts
                # from scratch.
                log.warning("negotiation failed", participant=self.participant_id, error=repr(error))
                self._recovery.failed()

    async def _take(self, signal: Signal) -> None:
        description = signal.description
        if description is not None and description.type == "offer":
            await self._take_offer(description, signal)
        elif signal.connection != self.connection or self.pc is None:
            if signal.repeat or signal.renew:
                # From a page that knows only an older connection, or none.
                self._repeat_offer()
        elif description is not None:
            if self.pc.signalingState == "have-local-offer" and signal.offer in {None, self._number}:
                await self._take_description(self.pc, description, signal.screen)
        elif signal.candidate is not None:
            if self._candidates is not None:
                self._candidates.take(signal)
        elif signal.renew and not self._polite:
            self._recovery.failed()
        elif signal.repeat:
            self._repeat_offer()

    async def _take_offer(self, description: RTCSessionDescription, signal: Signal) -> None:
        if signal.connection < self.connection:
            return
        pc = self.pc
        if pc is None or signal.connection > self.connection:
            pc = self._open(signal.connection)
        if pc.signalingState != "stable":
            return
        if negotiation.restarts(pc, description):
            self._recovery.failed()
            return
        await self._take_description(pc, description, signal.screen)
        self._answer_on(pc)
        await pc.setLocalDescription(await pc.createAnswer())
        self._tell_description(signal.offer)

    async def _take_description(
        self, pc: RTCPeerConnection, description: RTCSessionDescription, screen: str
    ) -> None:
        screens = negotiation.sections_of_stream(description.sdp, screen)
        arrived: list[MediaStreamTrack] = []
        # aiortc emits new tracks in setRemoteDescription, before their sections can be looked up.
        pc.on("track", arrived.append)
        try:
            await pc.setRemoteDescription(description)
        finally:
            pc.remove_listener("track", arrived.append)
        if not self._tracks.described(pc, arrived, screens):
            self._recovery.failed()
        if self._candidates is not None:
            self._candidates.described()

    async def _renew(self) -> None:
        """Offer the next connection to the other side, or ask for one."""
        if self._polite:
            self._tell({"renew": True})
            return
        pc = self._open(self.connection + 1)
        for kind, track in self._owner.outgoing(self)._asdict().items():
            pc.addTransceiver(track or kind, direction="sendrecv")
        self._number += 1
        await pc.setLocalDescription(await pc.createOffer())
        self._tell_description(self._number)
        self._told = self._number

    def _open(self, connection: int) -> RTCPeerConnection:
        self._close()
        self.connection = connection
        self.pc = pc = RTCPeerConnection(self._owner.configuration())
        self._candidates = Candidates(pc, self.participant_id)
        pc.on("connectionstatechange", lambda: self._state_changed(pc))
        self._recovery.begun()
        return pc

    def _close(self) -> None:
        pc, self.pc = self.pc, None
        self._tracks.close()
        if self._candidates is not None:
            self._candidates.close()
        if pc is not None:
            task = asyncio.create_task(_close(pc))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _answer_on(self, pc: RTCPeerConnection) -> None:
        """Send on the offer's first audio and first video section."""
        outgoing: Outgoing | None = None
        for kind in ("audio", "video"):
            carrier = self._carrier(kind)
            if carrier is None or carrier.direction == "sendrecv":
                continue
            outgoing = outgoing or self._owner.outgoing(self)
            carrier.direction = "sendrecv"
            carrier.sender.replaceTrack(getattr(outgoing, kind))

    def _carrier(self, kind: str) -> RTCRtpTransceiver | None:
        """The section for microphone or camera: the first of its kind."""
        transceivers = self.pc.getTransceivers() if self.pc is not None else []
        return next((transceiver for transceiver in transceivers if transceiver.kind == kind), None)

    # Sending signals.

    def _tell_description(self, offer: int | None) -> None:
        description = self.pc.localDescription if self.pc is not None else None
        if description is not None:
            sdp = description.sdp
            remote = negotiation.remote(self.pc) if self.pc is not None else None
            if description.type == "answer" and remote is not None:
                sdp = negotiation.fitted(sdp, remote.sdp)
            said = {"type": description.type, "sdp": sdp}
            self._tell({"description": said, "offer": offer, "screen": None})

    def _repeat_offer(self) -> None:
        if self.pc is not None and self.pc.signalingState == "have-local-offer":
            self._tell_description(self._number)

    def _tell(self, data: dict[str, Any]) -> None:
        if self.connection > 1:
            data["connection"] = self.connection
        self._owner.tell(self, {**data, "instance": self._owner.instance, "for": self.instance})

    # Watching the connection.

    def _state_changed(self, pc: RTCPeerConnection) -> None:
        if pc is not self.pc or self.stopped:
            return
        if pc.connectionState == "connected":
            self._recovery.connected()
        else:
            if pc.connectionState in {"failed", "closed"}:
                self._recovery.failed()
            self._recovery.watch()
        self._owner.link_changed(self)

    def _renew_now(self) -> None:
        self._inbox.put_nowait(Renewal(self.connection))

    def _help_on(self) -> None:
        if self.negotiated and not self._polite:
            # Both sides have all descriptions, yet they do not connect.
            self._renew_now()
        else:
            self.recover()


async def _close(pc: RTCPeerConnection) -> None:
    try:
        await pc.close()
    except Exception as error:
        log.debug("connection did not close cleanly", error=repr(error))
