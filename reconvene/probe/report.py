"""The output of a probe: for people, line by line for pipes, and as JSON for machines.

`--json` prints one object, at the end:

    {"version": "0.6.0", "url": "https://meet.example.org", "meeting": "PROBE-7K2MPX", "turn_only": false,
     "ok": false, "exit_code": 20, "failed": "ice",
     "reason": "no pair of candidates works, within 10 s (each tried: 2 host)", "hint": "UDP is blocked, …",
     "relayed": null, "ms": 11240.3,
     "steps": [{"name": "http", "title": "HTTP", "exit_code": 10, "state": "ok", "ms": 8.1,
                "told": "https://meet.example.org", "reason": "", "hint": "", "warnings": [], "details": {}}, …]}

* All steps are listed in order; `state` is `ok`, `failed` or `skipped`. The program exits with the `exit_code` of the
  first step that failed. `ms` is null for a skipped step.
* `failed`, `reason` and `hint` are those of the first failed step; null if there is none. `relayed`: whether media went
  through TURN; null if the probe did not get that far.
* `details` differ by step; `a` and `b` are the two participants: `ice` has the `candidates` of each by type (`found`
  locally, `heard` from the other), and the `pairs` in use; `media` what each `received` (`frames`, `first_ms` after
  both were connected, `size`); `status` has `seen_ms`; `reconnect` has `back_ms` and how many events were `replayed`;
  `turn` the `servers` asked. Ignore unknown fields: there may be more.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reconvene.probe.steps import STEPS, Outcome, Report, State, Step
from reconvene.progress_screen import LiveScreen, Screen, on_terminal
from reconvene.terminal import counted, harmless

MARKS = {
    State.OK: ("✓", "green"),
    State.FAILED: ("✗", "bold red"),
    State.SKIPPED: ("·", "dim"),
}

TITLES = max(len(step.title) for step in STEPS)
TIMES = 9
"""Columns: `10,000 ms`."""


class Machine(Screen):
    """One JSON object, at the end."""

    def begins(self, step: Step) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...

    def over(self, report: Report) -> None:
        print(in_json(report), flush=True)


class Lines(Screen):
    """`failed ice 10002 ms: why. What to do.`: one for each step, as it happens, and one that sums up."""

    def begins(self, step: Step) -> None: ...

    def ended(self, outcome: Outcome) -> None:
        print(line(outcome), flush=True)
        for warning in outcome.warnings:
            print(f"{'warning':<8} {outcome.step.name:<10} {harmless(warning)}.", flush=True)

    def over(self, report: Report) -> None:
        print(summary(report), flush=True)


class Terminal(LiveScreen):
    """Ticks and crosses, and the step being waited for."""

    def begins(self, step: Step) -> None:
        self.doing(f"{step.title}: {step.checks}", "dim")

    def ended(self, outcome: Outcome) -> None:
        self.console.print(row(outcome))

    def over(self, report: Report) -> None:
        self.stop()
        self.console.print()
        style = "bold green" if report.failure is None else "bold red"
        self.console.print(Text(summary(report), style=style))


def screen(*, as_json: bool) -> Machine | Lines | Terminal:
    """The report for standard output: JSON, a terminal or lines."""
    if as_json:
        return Machine()
    console = Console(highlight=False)
    return Terminal(console) if on_terminal(console) else Lines()


def row(outcome: Outcome) -> Table:
    mark, style = MARKS[outcome.state]
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=1)
    grid.add_column(width=TITLES, no_wrap=True)
    grid.add_column(width=TIMES, justify="right", style="dim", no_wrap=True)
    grid.add_column(ratio=1)
    told = Text(harmless(outcome.told), style="dim" if outcome.state is State.SKIPPED else "")
    if outcome.state is State.FAILED:
        told = Text(harmless(outcome.reason), style="bold")
        if outcome.hint:
            told.append(f"\n→ {harmless(outcome.hint)}", style="not bold red")
    for warning in outcome.warnings:
        told.append(f"\n! {harmless(warning)}", style="yellow")
    title = Text(outcome.step.title, style="dim" if outcome.state is State.SKIPPED else "")
    grid.add_row(Text(mark, style=style), title, _time(outcome), told)
    return grid


def line(outcome: Outcome) -> str:
    told = [outcome.told]
    if outcome.state is State.FAILED:
        told = [outcome.reason, outcome.hint]
    said = " ".join(f"{text}{'' if text[-1] in '.?!' else '.'}" for text in told if text)
    return f"{outcome.state:<8} {outcome.step.name:<10} {_time(outcome):>{TIMES}} {harmless(said)}".rstrip()


def _time(outcome: Outcome) -> str:
    return "" if outcome.state is State.SKIPPED else f"{outcome.seconds * 1000:,.0f} ms"


def summary(report: Report) -> str:
    failure = report.failure
    if failure is not None:
        return f"Failed: {failure.step.title} (exit code {report.exit_code})."
    warnings = sum(len(outcome.warnings) for outcome in report.outcomes)
    noted = f", with {counted(warnings, 'warning')}" if warnings else ""
    return f"A call works{noted}: {report.seconds:.1f} s."


def in_json(report: Report) -> str:
    failure = report.failure
    relayed = next((o.details["relayed"] for o in report.outcomes if "relayed" in o.details), None)
    told = {
        "version": version("reconvene"),
        "url": report.url,
        "meeting": report.meeting,
        "turn_only": report.turn_only,
        "ok": failure is None,
        "exit_code": report.exit_code,
        "failed": None if failure is None else failure.step.name,
        "reason": None if failure is None else failure.reason,
        "hint": None if failure is None else failure.hint,
        "relayed": relayed,
        "ms": round(report.seconds * 1000, 1),
        "steps": [_step(outcome) for outcome in report.outcomes],
    }
    return json.dumps(told, indent=2)


def _step(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.step.name,
        "title": outcome.step.title,
        "exit_code": outcome.step.code,
        "state": outcome.state,
        "ms": None if outcome.state is State.SKIPPED else round(outcome.seconds * 1000, 1),
        "told": outcome.told,
        "reason": outcome.reason,
        "hint": outcome.hint,
        "warnings": list(outcome.warnings),
        "details": outcome.details,
    }
