"""The steps of a probe as data, and their outcomes. Imports nothing heavy: the command's help is built from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FIRST, SECOND = "Probe A", "Probe B"
"""The names of the two participants; a word that is unique to the probe is appended."""

INTERRUPTED = 130
STUCK = 9
"""Exit codes besides those of the steps: stopped by Ctrl-C or SIGTERM, and hanging in spite of all time limits."""


@dataclass(frozen=True, slots=True)
class Step:
    """`code` is the exit code if the step fails; codes never change, new steps get new ones. `within`: its limit in
    seconds. `silence` and `hint` are reported after it if the check itself has nothing better to say."""

    name: str
    code: int
    title: str
    checks: str
    within: float
    silence: str
    hint: str


_LOG = "Look into the server's log"

STEPS: tuple[Step, ...] = (
    Step(
        "http",
        10,
        "HTTP",
        "the server answers (/healthz)",
        6,
        "the server does not answer",
        "Look whether it runs",
    ),
    Step(
        "ready",
        11,
        "Store",
        "so does its store (/readyz)",
        6,
        "the server does not say whether its store answers",
        "Look at the store: reconvene doctor",
    ),
    Step("identity", 12, "Identity", "identities are given out", 6, "no identity is given", _LOG),
    Step(
        "meeting",
        13,
        "Meeting",
        "a meeting can be created, or is there",
        6,
        "nothing is heard of the meeting",
        _LOG,
    ),
    Step(
        "websocket",
        14,
        "WebSocket",
        "the upgrade, the subprotocol, a ping",
        6,
        "the websocket does not open",
        "Have the proxy in front pass upgrades on /ws, and both directions unbuffered",
    ),
    Step(
        "turn",
        15,
        "TURN",
        "with --turn-only: a TURN server gives a relay",
        8,
        "no TURN server answers",
        "reconvene doctor, on the server, tells more of each",
    ),
    Step(
        "join",
        16,
        "Join",
        f"{FIRST} joins",
        8,
        "a join is not answered",
        "Look at the store and into the server's log",
    ),
    Step(
        "second",
        17,
        "Second join",
        f"{SECOND} joins, and {FIRST} is told",
        8,
        "the second join is not answered, or the first is not told of it",
        "Look into the server's log; with several server processes, all of a meeting have to reach the same one",
    ),
    Step(
        "status",
        18,
        "Status",
        "a raised hand is seen by both",
        6,
        "a status is not told to both",
        "Look whether a proxy in front holds messages back (buffering), and into the server's log",
    ),
    Step("offer", 19, "Offer, answer", "each has the other's description", 14, "no offer was answered", _LOG),
    Step(
        "ice",
        20,
        "ICE",
        "candidates are found, and a pair of them works",
        10,
        "no pair of candidates works",
        _LOG,
    ),
    Step(
        "dtls",
        21,
        "DTLS",
        "keys are agreed on",
        8,
        "no keys are agreed on",
        "See whether large UDP packets pass",
    ),
    Step("media", 22, "Media", "picture and sound arrive, both ways", 12, "media is missing", _LOG),
    Step(
        "reconnect",
        23,
        "Reconnect",
        "a cut socket resumes, with nothing lost",
        12,
        "the cut socket did not resume",
        "Look whether a proxy in front lets a client come back at once, and into the server's log",
    ),
    Step(
        "leave", 24, "Leave", "one leaves, and the other sees it", 6, "a leave is not told to the other", _LOG
    ),
    Step(
        "tidy",
        25,
        "Tidying up",
        "the meeting is deleted again",
        4,
        "the meeting could not be deleted in time",
        "Delete it (DELETE /api/meetings/{id}, with the admin key), or let RECONVENE_RETENTION_DAYS do it",
    ),
)


class Failed(Exception):  # noqa: N818 - named for what happened
    """A check failed: the reason, and what to look at. One clause each, without a full stop."""

    def __init__(self, reason: str, hint: str = "", details: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.details = details or {}


class State(StrEnum):
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of a check that did not fail, in words and for machines. `warnings`: it works, with reservations.
    `skipped`: there was nothing to check."""

    told: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seconds`: duration; `told`: the result, or why the step was skipped; `reason` and `hint` belong to a failure."""

    step: Step
    state: State
    seconds: float = 0.0
    told: str = ""
    reason: str = ""
    hint: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a whole probe."""

    url: str
    meeting: str | None
    turn_only: bool
    outcomes: Sequence[Outcome]
    seconds: float

    @property
    def failure(self) -> Outcome | None:
        """The first failed step."""
        return next((outcome for outcome in self.outcomes if outcome.state is State.FAILED), None)

    @property
    def exit_code(self) -> int:
        return self.failure.step.code if self.failure is not None else 0


def exit_codes() -> str:
    """The table for the help; readable even without its line breaks."""
    names = max(len(step.name) for step in STEPS)
    rows = [
        "[bold]Exit codes[/bold] 0: all works. 2: the arguments cannot be understood. "
        f"{INTERRUPTED}: stopped by Ctrl-C or SIGTERM. {STUCK}: the probe itself did not end in time. "
        "Otherwise the first of these steps that failed:",
        *(f"{step.code} [cyan]{step.name:<{names}}[/cyan] {step.checks}." for step in STEPS),
    ]
    return "\n".join(rows)
