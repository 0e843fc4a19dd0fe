"""The rules of the layout: who may import whom, how long a file may be, what no file says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.migrations import load_migrations

ROOT = Path(__file__).parent.parent
PACKAGES = ("signalling", "storage", "server", "reconvene")
MOST_LINES = 403

CORE = {"signalling.protocol", "signalling.rooms"}
BASE = {"server.runtime", "server.network", "server.settings", "storage", "signalling.protocol"}
CLIENT = {"reconvene", "signalling.client", "signalling.protocol"}
SERVER = {
    *(
        "server.runtime",
        "server.network",
        "server.settings",
        "server.identity",
        "server.cluster",
        "server.realtime",
    ),
    *("server.reports", "server.zoom", "server.call_test", "server.doctor", "server.http"),
    "storage",
}
MAY_IMPORT: dict[str, set[str]] = {
    "signalling": set(),
    "signalling.protocol": set(),
    "signalling.rooms": {"signalling.protocol"},
    "signalling.client": {"signalling.protocol"},
    "storage": set(),
    "storage.sqlite": {"storage"},
    "storage.postgres": {"storage"},
    "storage.factory": {"storage", "storage.sqlite", "storage.postgres"},
    "server.runtime": set(),
    "server.network": {"server.runtime", "signalling.protocol"},
    "server.settings": {"server.network", "storage", "storage.factory", "signalling.protocol"},
    "server.identity": {"server.settings", "storage", "signalling.protocol"},
    "server.cluster": {"server.identity", "server.runtime", "storage"},
    "server.realtime": BASE | CORE | {"server.identity", "server.cluster"},
    "server.reports": {"server.realtime", "storage", "signalling.rooms"},
    "server.zoom": {"server.settings", "server.identity", "server.reports", "storage"} | CORE,
    "server.call_test": BASE | CORE | {"server.realtime", "server.reports"},
    "server.doctor": {
        *("server.runtime", "server.network", "server.settings", "server.identity", "server.zoom"),
        *("storage", "storage.sqlite", "storage.factory", "signalling.client"),
    },
    "server.http": BASE
    | CORE
    | {f"server.{room}" for room in ("identity", "realtime", "reports", "zoom", "call_test")},
    "reconvene": {"signalling.client", "signalling.protocol"},
    "reconvene.webrtc": {"signalling.client", "signalling.protocol"},
    "reconvene.media": {"reconvene"},
    "reconvene.participants": {"reconvene.webrtc", "reconvene.media"} | CLIENT,
    "reconvene.recorder": {"reconvene.webrtc", "reconvene.participants", "server.runtime", "signalling.rooms"}
    | CLIENT,
    "reconvene.probe": {
        *("reconvene.webrtc", "reconvene.media", "reconvene.participants"),
        *("server.doctor", "server.identity", "server.runtime"),
    }
    | CLIENT,
    "reconvene.load": {"server.runtime"} | CLIENT,
    "server": SERVER - {"server.doctor"} | {"signalling.rooms"},
    "reconvene.cli": {
        *("reconvene", "storage", "signalling.protocol", "server"),
        *(f"server.{room}" for room in ("runtime", "settings", "reports", "zoom", "doctor")),
        *(f"reconvene.{room}" for room in ("participants", "recorder", "probe", "load")),
    },
}
"""Which room may import which, beside itself. Arrows point down: a room names only rooms above it in this list.

A room is a folder. `storage.factory`, which knows every backend, stands above the folder that it is in.
"""
ABOVE = {"storage/__init__.py": "storage.factory", "storage/factory.py": "storage.factory"}

PAGE: dict[str, set[str]] = {
    "sdk": set(),
    "js/ui": {"sdk"},
    "js/call-test": {"sdk", "js/ui"},
    "js/home": {"sdk", "js/ui"},
    "js/meeting": {"sdk", "js/ui", "js/call-test"},
    "js/attendance": {"sdk", "js/ui"},
    "js/records": {"sdk", "js/ui", "js/attendance"},
    "js": {"sdk", "js/ui", "js/home", "js/meeting"},
}
"""The same for the rooms of `static`, in types too. `js` itself holds the entry alone."""

# What the core does without: the world, the clock, chance, logs.
IMPURE = {"asyncio", "logging", "os", "random", "secrets", "socket", "subprocess", "threading", "time"}
CORE_LIBRARIES = {"msgspec", "orjson"}
DRIVERS = {"asyncpg", "httpx", "orjson", "supabase"}
MEDIA = {"reconvene.webrtc", "reconvene.media", "reconvene.participants", "reconvene.recorder"}
OPTIONAL = {
    "aioice": {"server.doctor"},
    "aiolimiter": {"server.zoom"},
    "aiortc": MEDIA,
    "asyncpg": {"storage.postgres"},
    "av": MEDIA,
    "httpx": {"storage.postgres", "server.zoom", "reconvene"},
    "redis": {"server.cluster"},
    "supabase": {"storage.postgres"},
    "tenacity": {"server.zoom"},
}
"""Libraries of extras, each with the rooms that may import it."""
WORD = re.compile(r"\w+")
SPECIFIER = re.compile(r'(?:\bfrom |\bimport |\bimport\()"([^"]+)"')
EXPORTED = re.compile(r"^export (?:async )?(?:const|let|function\*?|class) (\w+)", re.MULTILINE)
VAGUE = {"utils", "util", "helpers", "common", "managers", "manager", "services", "service"}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def scripts() -> list[Path]:
    return [path for path in (ROOT / "static").rglob("*.js") if "node_modules" not in path.parts]


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [path for line in listed.stdout.split("\0") if line and (path := ROOT / line).is_file()]


def imported(path: Path) -> Iterator[str]:
    """The full names of the modules a file imports, wherever in it."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            )
            yield ".".join(part for part in (base, node.module) if part)


def room_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return ABOVE.get(str(relative)) or ".".join(relative.parent.parts)


def rooms_imported(path: Path) -> Iterator[str]:
    """Those that a file imports from, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is imported by name may be a module itself.
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for module in modules:
            if module.partition(".")[0] not in PACKAGES:
                continue
            file = ROOT.joinpath(*module.split("."))
            while not (file.is_dir() or file.with_suffix(".py").is_file()):
                file = file.parent
            yield room_of(file / "__init__.py" if file.is_dir() else file.with_suffix(".py"))


def page_rooms() -> dict[str, set[str]]:
    """The rooms of `static`, each with those that its scripts import from."""
    static = ROOT / "static"
    found: dict[str, set[str]] = {}
    for path in scripts():
        room = found.setdefault(str(path.parent.relative_to(static)), set())
        for specifier in SPECIFIER.findall(path.read_text(encoding="utf-8")):
            target = (path.parent / specifier).resolve()
            assert target.is_file(), f"{path.name} imports {specifier}"
            room.add(str(target.parent.relative_to(static)))
    return found


def tops(package: str) -> dict[str, set[str]]:
    """The top-level modules that a package imports, each with the files that do."""
    found: dict[str, set[str]] = {}
    for path in sources(package):
        for module in imported(path):
            found.setdefault(module.partition(".")[0], set()).add(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_there_is_something_to_check(package: str) -> None:
    assert sources(package)
    assert package in tops(package)


@pytest.mark.parametrize("may_import", [MAY_IMPORT, PAGE], ids=["python", "page"])
def test_arrows_point_down(may_import: dict[str, set[str]]) -> None:
    rooms = list(may_import)
    for number, room in enumerate(rooms):
        assert may_import[room] <= set(rooms[:number]), room


def test_a_room_imports_what_the_map_lets_it() -> None:
    found: dict[str, set[str]] = {}
    for path in (path for package in PACKAGES for path in sources(package)):
        found.setdefault(room_of(path), set()).update(rooms_imported(path))
    nothing: dict[str, set[str]] = {room: set() for room in found}
    assert {room: seen - MAY_IMPORT[room] - {room} for room, seen in found.items()} == nothing
    # The map has no room that is not there, and no arrow that nobody needs.
    assert found.keys() == MAY_IMPORT.keys()
    assert {room: may - found[room] for room, may in MAY_IMPORT.items()} == {room: set() for room in found}


def test_a_room_of_the_page_imports_what_the_map_lets_it() -> None:
    """No more, and there is no arrow that nobody needs."""
    assert {room: seen - {room} for room, seen in page_rooms().items()} == PAGE


def test_the_core_is_pure() -> None:
    allowed = (set(sys.stdlib_module_names) - IMPURE) | CORE_LIBRARIES | {"signalling"}
    assert {module: files for module, files in tops("signalling").items() if module not in allowed} == {}


def test_the_core_has_no_coroutines() -> None:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    for path in sources("signalling"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        assert not [node for node in nodes if isinstance(node, kinds)], path


def test_the_store_knows_neither_the_core_nor_the_server() -> None:
    allowed = set(sys.stdlib_module_names) | DRIVERS | {"storage"}
    assert {module: files for module, files in tops("storage").items() if module not in allowed} == {}


def test_the_server_imports_no_tests_and_no_bench() -> None:
    assert not {"tests", "bench"} & tops("server").keys()


@pytest.mark.parametrize("library", OPTIONAL)
def test_an_optional_library_is_imported_where_the_list_says(library: str) -> None:
    files = {ROOT / file for package in PACKAGES for file in tops(package).get(library, ())}
    assert {room_of(file) for file in files} <= OPTIONAL[library]


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
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## \[([^\]]+)\](.*)$", changelog, re.MULTILINE)
    top = next((name, rest) for name, rest in releases if name != "Unreleased")
    assert top[0] == version
    assert re.fullmatch(r" - \d{4}-\d\d-\d\d", top[1])


@pytest.mark.parametrize("backend", ["postgres", "sqlite"])
def test_no_two_migrations_have_one_number(backend: str) -> None:
    """Two that were made at the same time, say; and PostgreSQL's write down their own."""
    for migration in load_migrations(backend):
        told = f"VALUES ({migration.number}, '{migration.name}')"
        assert backend == "sqlite" or told in migration.sql, migration.name
