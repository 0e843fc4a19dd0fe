"""What makes our npm packages, and what applications in tests are made with."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.process import ROOT

NODE_MODULES = ROOT / ".tools" / "node_modules"


def packages() -> Any:
    """`.ci/client_package.py`, which is in no package."""
    spec = importlib.util.spec_from_file_location("client_package", ROOT / ".ci" / "client_package.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """What it says. Fails with all it says if it fails."""
    environment = {**os.environ, **variables}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
