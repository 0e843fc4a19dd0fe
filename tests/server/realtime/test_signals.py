"""SIGHUP: what a terminal that is closed sends, and nohup keeps away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from server.uvicorn_server import Server
from tests.process import ServerProcess
from tests.server.client import playing


async def test_it_drains(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann = await play.joined("HANGUP", "Ann", create=True)
        server.signal(signal.SIGHUP)
        code, messages = await ann.closed()
        assert (code, messages[-1]["type"]) == (4101, "going_away")
    assert await server.wait() == 0
    await server.logged("drained")


@pytest.fixture
def hangups() -> Iterator[None]:
    """The test process' own way with them."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("before", [signal.SIG_DFL, signal.SIG_IGN])
def test_it_stays_ignored_under_nohup(hangups: None, before: signal.Handlers) -> None:
    signal.signal(signal.SIGHUP, before)
    server = Server.__new__(Server)
    uvicorn.Server.__init__(server, uvicorn.Config("", log_config=None))
    with server.capture_signals():
        now = signal.getsignal(signal.SIGHUP)
        assert now == (signal.SIG_IGN if before is signal.SIG_IGN else server.handle_exit)
    assert signal.getsignal(signal.SIGHUP) is before
