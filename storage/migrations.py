"""The SQL files that bring a database up to date.

    sql/<backend>/0001_meetings_and_stays.sql   numbered: run once, in order
    sql/<backend>/imports/0006_imports.sql      the same for imports; both folders share one numbering
    sql/postgres/functions/joins.sql            functions: run after those, whenever the contents changed

A numbered file is never edited once it is released. A function file is edited in place; the database keeps the release
and the hash of the file it ran. An older release does not replace functions that a newer one wrote.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

SQL = Path(__file__).parent / "sql"

LOCK = f"SELECT pg_advisory_xact_lock({0x5265636F});"
"""A process that migrates PostgreSQL holds this lock ("Reco"), so that only one does at a time."""

Release = tuple[int, ...]
"""Major, minor and patch number."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class FunctionFile:
    """`name` is its path, such as "functions/joins"."""

    name: str
    sql: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Applied:
    """What a database has: the number of its last migration, the hash of each function file, and the newest release
    among those that ran them."""

    version: int = 0
    hashes: Mapping[str, str] = field(default_factory=dict)
    release: Release = ()


@dataclass(frozen=True, slots=True)
class SchemaFiles:
    """The files of a release, in the order in which they are run."""

    migrations: Sequence[Migration]
    functions: Sequence[FunctionFile] = ()
    release: Release = ()

    def pending(self, applied: Applied) -> SchemaFiles:
        """The files that the database lacks."""
        changed = [file for file in self.functions if applied.hashes.get(file.name) != file.hash]
        return SchemaFiles(
            self.migrations[applied.version :],
            changed if self.release >= applied.release else (),
            self.release,
        )

    @property
    def names(self) -> tuple[str, ...]:
        return (*(file.name for file in self.migrations), *(file.name for file in self.functions))

    @property
    def functions_sql(self) -> str:
        """SQL that creates the functions and records their files; empty without function files. It raises an error if a
        newer release wrote functions."""
        if not self.functions:
            return ""
        parts = [f"-- {file.name}\n\n{file.sql.strip()}\n\n{self._note(file)}\n" for file in self.functions]
        # A function may call one that is created after it.
        first, last = "SET check_function_bodies = off;\n", "RESET check_function_bodies;\n"
        return "\n".join(
            [f"{LOCK}\n", self._guard, first, *parts, "SELECT reconvene.share_with_supabase();", last]
        )

    @property
    def _guard(self) -> str:
        return (
            "DO $$ BEGIN\n"
            f"    IF EXISTS (SELECT FROM reconvene.function_files WHERE release > {self._release}) THEN\n"
            "        RAISE EXCEPTION 'the database has functions of a newer release; nothing was changed';\n"
            "    END IF;\n"
            "END $$;\n"
        )

    @property
    def _release(self) -> str:
        return f"ARRAY[{', '.join(map(str, self.release))}]"

    def _note(self, file: FunctionFile) -> str:
        return (
            "INSERT INTO reconvene.function_files (name, hash, release)\n"
            f"VALUES ('{file.name}', '{file.hash}', {self._release})\n"
            "ON CONFLICT (name) DO UPDATE\n"
            "SET hash = excluded.hash, release = excluded.release, written_at = now();"
        )


def load_migrations(backend: str) -> list[Migration]:
    """The backend's migrations in order, numbered 1, 2, 3… without a gap (else `ValueError`)."""
    files = (SQL / backend).rglob("[0-9][0-9][0-9][0-9]_*.sql")
    migrations = [
        Migration(int(file.name[:4]), file.stem, file.read_text(encoding="utf-8"))
        for file in sorted(files, key=lambda file: file.name)
    ]
    if [migration.number for migration in migrations] != list(range(1, len(migrations) + 1)):
        raise ValueError(f"migrations of {backend} are not numbered 1, 2, 3…: {[m.name for m in migrations]}")
    return migrations


def load_schema() -> SchemaFiles:
    """All PostgreSQL files of the installed release."""
    root = SQL / "postgres"
    functions = [
        FunctionFile(file.relative_to(root).with_suffix("").as_posix(), file.read_text(encoding="utf-8"))
        for file in sorted((root / "functions").rglob("*.sql"))
    ]
    release = tuple(int(number) for number in re.findall(r"\d+", version("reconvene"))[:3])
    return SchemaFiles(load_migrations("postgres"), functions, release)
