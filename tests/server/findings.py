"""What the doctor finds, and picking one finding from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from server.doctor.checks import Finding, Level
from server.doctor.runner import examine


def environment(directory: Path, **settings: str) -> dict[str, str]:
    """Settings that are named without their prefix."""
    store = {"RECONVENE_STORE": f"sqlite:///{directory / 'reconvene.db'}", "RECONVENE_PORT": "0"}
    return store | {f"RECONVENE_{name}": value for name, value in settings.items()}


async def examined(directory: Path, within: float = 10, /, **settings: str) -> list[Finding]:
    return await examine(environment(directory, **settings), within)


def those(findings: Sequence[Finding], area: str, *levels: Level) -> list[Finding]:
    return [
        finding for finding in findings if finding.area == area and (not levels or finding.level in levels)
    ]


def one(findings: Sequence[Finding], area: str, level: Level, *words: str) -> Finding:
    """The only one of the area and level that has the words in what was found or in what to do."""
    found = [
        finding
        for finding in those(findings, area, level)
        if all(word in f"{finding.found} {finding.advice}" for word in words)
    ]
    assert len(found) == 1, findings
    return found[0]
