"""The wheel, installed where a program has packages of our packages' names."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.process import ROOT, environment

NEEDED = ("msgspec", "orjson", "websockets")
"""All that the client takes from other projects."""

PROGRAM = """\
import sys

import reconvene
import server, static, storage

assert server.OWN and static.OWN and storage.OWN
meeting = reconvene.join("http://localhost:3000", "ABC123", name="Ann")
assert meeting.state == "connecting"
assert "site-packages" in reconvene.__file__, reconvene.__file__
known = sys.stdlib_module_names | {"reconvene", "signalling", "server", "static", "storage", "__main__"}
print(sorted({name.partition(".")[0] for name in sys.modules} - known))
"""

TYPED = """\
import reconvene


async def main() -> str:
    async with reconvene.join("http://localhost:3000", "ABC123", name="Ann") as meeting:
        async for event in meeting:
            if isinstance(event, reconvene.ParticipantLeft):
                reveal_type(event.participant.joined_at)
    return meeting.me.hand
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment with the wheel and with what it needs, and nothing else."""
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (directory / "dist").glob("reconvene-*.whl")
    venv.create(directory / "venv")
    (packages,) = (directory / "venv").glob("lib/python*/site-packages")
    # As installers do with a wheel of Python alone.
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    installed = Path(sysconfig.get_path("platlib"))
    for name in NEEDED:
        shutil.copytree(installed / name, packages / name)
    return directory / "venv" / "bin" / "python"


def test_a_program_with_packages_of_these_names_takes_part(python: Path, tmp_path: Path) -> None:
    for name in ("server", "static", "storage"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OWN = True\n")
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run([str(python), "program.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{sorted(NEEDED)}\n"


async def test_it_serves_with_all_that_the_page_and_the_store_need(python: Path, tmp_path: Path) -> None:
    """The program's own packages are the wheel's; those of others are found behind them."""
    command = (
        f"import sys; sys.path.append({sysconfig.get_path('platlib')!r}); "
        "from reconvene.cli.main import main; sys.argv = ['reconvene', 'serve']; main()"
    )
    process = await asyncio.create_subprocess_exec(
        *(str(python), "-c", command),
        cwd=tmp_path,
        env=environment(tmp_path, {}),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        listening = json.loads(await process.stderr.readline())
        assert listening["event"] == "listening", listening
        async with httpx.AsyncClient(base_url=listening["url"], trust_env=False) as client:
            for path in ("/readyz", "/", "/static/js/main.js", "/sdk/v1/reconvene.js", "/asyncapi.json"):
                assert (await client.get(path)).status_code == 200, path
    finally:
        process.terminate()
        log, _ = await process.communicate()
    assert process.returncode == 0, log.decode()


def test_it_is_typed(python: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(TYPED)
    check = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "program.py"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True)
    notes = [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("program.py")]
    assert notes == [
        'note: Revealed type is "datetime.datetime"',
        'error: Incompatible return value type (got "bool", expected "str")  [return-value]',
    ]
