"""Builds the npm package `@reconvene/client` from static/sdk, with its types, in the folder that is named.

    python .ci/client_package.py dist/sdk

Needs TypeScript (.tools, by tests/install.sh) and npm. It makes reconvene-client-<version>.tgz, and publishes nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from server.http.client_library import ENTRY, one_file

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "static" / "sdk"
TSC = ROOT / ".tools" / "node_modules" / ".bin" / "tsc"


def npm_version(text: str) -> str:
    """As npm writes a version: 0.8.0.dev0 is 0.8.0-dev0 there."""
    return text.replace(".dev", "-dev")


def manifest() -> dict[str, object]:
    return {
        "name": "@reconvene/client",
        "version": npm_version(version("reconvene")),
        "description": "Meetings in pages and applications of your own: the client of a Reconvene server",
        "license": "MIT",
        "type": "module",
        "sideEffects": False,
        "exports": {".": {"types": "./types/reconvene.d.ts", "default": f"./{ENTRY}"}},
        "types": "./types/reconvene.d.ts",
        "files": [ENTRY, "types"],
    }


def write_types(folder: Path) -> None:
    """From the JSDoc of the modules, without what is marked as internal."""
    options = {
        "noEmit": False,
        "declaration": True,
        "emitDeclarationOnly": True,
        "stripInternal": True,
        "outDir": str(folder),
        "rootDir": str(SOURCES),
    }
    project = {
        "extends": str(ROOT / "static" / "jsconfig.json"),
        "compilerOptions": options,
        "include": [],
        "files": [str(SOURCES / ENTRY)],
    }
    with TemporaryDirectory() as temporary:
        config = Path(temporary) / "tsconfig.json"
        config.write_text(json.dumps(project))
        subprocess.run([TSC, "--project", config], check=True)


def build(target: Path) -> Path:
    """The package as a file."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        scripts = {path.name: path.read_text(encoding="utf-8") for path in SOURCES.glob("*.js")}
        (folder / ENTRY).write_text(one_file(scripts), encoding="utf-8")
        write_types(folder / "types")
        (folder / "package.json").write_text(json.dumps(manifest(), indent=2) + "\n")
        shutil.copy(ROOT / "docs" / "sdk.md", folder / "README.md")
        shutil.copy(ROOT / "LICENSE", folder)
        target.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--silent", "--pack-destination", target.resolve()],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
    return target / packed.stdout.strip()


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
