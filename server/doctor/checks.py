"""What a check finds, and what a check is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`NOTE` is good to know; `WARNING` will be trouble for somebody; with a `FAILURE` the server or a part of it does
    not work."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """`found` says what is, `advice` what to do (empty when there is nothing): one clause each, without a full stop."""

    area: str
    level: Level
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """`run` is given the seconds it has. `needs` names the settings without which there is nothing to check."""

    area: str
    run: Callable[[float], Awaitable[Sequence[Finding]]]
    needs: frozenset[str] = frozenset()


def ok(area: str, found: str) -> Finding:
    return Finding(area, Level.OK, found)


def note(area: str, found: str, advice: str = "") -> Finding:
    return Finding(area, Level.NOTE, found, advice)


def warning(area: str, found: str, advice: str) -> Finding:
    return Finding(area, Level.WARNING, found, advice)


def failure(area: str, found: str, advice: str) -> Finding:
    return Finding(area, Level.FAILURE, found, advice)
