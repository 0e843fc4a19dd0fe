"""ICE in aiortc's terms: which servers a connection may use, and which pair it selected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceCandidate,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
)
from aiortc.rtcicetransport import RTCIceTransport, parse_stun_turn_uri


@dataclass(frozen=True, slots=True)
class Path:
    """The candidate pair that media uses. Types are those of `RTCIceCandidateType`."""

    local: str
    remote: str
    protocol: str

    @property
    def relayed(self) -> bool:
        return "relay" in (self.local, self.remote)

    def __str__(self) -> str:
        way = "through a relay" if self.relayed else "directly"
        return f"{way} ({self.local} to {self.remote}, {self.protocol})"


def configuration(servers: Iterable[dict[str, Any]], *, relay_only: bool = False) -> RTCConfiguration:
    """The configuration from the `RTCIceServer` dictionaries in `joined`, without servers that aiortc cannot use.

    aiortc asks the first STUN and the first TURN server. Given an empty list, it asks none (its default is a
    public one).
    """
    policy = RTCIceTransportPolicy.RELAY if relay_only else RTCIceTransportPolicy.ALL
    usable = [server for entry in servers for server in _usable(entry)]
    return RTCConfiguration(
        iceServers=usable, iceTransportPolicy=policy, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE
    )


def _usable(entry: dict[str, Any]) -> list[RTCIceServer]:
    urls = entry.get("urls", [])
    credentials = entry.get("username"), entry.get("credential")
    return [
        RTCIceServer(url, *credentials)
        for url in ([urls] if isinstance(urls, str) else urls)
        if _is_known(url)
    ]


def _is_known(url: Any) -> bool:
    try:
        parse_stun_turn_uri(url)
    except (AttributeError, TypeError, ValueError):
        return False
    return True


def transport(pc: RTCPeerConnection) -> RTCIceTransport | None:
    """The ICE transport that all media of the connection share."""
    for transceiver in pc.getTransceivers():
        return transceiver.receiver.transport.transport
    return None


def path(pc: RTCPeerConnection) -> Path | None:
    """The pair in use, or None before there is one."""
    ice = transport(pc)
    if ice is None:
        return None
    # aiortc's statistics lack the selected pair; aioice keeps it here.
    pair = ice._connection._nominated.get(1)
    if pair is None:
        return None
    return Path(pair.local_candidate.type, pair.remote_candidate.type, pair.local_candidate.transport)


def candidates(pc: RTCPeerConnection) -> tuple[Sequence[RTCIceCandidate], Sequence[RTCIceCandidate]]:
    """The local and the remote candidates."""
    ice = transport(pc)
    if ice is None:
        return (), ()
    return ice.iceGatherer.getLocalCandidates(), ice.getRemoteCandidates()
