"""The rules of the layout: who may import whom, how long a file may be, what no file says."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

import pytest

from storage.migrations import load_migrations
from tests.process import ROOT
from tests.source_files import PACKAGES, scripts, sources, tracked

MOST_LINES = 320

WORD = re.compile(r"\w+")
EXPORTED = re.compile(r"^export (?:async )?(?:const|let|function\*?|class) (\w+)", re.MULTILINE)
VAGUE = {"utils", "util", "helpers", "common", "managers", "manager", "services", "service"}


def test_modules_are_named_for_what_is_in_them() -> None:
    vague = [
        path
        for top in (*PACKAGES, "static", "tests", "bench")
        for path in (ROOT / top).rglob("*")
        if path.stem in VAGUE and "__pycache__" not in path.parts
    ]
    assert vague == []


def test_scripts_export_what_somebody_imports() -> None:
    """Another script, or a test."""
    files = [*scripts(), *(ROOT / "tests").rglob("*.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    users = Counter(word for text in texts.values() for word in set(WORD.findall(text)))
    needless = [
        f"{path.name}: {name}"
        for path in scripts()
        for name in EXPORTED.findall(texts[path])
        if users[name] == 1
    ]
    assert needless == []


def test_source_files_are_short() -> None:
    assert scripts()
    files = [*scripts(), *(path for top in (*PACKAGES, "tests", "bench") for path in sources(top))]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files
    }
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


def test_files_name_no_place_of_one_machine() -> None:
    """Neither folders of whoever wrote them nor the hosts packages came from."""
    # Put together, so that this file does not say them either.
    folders = [rf"(?<![\w.\-*}}])/{folder}/" for folder in ("work", "root", "home", "Users")]
    hosts = [
        re.escape(".".join(parts))
        for parts in (("pypi", "org"), ("files", "pythonhosted"), ("registry", "npmjs"))
    ]
    told = re.compile("|".join([*folders, *hosts]))
    found = []
    for path in tracked():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        relative = path.relative_to(ROOT)
        found += [f"{relative}:{number}" for number, line in enumerate(lines, 1) if told.search(line)]
    assert found == []


def test_the_changelog_begins_with_this_version() -> None:
    """Or with the one before it, while it is made: its number is higher at once, as functions in databases go by it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## \[([^\]]+)\](.*)$", changelog, re.MULTILINE)
    top = next((name, rest) for name, rest in releases if name != "Unreleased")
    numbers = [tuple(map(int, each.split(".")[:3])) for each in (version, top[0])]
    assert numbers[0] > numbers[1] if ".dev" in version else version == top[0]
    assert re.fullmatch(r" - \d{4}-\d\d-\d\d", top[1])


@pytest.mark.parametrize("backend", ["postgres", "sqlite"])
def test_no_two_migrations_have_one_number(backend: str) -> None:
    """Two that were made at the same time, say; and PostgreSQL's write down their own."""
    for migration in load_migrations(backend):
        told = f"VALUES ({migration.number}, '{migration.name}')"
        assert backend == "sqlite" or told in migration.sql, migration.name
