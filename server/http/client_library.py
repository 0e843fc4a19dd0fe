"""The client library for other people's pages: `static/sdk/reconvene.js` with all it imports, as one file.

    /sdk/v1/reconvene.js          the one of this server, asked for anew each time
    /sdk/0.8.0/reconvene.js       the same under its version, kept by browsers for good

It is put together when it is asked for: nothing has to be built, and it is never older than its modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import NamedTuple

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from server.http.static_tree import StaticTree, hash_of

ENTRY = "reconvene.js"
FOLDER = "sdk/"
MAJOR = "v1"

_IMPORT = re.compile(r'^import \{ ([^}]+) \} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_DECLARED = re.compile(r"^export (?=(?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_LISTED = re.compile(r"^export \{ ([^}]+) \};\n", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_LINE_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
"""Those that have their lines to themselves: elsewhere it may be a string."""


class Module(NamedTuple):
    """`imports`: what it takes, by file; `body`: without its imports, exports and comments."""

    imports: list[tuple[str, str]]
    exports: list[str]
    body: str


def one_file(scripts: Mapping[str, str], entry: str = ENTRY) -> str:
    """The module `entry` with all it imports, by their names in `scripts`, without an import.

    Each module becomes a function that answers what it exports, so that its names stay its own. Raises `ValueError` for
    what modules of `static/sdk` do not do: imports in a circle, exports that change.
    """
    ordered: dict[str, Module] = {}
    _visit(entry, scripts, ordered, ())
    parts = [f"// Reconvene {version('reconvene')}, MIT licence. Made of the modules in static/sdk.\n"]
    for name, module in ordered.items():
        taken = "".join(
            f"const {{ {names.replace(' as ', ': ')} }} = {_variable(file)};\n"
            for file, names in module.imports
        )
        answers = ", ".join(module.exports)
        parts.append(
            f"const {_variable(name)} = (() => {{\n{taken}{module.body}return {{ {answers} }};\n}})();\n"
        )
    exports = ", ".join(ordered[entry].exports)
    parts.append(f"const {{ {exports} }} = {_variable(entry)};\nexport {{ {exports} }};\n")
    return "".join(parts)


def _visit(name: str, scripts: Mapping[str, str], ordered: dict[str, Module], above: tuple[str, ...]) -> None:
    if name in above:
        raise ValueError(f"{name} imports itself, by {above[-1]}")
    if name in ordered:
        return
    module = _read(name, scripts[name])
    for file, _names in module.imports:
        _visit(file, scripts, ordered, (*above, name))
    ordered[name] = module


def _read(name: str, text: str) -> Module:
    bare = _BLOCK_COMMENT.sub("", _LINE_COMMENT.sub("", text))
    imports = [(file, names) for names, file in _IMPORT.findall(bare)]
    exports = [*_DECLARED.findall(bare), *_listed(bare)]
    body = _LISTED.sub("", _DECLARED.sub("", _IMPORT.sub("", bare)))
    if left_over := _LEFT_OVER.search(body):
        raise ValueError(f"{name}: {left_over[0]}")
    return Module(imports, exports, re.sub(r"\n{2,}", "\n", body).lstrip("\n"))


def _listed(text: str) -> Iterator[str]:
    for names in _LISTED.findall(text):
        yield from (name.strip() for name in names.split(","))


def _variable(file: str) -> str:
    return "$" + file.removesuffix(".js").replace("-", "_")


def install(app: FastAPI, tree: StaticTree) -> None:
    made: tuple[str, bytes, str] | None = None

    def current() -> tuple[bytes, str]:
        """The file and its tag. Several threads may make it at once; they make the same."""
        nonlocal made
        snapshot = tree.snapshot()
        if made is None or made[0] != snapshot.hash:
            scripts = {
                path.removeprefix(FOLDER): content.decode()
                for path, content in snapshot.files.items()
                if path.startswith(FOLDER) and path.endswith(".js")
            }
            content = one_file(scripts).encode()
            made = snapshot.hash, content, f'"{hash_of(content)}"'
        return made[1], made[2]

    @app.get(f"/sdk/{{name}}/{ENTRY}", include_in_schema=False)
    def library(request: Request, name: str) -> Response:
        if name not in {MAJOR, version("reconvene")}:
            raise HTTPException(404)
        content, etag = current()
        # What is not released yet may change under its number.
        lasts = name != MAJOR and ".dev" not in name
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": "public, max-age=31536000, immutable" if lasts else "no-cache",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "ETag": etag,
        }
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="text/javascript")
