"""Checks what the server runs on: Python and SQLite, open files, the clock."""

from __future__ import annotations

import ctypes
import platform
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version

from server.doctor.checks import Finding, failure, note, ok, warning
from server.settings.config import Config
from storage.sqlite.database_file import OLDEST_SQLITE

SYSTEM, CLOCK = "system", "clock"

FEW_FILES = 4096
"""Open files below which to warn. Each connection takes one; shells commonly allow 1,024."""

BUILT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""A correct clock is past this time: Reconvene was built later."""

FAR_OFF = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def check_system(config: Config) -> Iterator[Finding]:
    sqlite = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < OLDEST_SQLITE and config.store.startswith("sqlite:"):
        yield failure(
            SYSTEM,
            f"this Python has SQLite {sqlite}, too old for the store",
            f"Install a Python with SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer, or name another database in"
            " RECONVENE_STORE",
        )
    else:
        yield ok(
            SYSTEM, f"Reconvene {version('reconvene')}, Python {platform.python_version()}, SQLite {sqlite}"
        )
    limit = open_files_limit()
    if limit is None:
        yield note(SYSTEM, "how many files may be open could not be told")
    elif limit < max(FEW_FILES, config.max_participants):
        yield warning(
            SYSTEM,
            f"no more than {limit} files may be open, if the server is started as this was; each connection takes one",
            "Allow more where the server is started: LimitNOFILE=65536 in its systemd unit, or `ulimit -n 65536`",
        )
    else:
        yield ok(SYSTEM, f"up to {limit} files may be open")


def open_files_limit() -> int | None:
    """The limit on open files; None if unknown."""
    try:
        import resource
    except ImportError:  # on Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def check_clock(now: float) -> Iterator[Finding]:
    if not BUILT <= now < FAR_OFF:
        yield failure(
            CLOCK,
            f"this machine's clock says {time.strftime('%Y-%m-%d %H:%M', time.gmtime(now))} UTC, which cannot be",
            "Set the clock (timedatectl set-ntp true): tokens, TURN credentials and attendance go by it",
        )
        return
    error = clock_error()
    if error is None:
        yield note(
            CLOCK,
            f"it is {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(now))} UTC; whether the clock is synchronised could"
            " not be told",
        )
    elif error >= UNSYNCHRONISED:
        yield warning(
            CLOCK,
            "the system says that its clock is not synchronised",
            "Have the clock set by NTP (timedatectl set-ntp true): attendance goes by it",
        )
    else:
        yield ok(CLOCK, f"synchronised, to {max(error, 0.001):.3f} s at worst by what the system says")


UNSYNCHRONISED = 16.0
"""Seconds. The kernel's estimate of its clock's error grows to this if nothing sets the clock. systemd uses it, too."""


class _Timex(ctypes.Structure):
    """The beginning of Linux's struct timex (adjtimex(2)); `rest` is room for the other fields."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_char * 512),
    )


def clock_error() -> float | None:
    """The kernel's estimate of the clock's maximum error in seconds; None if unknown."""
    if sys.platform != "linux":
        return None
    timex = _Timex()  # modes = 0: nothing is set
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else timex.maxerror / 1_000_000
