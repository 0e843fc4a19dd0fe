"""The checks of the call itself: two joins, status, negotiation, media, a lost socket, a leave."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from reconvene.probe.context import Visit, both
from reconvene.probe.participant import Participant
from reconvene.probe.steps import Failed, Seen

SIGNALS = 3
"""Signals sent to the participant that has just lost its socket: each must arrive exactly once."""


async def join(visit: Visit, _within: float) -> Seen:
    participant = await visit.come()
    return Seen(participant.name, {"participant": participant.id, "ice_servers": len(participant.servers)})


async def second(visit: Visit, _within: float) -> Seen:
    participant = await visit.come()
    await visit.first.until(lambda: participant.id in visit.first.bot.roster)
    if visit.first.id not in participant.bot.roster:
        raise Failed(
            f"{participant.name} does not find {visit.first.name} in the meeting",
            "With several server processes, all of a meeting have to reach the same one",
        )
    return Seen(f"{participant.name}; the first was told of it", {"participant": participant.id})


async def status(visit: Visit, _within: float) -> Seen:
    author = visit.first

    async def sees(participant: Participant) -> None:
        await participant.until(lambda: participant.bot.roster.get(author.id, {}).get("hand") is True)
        seen[participant.key] = _ms(time.perf_counter() - began)

    seen: dict[str, float] = {}
    began = time.perf_counter()
    author.bot.status(hand=True)
    await both(*(sees(each) for each in visit.participants))
    return Seen(f"seen by both after {max(seen.values()):g} ms", {"seen_ms": seen})


async def offer(visit: Visit, within: float) -> Seen:
    try:
        async with asyncio.timeout(within):
            await both(*(_linked(each) for each in visit.participants))
    except TimeoutError:
        unanswered = [
            participant
            for participant in visit.participants
            if participant.link is not None and participant.link.pc is not None
        ]
        what = "an offer was made and not answered" if unanswered else "no offer was made"
        raise Failed(
            f"{what}, within {within:.2g} s",
            "Signals go through the server's websocket: look into its log, and whether STUN and TURN servers answer"
            " (reconvene doctor), which are waited for",
        ) from None
    return Seen("both have the other's description")


async def _linked(participant: Participant) -> None:
    await participant.until(lambda: participant.link is not None and participant.link.negotiated)


async def dtls(visit: Visit, _within: float) -> Seen:
    await both(*(_connected(each) for each in visit.participants))
    return Seen("both are connected")


async def _connected(participant: Participant) -> None:
    def connected() -> bool:
        if participant.link is not None and participant.link.state == "failed":
            raise Failed(
                "keys could not be agreed on: the other's certificate is not the one its description names, or the"
                " handshake broke off",
                "Look at what in between changes messages on /ws (a=fingerprint), and whether large UDP packets pass",
            )
        return participant.link is not None and participant.link.state == "connected"

    await participant.until(connected)


async def media(visit: Visit, within: float) -> Seen:
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(within):
            await both(*(_receives(each) for each in visit.participants))
    except TimeoutError:
        missing = "; ".join(text for each in visit.participants if (text := _lacks(each)))
        raise Failed(
            f"within {within:.2g} s, {missing}",
            f"Look whether {'the TURN server goes on relaying' if visit.turn_only else 'this machine has time'} for it,"
            " and whether UDP packets of 1200 bytes pass",
            {"received": [_received(each, began) for each in visit.participants]},
        ) from None
    received = [_received(each, began) for each in visit.participants]
    first = max(each[kind]["first_ms"] for each in received for kind in ("picture", "sound"))
    frames = " and ".join(str(each["picture"]["frames"]) for each in received)
    return Seen(f"first frames after {first:g} ms; {frames} pictures so far", {"received": received})


async def _receives(participant: Participant) -> None:
    await participant.until(lambda: participant.picture.moves and participant.sound.sounds)


def _lacks(participant: Participant) -> str:
    lacking = []
    if not participant.picture.frames:
        lacking.append("no picture")
    elif not participant.picture.moves:
        lacking.append(f"{participant.picture.frames} pictures that do not move")
    if not participant.sound.frames:
        lacking.append("no sound")
    elif not participant.sound.sounds:
        lacking.append(
            f"{participant.sound.frames} frames of silence"
            if participant.sound.frames >= 25
            else "too little sound"
        )
    return f"{participant.name} got {' and '.join(lacking)}" if lacking else ""


def _received(participant: Participant, began: float) -> dict[str, Any]:
    """What a participant received. Times count from the moment when both were connected."""
    streams = {"picture": participant.picture, "sound": participant.sound}
    told: dict[str, Any] = {"by": participant.key}
    for kind, stream in streams.items():
        first = _ms(max(0.0, stream.began - began)) if stream.frames else None
        told[kind] = {"frames": stream.frames, "first_ms": first}
    told["picture"]["size"] = participant.picture.size
    return told


async def reconnect(visit: Visit, within: float) -> Seen:
    """The first participant loses its socket. It must then get each missed event once, and nobody may see it leave."""
    lost, other = visit.first, visit.second
    resumes, joins, ends = len(lost.resumes), lost.joins, _ends(visit)
    frames = [each.picture.frames for each in visit.participants]
    began = time.perf_counter()

    def is_back() -> bool:
        return lost.losses > 0 and lost.bot.client.phase == "joined"

    lost.bot.socket.cut()
    for number in range(SIGNALS):
        other.bot.socket.signal(lost.id, {"probe": number})
    other.bot.status(hand=True)
    try:
        async with asyncio.timeout(within):
            await lost.until(is_back)
            took = time.perf_counter() - began
            check_way_back(lost, resumes, joins)
            await lost.until(
                lambda: bool(_signals(lost, other)) and lost.bot.roster.get(other.id, {}).get("hand") is True
            )
            await both(
                *(
                    _goes_on(participant, count)
                    for participant, count in zip(visit.participants, frames, strict=True)
                )
            )
    except TimeoutError:
        raise Failed(
            "the socket came back, but not everything that was to follow"
            if is_back()
            else f"the cut socket did not come back within {within:.2g} s",
            "Look whether a proxy in front lets a client come back at once, and into the server's log",
        ) from None
    check_nothing_is_lost(visit, ends)
    replayed = lost.resumes[-1]["replayed"]
    return Seen(
        f"resumed after {took * 1000:.0f} ms, {replayed} events replayed",
        {"back_ms": _ms(took), "replayed": replayed, "signals": SIGNALS},
    )


def check_way_back(lost: Participant, resumes: int, joins: int) -> None:
    """Raises `Failed` unless it came back by a resume with a replay. `resumes` and `joins`: their numbers before the
    cut."""
    same = "With several server processes, clients have to come back to the same one; and see whether it was restarted"
    if lost.joins > joins or len(lost.resumes) == resumes:
        raise Failed(
            "the place was given up: the participant had to join anew", f"Raise RECONVENE_GRACE. {same}"
        )
    if "snapshot" in lost.resumes[-1]:
        raise Failed("what happened meanwhile was not replayed: the server had forgotten it", same)


def check_nothing_is_lost(visit: Visit, ends: list[tuple[str, int] | None]) -> None:
    """Raises `Failed` if a signal was lost or doubled, the other participant saw a leave or rejoin, or the call was
    connected anew."""
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


def _signals(of: Participant, sender: Participant) -> list[int]:
    signals = of.heard("signal", sender.id)
    return [event["data"]["probe"] for event in signals if "probe" in event["data"]]


def _ends(visit: Visit) -> list[tuple[str, int] | None]:
    """Both ends of the connection: the other side's instance, and the connection's number."""
    return [
        None if participant.link is None else (participant.link.instance, participant.link.connection)
        for participant in visit.participants
    ]


async def _goes_on(participant: Participant, frames: int) -> None:
    await participant.until(lambda: participant.picture.frames > frames)


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
