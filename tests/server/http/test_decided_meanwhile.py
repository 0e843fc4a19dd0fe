"""Roles that change while a request is at the store: it is decided by what everyone has been told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.server.client import Play, bearer, playing
from tests.server.held_store import HELD, HeldServer
from tests.server.http.test_invites import secret_of

ADMIN_KEY = "a key of somebody who administers"

A_WHILE = 0.5
"""Seconds for what should wait to show that it does not."""


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HeldServer]:
    server = HeldServer(tmp_path_factory.mktemp("held"), RECONVENE_ADMIN_KEY=ADMIN_KEY)
    async with server:
        yield server


@pytest.fixture
async def play(server: HeldServer) -> AsyncIterator[Play]:
    async with playing(server) as play:
        yield play


async def test_a_host_link_of_somebody_who_is_host_no_more_does_not_come_into_being(
    play: Play, server: HeldServer, room: str
) -> None:
    """Made while the meeting is handed over, it is younger than what voids the links of before."""
    ann = await play.joined(room, "Ann", create=True)
    bob = await play.joined(room, "Bob")
    path = f"/api/meetings/{room}"
    with server.held("make_invite"):
        making = asyncio.create_task(
            play.http.post(f"{path}/invites", json={"role": "host"}, headers=bearer(ann.token))
        )
        await server.logged(HELD, call="make_invite")
        handed_over = await play.http.post(
            f"{path}/participants/{bob.id}/role", json={"role": "host"}, headers=bearer(ADMIN_KEY)
        )
        assert handed_over.status_code == 204
    made = await making
    if made.status_code == 201:
        again = await play.joined(room, "Ann", token=ann.token, invite=secret_of(made.json()))
        assert again.joined["you"]["role"] != "host"
    assert made.json()["code"] == "forbidden"
    listed = await play.http.get(f"{path}/invites", headers=bearer(ADMIN_KEY))
    (invite,) = listed.json()["invites"]
    assert invite["revoked_at"]


@pytest.mark.parametrize("what", ["end", "delete"])
async def test_whoever_has_handed_the_meeting_over_does_not_end_it(
    play: Play, server: HeldServer, room: str, what: str
) -> None:
    """Not even before the store has heard of it."""
    ann = await play.joined(room, "Ann", create=True)
    bob = await play.joined(room, "Bob")
    ways = {
        "end": ("POST", f"/api/meetings/{room}/end"),
        "delete": ("DELETE", f"/api/meetings/{room}"),
    }
    with server.held("change"):
        await ann.send("set_role", key="hands-over", participant=bob.id, role="host")
        await bob.until("participant_updated", participant={"id": bob.id, "role": "host"}, by=ann.id)
        ending = asyncio.create_task(play.http.request(*ways[what], headers=bearer(ann.token)))
        await asyncio.wait([ending], timeout=A_WHILE)
    assert (await ending).json()["code"] == "forbidden"
    (await play.http.request(*ways[what], headers=bearer(bob.token))).raise_for_status()


async def test_whoever_waits_for_a_meeting_holds_up_no_report_on_another(
    play: Play, server: HeldServer, room: str
) -> None:
    """It is not yet clear whether they may have one."""
    ann = await play.joined(room, "Ann", create=True)
    other = await play.http.post("/api/meetings", headers=bearer(ann.token))
    with server.held("change"):
        await ann.send("settings", key="waits", settings={"locked": True})
        await server.logged(HELD, call="change")
        # More than are made at once.
        waiting = [
            asyncio.create_task(play.http.get(f"/api/meetings/{room}/{what}", headers=bearer(key)))
            for what in ("attendance", "invites")
            for key in (ADMIN_KEY, ann.token)
        ]
        await asyncio.wait(waiting, timeout=A_WHILE)
        report = await play.http.get(
            f"/api/meetings/{other.json()['id']}/attendance", headers=bearer(ann.token)
        )
        assert report.status_code == 200
        assert not any(each.done() for each in waiting)
    assert [(await each).status_code for each in waiting] == [200] * 4
