"""The check of ICE: which candidates were found and received, and whether a pair of them works."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from reconvene.probe.context import Visit, both
from reconvene.probe.participant import Participant
from reconvene.probe.steps import Failed, Seen

_CANDIDATE = re.compile(r"^(a=candidate:.*? typ (\w+))", re.MULTILINE)


async def pair(visit: Visit, within: float) -> Seen:
    try:
        async with asyncio.timeout(within):
            await both(*(_paired(each) for each in visit.participants))
    except TimeoutError:
        raise _no_pair(visit, f"no pair of candidates works, within {within:.2g} s") from None
    except _IceFailed:
        raise _no_pair(visit, "no pair of candidates works") from None
    details = _candidates(visit)
    paths = {
        each.name: path for each in visit.participants if each.link is not None and (path := each.link.path())
    }
    ways = [
        {"of": key, "local": path.local, "remote": path.remote, "protocol": path.protocol}
        for key, path in paths.items()
    ]
    relayed = any(path.relayed for path in paths.values())
    if visit.turn_only and not relayed:
        raise Failed(
            "the pair in use is not relayed, in spite of --turn-only",
            "This is a fault of the probe: please report it",
        )
    way = next((str(path) for path in paths.values()), "connected")
    found = list(dict.fromkeys(_shown(_counts(each)[0]) for each in visit.participants))
    told = f"found {' and '.join(found)}{' each' if len(found) == 1 else ''}; {way}"
    return Seen(told, {"relayed": relayed, "pairs": ways, **details}, missing_servers(visit))


class _IceFailed(Exception):  # noqa: N818 - named for what happened
    pass


async def _paired(participant: Participant) -> None:
    def paired() -> bool:
        state = _ice_state(participant)
        _counts(participant)
        if state == "failed":
            raise _IceFailed
        return state in {"connected", "completed"}

    link = participant.link
    if link is not None and link.pc is not None:
        # Links only report the state of the whole connection, which also waits for DTLS.
        link.pc.on("iceconnectionstatechange", participant.bot.socket.wake)
    await participant.until(paired)


def _ice_state(participant: Participant) -> str:
    return (
        participant.link.pc.iceConnectionState
        if participant.link is not None and participant.link.pc is not None
        else "new"
    )


def _candidates(visit: Visit) -> dict[str, Any]:
    """`{"candidates": {key: {"found": {type: count}, "heard": {type: count}}}}`"""
    return {
        "candidates": {
            participant.key: {"found": dict(found), "heard": dict(heard)}
            for participant in visit.participants
            for found, heard in [_counts(participant)]
        }
    }


def _counts(participant: Participant) -> tuple[Counter[str], Counter[str]]:
    """Candidates by type, local and remote. They are read from the descriptions: aiortc forgets its own when ICE has
    failed, and bots send no others."""
    pc = participant.link.pc if participant.link is not None else None
    mine, theirs = (pc.localDescription, pc.remoteDescription) if pc is not None else (None, None)
    if mine is not None and theirs is not None:
        # Kept in case a new connection replaces this one.
        participant.candidates = _types(mine.sdp), _types(theirs.sdp)
    return participant.candidates


def _types(sdp: str) -> Counter[str]:
    # Each section lists the same candidates, as all share one transport.
    return Counter(kind for _, kind in set(_CANDIDATE.findall(sdp)))


def _shown(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"


def _no_pair(visit: Visit, found: str) -> Failed:
    details = _candidates(visit)
    for participant, other in zip(visit.participants, reversed(visit.participants), strict=True):
        # Checked first: aioice gathers none itself if the other side's description has none.
        if _counts(other)[0] and not _counts(participant)[1]:
            return Failed(
                f"{participant.name} was told of no candidates of the other's, which found some",
                "Look at what in between changes messages on /ws: descriptions arrive without their candidates",
                details,
            )
    for participant in visit.participants:
        if not _counts(participant)[0] and visit.turn_only:
            return Failed(
                f"{participant.name} was given no relay by the TURN server",
                "Look at the TURN server's log and limits (reconvene doctor, on the server, asks it too)",
                details,
            )
        if not _counts(participant)[0]:
            return Failed(
                f"{participant.name} found no candidates: this machine has no network but loopback",
                "Probe from a machine with a network, or with --turn-only",
                details,
            )
    tried = _shown(_counts(visit.first)[0])
    if visit.turn_only:
        hint = (
            "Let UDP pass between the relay's own ports (coturn: min-port to max-port, relay-ip, external-ip)"
        )
    else:
        hint = (
            "UDP is blocked, even between addresses of this machine: look at its firewall; for whoever has no UDP,"
            " offer TURN by TCP (RECONVENE_TURN_URLS=turn:host:port?transport=tcp) and probe with --turn-only"
        )
    return Failed(f"{found} (each tried: {tried})", hint, details)


def missing_servers(visit: Visit) -> list[str]:
    """Warnings about ICE servers that were named but gave no candidate."""
    named = " ".join(str(url) for entry in visit.first.servers for url in _urls(entry))
    found = [_counts(each)[0] for each in visit.participants]
    warnings = []
    if "turn" in named and not any("relay" in kinds for kinds in found):
        warnings.append("a TURN server is named, but gave no relay: --turn-only tells why")
    if "stun" in named and not visit.turn_only and not any("srflx" in kinds for kinds in found):
        warnings.append("a STUN server is named, but told no address: UDP to it may be blocked")
    return warnings


def _urls(entry: dict[str, Any]) -> Iterable[Any]:
    urls = entry.get("urls", [])
    return [urls] if isinstance(urls, str) else urls
