"""Runs the steps in order, each in bounded time, and always tidies up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from reconvene.http_api import Api, ApiFailure
from reconvene.participants.credentials import NO_CREDENTIALS, Credentials
from reconvene.participants.stay_end import Over
from reconvene.probe import call_checks, http_checks, ice_checks, turn_check, websocket_check
from reconvene.probe.context import Visit
from reconvene.probe.steps import STEPS, Failed, Outcome, Report, Seen, State, Step
from reconvene.server_address import Address

Check = Callable[[Visit, float], Awaitable[Seen]]
"""A check; gets its time limit in seconds. Raises `Failed`, `ApiFailure`, `Over`; `TimeoutError` without a finding."""

CHECKS: dict[str, Check] = {
    "http": http_checks.alive,
    "ready": http_checks.ready,
    "identity": http_checks.identity,
    "meeting": http_checks.meeting,
    "websocket": websocket_check.websocket,
    "turn": turn_check.turn,
    "join": call_checks.join,
    "second": call_checks.second,
    "status": call_checks.status,
    "offer": call_checks.offer,
    "ice": ice_checks.pair,
    "dtls": call_checks.dtls,
    "media": call_checks.media,
    "reconnect": call_checks.reconnect,
    "leave": call_checks.leave,
    "tidy": http_checks.tidy,
}

TIDYING = STEPS[-1]

RESERVE = 0.2
"""The share of the whole time that is kept for tidying up."""

PATIENCE = 0.25
"""Extra seconds for a check to report itself what it waited for."""

HINTS = {
    "meeting_full": "Raise RECONVENE_MAX_PARTICIPANTS (those within grace count as well), or name another meeting",
    "unknown_meeting": "Look whether several server processes have one store, and whether somebody deletes meetings",
    "meeting_ended": "Name another meeting: this one is over",
    "bad_token": "Give it two tokens that are valid (--token-file), or all server processes the same RECONVENE_SECRET",
    "duplicate": "Give the two participants tokens of different users",
    "revoked": "Give it another identity: the operator has revoked this one",
    "bad_message": "Compare the versions of this program and of the server",
}


class Told(Protocol):
    """Receives the steps as they happen."""

    def begins(self, step: Step) -> None: ...
    def ended(self, outcome: Outcome) -> None: ...


async def probe(
    address: Address,
    told: Told,
    *,
    turn_only: bool = False,
    seconds: float = 30.0,
    credentials: Credentials = NO_CREDENTIALS,
) -> Report:
    """Takes little more than `seconds`. Uses the address's meeting, or one of its own. Tidies up even when
    cancelled."""
    began = time.monotonic()
    reserve = min(RESERVE * seconds, TIDYING.within)
    outcomes: list[Outcome] = []
    async with Api(address) as api:
        visit = Visit(address, api, credentials, turn_only=turn_only)
        works = True
        try:
            for step in STEPS:
                if step is TIDYING:
                    break
                if works:
                    left = began + seconds - reserve - time.monotonic()
                    outcome = await _carried_out(visit, step, left, told)
                else:
                    outcome = Outcome(step, State.SKIPPED)
                works = works and outcome.state is not State.FAILED
                outcomes.append(outcome)
                told.ended(outcome)
        finally:
            left = max(reserve, began + seconds - time.monotonic())
            outcome = await _carried_out(visit, TIDYING, left, told)
        outcomes.append(outcome)
        told.ended(outcome)
    meeting = visit.address.meeting
    return Report(address.base, meeting, turn_only, outcomes, time.monotonic() - began)


async def _carried_out(visit: Visit, step: Step, left: float, told: Told) -> Outcome:
    wait = (visit.credentials.wait or 0.0) if step.name in {"join", "second"} else 0.0
    within = min(step.within + wait, max(0.01, left))
    visit.api.within = within
    told.begins(step)
    began = time.monotonic()

    def failed(reason: str, hint: str, details: dict[str, object] | None = None) -> Outcome:
        # Some checks wait for a part of the time only, to be able to say more.
        waited = took() >= within / 2
        cut_short = " (all that --timeout left)" if within < step.within and waited else ""
        return Outcome(
            step, State.FAILED, took(), reason=f"{reason}{cut_short}", hint=hint, details=details or {}
        )

    def took() -> float:
        return time.monotonic() - began

    try:
        async with asyncio.timeout(within + PATIENCE):
            seen = await CHECKS[step.name](visit, within)
    except TimeoutError:
        return failed(f"{step.silence}, within {within:.2g} s", step.hint)
    except Failed as failure:
        return failed(failure.reason, failure.hint, failure.details)
    except ApiFailure as failure:
        return failed(failure.found, failure.advice)
    except Over as over:
        advice = over.advice[:1].upper() + over.advice[1:]
        return failed(over.found, HINTS.get(str(over.code), advice or step.hint))
    except Exception as error:
        text = f"{type(error).__name__}: {error}".rstrip(": ")
        return failed(f"the check itself failed: {text}", "Please report this as a bug")
    state = State.SKIPPED if seen.skipped else State.OK
    return Outcome(step, state, took(), seen.told, details=seen.details, warnings=seen.warnings)
