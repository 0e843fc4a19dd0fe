"""The project's source files, and what each imports."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import ROOT

PACKAGES = ("signalling", "storage", "server", "reconvene")


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
    """The full names of what a file imports, wherever in it: modules, and what is in them."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            )
            # What is imported by name may be a module itself.
            for alias in node.names:
                yield ".".join(part for part in (base, node.module, alias.name) if part)


@functools.cache
def tops(package: str) -> dict[str, set[str]]:
    """The top-level modules that a package imports, each with the files that do."""
    found: dict[str, set[str]] = {}
    for path in sources(package):
        for module in imported(path):
            found.setdefault(module.partition(".")[0], set()).add(str(path.relative_to(ROOT)))
    return found
