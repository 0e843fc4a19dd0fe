"""Store URLs: which are valid, and the errors for those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import open_store
from storage.errors import BadStore
from storage.sqlite.store import SqliteStore


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///data/reconvene.db", "data/reconvene.db"),
        ("sqlite:////var/lib/reconvene.db", "/var/lib/reconvene.db"),
        ("sqlite:///with space.db", "with space.db"),
    ],
)
def test_a_sqlite_url_names_a_relative_or_an_absolute_path(url: str, path: str) -> None:
    store = open_store(url)
    assert isinstance(store, SqliteStore)
    assert store.path == Path(path)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not given as a URL"),
        ("data/reconvene.db", "not given as a URL"),
        ("mysql://db/meetings", "no store for mysql://"),
        ("supabase://project", "no store for supabase://"),
        ("sqlite://", "kept in memory"),
        ("sqlite:///", "kept in memory"),
        ("sqlite:///:memory:", "kept in memory"),
        ("sqlite://:memory:", "kept in memory"),
        ("sqlite://data/reconvene.db", "names no file"),
        ("sqlite:///data/", "names no file"),
        ("sqlite:///data/x.db?mode=ro", "no options"),
    ],
)
def test_any_other_url_is_refused_with_the_reason_and_what_it_may_be(url: str, reason: str) -> None:
    with pytest.raises(BadStore, match=reason) as caught:
        open_store(url)
    assert "RECONVENE_STORE may be sqlite:///" in str(caught.value)


def test_a_refusal_does_not_repeat_a_password() -> None:
    with pytest.raises(BadStore) as caught:
        open_store("mysql://reconvene:hunter2@db/meetings")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://reconvene:hunter2@db:port/meetings", "the port"),
        ("postgresql://reconvene:hunter2@db/meetings?pool_size=1", "pool_size must be a number from 2"),
        (
            "postgresql://reconvene:hunter2@db/meetings?statement_cache_size=no",
            "statement_cache_size must be",
        ),
    ],
)
def test_a_postgresql_url_that_cannot_be_used_is_refused_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(BadStore, match=f"RECONVENE_STORE.*{reason}") as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)


def test_supabase_needs_its_settings() -> None:
    with pytest.raises(BadStore, match="SUPABASE_URL and SUPABASE_SERVICE_KEY"):
        open_store("supabase", supabase_url="https://abc.supabase.co")
