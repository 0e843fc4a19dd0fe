from __future__ import annotations

import gc
import inspect
import itertools
import os
import shutil
import zlib
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.cost import CPU, DEAR, LEDGER, spent, summary, write_down

# A slow machine is no failure, neither in what is tested nor in making up what to test it with.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

STARTING = (
    *("tests.chaos", "tests.databases", "tests.server.nginx", "tests.server.sharing.started"),
    "tests.turn_server",
)
OTHER_STORES = {"postgres", "supabase"}

MEMORY, ENOUGH = Path("/dev/shm"), 2**30  # noqa: S108 - a folder of one's own is made there
"""Linux's folder that is no disk, and bytes that have to be free there. Most of what a store with a file waits for is
the disk, at each commit."""


def pytest_configure(config: pytest.Config) -> None:
    # No test asks anybody but this machine. Each HTTP client would read the certificates of all authorities first, at
    # 20 ms of a processor; of a folder it reads the one it needs.
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    config.addinivalue_line(
        "markers", "programs: starts what tests/install.sh installs: a browser, a database, nginx, coturn"
    )
    config.addinivalue_line("markers", "early: takes long by the clock, so that it is begun before others")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and needs_programs(item):
            item.add_marker("programs")
    if processes := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
        items[:] = spread(items, processes)


def pytest_collection_finish() -> None:
    # All that was collected stays: to look through it again and again costs a twentieth.
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    before = spent() if os.environ.get(LEDGER) else 0.0
    answer = yield
    if os.environ.get(LEDGER):
        # A browser that ends takes all it took with it, unless it was waited for.
        write_down(item.nodeid, max(0.0, spent() - before))
    return answer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # What cannot be encoded cannot be sent from one process to another, and a test that fails would end them all.
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = summary(itertools.chain(*terminalreporter.stats.values()))
    if lines:
        terminalreporter.section(f"dear tests: more than {DEAR:.0f} {CPU} each (CONTRIBUTING.md)")
        for line in lines:
            terminalreporter.write_line(line)


def spread(items: Iterable[pytest.Item], processes: int) -> list[pytest.Item]:
    """Files dealt out to the processes, each of which begins with a stretch of the list: early ones, others as they
    come, and at last those without a test that waits.

    In the order of folders one process has all browsers, the others wait, and a processor is idle until these are done.
    """
    files: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        files[item.location[0]].append(item)
    order = sorted(files, key=lambda file: (_rank(files[file]), zlib.crc32(file.encode()), file))
    dealt = itertools.chain.from_iterable(order[first::processes] for first in range(processes))
    return [item for file in dealt for item in files[file]]


def _rank(tests: Sequence[pytest.Item]) -> int:
    if any(test.get_closest_marker("early") for test in tests):
        return 0
    waits = any(inspect.iscoroutinefunction(getattr(test, "obj", None)) for test in tests)
    return 1 if waits else 2


def needs_programs(item: pytest.Function) -> bool:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if "backend" in parameters:
        return parameters["backend"] in OTHER_STORES
    if "place" in parameters:
        return parameters["place"] == "redis"
    # Of browsers, of databases, and of a cluster, which has an engine and a database.
    if {"playwright", "servers", "nodes"} & set(item.fixturenames):
        return True
    used = (getattr(value, "__module__", None) or "" for value in vars(item.module).values())
    return any(module.startswith(STARTING) for module in used)
