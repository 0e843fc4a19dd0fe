"""The host link: by it a host who has lost the identity is host again, whatever keeps others out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.process import ServerProcess
from tests.server.client import Client, Play, bearer, playing
from tests.server.http.test_invites import secret_of


@pytest.fixture
async def mortal(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(
        tmp_path, RECONVENE_SECRET="a secret that outlives the process", RECONVENE_MAX_PARTICIPANTS="3"
    ) as server:
        yield server


@pytest.fixture
async def stage(mortal: ServerProcess) -> AsyncIterator[Play]:
    async with playing(mortal) as play:
        yield play


async def link(play: Play, room: str, client: Client, status: int = 201) -> str:
    answer = await play.http.post(
        f"/api/meetings/{room}/invites", json={"role": "host", "uses": 9}, headers=bearer(client.token)
    )
    assert answer.status_code == status, answer.text
    if status != 201:
        return ""
    made: dict[str, Any] = answer.json()
    assert (made["role"], made["uses"]) == ("host", 1)
    return secret_of(made)


async def test_whoever_comes_by_it_is_host_and_the_room_learns_that_the_host_before_is_not(
    stage: Play, mortal: ServerProcess
) -> None:
    room = "ABC123"
    ann, bob = await stage.pair(room)
    await ann.order("set_role", participant=bob.id, role="cohost")
    await ann.order("settings", settings={"locked": True, "lobby": "everyone", "password": "open sesame"})
    older = await link(stage, room, ann)
    secret = await link(stage, room, ann)
    await link(stage, room, bob, 403)
    eve = await stage.client()
    number = await eve.send("join", meeting=room, name="Eve", invite=older)
    await eve.error("password_required", id=number)
    # The room has three places.
    cat = await stage.identity()
    await ann.order("settings", settings={"locked": False, "lobby": "off", "password": None})
    third = await stage.joined(room, "Cat", token=cat)
    await link(stage, room, third, 403)
    await ann.order("settings", settings={"locked": True, "lobby": "everyone", "password": "open sesame"})

    new = await stage.joined(room, "Ann", invite=secret)
    assert (new.joined["you"]["role"], new.joined["meeting"]["host"]) == ("host", True)
    told = {one["id"]: one["role"] for one in new.joined["participants"]}
    assert told == {ann.id: "cohost", bob.id: "cohost", third.id: "participant", new.id: "host"}
    for client in (ann, bob, third):
        event, before = await client.until("participant_joined")
        while event["participant"]["id"] != new.id:
            event, before = await client.until("participant_joined")
        changes = [event["participant"] for event in before if event["type"] == "participant_updated"]
        assert changes[-1] == {"id": ann.id, "role": "cohost"}
    number = await ann.send("set_role", participant=bob.id, role="participant", key="late")
    await ann.error("forbidden", id=number)
    await new.order("set_role", participant=bob.id, role="participant")
    # Used up, so there is no place.
    number = await eve.send("join", meeting=room, name="Eve", invite=secret)
    await eve.error("meeting_full", id=number)
    audit = (await stage.http.get(f"/api/meetings/{room}/audit", headers=bearer(new.token))).json()["audit"]
    (used,) = [entry for entry in audit if entry["action"] == "host_link"]
    assert (used["by"]["id"], used["whom"][0]["id"], used["role"]) == (new.id, ann.id, "host")
    await mortal.kill()
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    again = await stage.joined(room, "Ann", token=ann.token, invite=secret)
    assert again.joined["you"]["role"] == "cohost"
    assert {one["id"]: one["role"] for one in again.joined["participants"]}[new.id] == "host"


async def test_the_host_revokes_it_and_a_co_host_does_not(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await ann.order("set_role", participant=bob.id, role="cohost")
    secret = await link(play, room, ann)
    (made,) = (await play.http.get(f"/api/meetings/{room}/invites", headers=bearer(bob.token))).json()[
        "invites"
    ]
    path = f"/api/meetings/{room}/invites/{made['id']}"
    assert (await play.http.delete(path, headers=bearer(bob.token))).status_code == 403
    assert (await play.http.delete(path, headers=bearer(ann.token))).status_code == 204
    new = await play.joined(room, "New", invite=secret)
    assert new.joined["you"]["role"] == "participant"


async def test_nobody_takes_a_meeting_back_that_they_handed_over(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    secret = await link(play, room, ann)
    await ann.order("set_role", participant=bob.id, role="host")
    await link(play, room, ann, 403)
    new = await play.joined(room, "Ann", invite=secret)
    assert new.joined["you"]["role"] == "participant"
