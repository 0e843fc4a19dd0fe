"""Connections that are lost, with a short grace window."""

from __future__ import annotations

from pathlib import Path

from tests.process import ServerProcess
from tests.server.client import playing


async def test_who_stays_away_is_shown_and_then_parted_with(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_GRACE="2") as server, playing(server) as play:
        ann, bob = await play.pair("ABC123")
        bob.drop()
        shown = await ann.expect("participant_updated")
        assert shown["participant"] == {"id": bob.id, "state": "reconnecting"}
        back = await play.client()
        await back.join("ABC123", "Bob", token=bob.token, session=bob.session, on_duplicate="reject")
        await ann.expect("participant_rejoined")
        other = await play.client()
        await other.send("join", meeting="ABC123", name="Bob", token=bob.token, on_duplicate="reject")
        await other.error("duplicate")
        await other.join("ABC123", "Bob", token=bob.token)
        await ann.expect("participant_rejoined")
        other.drop()
        left, _ = await ann.until("participant_left", reason="lost")
        assert left["participant"] == {"id": bob.id}
