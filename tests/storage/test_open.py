"""Store URLs: what they may be, and what is said of those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import open_store
from storage.sqlite import SqliteStore
from storage.store import BadStore


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
        ("postgresql://db/meetings", "no store for postgresql://"),
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
        open_store("postgresql://reconvene:hunter2@db/meetings")
    assert "hunter2" not in str(caught.value)
