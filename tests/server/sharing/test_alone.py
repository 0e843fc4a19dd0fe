"""A server that is alone loads nothing of what several nodes need."""

from __future__ import annotations

import subprocess
import sys

LOADED = """
import asyncio, sys
from pathlib import Path
from server import app
from server.settings.config import Config
from reconvene.cli import main

shared = ("server.sharing", "server.cluster.redis", "server.cluster.engine", "signalling.nodes", "signalling.state")
print([name for name in sys.modules if name.startswith(shared) or name in ("redis", "hiredis")])
"""


def test_a_process_that_is_alone_loads_nothing_of_several_nodes() -> None:
    told = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
