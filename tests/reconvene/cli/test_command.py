"""The `reconvene` command: what it says, and how it refuses to start: one line, exit code 2, no traceback."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from server.settings.config import SETTINGS
from tests.forking import begin
from tests.process import ROOT, ServerProcess, environment


async def reconvene(directory: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """Exit code and everything printed."""
    environ = environment(directory, settings) | {"COLUMNS": "200", "TERM": "dumb"}
    process = await begin("reconvene.cli.main", arguments, environ, printing=True)
    printed, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, (printed + said).decode()


async def refusal(directory: Path, **settings: str) -> str:
    code, printed = await reconvene(directory, "serve", **settings)
    lines = [line for line in printed.splitlines() if not line.startswith("{")]
    assert code == 2, printed
    assert len(lines) == 1, printed
    assert lines[0].startswith("reconvene: ")
    return lines[0]


async def test_it_tells_its_version_and_helps(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    code, printed = await reconvene(tmp_path, "version")
    assert (code, printed.split()[:2]) == (0, ["reconvene", project["version"]])
    code, printed = await reconvene(tmp_path, "--help")
    assert code == 0
    assert "serve" in printed
    assert "version" in printed


async def test_log_lines_of_any_command_keep_off_standard_output() -> None:
    told = "structlog.get_logger().warning('on the way'); logging.getLogger('library').warning('in between')"
    program = (
        "import logging, structlog; from reconvene.cli import main\n"
        f"@main.cli.command()\ndef tells() -> None:\n    {told}; print('asked for')\n"
        "main.main()"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, "tells"),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert out.decode() == "asked for\n"
    assert "on the way" in err.decode()
    assert "in between" in err.decode()


async def test_the_installed_command_serves_wherever_it_is_called(tmp_path: Path) -> None:
    """For real: the servers of all other tests begin as copies of one process (`tests.forking`)."""
    (tmp_path / "server.py").write_text("raise SystemExit('another server')")
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("reconvene"),
        "serve",
        cwd=tmp_path,
        env=environment(tmp_path, {"RECONVENE_ECHO": "1"}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    url = ""
    try:
        async with asyncio.timeout(60), httpx.AsyncClient(timeout=30) as client:
            while not url:
                line = json.loads(await process.stderr.readline())
                url = line["url"] if line["event"] == "listening" else ""
            assert (await client.get(f"{url}/readyz")).status_code == 200
            assert "<html" in (await client.get(url)).text
            token = (await client.post(f"{url}/api/identity")).json()["token"]
            begun = await client.post(f"{url}/api/echo", headers={"Authorization": f"Bearer {token}"})
            assert begun.status_code == 201, begun.text
            process.terminate()
            await process.stderr.read()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_help_of_serve_lists_every_setting_with_its_default(tmp_path: Path) -> None:
    code, printed = await reconvene(tmp_path, "serve", "--help")
    assert code == 0
    text = " ".join(printed.split())
    for setting in SETTINGS:
        assert f"{setting.name} ({setting.default or 'not set'})" in text


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "99999"), ("GRACE", "soon"), ("ICE_SERVERS", "[{}]"), ("LOG_LEVEL", "loud")]
)
async def test_a_bad_setting_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    assert f"RECONVENE_{name}" in await refusal(tmp_path, **{f"RECONVENE_{name}": value})


async def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = await refusal(tmp_path, RECONVENE_PORT=str(taken.getsockname()[1]))
    assert "RECONVENE_PORT" in line


async def test_an_unknown_host_is_said(tmp_path: Path) -> None:
    assert "RECONVENE_HOST" in await refusal(tmp_path, RECONVENE_HOST="no.such.host.invalid")


async def test_a_store_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    assert "RECONVENE_STORE" in await refusal(tmp_path, RECONVENE_STORE=f"sqlite:///{tmp_path}")
    (tmp_path / "text.db").write_text("this is no database at all, but long enough to be looked at" * 20)
    assert "RECONVENE_STORE" in await refusal(tmp_path, RECONVENE_STORE=f"sqlite:///{tmp_path}/text.db")
    assert "RECONVENE_STORE" in await refusal(tmp_path, RECONVENE_STORE="mysql://user:geheim@host/db")


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    await server.stop()
    with sqlite3.connect(server.database) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    assert "99" in await refusal(tmp_path)


async def test_a_misspelt_setting_is_warned_about(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_PROT="3000") as server:
        line = await server.logged("there is no such setting")
    assert line["name"] == "RECONVENE_PROT"
