"""A server that is one of several nodes: what it needs for that."""

from __future__ import annotations

import pytest

from server.settings.config import Config
from server.settings.setting import ConfigError

SHARED = {
    "RECONVENE_ENGINE": "redis://127.0.0.1:6379",
    "RECONVENE_STORE": "postgresql://reconvene@127.0.0.1/reconvene",
    "RECONVENE_SECRET": "a secret that all share",
}


def test_several_nodes_share_an_engine_a_record_and_a_secret() -> None:
    assert Config.from_env(SHARED).engine == "redis://127.0.0.1:6379"
    assert Config.from_env({}).engine is None


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"RECONVENE_STORE": ""}, "RECONVENE_STORE must be postgresql"),
        ({"RECONVENE_STORE": "sqlite:///data/meetings.db"}, "SQLite's is one machine's own"),
        ({"RECONVENE_SECRET": ""}, "RECONVENE_SECRET must be set"),
        ({"RECONVENE_ENGINE": "http://127.0.0.1:6379"}, "RECONVENE_ENGINE must be redis://"),
        ({"RECONVENE_ENGINE": "", "RECONVENE_PROCESSES": "2"}, "RECONVENE_ENGINE must be set"),
        ({"RECONVENE_PROCESSES": "65"}, "RECONVENE_PROCESSES must be a number from 1 to 64"),
    ],
)
def test_what_cannot_be_shared_is_refused(changed: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Config.from_env(SHARED | changed)
