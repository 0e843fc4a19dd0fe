"""`reconvene doctor` on settings and machine: what it finds, and that it reveals no secret."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.doctor import files, machine, report, runner
from server.doctor.checks import Level
from server.doctor.runner import examine
from storage.sqlite.store import SqliteStore
from tests.process import ROOT
from tests.server.findings import environment, examined, one, those


@pytest.fixture(autouse=True)
def _a_machine_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Independent of the clock and the limits of the machine that runs the tests."""
    monkeypatch.setattr(machine, "clock_error", lambda: 0.01)
    monkeypatch.setattr(machine, "open_files_limit", lambda: 65536)


# Settings


async def test_where_all_is_well_nothing_is_to_be_done(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reconvene.db")
    await store.open()
    await store.close()
    (tmp_path / "secret").touch(0o600)
    (tmp_path / "secret").write_text("a" * 64)
    findings = await examined(tmp_path, ADMIN_KEY="an admin key of some length", HOSTS="localhost")
    (only,) = [finding for finding in findings if finding.level is not Level.OK]
    assert "STUN" in only.found
    assert {finding.area for finding in findings} == set(runner.AREAS) - {"engine", "ice", "zoom"}
    assert not [finding for finding in findings if finding.level is Level.OK and finding.advice]


def test_every_area_is_in_the_document() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.partition("| area | what is looked at |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(runner.AREAS)


async def test_every_setting_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    bad = {
        "GRACE": "soon",
        "PORT": "99999",
        "LOG_LEVEL": "loud",
        "ICE_SERVERS": "[" * 100_000,
        "SECRET": "short",
        "TURN_URLS": "turn://a.example",
    }
    findings = await examined(tmp_path, **bad)
    assert len(those(findings, "settings", Level.FAILURE)) == len(bad)
    for name in bad:
        assert f"RECONVENE_{name}" in one(findings, "settings", Level.FAILURE, f"RECONVENE_{name} ").advice


async def test_what_depends_on_an_unusable_setting_is_not_checked_and_the_rest_is(tmp_path: Path) -> None:
    findings = await examined(tmp_path, PORT="99999", ADMIN_KEY="short")
    one(findings, "port", Level.NOTE, "not checked", "RECONVENE_PORT")
    one(findings, "store", Level.NOTE, "first start")
    assert "RECONVENE_ADMIN_KEY is not set" not in str(findings)


async def test_misspelt_settings_are_told_with_the_nearest_name(tmp_path: Path) -> None:
    environ = environment(tmp_path, PROT="1", UTTERLY_ELSE="1") | {
        "RECONVEN_PORT": "1",
        "SUPABASE_SERVICE_ROLE_KEY": "x" * 30,
        "RECONVEN_STORE": "of another program, as ours is set",
        "TERM": "dumb",
    }
    del environ["RECONVENE_PORT"]
    findings = await examine(environ)
    assert one(findings, "settings", Level.WARNING, "RECONVENE_PROT").advice.startswith(
        "Rename it to RECONVENE_PORT "
    )
    assert one(findings, "settings", Level.WARNING, "RECONVEN_PORT").advice.startswith(
        "Rename it to RECONVENE_PORT "
    )
    assert (
        "SUPABASE_SERVICE_KEY" in one(findings, "settings", Level.WARNING, "SUPABASE_SERVICE_ROLE_KEY").advice
    )
    one(findings, "settings", Level.WARNING, "RECONVENE_UTTERLY_ELSE")
    assert len(those(findings, "settings", Level.WARNING)) == 4


@pytest.mark.parametrize(
    ("settings", "level", "named"),
    [
        ({}, Level.NOTE, "RECONVENE_ADMIN_KEY"),
        ({}, Level.NOTE, "RECONVENE_TURN_URLS"),
        ({"ICE_SERVERS": '[{"urls": "stun:a"}]'}, Level.NOTE, "no TURN server"),
        (
            {"SECRET": "0123456789abcdefg", "ADMIN_KEY": "0123456789abcdefg"},
            Level.WARNING,
            "RECONVENE_ADMIN_KEY",
        ),
        ({"SECRET": "a" * 20}, Level.WARNING, "RECONVENE_SECRET"),
        (dict.fromkeys(("SECRET", "SECRET_PREVIOUS"), "0123456789abcdef"), Level.WARNING, "are the same"),
        ({"TURN_URLS": "turn:a", "TURN_SECRET": "a-long-random-secret"}, Level.WARNING, "easily guessed"),
        ({"TURN_SECRET": "0123456789abcdefg"}, Level.WARNING, "RECONVENE_TURN_URLS"),
        ({"TURN_URLS": "turn:a"}, Level.FAILURE, "RECONVENE_TURN_SECRET"),
        ({"GRACE": "0"}, Level.WARNING, "RECONVENE_GRACE"),
        ({"GRACE": "20"}, Level.WARNING, "RECONVENE_HEARTBEAT"),
        ({"ECHO": "1", "MAX_PARTICIPANTS": "1"}, Level.WARNING, "RECONVENE_ECHO"),
        ({"HOST": "0.0.0.0"}, Level.NOTE, "RECONVENE_HOST="),  # noqa: S104
        ({}, Level.NOTE, "RECONVENE_HOSTS"),
        ({"ALLOWED_ORIGINS": "*"}, Level.NOTE, "RECONVENE_ALLOWED_ORIGINS"),
        ({"EMBED_ORIGINS": "*"}, Level.NOTE, "RECONVENE_EMBED_ORIGINS"),
        ({"STORE": "postgresql://127.0.0.1:9/x"}, Level.NOTE, "RECONVENE_SECRET"),
        ({"STORE": "postgresql://127.0.0.1:6543/x"}, Level.WARNING, "statement_cache_size=0"),
        ({"STORE": "supabase"}, Level.FAILURE, "SUPABASE_SERVICE_KEY"),
    ],
)
async def test_settings_that_will_not_do_what_one_expects(
    tmp_path: Path, settings: dict[str, str], level: Level, named: str
) -> None:
    finding = one(await examined(tmp_path, **settings), "settings", level, named)
    assert finding.advice


@pytest.mark.parametrize(
    "settings",
    [
        {
            "HOST": "localhost",
            "GRACE": "30",
            "HEARTBEAT": "15",
            "ALLOWED_ORIGINS": "https://a.example",
            "EMBED_ORIGINS": "https://a.example",
        },
        {"SECRET": "0123456789abcdef", "ADMIN_KEY": "fedcba9876543210"},
        {"STORE": "postgresql://127.0.0.1:6543/x?statement_cache_size=0"},
        {"STORE": "postgresql://127.0.0.1:9/x"},
    ],
)
async def test_settings_that_go_together_are_not_warned_of(tmp_path: Path, settings: dict[str, str]) -> None:
    assert not those(await examined(tmp_path, **settings), "settings", Level.WARNING, Level.FAILURE)


async def test_settings_of_a_store_that_is_not_used_are_noted(tmp_path: Path) -> None:
    findings = await examine(environment(tmp_path) | {"SUPABASE_URL": "https://abc.supabase.co"})
    one(findings, "settings", Level.NOTE, "SUPABASE_URL", "RECONVENE_STORE=supabase")


async def test_no_secret_is_repeated(tmp_path: Path) -> None:
    """Not from settings, and not from URLs with passwords, whether they can be used or not."""
    hidden = {
        "SECRET": "first-geheim",
        "ADMIN_KEY": "second-geheim",
        "TURN_SECRET": "third-geheim",
        "TURN_URLS": "turn:user:fourth-geheim@a.example",
        "ICE_SERVERS": '[{"urls": "turn:127.0.0.1:9?transport=tcp", "username": "u", "credential": "fifth-geheim"}]',
    }
    stores = (
        "postgresql://me:sixth-geheim@127.0.0.1:9/db?password=seventh-geheim",
        "mysql://me:eighth%2Fgeheim@host/db",
        "postgres:ninth-geheim@host",
        "postgresql://me:tenth@geheim@[host/db",
    )
    for store in stores:
        findings = await examined(tmp_path, **hidden, STORE=store)
        assert "geheim" not in report.in_json(findings)
        assert "geheim" not in "".join(report.lines(findings))


# The machine


async def test_few_open_files_are_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "open_files_limit", lambda: 1024)
    assert "LimitNOFILE" in one(await examined(tmp_path), "system", Level.WARNING, "1024").advice
    monkeypatch.setattr(machine, "open_files_limit", lambda: 9999)
    one(await examined(tmp_path, MAX_PARTICIPANTS="10000"), "system", Level.WARNING, "9999")
    monkeypatch.setattr(machine, "open_files_limit", lambda: None)
    one(await examined(tmp_path), "system", Level.NOTE, "could not be told")


def test_the_limit_of_open_files_is_this_machines() -> None:
    limit = machine.open_files_limit()
    assert limit is None or limit > 0


async def test_an_old_sqlite_is_a_failure_for_a_store_in_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 30, 0))
    assert "RECONVENE_STORE" in one(await examined(tmp_path), "system", Level.FAILURE, "SQLite").advice


def test_the_clock_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_800_000_000.0
    assert [finding.level for finding in machine.check_clock(now)] == [Level.OK]
    monkeypatch.setattr(machine, "clock_error", lambda: 16.0)
    (finding,) = machine.check_clock(now)
    assert (finding.level, "NTP" in finding.advice) == (Level.WARNING, True)
    monkeypatch.setattr(machine, "clock_error", lambda: None)
    (finding,) = machine.check_clock(now)
    assert finding.level is Level.NOTE
    for year in (0.0, 5_000_000_000.0):
        (finding,) = machine.check_clock(year)
        assert finding.level is Level.FAILURE


def test_the_kernel_says_how_far_the_clock_may_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    error = machine.clock_error()
    assert error is None or error >= 0


# Files


async def test_a_directory_that_is_not_there_is_only_noted_and_nothing_is_made(tmp_path: Path) -> None:
    findings = await examined(tmp_path / "a" / "b")
    assert len(those(findings, "data", Level.NOTE)) == 2
    one(findings, "data", Level.NOTE, "secret")
    assert not (tmp_path / "a").exists()


async def test_a_directory_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "RECONVENE_STORE" in one(await examined(tmp_path / "file"), "data", Level.FAILURE).advice
    # Where not even root makes files.
    assert "RECONVENE_STORE" in one(await examined(Path("/proc/self")), "data", Level.FAILURE, "user").advice


async def test_a_database_of_another_user_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reconvene.db-wal").touch()
    # Root, as whom tests may run, may write everything.
    monkeypatch.setattr(os, "access", lambda path, _: not str(path).endswith("-wal"))
    one(await examined(tmp_path), "data", Level.FAILURE, "reconvene.db-wal", "RECONVENE_STORE")


async def test_no_directory_is_needed_when_nothing_is_kept_in_it(tmp_path: Path) -> None:
    settings = {"STORE": "postgresql://127.0.0.1:9/x", "SECRET": "0123456789abcdef"}
    findings = await examined(tmp_path, **settings)
    assert [finding.level for finding in those(findings, "data")] == [Level.OK, Level.OK]


@pytest.mark.parametrize(
    ("free", "level"), [(10**6, Level.FAILURE), (10**8, Level.WARNING), (10**10, Level.OK)]
)
async def test_free_space_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    one(await examined(tmp_path), "data", level, "MiB")


async def test_a_database_on_a_network_file_system_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    where = str(tmp_path).replace(" ", "\\040")
    mounts.write_text(f"disk / ext4 rw 0 0\nserver:/x {where}/shared nfs4 rw 0 0\n")
    monkeypatch.setattr(files, "MOUNTS", mounts)
    (tmp_path / "shared").mkdir()
    one(await examined(tmp_path / "shared" / "more"), "data", Level.WARNING, "nfs4", "RECONVENE_STORE")
    assert not those(await examined(tmp_path), "data", Level.WARNING)


async def test_who_else_may_look_into_the_directory_and_the_database_is_told(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "data" / "reconvene.db")
    await store.open()
    assert not those(await examined(tmp_path / "data"), "data", Level.WARNING)
    for name in ("reconvene.db", "reconvene.db-wal", "reconvene.db-shm"):
        path = tmp_path / "data" / name
        path.chmod(0o644)
        assert one(await examined(path.parent), "data", Level.WARNING, "0644").advice == f"chmod 600 {path}"
        path.chmod(0o600)
    await store.close()
    for mode, advice in ((0o750, "chmod 700"), (0o1777, "RECONVENE_STORE")):
        (tmp_path / "data").chmod(mode)
        assert advice in one(await examined(tmp_path / "data"), "data", Level.WARNING, f"{mode:04o}").advice


async def test_the_secret_is_for_its_owner_only(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef")
    secret.chmod(0o640)
    finding = one(await examined(tmp_path), "data", Level.WARNING, "0640")
    assert f"chmod 600 {secret}" in finding.advice
    assert "0123456789abcdef" not in str(finding)
    secret.chmod(0o600)
    one(await examined(tmp_path), "data", Level.OK, "secret", "owner only")
    one(await examined(tmp_path, SECRET="0123456789abcdef"), "data", Level.OK, "RECONVENE_SECRET")


async def test_a_secret_that_is_none_is_a_failure(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    for content in (b"short", b"\xff" * 40):
        secret.write_bytes(content)
        secret.chmod(0o600)
        assert "RECONVENE_SECRET" in one(await examined(tmp_path), "data", Level.FAILURE, "secret").advice
    secret.unlink()
    secret.mkdir()
    one(await examined(tmp_path), "data", Level.FAILURE, "cannot be read", "RECONVENE_SECRET")
