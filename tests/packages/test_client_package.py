"""The npm package `@reconvene/client`: packed, installed without a registry, used by an application in TypeScript."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.packages.building import NODE_MODULES, packages, run
from tests.process import ROOT

pytestmark = pytest.mark.programs

HERE = Path(__file__).parent
TSC = NODE_MODULES / ".bin" / "tsc"
STRICT = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "noEmit": True,
    "skipLibCheck": False,
    "target": "es2022",
    "lib": ["es2023", "dom", "dom.iterable"],
    "types": [],
}
LOOK = """
import * as all from "@reconvene/client";
let why = "";
try { new all.Reconvene(); } catch (error) { why = error.name; }
console.log(JSON.stringify([Object.keys(all).sort(), why, new all.Reconvene({ server: "https://a.example/" }).server]));
"""


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has the package installed."""
    folder = tmp_path_factory.mktemp("application")
    package = packages().build_client(tmp_path_factory.mktemp("packed"))
    (folder / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
    run("npm", "install", "--offline", "--no-audit", "--no-fund", "--silent", package, cwd=folder)
    return folder


def test_the_reference_is_that_of_the_types() -> None:
    """`make sdk-reference` renews it."""
    made = run(sys.executable, ROOT / ".ci" / "sdk_reference.py", cwd=ROOT, PYTHONPATH=str(ROOT))
    assert made == (ROOT / "docs" / "sdk-reference.md").read_text(encoding="utf-8")


def test_it_needs_nothing_else(application: Path) -> None:
    installed = application / "node_modules" / "@reconvene" / "client"
    manifest = json.loads((installed / "package.json").read_text())
    assert not {"dependencies", "peerDependencies", "scripts"} & manifest.keys()
    assert [path.name for path in (application / "node_modules").iterdir() if path.name[0] != "."] == [
        "@reconvene"
    ]
    assert {path.name for path in installed.iterdir()} == {
        *("LICENSE", "README.md", "package.json", "reconvene.js", "types")
    }


@pytest.mark.parametrize("resolution", ["bundler", "nodenext"])
def test_its_types_are_as_strict_as_can_be(application: Path, resolution: str) -> None:
    module = "esnext" if resolution == "bundler" else "nodenext"
    options = STRICT | {"module": module, "moduleResolution": resolution}
    config = application / f"tsconfig.{resolution}.json"
    config.write_text(json.dumps({"compilerOptions": options, "files": ["application.ts"]}))
    (application / "application.ts").write_text((HERE / "application.ts").read_text())
    run(TSC, "--project", config, cwd=application)


def test_our_page_needs_nothing_that_others_do_not_have(tmp_path: Path) -> None:
    """Its scripts are checked against the types as the package has them, without what is internal."""
    made = packages()
    made.write_types(ROOT / "static" / "jsconfig.json", made.SOURCES / made.ENTRY, tmp_path / "sdk")
    shutil.copytree(ROOT / "static" / "js", tmp_path / "js")
    config = tmp_path / "tsconfig.json"
    config.write_text(
        json.dumps({"extends": str(ROOT / "static" / "jsconfig.json"), "include": ["js/**/*.js"]})
    )
    run(TSC, "--project", config, cwd=tmp_path)


def test_the_samples_are_right_by_the_types(tmp_path: Path) -> None:
    """Their plain JavaScript has no types of its own, and takes for granted what is in their pages."""
    made = packages()
    made.write_types(ROOT / "static" / "jsconfig.json", made.SOURCES / made.ENTRY, tmp_path / "types")
    samples = sorted((ROOT / "docs" / "samples").glob("*.html"))
    assert len(samples) > 3
    for sample in samples:
        (script,) = re.findall(r"<script[^>]*>(.*?)</script>", sample.read_text(), re.DOTALL)
        library = script.replace("https://meet.example.org/sdk/v1/reconvene.js", "./types/reconvene.js")
        (tmp_path / f"{sample.stem}.js").write_text(library)
    (tmp_path / "page.d.ts").write_text("interface Document { getElementById(id: string): any }\n")
    options = STRICT | {"allowJs": True, "checkJs": True, "module": "esnext", "moduleResolution": "bundler"}
    options |= {"noImplicitAny": False, "useUnknownInCatchVariables": False}
    config = tmp_path / "tsconfig.json"
    config.write_text(json.dumps({"compilerOptions": options, "include": ["*.js", "page.d.ts"]}))
    run(TSC, "--project", config, cwd=tmp_path)


def test_it_can_be_loaded_where_there_is_no_page(application: Path) -> None:
    """As a server does that renders pages. Without an address nobody knows which server is meant."""
    (application / "look.js").write_text(LOOK)
    names, why, server = json.loads(run("node", "look.js", cwd=application))
    assert names == [
        *("Emitter", "LevelMeter", "LocalMedia", "Meeting", "PROCESSING", "REACTIONS", "Reconvene"),
        *("ReconveneError", "Speaker", "SpeakingDetector", "canCall", "fetchAnswer", "request"),
    ]
    assert (why, server) == ("TypeError", "https://a.example")
