"""A blow of each kind to real nodes behind nginx, while people talk. `make chaos` is the whole."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.chaos.acts import ACTS
from tests.process import ROOT

pytestmark = pytest.mark.early

ELSEWHERE = {"kills", "rolling", "engine_away"}
"""What `test_two_nodes.py` and `test_drain.py` have, and what takes long."""


@pytest.mark.programs
@pytest.mark.timeout(600)
async def test_nobody_loses_anything() -> None:
    acts = [act.name for act in ACTS if act.name not in ELSEWHERE]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos", "--small", *acts),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    assert process.returncode == 0, said.decode()
