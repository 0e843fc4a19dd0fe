"""Builds the npm packages `@reconvene/client`, from static/sdk, and `@reconvene/react` in the folder that is named.

    python .ci/client_package.py dist/sdk

Needs TypeScript (.tools, by tests/install.sh) and npm. It makes a file of each, and publishes nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from server.http.client_library import ENTRY
from server.http.one_file import one_file

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "static" / "sdk"
REACT = ROOT / "packages" / "react"
TSC = ROOT / ".tools" / "node_modules" / ".bin" / "tsc"


def npm_version(text: str) -> str:
    """As npm writes a version: 0.8.0.dev0 is 0.8.0-dev0 there."""
    return text.replace(".dev", "-dev")


def manifest(name: str, description: str, script: str, **more: object) -> dict[str, object]:
    types = f"./types/{script.removesuffix('.js')}.d.ts"
    return {
        "name": f"@reconvene/{name}",
        "version": npm_version(version("reconvene")),
        "description": description,
        "license": "MIT",
        "type": "module",
        "sideEffects": False,
        "exports": {".": {"types": types, "default": f"./{script}"}},
        "types": types,
        "files": [script, "types"],
        **more,
    }


def write_types(project: Path, script: Path, folder: Path) -> None:
    """From the JSDoc of a script and what it imports, without what is marked as internal."""
    options = {
        "noEmit": False,
        "declaration": True,
        "emitDeclarationOnly": True,
        "stripInternal": True,
        "outDir": str(folder),
        "rootDir": str(script.parent),
    }
    config = {"extends": str(project), "compilerOptions": options, "include": [], "files": [str(script)]}
    with TemporaryDirectory() as temporary:
        file = Path(temporary) / "tsconfig.json"
        file.write_text(json.dumps(config))
        subprocess.run([TSC, "--project", file], check=True)


def pack(folder: Path, manifest: dict[str, object], target: Path) -> Path:
    (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")
    shutil.copy(ROOT / "docs" / "sdk.md", folder / "README.md")
    shutil.copy(ROOT / "LICENSE", folder)
    target.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", "--pack-destination", target.resolve()]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return target / packed.stdout.strip()


def build_client(target: Path) -> Path:
    """The package as a file."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        scripts = {path.name: path.read_text(encoding="utf-8") for path in SOURCES.glob("*.js")}
        (folder / ENTRY).write_text(one_file(scripts, ENTRY), encoding="utf-8")
        write_types(ROOT / "static" / "jsconfig.json", SOURCES / ENTRY, folder / "types")
        described = "Meetings in pages and applications of your own: the client of a Reconvene server"
        return pack(folder, manifest("client", described, ENTRY), target)


def build_react(target: Path) -> Path:
    """The package as a file. Its types are written by hand beside it: React's are not ours to install."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copy(REACT / "reconvene-react.js", folder)
        shutil.copytree(REACT / "types", folder / "types")
        peers = {"@reconvene/client": npm_version(version("reconvene")), "react": ">=18"}
        described = "Meetings in React: a provider and hooks around @reconvene/client"
        return pack(
            folder, manifest("react", described, "reconvene-react.js", peerDependencies=peers), target
        )


if __name__ == "__main__":
    for build in (build_client, build_react):
        print(build(Path(sys.argv[1])))
