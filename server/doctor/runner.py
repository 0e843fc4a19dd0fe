"""Runs all checks at once, each independently and for a few seconds at most."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import unquote

from server.doctor import engine, files, ice, login, machine, port, settings, store_checks, zoom
from server.doctor.checks import Check, Finding, failure, note
from server.runtime.daemon_threads import DaemonThreads
from server.settings.config import SETTINGS, Config

WITHIN = 5.0
"""Seconds each check may take. All run at the same time."""

AREAS = (
    settings.AREA,
    machine.SYSTEM,
    files.AREA,
    port.AREA,
    store_checks.STORE,
    store_checks.MIGRATIONS,
    engine.AREA,
    ice.AREA,
    login.AREA,
    zoom.AREA,
    machine.CLOCK,
)
"""Areas, in the order in which they are shown."""

PASSWORDS = (
    r"//[^:@/?\s]*:(\S*)@",
    r":([^:@/\s]+)@",
    r"password=([^&\s]+)",
    r'"credential"\s*:\s*"((?:[^"\\]|\\.)*)"',
)
"""Patterns of passwords in URLs and in JSON."""

PATIENCE = 0.5
"""Further seconds for a check to report itself what it waited for."""


def run(environ: Mapping[str, str], within: float = WITHIN) -> list[Finding]:
    """Run all checks in a new event loop. Takes little more than `within`, even if a name server does not answer."""

    async def examined() -> list[Finding]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(DaemonThreads())
        # An error in a driver's own task shows in the driver's answer; its traceback is not printed.
        loop.set_exception_handler(lambda _loop, _context: None)
        return await examine(environ, within)

    logging.getLogger().addHandler(logging.NullHandler())
    return asyncio.run(examined())


async def examine(environ: Mapping[str, str], within: float = WITHIN) -> list[Finding]:
    """Findings, by area. Raises nothing, and repeats no secret of the environment."""
    reading = settings.read(environ)
    await asyncio.to_thread(store_checks.load, reading.config)
    await asyncio.to_thread(engine.load, reading.config)
    checks = checks_of(reading.config)
    found = await asyncio.gather(*(_carried_out(check, reading.unusable, within) for check in checks))
    hidden = secrets(environ)
    shown = (_without(hidden, finding) for findings in (reading.findings, *found) for finding in findings)
    # Several servers may yield the same text, which is shown once.
    return sorted(dict.fromkeys(shown), key=lambda finding: AREAS.index(finding.area))


def checks_of(config: Config) -> list[Check]:
    store = frozenset({"RECONVENE_STORE", "SUPABASE_URL", "SUPABASE_SERVICE_KEY"})
    return [
        Check(machine.SYSTEM, _threaded(machine.check_system, config)),
        Check(files.AREA, _threaded(files.check_directory, config), store | {"RECONVENE_SECRET"}),
        Check(files.AREA, _threaded(files.check_secret, config), store | {"RECONVENE_SECRET"}),
        Check(port.AREA, partial(port.check, config), frozenset({"RECONVENE_HOST", "RECONVENE_PORT"})),
        Check(store_checks.STORE, partial(store_checks.check, config), store),
        Check(engine.AREA, partial(engine.check, config), engine.SETTINGS),
        *(Check(ice.AREA, partial(ice.check, server)) for server in ice.servers(config, time.time())),
        Check(login.AREA, partial(login.check, config), login.SETTINGS),
        Check(zoom.AREA, partial(zoom.check, config), zoom.SETTINGS),
        Check(machine.CLOCK, _threaded(machine.check_clock, time.time())),
    ]


def _threaded(
    look: Callable[..., Iterable[Finding]], *arguments: Any
) -> Callable[[float], Awaitable[Sequence[Finding]]]:
    """Run a blocking check (on a disk, say) in a thread."""

    async def carried_out(_within: float) -> Sequence[Finding]:
        return await asyncio.to_thread(lambda: list(look(*arguments)))

    return carried_out


async def _carried_out(check: Check, unusable: frozenset[str], within: float) -> Sequence[Finding]:
    if missing := sorted(check.needs & unusable):
        return [note(check.area, f"not checked, as {' and '.join(missing)} cannot be used")]
    task = asyncio.ensure_future(check.run(within))
    await asyncio.wait({task}, timeout=within)
    # A second wait, so that the check gets its time even if the event loop was blocked during the first.
    await asyncio.wait({task}, timeout=PATIENCE)
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=PATIENCE)
        return [
            failure(
                check.area,
                f"this check was not over after {within:g} s",
                "Look at what it waits for, and try again",
            )
        ]
    try:
        return task.result()
    except Exception as error:
        text = f"{type(error).__name__}: {error}".rstrip(": ")
        return [failure(check.area, f"this check itself failed: {text}", "Please report this as a bug")]


def secrets(environ: Mapping[str, str]) -> list[str]:
    """Texts that no finding may repeat: private settings; of URLs and JSON, only the passwords. Longest first."""
    values: set[str] = set()
    for setting in SETTINGS:
        text = environ.get(setting.name, "").strip()
        if setting.name.endswith(("_STORE", "_ENGINE", "_URL", "_URLS", "_SERVERS")):
            values.update(part for pattern in PASSWORDS for part in re.findall(pattern, text))
        elif setting.private:
            values.add(text)
    values |= {unquote(value) for value in values}
    return sorted((value for value in values if len(value) > 2), key=len, reverse=True)


def _without(hidden: Sequence[str], finding: Finding) -> Finding:
    found, advice = finding.found, finding.advice
    for secret in hidden:
        # Only as a whole word: a short secret may be part of an ordinary word.
        pattern = rf"(?<!\w){re.escape(secret)}(?!\w)"
        found, advice = re.sub(pattern, "…", found), re.sub(pattern, "…", advice)
    return Finding(finding.area, finding.level, _one_line(found), _one_line(advice))


def _one_line(text: str) -> str:
    return " ".join(text.split())
