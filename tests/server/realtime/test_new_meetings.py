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


async def test_whoever_comes_as_a_meeting_is_made_has_to_knock(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_LOBBY="everyone") as server, playing(server) as play:
        for room in ("ABC-1", "ABC-2"):
            ann, others = await play.client(), [await play.client() for _ in range(3)]
            number = await ann.send("join", meeting=room, name="Ann", create=True)
            for each in others:
                await each.send("join", meeting=room, name="Eve")
            for each in others:
                answer = await each.next()
                assert answer["type"] == "waiting" or answer["code"] == "unknown_meeting"
            joined, _ = await ann.until("joined", id=number)
            assert joined["meeting"]["settings"]["lobby"] == "everyone"
            assert joined["meeting"]["revision"] == 1


async def test_what_a_host_sets_at_once_is_on_record(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_LOBBY="everyone") as server, playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        await ann.order("settings", settings={"lobby": "off"})
        again = await play.joined("ABC123", "Ann", token=ann.token)
        answer = await play.http.get("/api/meetings/ABC123/settings", headers=bearer(ann.token))
        assert answer.json()["settings"] == {}
        assert again.joined["meeting"].get("settings", {}) == {}
        assert again.joined["meeting"]["revision"] == answer.json()["revision"] == 2
