"""What new meetings begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process import ServerProcess
from tests.server.client import bearer, playing


@pytest.mark.parametrize("made_by", ["join", "http"])
async def test_new_meetings_begin_with_the_settings_of_the_server(tmp_path: Path, made_by: str) -> None:
    settings = {"RECONVENE_LOBBY": "everyone", "RECONVENE_WITHOUT_HOST": "lock"}
    async with ServerProcess(tmp_path, **settings) as server, playing(server) as play:
        token = await play.identity()
        if made_by == "http":
            made = await play.http.post("/api/meetings", json={"meeting": "ABC123"}, headers=bearer(token))
            assert made.status_code == 201
        # Whoever comes in the same moment has to knock.
        ann, bob = await play.client(), await play.client()
        number = await ann.send("join", meeting="ABC123", name="Ann", token=token, create=True)
        await ann.until("joined", id=number)
        await bob.send("join", meeting="ABC123", name="Bob")
        await bob.expect("waiting")
        # They are the meeting's own from then on.
        answer = await play.http.patch("/api/meetings/ABC123", json={"lobby": "off"}, headers=bearer(token))
        assert answer.json()["settings"] == {"without_host": "lock"}
        await bob.until("joined")
