"""Without the extra."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIBRARIES = ("aiolimiter", "httpx", "tenacity")


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_server_starts_without_the_libraries_of_zoom() -> None:
    program = f"""
import sys
import server.app, reconvene.cli.main, server.settings.config
print(*sorted(sys.modules.keys() & set({LIBRARIES})))
"""
    assert python(program) == "\n"


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_client_tells_what_to_install(library: str) -> None:
    program = f"""
import sys
sys.modules[{library!r}] = None
from server.zoom.errors import NotInstalled
try:
    import server.zoom.client
except NotInstalled as missing:
    print(missing)
"""
    assert python(program) == (
        "the Zoom import needs packages that are not installed: pip install '.[zoom]' in the checkout "
        "(docs/install.md)\n"
    )
