"""``python -m bench``: measure, print the table, exit with 1 if a target was missed."""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import orjson
from rich.console import Console
from rich.table import Table

from bench import (
    chat,
    fill,
    imports,
    library,
    lobby,
    login,
    measure,
    node_storm,
    nodes,
    report,
    stores,
    storm,
)
from bench.figures import Figure, Verdict
from bench.measure import FULL, QUICK, Plan
from bench.servers import (
    GENERATOR_CORE,
    LIMIT,
    RECONVENE,
    SERVER_CORE,
    Spec,
    before,
    working_tree,
)

MEASURES: dict[str, Callable[[Plan, measure.Say], list[Figure]]] = {
    "fanout": measure.fanout,
    "signal": measure.signals,
    "joins": measure.joins,
    "fill": fill.fill,
    "lobby": lobby.lobby,
    "login": login.login,
    "memory": measure.memory,
    "storm": storm.storm,
    "stores": stores.stores,
    "report": report.report,
    "imports": imports.imports,
    "library": library.library,
    "chat": chat.chat,
    "nodes": nodes.nodes,
    "node-storm": node_storm.node_storm,
}
JUDGES = (measure, fill, lobby, login, storm, stores, report, imports, library, chat, nodes, node_storm)
WIDTH = 150
"""Of a table that is written to a file."""

SPARE_FILES = 500


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    plan = QUICK if options.quick else FULL
    if options.rounds:
        plan = dataclasses.replace(plan, rounds=options.rounds)
    with ExitStack() as stack:
        return _run(plan, options, stack)


def _run(plan: Plan, options: argparse.Namespace, stack: ExitStack) -> int:
    if options.realtime:
        plan = dataclasses.replace(plan, realtime=True)
    if options.before:
        other = before(stack.enter_context(working_tree(options.before)))
        plan = dataclasses.replace(plan, specs=[*plan.specs, other])
    if options.references:
        plan = dataclasses.replace(plan, specs=[spec for spec in plan.specs if spec is not RECONVENE])
    # Fan-out has a server in C besides.
    clients = max(measure.IDLE_CLIENTS, (len(plan.specs) + 1) * measure.MOST_CLIENTS)
    _prepare(clients + SPARE_FILES)
    # Progress goes to stderr, so that --json leaves stdout to the figures.
    progress = Console(stderr=True, highlight=False)
    say: measure.Say = lambda line: progress.print(line, markup=False, soft_wrap=True)  # noqa: E731
    say(f"server on core {SERVER_CORE}, generator on core {GENERATOR_CORE}, {plan.rounds} rounds")
    if SERVER_CORE == GENERATOR_CORE:
        say("with a single core the generator takes time from the servers: the ratios are blurred")
    figures: list[Figure] = []
    for name in options.only or MEASURES:
        figures += MEASURES[name](plan, say)
    verdicts: list[Verdict] = []
    if not options.references:
        for judge in JUDGES:
            verdicts += judge.verdicts(figures)
    if options.json:
        sys.stdout.write(_json(figures, verdicts) + "\n")
    else:
        _print(plan, figures, verdicts)
    valid = not any(figure.invalid for figure in figures)
    return 0 if valid and all(verdict.passed for verdict in verdicts) else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed and memory.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, for a first look")
    parser.add_argument("--only", action="append", choices=MEASURES, help="just this; may be repeated")
    parser.add_argument("--rounds", type=int, help="rounds for each server and load")
    parser.add_argument("--json", action="store_true", help="print every value as JSON instead of tables")
    parser.add_argument("--before", metavar="REVISION", help="the server of that revision, too")
    parser.add_argument(
        "--realtime", action="store_true", help="let nothing else run on both cores (needs root)"
    )
    parser.add_argument("--references", action="store_true", help="only the reference servers; no targets")
    return parser.parse_args(arguments)


def _prepare(files: int) -> None:
    # The servers are stopped by leaving their blocks, which a plain SIGTERM would not do.
    signal.signal(signal.SIGTERM, lambda number, stack: sys.exit(128 + number))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        sys.exit(f"{files} open files are needed, and the limit is {hard}: see ulimit -Hn")
    # Servers inherit it. Not more than it takes: some programs walk through all that may be open.
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    os.sched_setaffinity(0, {GENERATOR_CORE})


def _json(figures: Sequence[Figure], verdicts: Sequence[Verdict]) -> str:
    report = {
        "figures": list(figures),
        "targets": [dataclasses.asdict(verdict) | {"passed": verdict.passed} for verdict in verdicts],
    }
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode()


def _print(plan: Plan, figures: Sequence[Figure], verdicts: Sequence[Verdict]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    title = f"Medians of {plan.rounds} rounds, Python {platform.python_version()}"
    of_stores = [figure for figure in figures if stores.EACH.name in figure.values]
    of_servers = [figure for figure in figures if figure not in of_stores]
    if of_servers:
        console.print(_table(title, of_servers, _shown(plan, of_servers)))
    if of_stores:
        console.print(_table(title, of_stores, (RECONVENE, stores.EACH, stores.TUNED)))
    if any(figure.judged_by_cpu for figure in figures):
        console.print(
            "* Judged by the server's processor time: others held it up, or the generator was the limit.",
            soft_wrap=True,
        )
    if not verdicts:
        return
    table = Table(title="Targets", title_justify="left")
    for name in ("target", "asked", "measured", ""):
        table.add_column(name, justify="left" if name == "target" else "right")
    for verdict in verdicts:
        asked = f"{'<=' if verdict.at_most else '>='} {verdict.bound:g} {verdict.unit}"
        measured = "invalid" if verdict.measured is None else f"{_number(verdict.measured)} {verdict.unit}"
        table.add_row(verdict.target, asked, measured, "[green]PASS" if verdict.passed else "[red]MISS")
    console.print(table)


def _shown(plan: Plan, figures: Sequence[Figure]) -> list[Spec]:
    has_limit = any(LIMIT.name in figure.values for figure in figures)
    return [*plan.specs, LIMIT] if has_limit else list(plan.specs)


def _table(title: str, figures: Sequence[Figure], specs: Sequence[Spec]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("load", no_wrap=True)
    for spec in specs:
        table.add_column(spec.name, justify="right")
    for figure in figures:
        mark = " *" if figure.judged_by_cpu else ""
        rows = [("", figure.by_cpu if figure.judged_by_cpu else figure.values)]
        if figure.shows_both:
            rows = [("", figure.values), (" of CPU time", figure.by_cpu)]
        for beside, values_of in rows:
            values = [figure.by(values_of, spec) for spec in specs]
            cells = ["invalid" if figure.invalid else _number(value) for value in values]
            table.add_row(f"{figure.name}, {figure.unit}{beside}{mark}", *cells)
    return table


def _number(value: float | None) -> str:
    if not value:
        return "-" if value is None else "0"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
