from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.sqlite.database_file import connect


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    writer, reader = connect(path, 1.0)
    yield writer
    reader.close()
    writer.close()
