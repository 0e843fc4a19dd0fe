"""The settings of a server that is one of several nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.settings import parsers
from server.settings.setting import Setting, needs_extra

if TYPE_CHECKING:
    from server.settings.config import Config

SCHEMES = ("redis://", "rediss://", "redis+sentinel://", "rediss+sentinel://")

PACKAGES = ("cryptography", "hiredis", "redis")
"""Of the extra `cluster`."""


def _engine(text: str) -> str:
    if not text.startswith(SCHEMES):
        raise ValueError(text)
    return text


ENGINE = Setting(
    "RECONVENE_ENGINE",
    "",
    "redis://[user:password@]host[:port][/database], rediss://… for TLS, or redis+sentinel://host,host/name",
    "Redis or Valkey, by which several nodes serve the same meetings. Not set: this process is alone.",
    _engine,
    private=True,
)

SETTINGS = (
    ENGINE,
    Setting(
        "RECONVENE_PROCESSES",
        "1",
        "a number from 1 to 64",
        "Server processes on this machine, which share the port. More than one need RECONVENE_ENGINE.",
        parsers.integer(1, 64),
    ),
)


def conflicts(config: Config) -> list[str]:
    if config.engine is None:
        return (
            []
            if config.processes == 1
            else [
                "RECONVENE_ENGINE must be set when RECONVENE_PROCESSES is more than 1: what several processes share is"
                " in it"
            ]
        )
    found = []
    if config.store.startswith("sqlite"):
        found.append(
            "RECONVENE_STORE must be postgresql://… or supabase when RECONVENE_ENGINE is set: all nodes keep one"
            " record, and SQLite's is one machine's own"
        )
    if config.secret is None:
        found.append("RECONVENE_SECRET must be set when RECONVENE_ENGINE is: all nodes share it")
    return found + missing_packages()


def missing_packages() -> list[str]:
    return needs_extra("RECONVENE_ENGINE", "cluster", PACKAGES)
