"""Importing from Zoom: how fast, in how much memory, and how much of the time the store has.

Zoom is a stand-in that answers at once, in a process and on a core of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from bench.figures import Figure, Verdict
from bench.import_run import Result
from bench.measure import Plan, Say, attempt
from bench.servers import GENERATOR_CORE, RECONVENE, SERVER_CORE, ServerError

MANY, FEW = 50_000, 5_000
ROUNDS = 3
FLAT = 1.2
"""Times the memory of `FEW` rows that `MANY` of them may take."""
ASKED = 0.15
"""Of the speed at which the same pages are read and nothing of them kept."""
ENOUGH = 3_000
"""Rows a second: as many as Zoom gives, by its limits."""
WITHIN = 300.0
"""Seconds for one import."""


def imports(plan: Plan, say: Say) -> list[Figure]:
    name = f"import of {MANY:,} rows from Zoom"
    say(f"{name}, into SQLite, from a stand-in that answers at once")
    rate = Figure(name, "rows/s")
    reading = Figure("… only read, nothing kept", "rows/s")
    share = Figure("… time the store has", "%")
    peak = Figure(f"… memory at most, {MANY:,} rows", "MB")
    small = Figure(f"… memory at most, {FEW:,} rows", "MB")

    def fill(_: Figure) -> None:
        with _stand_in(MANY) as many, _stand_in(FEW) as few:
            for number in range(min(ROUNDS, plan.rounds)):
                with tempfile.TemporaryDirectory() as folder:
                    kept = _run(many, f"sqlite:///{folder}/many.db")
                    little = _run(few, f"sqlite:///{folder}/few.db")
                read = _run(many, None)
                if (kept.rows, little.rows) != (MANY, FEW) or read.rows != MANY:
                    raise ServerError(f"{kept.rows}, {little.rows} and {read.rows} rows came")
                rate.values[RECONVENE.name].append(kept.rows / kept.seconds)
                reading.values[RECONVENE.name].append(read.rows / read.seconds)
                share.values[RECONVENE.name].append(100 * kept.in_store / kept.seconds)
                peak.values[RECONVENE.name].append(kept.peak / 2**20)
                small.values[RECONVENE.name].append(little.peak / 2**20)
                say(
                    f"  round {number + 1} {kept.rows / kept.seconds:9,.0f} rows/s, only read "
                    f"{read.rows / read.seconds:,.0f}; the store has {kept.in_store / kept.seconds:.0%}; at most "
                    f"{kept.peak / 2**20:.1f} MB, of {FEW:,} rows {little.peak / 2**20:.1f} MB"
                )

    attempt(rate, fill, say)
    figures = [rate, reading, share, peak, small]
    for figure in figures:
        figure.invalid = rate.invalid
    return figures


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    named = {figure.name: figure.of(RECONVENE) for figure in figures}
    found = []
    for name, value in named.items():
        if name.startswith("import of"):
            read = named["… only read, nothing kept"]
            found.append(Verdict(name, ENOUGH, value, "rows/s"))
            found.append(Verdict("… / only read", ASKED, value / read if value and read else None, "x"))
            many, few = (named[f"… memory at most, {rows:,} rows"] for rows in (MANY, FEW))
            found.append(
                Verdict(
                    "… memory, many / few rows", FLAT, many / few if many and few else None, "x", at_most=True
                )
            )
    return found


@contextmanager
def _stand_in(rows: int) -> Iterator[Mapping[str, str]]:
    """What to know of it, as its first line tells: settings for the environment, and the webinar."""
    command = [sys.executable, "-m", "tests.zoom.stand_in", "--rows", str(rows), "--page-limit", "300"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {GENERATOR_CORE}),
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise ServerError("the stand-in for Zoom did not start")
            yield json.loads(line)
        finally:
            process.terminate()


def _run(zoom: Mapping[str, str], store: str | None) -> Result:
    command = [sys.executable, "-m", "bench.import_run", zoom["webinar"]]
    if store is not None:
        command += ["--store", store]
    done = subprocess.run(
        command,
        capture_output=True,
        env={**os.environ, **zoom, "PYTHONWARNINGS": "error"},
        timeout=WITHIN,
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    )
    if done.returncode:
        raise ServerError(done.stderr.decode(errors="replace")[-2000:])
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Result)
