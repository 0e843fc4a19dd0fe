"""Prints what Reconvene brings along when it is installed with all extras: an SBOM in CycloneDX 1.6 (JSON).

Of the packages that are installed beside it, which `make package` takes from requirements.lock. There is no time and no
random number in it: the same packages are the same file.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "reconvene"


def needs(package: Distribution, extras: frozenset[str]) -> list[Requirement]:
    """What it requires here, with these extras."""
    here = {name: str(value) for name, value in default_environment().items()}
    environments = [here | {"extra": extra} for extra in (extras or {""})]
    wanted = [Requirement(text) for text in package.requires or []]
    return [
        requirement
        for requirement in wanted
        if requirement.marker is None or any(requirement.marker.evaluate(each) for each in environments)
    ]


def closure(root: str, extras: frozenset[str]) -> dict[str, tuple[Distribution, set[str]]]:
    """Every package by its name, with the names of those that it requires."""
    found: dict[str, tuple[Distribution, set[str]]] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    left = [(root, extras)]
    while left:
        name, extras = left.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        package, required = found.setdefault(name, (distribution(name), set()))
        for requirement in needs(package, extras):
            other = canonicalize_name(requirement.name)
            if other != name:
                required.add(other)
            left.append((other, frozenset(requirement.extras)))
    return found


def component(name: str, package: Distribution) -> dict[str, Any]:
    about = package.metadata
    described: dict[str, Any] = {
        "type": "application" if name == ROOT else "library",
        "bom-ref": purl(name, package),
        "name": name,
        "version": package.version,
        "purl": purl(name, package),
    }
    expressions, names = (about.get_all(header) or [] for header in ("License-Expression", "License"))
    if expressions:
        described["licenses"] = [{"expression": expressions[0]}]
    elif names and len(names[0]) < 80:  # others have the whole text there
        described["licenses"] = [{"license": {"name": names[0]}}]
    return described


def purl(name: str, package: Distribution) -> str:
    return f"pkg:pypi/{name}@{package.version}"


def main() -> None:
    try:
        packages = closure(ROOT, frozenset({"all"}))
    except PackageNotFoundError as error:
        sys.exit(f"{error.name} is not installed: pip install -c requirements.lock -e '.[all]'")
    names = sorted(packages)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": component(ROOT, packages[ROOT][0])},
        "components": [component(name, packages[name][0]) for name in names if name != ROOT],
        "dependencies": [
            {
                "ref": purl(name, packages[name][0]),
                "dependsOn": [purl(other, packages[other][0]) for other in sorted(packages[name][1])],
            }
            for name in names
        ],
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
