"""`python -m tests.simulation 20000` runs seeds 1 to 20,000; `--seed 1234` tells one of them as a log; `--find` finds
seeds for the planted bugs."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.finding import find, write
from tests.simulation.found_by import FOUND_BY
from tests.simulation.mutations import PLANTS, planted
from tests.simulation.run import run
from tests.simulation.seeds import run_many, workers


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seeds", nargs="?", type=int, default=2000, help="how many (default: %(default)s)")
    parser.add_argument("--first", type=int, default=1, help="the first of them (default: %(default)s)")
    parser.add_argument("--jobs", type=int, help="in how many processes (default: one for each core)")
    parser.add_argument("--seed", type=int, help="only this one, told as a log")
    parser.add_argument("--nodes", type=int, default=1, help="servers at once (default: %(default)s)")
    parser.add_argument("--plant", choices=PLANTS, metavar="BUG", help=f"with one of: {', '.join(PLANTS)}")
    parser.add_argument(
        "--find", action="store_true", help="for each bug a seed that finds it, for the tests"
    )
    options = parser.parse_args()
    if options.find:
        return _find([options.plant] if options.plant else list(PLANTS))
    if options.seed is not None:
        with planted(options.plant):
            outcome = run(options.seed, tell_all=True, nodes=options.nodes)
        print(outcome)
        return bool(outcome.wrong)
    seeds = range(options.first, options.first + options.seeds)
    return _many(seeds, options.plant, options.jobs, options.nodes)


def _many(seeds: range, plant: str | None, jobs: int | None, nodes: int) -> int:
    began = time.monotonic()
    done, failed = 0, []
    with workers(jobs) as pool:
        for chunk in run_many(pool, seeds, plant=plant, nodes=nodes):
            done += len(chunk.seeds)
            for outcome in chunk.failed:
                failed.append(outcome.seed)
                print(f"\r{outcome}\n", flush=True)
            print(
                f"\r{done} of {len(seeds)} seeds, {len(failed)} failed", end="", file=sys.stderr, flush=True
            )
    rate = done / (time.monotonic() - began)
    print(f"\r{done} seeds, {rate:.0f} a second, {len(failed)} failed{_list(failed)}")
    return bool(failed)


def _find(bugs: list[str]) -> int:
    found = dict(FOUND_BY)
    for bug, seed in find(bugs):
        print(f"{bug}: {seed or 'not found'}", flush=True)
        if seed is not None:
            found[bug] = seed
            write(found)
    return not set(bugs) <= set(found)


def _list(failed: list[int]) -> str:
    return ": " + ", ".join(map(str, failed)) + " (again: make simulate SEED=…)" if failed else ""


if __name__ == "__main__":
    sys.exit(main())
