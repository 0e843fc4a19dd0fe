"""The numbered SQL files that bring a database up to date: `sql/<backend>/0001_what_it_does.sql`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str


def load_migrations(backend: str) -> list[Migration]:
    """The backend's migrations in order, numbered 1, 2, 3… without a gap (else `ValueError`)."""
    migrations = [
        Migration(int(file.name[:4]), file.stem, file.read_text(encoding="utf-8"))
        for file in sorted((SQL / backend).glob("[0-9][0-9][0-9][0-9]_*.sql"))
    ]
    if [migration.number for migration in migrations] != list(range(1, len(migrations) + 1)):
        raise ValueError(f"migrations of {backend} are not numbered 1, 2, 3…: {[m.name for m in migrations]}")
    return migrations
