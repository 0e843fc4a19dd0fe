"""The list of what an installation brings along, which is made with each package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def listed() -> str:
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "sbom.py"], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_the_sbom_names_what_is_installed_with_all_extras_and_no_tool_of_development() -> None:
    text = listed()
    assert text == listed(), "the same packages are the same file"
    sbom = json.loads(text)
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = sbom["metadata"]["component"]
    assert (about["name"], about["version"]) == (project["name"], project["version"])
    versions = {each["name"]: each["version"] for each in sbom["components"]}
    extras = project["optional-dependencies"]
    direct = [*project["dependencies"], *(text for name in extras if name != "dev" for text in extras[name])]
    # On this system.
    names = {re.split(r"[^\w-]", text)[0] for text in direct} - {"reconvene"}
    assert names <= versions.keys()
    assert not {"pytest", "mypy", "ruff", "hypothesis", "schemathesis"} & versions.keys()
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert {f"{name}=={version}" for name, version in versions.items()} <= {
        line.partition(" ;")[0] for line in lock.splitlines()
    }
    references = {about["bom-ref"], *(each["bom-ref"] for each in sbom["components"])}
    assert {each["ref"] for each in sbom["dependencies"]} == references
    assert {ref for each in sbom["dependencies"] for ref in each["dependsOn"]} <= references
