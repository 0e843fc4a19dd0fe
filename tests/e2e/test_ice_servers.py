"""The page takes new credentials for TURN while it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Newcomer
from tests.e2e.person import meet
from tests.e2e.waiting import until
from tests.server.quick_ice import QuickIceServer

NOTE = """
  window.usernames = new Set();
  const set = RTCPeerConnection.prototype.setConfiguration;
  RTCPeerConnection.prototype.setConfiguration = function (configuration) {
    for (const { username } of configuration.iceServers) window.usernames.add(username);
    set.call(this, configuration);
  };
"""


@pytest.mark.only(browser="shell", reason="what is tried is the page's own doing, not the browser's")
async def test_connections_are_given_the_new_credentials(
    newcomer: Newcomer, meeting: str, tmp_path: Path
) -> None:
    settings = {"RECONVENE_TURN_URLS": "turn:127.0.0.1:9", "RECONVENE_TURN_SECRET": "north"}
    async with QuickIceServer(tmp_path, **settings) as server:
        ada, bob = [await newcomer(name, url=server.url) for name in ("Ada", "Bob")]
        await ada.before(NOTE)
        await meet(meeting, ada, bob)
        # They tell the second at which they run out.
        await until(
            lambda: ada.page.evaluate("window.usernames.size"), lambda size: size >= 2, "new credentials"
        )
        for person in (ada, bob):
            await person.page.close()
