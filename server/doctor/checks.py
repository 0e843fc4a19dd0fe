"""A check, and its findings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`NOTE`: good to know. `WARNING`: will cause trouble for somebody. `FAILURE`: the server or a part of it does not
    work."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """`found` states a fact, `advice` what to do (empty if nothing): one clause each, without a full stop."""

    area: str
    level: Level
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """`run` takes the seconds it may use. `needs` names the settings that must be valid for the check to run."""

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
