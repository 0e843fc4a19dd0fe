"""Checks the store: whether it answers, its schema is up to date, and its clock agrees with this machine's."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from server.doctor.checks import Finding, failure, note, ok, warning
from server.doctor.files import sqlite_file
from server.settings.config import Config
from storage.errors import StoreError, StoreUnavailable
from storage.factory import SUPABASE
from storage.store import Schema, Store

STORE, MIGRATIONS, CLOCK = "store", "migrations", "clock"

APART, FAR_APART = 2.0, 30.0
"""Seconds between this machine's clock and the database's. A node counts as dead after 20 s without a heartbeat."""


def load(config: Config) -> None:
    """Import what the store needs. This can take seconds, which should not count as the database's."""
    with contextlib.suppress(Exception):
        config.make_store()


async def check(config: Config, within: float) -> Sequence[Finding]:
    findings: list[Finding] = []
    try:
        async with asyncio.timeout(within):
            await _look(config, findings)
    except TimeoutError:
        findings.append(
            failure(
                STORE,
                f"{name(config)} does not answer within {within:g} s",
                "Look whether it runs and whether firewalls let pass, or correct RECONVENE_STORE",
            )
        )
    except StoreUnavailable as error:
        setting = "SUPABASE_URL" if config.store == SUPABASE else "RECONVENE_STORE"
        findings.append(_told(error, f"Start it, or correct {setting}; until it answers nobody can join"))
    except StoreError as error:
        findings.append(_told(error, "Correct RECONVENE_STORE"))
    return findings


async def _look(config: Config, findings: list[Finding]) -> None:
    store = config.make_store()
    file = sqlite_file(config)
    if file is not None and not file.exists():
        findings.append(note(STORE, f"{file} is not there yet: it is made at the first start"))
        return
    try:
        schema = await store.schema()
        findings.append(_migrated(schema, config))
        # Not opened, as that may migrate: only the server and `reconvene migrate` do that.
        if schema.version > schema.newest or schema.pending:
            findings.append(ok(STORE, f"{name(config)} answers"))
            return
        await store.open()
        began = time.perf_counter()
        await store.ping()
        took = time.perf_counter() - began
        findings.append(ok(STORE, f"{name(config)} answers, in {took * 1000:.1f} ms"))
        if file is None:
            findings.append(await compare_clocks(store))
    finally:
        # Errors are ignored: nothing was written that closing could lose.
        with contextlib.suppress(Exception):
            await store.close()


def _migrated(schema: Schema, config: Config) -> Finding:
    if schema.version > schema.newest:
        return failure(
            MIGRATIONS,
            f"the schema has version {schema.version}, and this Reconvene knows {schema.newest} only",
            "Run the newer Reconvene that migrated it, or name another database in RECONVENE_STORE",
        )
    if not schema.pending:
        return ok(MIGRATIONS, f"the schema is up to date (version {schema.version})")
    found = f"{len(schema.pending)} migrations are still to be made: {', '.join(schema.pending)}"
    if config.store == SUPABASE and config.supabase_db_url is None:
        return failure(
            MIGRATIONS,
            found,
            "Set SUPABASE_DB_URL and run `reconvene migrate`, or run the files by hand (docs/supabase.md)",
        )
    return note(
        MIGRATIONS,
        found,
        "They are made at the next start; to make them now, once the database of RECONVENE_STORE is backed up, run"
        " `reconvene migrate`",
    )


async def compare_clocks(store: Store) -> Finding:
    before = time.time()
    there = await store.clock()
    after = time.time()
    # The clock was read at some time between `before` and `after`: only the difference beyond those is certain.
    apart = max(before - there, there - after, 0.0)
    which = "behind" if there < before else "ahead of"
    if apart < APART:
        return ok(CLOCK, "the database's clock agrees with this machine's, within 2 s")
    found = f"the database's clock is {apart:.1f} s {which} this machine's"
    advice = "Set both by NTP: attendance goes by this one, and other servers on the same RECONVENE_STORE have theirs"
    return (failure if apart >= FAR_APART else warning)(CLOCK, found, advice)


def _told(error: StoreError, otherwise: str) -> Finding:
    """The store's error text, split into finding and advice: most such texts end with what to do."""
    # Do not split within brackets.
    whole = r"[^()]+(?:\([^()]*\)[^()]*)*"
    for separator in (r"\. ", "; ", ": (?=pip install)"):
        if match := re.fullmatch(f"(.+?){separator}({whole})", str(error), re.DOTALL):
            return failure(STORE, match[1], f"{match[2][0].upper()}{match[2][1:].rstrip('.')}")
    return failure(STORE, str(error), otherwise)


def name(config: Config) -> str:
    """The store's name for display: without user, password and options."""
    file = sqlite_file(config)
    if file is not None:
        return f"SQLite in {file}"
    if config.store == SUPABASE:
        return f"Supabase at {urlsplit(config.supabase_url or '').hostname or 'SUPABASE_URL'}"
    try:
        parts = urlsplit(config.store)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return "the store in RECONVENE_STORE"
