"""Engines that cannot be used, and what their errors mean."""

from __future__ import annotations

import pytest

from server.cluster.engine.errors import EngineRefused, EngineUnavailable
from server.cluster.redis.refusals import check, error, parse_info

GOOD = {
    "redis_version": "6.2.0",
    "run_id": "abc",
    "role": "master",
    "cluster_enabled": "0",
    "loading": "0",
    "maxmemory_policy": "noeviction",
}


@pytest.mark.parametrize("version", ["6.2.0", "6.10.1", "7.0.15", "7.2.4", "8.0.1"])
def test_these_versions_are_used(version: str) -> None:
    """Valkey says 7.2.4 here, and its own elsewhere."""
    check({**GOOD, "redis_version": version})


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"redis_version": "6.0.16"}, r"6\.0\.16 is too old"),
        ({"redis_version": "5.0"}, "too old"),
        ({"redis_version": "fake"}, "neither Redis nor Valkey"),
        ({"run_id": None}, "hides what it is"),
        ({"cluster_enabled": "1"}, "Redis Cluster"),
        ({"role": "slave"}, "read only"),
        ({"maxmemory_policy": "allkeys-lru"}, r"allkeys-lru\); rooms need noeviction"),
        ({"maxmemory_policy": "volatile-ttl"}, "volatile-ttl"),
    ],
)
def test_these_engines_are_refused(told: dict[str, str | None], reason: str) -> None:
    info = {name: value for name, value in {**GOOD, **told}.items() if value is not None}
    with pytest.raises(EngineRefused, match=reason):
        check(info)


def test_an_engine_that_loads_its_data_is_not_ready_yet() -> None:
    with pytest.raises(EngineUnavailable, match="loads"):
        check({**GOOD, "loading": "1"})


def test_info_is_read_over_its_headings() -> None:
    assert parse_info(b"# Server\r\nrun_id:abc\r\n\r\n# Memory\r\nname:with:colon\r\n") == {
        "run_id": "abc",
        "name": "with:colon",
    }


@pytest.mark.parametrize(
    "text",
    [
        "OOM command not allowed when used memory > 'maxmemory'.",
        "ERR Error running script (call to f_abc): @user_script:7: -OOM command not allowed when used memory",
        "READONLY You can't write against a read only replica. script: abc, on @user_script:31.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "LOADING Redis is loading the dataset in memory",
        "BUSY Redis is busy running a script.",
        "NOREPLICAS Not enough good replicas to write.",
    ],
)
def test_errors_that_pass(text: str) -> None:
    told = error(text)
    assert isinstance(told, EngineUnavailable)
    assert not told.may_have_happened
    assert text in str(told)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("WRONGTYPE Operation against a key holding the wrong kind of value", "another program"),
        ("NOAUTH Authentication required.", "wants a password"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "wrong"),
        ("NOPERM this user has no permissions to run the 'evalsha' command", "may not"),
        ("ERR something nobody has seen", "it answers: ERR something"),
    ],
)
def test_errors_that_stay(text: str, reason: str) -> None:
    told = error(text)
    assert isinstance(told, EngineRefused)
    assert reason in str(told)
