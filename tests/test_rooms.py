"""Which room may import which: the whole map, of Python and of the page."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import ROOT
from tests.source_files import PACKAGES, imported, scripts, sources, tops

CORE = {"signalling.protocol", "signalling.rooms"}

BASE = {"server.runtime", "server.network", "server.settings", "storage", "signalling.protocol"}

CLIENT = {"reconvene", "signalling.client", "signalling.protocol"}

SERVER = {
    *("server.runtime", "server.network", "server.settings", "server.identity", "server.cluster"),
    *("server.realtime", "server.reports", "server.zoom", "server.call_test", "server.http"),
    "storage",
}

MAY_IMPORT: dict[str, set[str]] = {
    "signalling": set(),
    "signalling.protocol": set(),
    "signalling.rooms": {"signalling.protocol"},
    "signalling.state": {"signalling.protocol", "signalling.rooms"},
    "signalling.nodes": {"signalling.protocol"},
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
    "server.cluster.engine": set(),
    "server.cluster.redis": {"server.cluster.engine", "server.runtime"},
    "server.realtime": BASE | CORE | {"server.identity", "server.cluster"},
    "server.sharing": {
        *("server.runtime", "server.network", "server.settings", "server.identity", "server.realtime"),
        *("server.cluster.engine", "server.cluster.redis", "signalling.nodes", "signalling.state", "storage"),
    }
    | CORE,
    "server.reports": {"server.runtime", "server.realtime", "storage", "signalling.rooms"},
    "server.zoom": {"server.settings", "server.identity", "server.reports", "server.runtime", "storage"}
    | CORE,
    "server.call_test": BASE | {"server.realtime", "server.reports"},
    "server.doctor": {
        *("server.runtime", "server.network", "server.settings", "server.identity", "server.zoom"),
        *("server.cluster.engine", "server.cluster.redis"),
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
    "reconvene.conformance": {"reconvene", "signalling.protocol"},
    "server": SERVER | {"server.sharing", "signalling.rooms"},
    "reconvene.cli": {
        *("reconvene", "storage", "signalling.protocol", "server"),
        *("server.cluster.engine", "server.cluster.redis"),
        *(f"server.{room}" for room in ("runtime", "settings", "identity", "reports", "zoom", "doctor")),
        *(f"reconvene.{room}" for room in ("participants", "recorder", "probe", "load", "conformance")),
    },
}
"""Which room may import which, beside itself. Arrows point down: a room names only rooms above it in this list.

A room is a folder. `storage.factory`, which knows every backend, stands above the folder that it is in.
"""

ABOVE = {"storage/__init__.py": "storage.factory", "storage/factory.py": "storage.factory"}

PAGE: dict[str, set[str]] = {
    "sdk": set(),
    "js/words/de": set(),
    "js/words": {"js/words/de"},
    "js/here": {"sdk"},
    "js/ui": {"sdk", "js/words", "js/here"},
    "js/call-test": {"sdk", "js/words", "js/here", "js/ui"},
    "js/home": {"sdk", "js/words", "js/here", "js/ui"},
    "js/meeting": {"sdk", "js/words", "js/here", "js/ui", "js/call-test"},
    "js/embed": {"js/meeting"},
    "js/attendance": {"sdk", "js/words", "js/here", "js/ui"},
    "js/records": {"sdk", "js/words", "js/here", "js/ui", "js/attendance"},
    "js": {"js/words", "js/here", "js/ui", "js/home", "js/meeting", "js/embed"},
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
    "cryptography": {"server.identity", "server.sharing"},
    "av": MEDIA - {"reconvene.webrtc"},
    "hiredis": {"server.cluster.redis"},
    "httpx": {"storage.postgres", "server.identity", "server.zoom", "reconvene"},
    "redis": {"server.cluster.redis"},
    "supabase": {"storage.postgres"},
    "tenacity": {"server.zoom"},
}
"""Libraries of extras, each with the rooms that import it."""

LIBRARY = "reconvene.js"
"""What the page has of `sdk`: the entry that everybody has."""

FOR_ALL_PAGES = {"errors.js", "events.js", "http.js"}
"""The entry passes on all that is in these. Pages without meetings import them alone, and need not load the rest."""

WITHOUT_MEETINGS = {"js/here", "js/ui", "js/attendance", "js/records"}

NAMED = re.compile(r'^import \{ ([^}]+) \} from "[./]+/sdk/([\w-]+\.js)";', re.MULTILINE)
TYPED = re.compile(r'\bimport\("[./]+/sdk/([\w-]+\.js)"\)\.(\w+)')

SPECIFIER = re.compile(r'(?:\bfrom |\bimport |\bimport\()"([^"]+)"')


def room_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return ABOVE.get(str(relative)) or ".".join(relative.parent.parts)


def rooms_imported(path: Path) -> Iterator[str]:
    """Those that a file imports from, wherever in it."""
    for module in imported(path):
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
    """No more, and there is no arrow that nobody needs."""
    found: dict[str, set[str]] = {}
    for path in (path for package in PACKAGES for path in sources(package)):
        found.setdefault(room_of(path), set()).update(rooms_imported(path))
    assert {room: seen - {room} for room, seen in found.items()} == MAY_IMPORT


def test_a_room_of_the_page_imports_what_the_map_lets_it() -> None:
    """No more, and there is no arrow that nobody needs."""
    assert {room: seen - {room} for room, seen in page_rooms().items()} == PAGE


def test_the_page_uses_nothing_but_the_public_library() -> None:
    """So that whoever makes a page of their own can have all that ours has."""
    entry = (ROOT / "static" / "sdk" / LIBRARY).read_text(encoding="utf-8")
    passed_on = re.search(r"^export \{ ([^}]+) \};", entry, re.MULTILINE)
    assert passed_on
    classes = re.findall(r"^export class (\w+)", entry, re.MULTILINE)
    values = {*passed_on[1].split(", "), *classes}
    types = values | set(re.findall(r"@typedef \{.*\} (\w+)", entry))
    wrong: list[str] = []
    seen = 0
    for path in (path for path in scripts() if "js" in path.relative_to(ROOT / "static").parts):
        text = path.read_text(encoding="utf-8")
        room = str(path.parent.relative_to(ROOT / "static"))
        modules = {LIBRARY} | (FOR_ALL_PAGES if room in WITHOUT_MEETINGS else set())
        named = [
            (name.split(" as ")[0].strip(), file)
            for names, file in NAMED.findall(text)
            for name in names.split(",")
        ]
        seen += len(named)
        wrong += [
            f"{path.name}: {name} of {file}"
            for name, file in named
            if file not in modules or name not in values
        ]
        wrong += [
            f"{path.name}: {name} of {file}"
            for file, name in TYPED.findall(text)
            if file != LIBRARY or name not in types
        ]
        assert text.count("sdk/") == len(NAMED.findall(text)) + len(TYPED.findall(text)), path.name
    assert wrong == []
    assert seen > 30


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
    assert {room_of(file) for file in files} == OPTIONAL[library]
