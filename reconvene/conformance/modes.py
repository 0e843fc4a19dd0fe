"""What `reconvene conformance serve` does to a client, by how the id of the meeting begins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from reconvene.conformance.trial import Over, Socket, Trial
from signalling.protocol import server_messages as messages
from signalling.protocol.client_messages import Authenticate
from signalling.protocol.errors import CloseCode, ErrorCode

MOST_RETURNS = 3
"""How often a client may come with a token that has expired."""


async def drop_after_3(trial: Trial) -> None:
    """The connection is lost after three events, and once more after a replay."""
    socket = await trial.joined()
    before = trial.seq
    events = [
        trial.event(messages.ParticipantJoined, participant=trial.person("Ann")),
        _hand(trial, True),
        _hand(trial, False),
    ]
    await socket.send(*events)
    socket.cut()
    socket, resume = await trial.comes_back()
    trial.need(
        "knows an event between its join and the last",
        before <= resume.seq <= trial.seq,
        f"says {resume.seq}, was sent {before} to {trial.seq}",
    )
    missed = [event for event in events if event.seq > resume.seq]
    missed += [_hand(trial, True), _hand(trial, False)]
    await socket.send(trial.resumed(resume.id, len(missed)), *missed)
    await _counts(trial, socket)


async def new_epoch(trial: Trial) -> None:
    """The server is restarted while the connection is lost: numbers begin anew, and others are there."""
    socket = await trial.joined()
    await socket.send(
        trial.event(messages.ParticipantJoined, participant=trial.person("Ann")),
        *(_hand(trial, number % 2 == 0) for number in range(5)),
    )
    await trial.is_quiet(socket)
    await socket.close(CloseCode.INTERNAL_ERROR)
    socket, resume = await trial.comes_back()
    trial.start_anew()
    await socket.send(trial.snapshot(resume.id, trial.person("Ben")))
    left = messages.ParticipantId("p_ben")
    await socket.send(trial.event(messages.ParticipantLeft, participant=left, reason="left"))
    await trial.is_quiet(socket)
    await _counts(trial, socket)


async def unknown_type(trial: Trial) -> None:
    """The server is newer: it sends types and fields that the client does not know."""
    socket = await trial.joined()
    joined = trial.event(messages.ParticipantJoined, participant=trial.person("Ann"))
    newer = msgspec.to_builtins(joined) | {"of_a_newer_server": {"a": [1]}}
    newer["participant"]["of_a_newer_server"] = True
    await socket.send(
        {"type": "of_a_newer_server", "a": [None, {}]},
        newer,
        trial.event(dict, type="event_of_a_newer_server", participant=None),
        _hand(trial, True),
    )
    said = await trial.listens(socket, trial.quiet)
    trial.find(
        "says nothing about what it does not know", said is None, "" if said is None else repr(said)[:200]
    )
    await _counts(trial, socket)


async def expire_token(trial: Trial) -> None:
    """The token of the application expires: first the client is told so in time, then it is too late."""
    socket = await trial.joined()
    first = trial.token
    trial.need("shows a token when it joins", first is not None, "showed none: give it an application's")
    await socket.send(messages.TokenExpiring(trial.patience))
    said = await trial.listens(socket, trial.patience)
    renewed = isinstance(said, Authenticate) and said.token != first
    if isinstance(said, Authenticate):
        trial.token = said.token
        await socket.send(messages.Authenticated(said.id, trial.renewed_session()))
    found = "showed the same again" if isinstance(said, Authenticate) else "did not"
    trial.find("shows a newer token when it is told that its own expires", renewed, "" if renewed else found)
    await socket.refuse(ErrorCode.TOKEN_EXPIRED, None)
    await socket.close(CloseCode.TOKEN_EXPIRED)
    expired = {first, trial.token}
    for _ in range(MOST_RETURNS):
        socket, resume = await trial.comes_back()
        if trial.token not in expired:
            trial.find("comes back with a newer token when its own has expired", True)
            await socket.send(trial.resumed(resume.id, 0))
            return
        await socket.refuse(ErrorCode.TOKEN_EXPIRED, resume.id)
        await socket.close(CloseCode.TOKEN_EXPIRED)
    found = f"came {MOST_RETURNS} times with one that has expired"
    trial.find("comes back with a newer token when its own has expired", False, found)


async def remove_while_away(trial: Trial) -> None:
    """The client is removed while its connection is lost, and is told so when it comes back."""
    socket = await trial.joined()
    socket.cut()
    socket, resume = await trial.comes_back()
    await socket.refuse(ErrorCode.REMOVED, resume.id)
    await socket.close(CloseCode.REMOVED)
    await trial.stays_away("once it was removed (4002)")


async def going_away(trial: Trial) -> None:
    """The server stops, and says after how long to come back."""
    socket = await trial.joined()
    delay = trial.quiet
    await socket.send(messages.GoingAway(delay))
    loop = asyncio.get_running_loop()
    said_at = loop.time()
    await socket.close(CloseCode.GOING_AWAY)
    socket, resume = await trial.comes_back()
    waited = loop.time() - said_at
    # Timers may be early by a little.
    trial.find("waits for as long as the server said", waited > 0.95 * delay, f"{waited:.2f} s of {delay:g}")
    await socket.send(trial.resumed(resume.id, 0))


MODES: dict[str, Callable[[Trial], Awaitable[None]]] = {
    "TEST-DROP-AFTER-3": drop_after_3,
    "TEST-NEW-EPOCH": new_epoch,
    "TEST-UNKNOWN-TYPE": unknown_type,
    "TEST-EXPIRE-TOKEN": expire_token,
    "TEST-REMOVE-WHILE-AWAY": remove_while_away,
    "TEST-GOING-AWAY": going_away,
}


def mode_of(meeting: str) -> str | None:
    """The mode of a meeting: its id is the mode's name, or that with `-` and more."""
    return next((mode for mode in MODES if meeting == mode or meeting.startswith(f"{mode}-")), None)


async def run(trial: Trial) -> None:
    try:
        await MODES[trial.mode](trial)
    except Over:
        pass
    finally:
        trial.over.set()


def _hand(trial: Trial, up: bool) -> messages.ParticipantUpdated:
    change = messages.ParticipantChange("p_ann", hand=up, hand_at="2026-11-21T04:58:03.418Z" if up else None)
    event: messages.ParticipantUpdated = trial.event(messages.ParticipantUpdated, participant=change)
    return event


async def _counts(trial: Trial, socket: Socket) -> None:
    """Lose it once more, after all was read, to see whether it counts on."""
    last = trial.seq
    # With a close frame: what was sent before it is read before it.
    await socket.close(CloseCode.INTERNAL_ERROR)
    socket, again = await trial.comes_back()
    trial.find("knows the last event it got", again.seq == last, f"says {again.seq}, was sent {last}")
    await socket.send(trial.resumed(again.id, 0))
