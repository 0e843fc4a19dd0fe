"""The remote ICE candidates of one connection."""

from __future__ import annotations

import asyncio

import structlog
from aiortc import RTCIceCandidate, RTCPeerConnection

from reconvene.webrtc import negotiation
from reconvene.webrtc.negotiation import MOST_CANDIDATES, Signal

log = structlog.get_logger()


class Candidates:
    """`participant`: whose candidates, for the log."""

    def __init__(self, pc: RTCPeerConnection, participant: str) -> None:
        self._pc = pc
        self._participant = participant
        self._left = MOST_CANDIDATES
        self._waiting: list[Signal] = []
        self._adding: set[asyncio.Task[None]] = set()

    def take(self, signal: Signal) -> None:
        if self._left > 0:
            self._left -= 1
            self._waiting.append(signal)
            self.described()

    def described(self) -> None:
        """Adds the candidates that belong to the remote description, once there is one."""
        remote = negotiation.remote(self._pc)
        if remote is None:
            return
        fitting = {"", negotiation.username_fragment(remote.sdp)}
        waiting, self._waiting = self._waiting, []
        for signal in waiting:
            if signal.username_fragment in fitting:
                # Not awaited: resolving an unanswered mDNS name takes a second, and other candidates may follow.
                task = asyncio.create_task(self._add(signal.candidate))
                self._adding.add(task)
                task.add_done_callback(self._adding.discard)

    def close(self) -> None:
        for task in self._adding:
            task.cancel()

    async def _add(self, candidate: RTCIceCandidate | None) -> None:
        try:
            await self._pc.addIceCandidate(candidate)
        except Exception as error:
            # Other candidates remain; this one has a name that cannot be resolved, or an address family missing here.
            log.debug("candidate of no use", participant=self._participant, error=repr(error))
