"""Shows findings: for people, line by line for pipes, and as JSON for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.doctor.checks import Finding, Level

MARKS = {
    Level.OK: ("✓", "green"),
    Level.NOTE: ("·", "cyan"),
    Level.WARNING: ("!", "yellow"),
    Level.FAILURE: ("✗", "bold red"),
}


def failed(findings: Sequence[Finding]) -> bool:
    return any(finding.level is Level.FAILURE for finding in findings)


def lines(findings: Sequence[Finding]) -> list[str]:
    """A line for each finding (level, area, what was found, what to do), and one with the counts."""
    shown = []
    for finding in findings:
        told = " ".join(
            f"{text}{'' if text[-1] in '.?!' else '.'}" for text in (finding.found, finding.advice) if text
        )
        shown.append(f"{finding.level:<8} {finding.area:<11} {told}")
    return [*shown, summary(findings)]


def table(findings: Sequence[Finding]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column()
    grid.add_column(style="dim")
    grid.add_column(ratio=1)
    area = ""
    for finding in findings:
        mark, style = MARKS[finding.level]
        text = Text(finding.found)
        if finding.advice:
            text.append(f"\n→ {finding.advice}", style="dim" if finding.level is Level.NOTE else style)
        grid.add_row(Text(mark, style=style), finding.area if finding.area != area else "", text)
        area = finding.area
    return grid


def show(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Print on standard output, in the format for its reader."""
    console = Console()
    if as_json:
        print(in_json(findings))
    elif not console.is_terminal:
        print("\n".join(lines(findings)))
    else:
        console.print(table(findings))
        console.print()
        console.print(Text(summary(findings), style="bold red" if failed(findings) else "bold green"))


def in_json(findings: Sequence[Finding]) -> str:
    """`{"version", "failed", "findings": [{"area", "level", "found", "advice"}]}`"""
    listed = [
        {"area": finding.area, "level": finding.level, "found": finding.found, "advice": finding.advice}
        for finding in findings
    ]
    report = {"version": version("reconvene"), "failed": failed(findings), "findings": listed}
    return json.dumps(report, indent=2)


def summary(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.level for finding in findings)
    told = [
        f"{counts[level]} {level}{'s' if counts[level] > 1 else ''}"
        for level in (Level.FAILURE, Level.WARNING, Level.NOTE)
        if counts[level]
    ]
    found = ", ".join(told) if told else "nothing to complain of"
    return f"{found[0].upper()}{found[1:]}." if failed(findings) else f"Nothing failed: {found}."
