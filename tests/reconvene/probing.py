"""Probes, and what was told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconvene.http_api import Api, ApiRefused
from reconvene.participants.credentials import NO_CREDENTIALS, Credentials
from reconvene.probe import runner
from reconvene.probe.runner import probe
from reconvene.probe.steps import STEPS, Outcome, Report, State, Step
from reconvene.server_address import Address

SECONDS = 60.0
PATIENCE = 30.0


class Heard:
    """What is told as it happens. `when` is called as the step of that name begins."""

    def __init__(self, **when: Callable[[], object]) -> None:
        self.begun: list[str] = []
        self.outcomes: list[Outcome] = []
        self._when = when

    def begins(self, step: Step) -> None:
        self.begun.append(step.name)
        self._when.get(step.name, lambda: None)()

    def ended(self, outcome: Outcome) -> None:
        assert outcome.state is State.SKIPPED or self.begun[-1] == outcome.step.name
        self.outcomes.append(outcome)


async def probed(
    url: str,
    heard: Heard | None = None,
    *,
    seconds: float = SECONDS,
    meeting: str | None = None,
    turn_only: bool = False,
    credentials: Credentials = NO_CREDENTIALS,
) -> Report:
    """A probe, which has all steps, each told as it came, in order."""
    heard = heard or Heard()
    # Much more than it may take: what is found out here is a bound that is missing.
    async with asyncio.timeout(seconds + PATIENCE):
        address = Address.parse(url, meeting)
        found = await probe(address, heard, turn_only=turn_only, seconds=seconds, credentials=credentials)
    assert [outcome.step.name for outcome in found.outcomes] == [step.name for step in STEPS]
    assert heard.outcomes == found.outcomes
    return found


def hurried(monkeypatch: pytest.MonkeyPatch, name: str, within: float) -> None:
    """This step has so many seconds only: for what fails by never coming about. All before it have their time."""
    steps = tuple(replace(step, within=within) if step.name == name else step for step in STEPS)
    monkeypatch.setattr(runner, "STEPS", steps)


def states(found: Report) -> dict[str, str]:
    return {outcome.step.name: str(outcome.state) for outcome in found.outcomes}


def of(found: Report, name: str) -> Outcome:
    return next(outcome for outcome in found.outcomes if outcome.step.name == name)


def fails(found: Report, name: str, *told: str) -> Outcome:
    """It fails at that step, with these words in reason or hint; what follows is skipped, what can be tidied up is."""
    failure = found.failure
    assert failure is not None, "does not fail"
    assert failure.step.name == name, failure
    assert found.exit_code == failure.step.code
    for words in told:
        assert words in f"{failure.reason}. {failure.hint}"
    assert failure.reason
    assert failure.hint
    names = [step.name for step in STEPS]
    after = names[names.index(name) + 1 : -1]
    assert {states(found)[each] for each in after} <= {"skipped"}
    return failure


async def gone(url: str, meeting: str | None) -> bool:
    async with Api(Address.parse(url)) as api:
        try:
            await api.meeting(meeting or "")
        except ApiRefused as refused:
            return refused.code == "unknown_meeting"
    return False
