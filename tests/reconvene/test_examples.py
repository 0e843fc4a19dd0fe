"""The examples of the README and of docs/python.md, run as they stand there, against another port."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.process import ROOT, ServerProcess
from tests.server.client import Play

TIMEOUT = 60.0


def example(document: str) -> str:
    """The first one in Python."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("document", "printed", "heard"),
    [
        ("README.md", "ParticipantJoined", {"type": "participant_updated"}),
        ("docs/python.md", "Ann is here", {"type": "signal", "data": {"text": "Hello Ann"}}),
    ],
)
async def test_an_example_does_what_its_document_says(
    server: ServerProcess,
    play: Play,
    tmp_path: Path,
    room: str,
    document: str,
    printed: str,
    heard: dict[str, object],
) -> None:
    program = example(document)
    assert program.count('"http://localhost:3000", "ABC123"') == 1
    path = tmp_path / "client.py"
    path.write_text(program.replace('"http://localhost:3000", "ABC123"', f'"{server.url}", "{room}"'))
    host = await play.joined(room, "Ben", create=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", str(path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            await host.until("participant_joined")
            ann = await play.joined(room, "Ann")
            message = await ann.next()
            while not heard.items() <= message.items():
                message = await ann.next()
            await host.send("end")
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert errors == b""
    assert printed in output.decode()
    assert "meeting_ended" in output.decode()
