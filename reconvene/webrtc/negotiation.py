"""Signals between clients (docs/protocol.md, "Between clients"), read from untrusted data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from aiortc import RTCIceCandidate, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import SessionDescription, candidate_from_sdp

from signalling.protocol.reach import Reach

MOST_CANDIDATES = 100
"""Most candidates of one connection. aioice sorts all candidate pairs for each new one."""

MOST_SECTIONS = 32
"""Most sections of a description. Each may take a socket for each of the machine's addresses."""

LARGEST = 2**31 - 1
"""The largest accepted number; the numbers after it can still be sent as JSON."""

_UFRAG = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Signal:
    """`connection`: number of the RTCPeerConnection it belongs to, from 1. `offer`: number of the offer that this
    description is, or answers."""

    connection: int = 1
    description: RTCSessionDescription | None = None
    offer: int | None = None
    screen: str = ""
    candidate: RTCIceCandidate | None = None
    username_fragment: str = ""
    repeat: bool = False
    renew: bool = False


def read(data: Any, mine: str, theirs: str, reach: Reach) -> Signal | None:
    """The signal in `data`, without candidates that are not allowed; None if it is not a signal, or not between these
    two instances."""
    if not isinstance(data, dict):
        return None
    if data.get("for", mine) != mine or data.get("instance", theirs) != theirs:
        return None
    number = data.get("connection", 1)
    if type(number) is not int or not 1 <= number <= LARGEST:
        return None
    description = _description(data.get("description"), reach)
    if description is not None:
        offer, screen = data.get("offer"), data.get("screen")
        return Signal(
            number,
            description=description,
            offer=offer if type(offer) is int and 1 <= offer <= LARGEST else None,
            screen=screen if isinstance(screen, str) else "",
        )
    if isinstance(said := data.get("candidate"), dict):
        candidate = _candidate(said)
        fragment = said.get("usernameFragment")
        user = fragment if isinstance(fragment, str) else ""
        if candidate is None or not reach.allows(candidate.ip):
            return None
        return Signal(number, candidate=candidate, username_fragment=user)
    repeat, renew = data.get("repeat") is True, data.get("renew") is True
    return Signal(number, repeat=repeat, renew=renew) if repeat or renew else None


def username_fragment(sdp: str) -> str:
    """The ICE username fragment of a description; a new one means an ICE restart (RFC 8839 section 4.4.1.1.1)."""
    found = _UFRAG.search(sdp)
    return found[1] if found else ""


def sections_of_stream(sdp: str, stream: str) -> set[str]:
    """The `mid`s of the media sections that carry the stream (RFC 8830)."""
    if not stream:
        return set()
    media = SessionDescription.parse(sdp).media
    return {section.rtp.muxId for section in media if (section.msid or "").split(" ")[0] == stream}


def remote(pc: RTCPeerConnection) -> RTCSessionDescription | None:
    """The remote description; it may be None, which aiortc's types do not say."""
    description: RTCSessionDescription | None = pc.remoteDescription
    return description


def restarts(pc: RTCPeerConnection, offer: RTCSessionDescription) -> bool:
    """Whether the offer asks for an ICE restart."""
    known = remote(pc)
    if known is None:
        return False
    return username_fragment(known.sdp) != username_fragment(offer.sdp)


def fitted(answer: str, offer: str) -> str:
    """The answer with those sections rejected that the offer has stopped, such as those of a screen no longer shared.
    aiortc accepts and bundles them, which browsers refuse (RFC 8829 section 5.3.1)."""
    gone = {section.rtp.muxId for section in SessionDescription.parse(offer).media if section.port == 0}
    if not gone:
        return answer
    session = SessionDescription.parse(answer)
    for section in session.media:
        if section.rtp.muxId in gone:
            section.port = 0
    for group in session.group:
        group.items = [mid for mid in group.items if mid not in gone]
    return str(session)


def opened(sdp: str) -> str:
    """The description with a port in each `bundle-only` section: such a section has port 0 but is not rejected
    (RFC 8843 section 6). Firefox offers this way, and aiortc would take the section for rejected."""
    sections = re.split(r"^(?=m=)", sdp, flags=re.MULTILINE)
    return "".join(
        re.sub(r"^(m=\S+) 0 ", r"\1 9 ", section)
        if re.search(r"^a=bundle-only\r?$", section, re.MULTILINE)
        else section
        for section in sections
    )


def _description(said: Any, reach: Reach) -> RTCSessionDescription | None:
    """None for an invalid description: applying it would break the existing connection."""
    if not isinstance(said, dict):
        return None
    sdp, kind = said.get("sdp"), said.get("type")
    if not isinstance(sdp, str) or not isinstance(kind, str) or kind not in {"offer", "answer"}:
        return None
    sections = sum(line.startswith("m=") for line in sdp.splitlines())
    if not 1 <= sections <= MOST_SECTIONS or sdp.count("a=candidate:") > MOST_CANDIDATES:
        return None
    if not username_fragment(sdp) or "a=fingerprint:" not in sdp:
        return None
    try:
        SessionDescription.parse(sdp)
    except Exception:
        # aiortc's parser raises all kinds of errors.
        return None
    return RTCSessionDescription(opened(reach.without_others(sdp)), kind)


def _candidate(said: dict[str, Any]) -> RTCIceCandidate | None:
    """None for anything but a candidate, including the end-of-candidates (""), which changes nothing."""
    text, mid, index = said.get("candidate"), said.get("sdpMid"), said.get("sdpMLineIndex")
    if not isinstance(text, str) or not (isinstance(mid, str) or type(index) is int):
        return None
    try:
        candidate = candidate_from_sdp(text.removeprefix("candidate:"))
    except (AssertionError, ValueError):
        return None
    candidate.sdpMid = mid if isinstance(mid, str) else None
    candidate.sdpMLineIndex = index if type(index) is int else None
    return candidate
