"""`reconvene doctor` on real stores in PostgreSQL and Supabase."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.doctor import report
from server.doctor.checks import Finding, Level
from server.doctor.runner import examine
from storage import open_store
from tests.databases import PostgresServer, PostgrestServer
from tests.databases.daemon import HOST, free_port
from tests.server.findings import environment, examined, one, those
from tests.storage.backends import Servers


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[Servers]:
    servers = Servers()
    yield servers
    await servers.close()


@pytest.fixture
async def postgres(servers: Servers) -> PostgresServer:
    return await servers.postgres()


@pytest.fixture
async def project(servers: Servers) -> PostgrestServer:
    return await servers.supabase()


async def test_a_database_in_order_says_how_fast_it_answers_and_what_time_it_is(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    url = await postgres.make_database("in_order")
    await open_store(url).migrate()
    findings = await examined(tmp_path, STORE=url)
    one(findings, "store", Level.OK, f"postgresql://{HOST}:{postgres.port}/in_order", "ms")
    one(findings, "migrations", Level.OK, "up to date")
    one(findings, "clock", Level.OK, "database's clock agrees")
    assert not [finding for finding in findings if finding.level is Level.FAILURE]
    assert postgres.password not in report.in_json(findings)


async def test_a_new_database_is_noted_and_left_alone(tmp_path: Path, postgres: PostgresServer) -> None:
    findings = await examined(tmp_path, STORE=await postgres.make_database("new"))
    one(findings, "store", Level.OK, "answers")
    one(findings, "migrations", Level.NOTE, "0001", "reconvene migrate")
    assert not await postgres.fetch("SELECT FROM pg_namespace WHERE nspname = 'reconvene'", database="new")


async def test_what_is_wrong_with_the_url_is_told_with_what_to_do(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    await postgres.make_database("there")
    owner = PostgresServer.OWNER
    for url, told in {
        postgres.url(
            "there", user=owner, password="geheim-but-wrong"
        ): "Correct the user and password in RECONVENE_STORE",
        postgres.url("nowhere", user=owner): "createdb",
        f"postgresql://me:geheim@{HOST}:{free_port()}/x": "correct RECONVENE_STORE",
        f"postgresql://me:geheim@{HOST}:many/x": "Correct RECONVENE_STORE",
        f"{postgres.url('there')}?pool_size=none": "Correct RECONVENE_STORE",
    }.items():
        findings = await examined(tmp_path, STORE=url)
        (finding,) = those(findings, "store")
        assert finding.level is Level.FAILURE
        assert told in finding.advice
        assert "geheim" not in report.in_json(findings)
        assert postgres.password not in report.in_json(findings)


async def asked(directory: Path, url: str, key: str, **more: str) -> list[Finding]:
    settings = {"RECONVENE_STORE": "supabase", "SUPABASE_URL": url, "SUPABASE_SERVICE_KEY": key}
    findings = await examine(environment(directory) | settings | more, 10)
    assert key not in report.in_json(findings)
    return findings


async def test_a_project_in_order_says_how_fast_it_answers(tmp_path: Path, project: PostgrestServer) -> None:
    findings = await asked(tmp_path, project.url, project.service_key)
    one(findings, "store", Level.OK, "Supabase at", "ms")
    one(findings, "migrations", Level.OK, "up to date")
    one(findings, "clock", Level.OK, "database's clock agrees")
    assert not [finding for finding in findings if finding.level is Level.FAILURE]


async def test_a_key_that_is_not_the_service_roles_is_a_failure(
    tmp_path: Path, project: PostgrestServer
) -> None:
    for key in (project.anon_key, "x" * 40):
        (finding,) = those(await asked(tmp_path, project.url, key), "store")
        assert finding.level is Level.FAILURE
        assert "SUPABASE_SERVICE_KEY" in finding.found
        assert finding.advice


async def test_a_project_that_cannot_be_reached_is_a_failure(tmp_path: Path) -> None:
    (finding,) = those(await asked(tmp_path, f"http://{HOST}:{free_port()}", "x" * 40), "store")
    assert finding.level is Level.FAILURE
    assert "SUPABASE_URL" in finding.advice


async def test_a_project_that_is_not_migrated_says_how(tmp_path: Path, postgres: PostgresServer) -> None:
    url = await postgres.make_database("empty_project", owner="empty_project")
    async with PostgrestServer(postgres, url) as empty:
        findings = await asked(tmp_path, empty.url, empty.service_key)
        one(findings, "migrations", Level.FAILURE, "0001", "SUPABASE_DB_URL", "reconvene migrate")
        findings = await asked(tmp_path, empty.url, empty.service_key, SUPABASE_DB_URL=url)
        one(findings, "migrations", Level.NOTE, "0001", "next start")
    assert not await postgres.fetch(
        "SELECT FROM pg_namespace WHERE nspname = 'reconvene'", database="empty_project"
    )
