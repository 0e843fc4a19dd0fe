"""`reconvene doctor` on engines of several nodes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.doctor.checks import Finding, Level
from tests.databases.daemon import HOST, free_port
from tests.engines.servers import EngineServer, valkey_program
from tests.server.findings import examined, one, those

PASSWORD = "the-password-of-this-engine"

SHARED = {"STORE": "postgresql://nobody@127.0.0.1:1/none", "SECRET": "a secret that all nodes share"}


@pytest.fixture(scope="module")
async def valkey() -> AsyncIterator[EngineServer]:
    async with EngineServer(valkey_program(), requirepass=PASSWORD) as server:
        yield server


async def findings_of(directory: Path, url: str) -> list[Finding]:
    return those(await examined(directory, ENGINE=url, **SHARED), "engine")


async def test_without_an_engine_nothing_is_said_of_it(tmp_path: Path) -> None:
    assert those(await examined(tmp_path), "engine") == []


async def test_an_engine_in_order(tmp_path: Path, valkey: EngineServer) -> None:
    findings = await findings_of(tmp_path, valkey.url.replace("//", f"//:{PASSWORD}@"))
    one(findings, "engine", Level.OK, "Valkey 9", "answers, in")
    one(findings, "engine", Level.OK, "clock agrees")
    one(findings, "engine", Level.NOTE, "memory alone", "appendonly yes")
    one(findings, "engine", Level.NOTE, "no node lives there")
    assert len(findings) == 4


async def test_keys_of_other_programs_are_noted(tmp_path: Path, valkey: EngineServer) -> None:
    await valkey.do("SET", "theirs", "1")
    findings = await findings_of(tmp_path, valkey.url.replace("//", f"//:{PASSWORD}@"))
    one(findings, "engine", Level.NOTE, "other programs keep something in this database", "…:6379/1")
    await valkey.do("DEL", "theirs")


async def test_what_is_wrong_comes_with_what_to_do(tmp_path: Path, valkey: EngineServer) -> None:
    nobody = await findings_of(tmp_path, f"redis://{HOST}:{free_port()}")
    one(nobody, "engine", Level.FAILURE, "no connection to", "correct RECONVENE_ENGINE")
    none = await findings_of(tmp_path, valkey.url)
    one(none, "engine", Level.FAILURE, "it wants a password", "Name it in the URL")
    wrong = await findings_of(tmp_path, valkey.url.replace("//", "//:wrong-password@"))
    one(wrong, "engine", Level.FAILURE, "user or password are wrong", "%40")
    assert not any("wrong-password" in f"{each.found} {each.advice}" for each in wrong)
    await valkey.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    evicting = await findings_of(tmp_path, valkey.url.replace("//", f"//:{PASSWORD}@"))
    one(evicting, "engine", Level.FAILURE, "throws keys away", "CONFIG SET maxmemory-policy noeviction")
    await valkey.do("CONFIG", "SET", "maxmemory-policy", "noeviction")
    for url in ("http://127.0.0.1", "redis+sentinel://127.0.0.1"):
        assert not any(each.level is Level.OK for each in await findings_of(tmp_path, url))
