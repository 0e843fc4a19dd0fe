"""Modules as one file: a browser asks once for what a page or an application needs.

Nothing has to be built: the file is made when it is asked for, and is never older than its modules.
"""

from __future__ import annotations

import gzip
import posixpath
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import NamedTuple

from server.http.static_tree import Snapshot, hash_of

_IMPORT = re.compile(r'^import (\* as \w+|\{[^}]+\}) from "(\.{1,2}/[\w./-]+\.js)";\n', re.MULTILINE)
_DECLARED = re.compile(r"^export (?=(?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_LISTED = re.compile(r"^export \{ ([^}]+) \};\n", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_WAITS = re.compile(r"^(?:const \w+ = )?await ", re.MULTILINE)
_LINE_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
"""Those that have their lines to themselves: elsewhere it may be a string."""


class Module(NamedTuple):
    """`imports`: the path of each, and what is declared of it; `body`: without imports, exports and comments."""

    imports: list[tuple[str, str]]
    exports: list[str]
    body: str


class Made(NamedTuple):
    """`hash`: of the content."""

    content: bytes
    hash: str
    compressed: bytes
    """By gzip."""


class OneFiles:
    """Those of a snapshot, and its other files compressed. Each is made when it is first asked for; several threads may
    make one at once, and make the same."""

    def __init__(self) -> None:
        self._made: tuple[str, dict[str, Made]] = ("", {})

    def of(self, snapshot: Snapshot, entry: str) -> Made:
        """Raises `ValueError`, as `one_file` does."""
        made = self._made_of(snapshot)
        if entry not in made:
            scripts = {path: text.decode() for path, text in snapshot.files.items() if path.endswith(".js")}
            made[entry] = _made(one_file(scripts, entry).encode())
        return made[entry]

    def alone(self, snapshot: Snapshot, path: str) -> Made:
        """A file as it is. Raises `KeyError` if there is none."""
        made = self._made_of(snapshot)
        key = f"alone {path}"
        if key not in made:
            made[key] = _made(snapshot.files[path])
        return made[key]

    def _made_of(self, snapshot: Snapshot) -> dict[str, Made]:
        if self._made[0] != snapshot.hash:
            self._made = snapshot.hash, {}
        return self._made[1]


def _made(content: bytes) -> Made:
    return Made(content, hash_of(content), gzip.compress(content, mtime=0))


def one_file(scripts: Mapping[str, str], entry: str) -> str:
    """The module `entry` with all it imports, by their paths in `scripts`, without an import.

    Each module becomes a function that answers what it exports, so that its names stay its own. Those after one that
    waits for something wait, too. Raises `ValueError` for what our modules do not do: imports in a circle, exports that
    change.
    """
    ordered: dict[str, Module] = {}
    _visit(entry, scripts, ordered, ())
    parts = [f"// Reconvene {version('reconvene')}, MIT licence. Made of the modules in static/.\n"]
    for path, module in ordered.items():
        taken = "".join(f"const {names} = {_variable(file)};\n" for file, names in module.imports)
        answers = ", ".join(module.exports)
        begin = "await (async" if _WAITS.search(module.body) else "("
        parts.append(
            f"const {_variable(path)} = {begin}() => {{\n{taken}{module.body}return {{ {answers} }};\n}})();\n"
        )
    if exports := ", ".join(ordered[entry].exports):
        parts.append(f"const {{ {exports} }} = {_variable(entry)};\nexport {{ {exports} }};\n")
    return "".join(parts)


def _visit(path: str, scripts: Mapping[str, str], ordered: dict[str, Module], above: tuple[str, ...]) -> None:
    if path in above:
        raise ValueError(f"{path} imports itself, by {above[-1]}")
    if path in ordered:
        return
    if path not in scripts:
        raise ValueError(f"{above[-1] if above else 'somebody'} imports {path}, which is not there")
    module = _read(path, scripts[path])
    for file, _names in module.imports:
        _visit(file, scripts, ordered, (*above, path))
    ordered[path] = module


def _read(path: str, text: str) -> Module:
    bare = _BLOCK_COMMENT.sub("", _LINE_COMMENT.sub("", text))
    folder = posixpath.dirname(path)
    imports = [
        (posixpath.normpath(posixpath.join(folder, file)), _declared(names))
        for names, file in _IMPORT.findall(bare)
    ]
    exports = [*_DECLARED.findall(bare), *_listed(bare)]
    body = _LISTED.sub("", _DECLARED.sub("", _IMPORT.sub("", bare)))
    if left_over := _LEFT_OVER.search(body):
        raise ValueError(f"{path}: {left_over[0]}")
    return Module(imports, exports, re.sub(r"\n{2,}", "\n", body).strip("\n") + "\n")


def _declared(names: str) -> str:
    return " ".join(names.removeprefix("* as ").replace(" as ", ": ").split())


def _listed(text: str) -> Iterator[str]:
    for names in _LISTED.findall(text):
        yield from (name.strip() for name in names.split(","))


def _variable(path: str) -> str:
    return "$" + re.sub(r"\W", "_", path.removesuffix(".js"))
