"""The checks of the call itself: two joins, what they tell each other, media, a lost socket, a leave."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from reconvene.probe.context import Visit, both
from reconvene.probe.participant import Peer
from reconvene.probe.steps import Failed, Seen

_CANDIDATE = re.compile(r"^(a=candidate:.*? typ (\w+))", re.MULTILINE)

SIGNALS = 3
"""Sent to whoever has just lost the socket: none may be missing later, and none be there twice."""


async def join(visit: Visit, _within: float) -> Seen:
    peer = await visit.come()
    return Seen(peer.name, {"participant": peer.id, "ice_servers": len(peer.servers)})


async def second(visit: Visit, _within: float) -> Seen:
    peer = await visit.come()
    await visit.first.until(lambda: peer.id in visit.first.bot.roster)
    if visit.first.id not in peer.bot.roster:
        raise Failed(
            f"{peer.name} does not find {visit.first.name} in the meeting",
            "With several server processes, all of a meeting have to reach the same one",
        )
    return Seen(f"{peer.name}; the first was told of it", {"participant": peer.id})


async def status(visit: Visit, _within: float) -> Seen:
    author = visit.first

    async def sees(peer: Peer) -> None:
        await peer.until(lambda: peer.bot.roster.get(author.id, {}).get("hand") is True)
        seen[peer.key] = _ms(time.perf_counter() - began)

    seen: dict[str, float] = {}
    began = time.perf_counter()
    author.bot.status(hand=True)
    await both(*(sees(peer) for peer in visit.peers))
    return Seen(f"seen by both after {max(seen.values()):g} ms", {"seen_ms": seen})


async def offer(visit: Visit, within: float) -> Seen:
    try:
        async with asyncio.timeout(within):
            await both(*(_linked(peer) for peer in visit.peers))
    except TimeoutError:
        unanswered = [peer for peer in visit.peers if peer.link is not None and peer.link.pc is not None]
        what = "an offer was made and not answered" if unanswered else "no offer was made"
        raise Failed(
            f"{what}, within {within:.2g} s",
            "Signals go through the server's websocket: look into its log, and whether STUN and TURN servers answer"
            " (reconvene doctor), which are waited for",
        ) from None
    return Seen("both have the other's description")


async def _linked(peer: Peer) -> None:
    await peer.until(lambda: peer.link is not None and peer.link.negotiated)


async def pair(visit: Visit, within: float) -> Seen:
    """ICE."""
    try:
        async with asyncio.timeout(within):
            await both(*(_paired(peer) for peer in visit.peers))
    except TimeoutError:
        raise _no_pair(visit, f"no pair of candidates works, within {within:.2g} s") from None
    except _IceFailed:
        raise _no_pair(visit, "no pair of candidates works") from None
    details = _candidates(visit)
    paths = {peer.name: path for peer in visit.peers if peer.link is not None and (path := peer.link.path())}
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
    found = list(dict.fromkeys(_shown(_counts(peer)[0]) for peer in visit.peers))
    told = f"found {' and '.join(found)}{' each' if len(found) == 1 else ''}; {way}"
    return Seen(told, {"relayed": relayed, "pairs": ways, **details}, missing_servers(visit))


class _IceFailed(Exception):  # noqa: N818 - named for what happened
    pass


async def _paired(peer: Peer) -> None:
    def paired() -> bool:
        state = _ice_state(peer)
        _counts(peer)
        if state == "failed":
            raise _IceFailed
        return state in {"connected", "completed"}

    link = peer.link
    if link is not None and link.pc is not None:
        # The state of the whole connection waits for DTLS, too, and is all that links tell of.
        link.pc.on("iceconnectionstatechange", peer.bot.socket.wake)
    await peer.until(paired)


def _ice_state(peer: Peer) -> str:
    return peer.link.pc.iceConnectionState if peer.link is not None and peer.link.pc is not None else "new"


def _candidates(visit: Visit) -> dict[str, Any]:
    """`{"candidates": {key: {"found": {type: count}, "heard": {type: count}}}}`"""
    return {
        "candidates": {
            peer.key: {"found": dict(found), "heard": dict(heard)}
            for peer in visit.peers
            for found, heard in [_counts(peer)]
        }
    }


def _counts(peer: Peer) -> tuple[Counter[str], Counter[str]]:
    """By type, those found here and those that the other told of: as the descriptions have them, since aiortc forgets
    its own when ICE has failed, and bots send none apart from these."""
    pc = peer.link.pc if peer.link is not None else None
    mine, theirs = (pc.localDescription, pc.remoteDescription) if pc is not None else (None, None)
    if mine is not None and theirs is not None:
        # Kept for when this connection is given up for a next one.
        peer.candidates = _types(mine.sdp), _types(theirs.sdp)
    return peer.candidates


def _types(sdp: str) -> Counter[str]:
    # The same in each section, as all share one transport.
    return Counter(kind for _, kind in set(_CANDIDATE.findall(sdp)))


def _shown(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"


def _no_pair(visit: Visit, found: str) -> Failed:
    details = _candidates(visit)
    for peer, other in zip(visit.peers, reversed(visit.peers), strict=True):
        # First, as aioice looks for none itself when it was told that the other has none.
        if _counts(other)[0] and not _counts(peer)[1]:
            return Failed(
                f"{peer.name} was told of no candidates of the other's, which found some",
                "Look at what in between changes messages on /ws: descriptions arrive without their candidates",
                details,
            )
    for peer in visit.peers:
        if not _counts(peer)[0] and visit.turn_only:
            return Failed(
                f"{peer.name} was given no relay by the TURN server",
                "Look at the TURN server's log and limits (reconvene doctor, on the server, asks it too)",
                details,
            )
        if not _counts(peer)[0]:
            return Failed(
                f"{peer.name} found no candidates: this machine has no network but loopback",
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
    """Servers were named, and nothing came of them."""
    named = " ".join(str(url) for entry in visit.first.servers for url in _urls(entry))
    found = [_counts(peer)[0] for peer in visit.peers]
    warnings = []
    if "turn" in named and not any("relay" in kinds for kinds in found):
        warnings.append("a TURN server is named, but gave no relay: --turn-only tells why")
    if "stun" in named and not visit.turn_only and not any("srflx" in kinds for kinds in found):
        warnings.append("a STUN server is named, but told no address: UDP to it may be blocked")
    return warnings


def _urls(entry: dict[str, Any]) -> Iterable[Any]:
    urls = entry.get("urls", [])
    return [urls] if isinstance(urls, str) else urls


async def dtls(visit: Visit, _within: float) -> Seen:
    await both(*(_connected(peer) for peer in visit.peers))
    return Seen("both are connected")


async def _connected(peer: Peer) -> None:
    def connected() -> bool:
        if peer.link is not None and peer.link.state == "failed":
            raise Failed(
                "keys could not be agreed on: the other's certificate is not the one its description names, or the"
                " handshake broke off",
                "Look at what in between changes messages on /ws (a=fingerprint), and whether large UDP packets pass",
            )
        return peer.link is not None and peer.link.state == "connected"

    await peer.until(connected)


async def media(visit: Visit, within: float) -> Seen:
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(within):
            await both(*(_receives(peer) for peer in visit.peers))
    except TimeoutError:
        missing = "; ".join(text for peer in visit.peers if (text := _lacks(peer)))
        raise Failed(
            f"within {within:.2g} s, {missing}",
            f"Look whether {'the TURN server goes on relaying' if visit.turn_only else 'this machine has time'} for it,"
            " and whether UDP packets of 1200 bytes pass",
            {"received": [_received(peer, began) for peer in visit.peers]},
        ) from None
    received = [_received(peer, began) for peer in visit.peers]
    first = max(each[kind]["first_ms"] for each in received for kind in ("picture", "sound"))
    frames = " and ".join(str(each["picture"]["frames"]) for each in received)
    return Seen(f"first frames after {first:g} ms; {frames} pictures so far", {"received": received})


async def _receives(peer: Peer) -> None:
    await peer.until(lambda: peer.picture.moves and peer.sound.sounds)


def _lacks(peer: Peer) -> str:
    lacking = []
    if not peer.picture.frames:
        lacking.append("no picture")
    elif not peer.picture.moves:
        lacking.append(f"{peer.picture.frames} pictures that do not move")
    if not peer.sound.frames:
        lacking.append("no sound")
    elif not peer.sound.sounds:
        lacking.append(
            f"{peer.sound.frames} frames of silence" if peer.sound.frames >= 25 else "too little sound"
        )
    return f"{peer.name} got {' and '.join(lacking)}" if lacking else ""


def _received(peer: Peer, began: float) -> dict[str, Any]:
    """Times are counted from the moment when both were connected."""
    streams = {"picture": peer.picture, "sound": peer.sound}
    told: dict[str, Any] = {"by": peer.key}
    for kind, stream in streams.items():
        first = _ms(max(0.0, stream.began - began)) if stream.frames else None
        told[kind] = {"frames": stream.frames, "first_ms": first}
    told["picture"]["size"] = peer.picture.size
    return told


async def reconnect(visit: Visit, within: float) -> Seen:
    """The first loses its socket; what happens meanwhile is told afterwards, once, and nobody saw it leave."""
    lost, other = visit.first, visit.second
    resumes, joins, ends = len(lost.resumes), lost.joins, _ends(visit)
    frames = [peer.picture.frames for peer in visit.peers]
    began = time.perf_counter()
    lost.bot.socket.cut()
    for number in range(SIGNALS):
        other.bot.socket.signal(lost.id, {"probe": number})
    other.bot.status(hand=True)
    try:
        async with asyncio.timeout(within):
            await lost.until(lambda: lost.losses > 0 and lost.bot.client.phase == "joined")
            took = time.perf_counter() - began
            check_way_back(lost, resumes, joins)
            await lost.until(
                lambda: bool(_signals(lost, other)) and lost.bot.roster.get(other.id, {}).get("hand") is True
            )
            await both(*(_goes_on(peer, count) for peer, count in zip(visit.peers, frames, strict=True)))
    except TimeoutError:
        back = lost.bot.client.phase == "joined"
        raise Failed(
            "the socket came back, but not everything that was to follow"
            if back
            else f"the cut socket did not come back within {within:.2g} s",
            "Look whether a proxy in front lets a client come back at once, and into the server's log",
        ) from None
    check_nothing_is_lost(visit, ends)
    replayed = lost.resumes[-1]["replayed"]
    return Seen(
        f"resumed after {took * 1000:.0f} ms, {replayed} events replayed",
        {"back_ms": _ms(took), "replayed": replayed, "signals": SIGNALS},
    )


def check_way_back(lost: Peer, resumes: int, joins: int) -> None:
    """Raises `Failed` when it came back otherwise than by a resume with a replay. `resumes` and `joins`: how many there
    were before."""
    same = "With several server processes, clients have to come back to the same one; and see whether it was restarted"
    if lost.joins > joins or len(lost.resumes) == resumes:
        raise Failed(
            "the place was given up: the participant had to join anew", f"Raise RECONVENE_GRACE. {same}"
        )
    if "snapshot" in lost.resumes[-1]:
        raise Failed("what happened meanwhile was not replayed: the server had forgotten it", same)


def check_nothing_is_lost(visit: Visit, ends: list[tuple[str, int] | None]) -> None:
    """Raises `Failed` when something was, or the other saw more of it than that the socket was away."""
    lost, other = visit.first, visit.second
    numbers = _signals(lost, other)
    if numbers != list(range(SIGNALS)):
        raise Failed(
            f"of signals 0 to {SIGNALS - 1} sent meanwhile, {numbers} arrived", "Please report this as a bug"
        )
    if other.heard("participant_left", lost.id) or other.heard("participant_rejoined", lost.id):
        raise Failed("the other saw the participant leave, or join anew", "Please report this as a bug")
    if _ends(visit) != ends:
        raise Failed(
            "the call was connected anew, though only the socket was cut", "Please report this as a bug"
        )


def _signals(of: Peer, sender: Peer) -> list[int]:
    signals = of.heard("signal", sender.id)
    return [event["data"]["probe"] for event in signals if "probe" in event["data"]]


def _ends(visit: Visit) -> list[tuple[str, int] | None]:
    """Both ends of the connection: whose instance, and the how manieth it is."""
    return [None if peer.link is None else (peer.link.instance, peer.link.connection) for peer in visit.peers]


async def _goes_on(peer: Peer, frames: int) -> None:
    await peer.until(lambda: peer.picture.frames > frames)


async def leave(visit: Visit, _within: float) -> Seen:
    leaver, other = visit.second, visit.first
    began = time.perf_counter()
    leaver.bot.leave()
    await other.until(lambda: leaver.id not in other.bot.roster)
    took = _ms(time.perf_counter() - began)
    reasons = [event["reason"] for event in other.heard("participant_left", leaver.id)]
    if reasons != ["left"]:
        raise Failed(
            f"the other was told {', '.join(map(repr, reasons)) or 'nothing'} in place of 'left'",
            "Please report this",
        )
    return Seen(f"seen after {took:g} ms", {"seen_ms": took})


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
