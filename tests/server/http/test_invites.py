"""Invite links: made over HTTP, shown once, used by joins."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from server.http.invites import MOST
from tests.process import ServerProcess
from tests.server.client import Client, Message, Play, bearer


async def locked(play: Play, room: str) -> Client:
    """The host of a meeting with a password and a lobby."""
    ann = await play.joined(room, "Ann", create=True)
    await ann.order("settings", settings={"password": "open sesame", "lobby": "everyone"})
    return ann


async def invite(play: Play, room: str, token: str, **body: Any) -> Message:
    answer = await play.http.post(f"/api/meetings/{room}/invites", json=body, headers=bearer(token))
    assert answer.status_code == 201, answer.text
    made: Message = answer.json()
    return made


def secret_of(made: Message) -> str:
    link, _, secret = made["url"].partition("#invite=")
    assert link.rpartition("/m/")[2]
    return str(secret)


async def refused(play: Play, room: str, **fields: object) -> None:
    client = await play.client()
    number = await client.send("join", meeting=room, name="Eve", **fields)
    await client.error("password_required", id=number)


async def test_an_invite_lets_in_and_gives_its_role_and_is_shown_once(
    play: Play, server: ServerProcess, room: str
) -> None:
    ann = await locked(play, room)
    made = await invite(play, room, ann.token, role="cohost", uses=1)
    secret = secret_of(made)
    assert len(secret) >= 32
    bob = await play.joined(room, "Bob", invite=secret)
    assert bob.joined["you"]["role"] == "cohost"
    listed = await play.http.get(f"/api/meetings/{room}/invites", headers=bearer(bob.token))
    (told,) = listed.json()["invites"]
    assert told == {key: value for key, value in made.items() if key != "url"} | {"used": 1}
    assert secret not in listed.text
    with sqlite3.connect(server.database) as record:
        assert secret not in "\n".join(record.iterdump())
    # Used up for others, and what it gave outlives it for the one who used it.
    await refused(play, room, invite=secret)
    await bob.leave()
    again = await play.joined(room, "Bob", token=bob.token)
    assert again.joined["you"]["role"] == "cohost"


async def test_an_invite_does_not_undo_a_demotion_or_a_removal(play: Play, room: str) -> None:
    ann = await locked(play, room)
    secret = secret_of(await invite(play, room, ann.token, role="cohost"))
    bob = await play.joined(room, "Bob", invite=secret)
    await ann.order("set_role", participant=bob.id, role="participant")
    again = await play.joined(room, "Bob", token=bob.token, invite=secret)
    assert again.joined["you"]["role"] == "participant"
    await ann.order("remove", participant=bob.id)
    client = await play.client()
    number = await client.send("join", meeting=room, name="Bob", token=bob.token, invite=secret)
    await client.error("removed", id=number)


async def test_invites_that_are_revoked_expired_of_another_meeting_or_none_let_nobody_in(
    play: Play, room: str
) -> None:
    ann = await locked(play, room)
    other = await play.joined(f"{room}-OTHER", "Ann", token=ann.token, create=True)
    elsewhere = secret_of(await invite(play, f"{room}-OTHER", other.token))
    expired = secret_of(await invite(play, room, ann.token, expires_at="2020-01-01T00:00:00Z"))
    made = await invite(play, room, ann.token, expires_at="2099-01-01T00:00:00+02:00")
    assert made["expires_at"] == "2098-12-31T22:00:00.000Z"
    await play.joined(room, "Bob", invite=secret_of(made))
    path = f"/api/meetings/{room}/invites/{made['id']}"
    assert (await play.http.delete(path, headers=bearer(ann.token))).status_code == 204
    for secret in (elsewhere, expired, secret_of(made), "no invite at all"):
        await refused(play, room, invite=secret)
    assert (await play.http.delete(f"{path}x", headers=bearer(ann.token))).status_code == 404
    listed = await play.http.get(f"/api/meetings/{room}/invites", headers=bearer(ann.token))
    assert [each["revoked_at"] is None for each in listed.json()["invites"]] == [True, False]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", -1, "1e300"])
async def test_a_time_that_cannot_be_written_is_refused_before_it_is_recorded(
    play: Play, room: str, moment: object
) -> None:
    ann = await play.joined(room, "Ann", create=True)
    path, auth = f"/api/meetings/{room}/invites", bearer(ann.token)
    answer = await play.http.post(path, json={"expires_at": moment}, headers=auth)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")
    listed = await play.http.get(path, headers=auth)
    assert (listed.status_code, listed.json()) == (200, {"invites": []})


async def test_a_meeting_has_a_number_of_invites_that_can_be_listed(
    play: Play, server: ServerProcess, room: str
) -> None:
    ann = await play.joined(room, "Ann", create=True)
    with sqlite3.connect(server.database) as record:
        record.executemany(
            "INSERT INTO invites (id, room, hash, role, created_at, \"by\") VALUES (?, ?, ?, 'participant', 1, '')",
            [(f"{room}-{number}", room, f"{number}") for number in range(MOST)],
        )
    answer = await play.http.post(f"/api/meetings/{room}/invites", headers=bearer(ann.token))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    listed = await play.http.get(f"/api/meetings/{room}/invites", headers=bearer(ann.token))
    assert len(listed.json()["invites"]) == MOST


@pytest.mark.parametrize("role", ["participant", "cohost", "host"])
async def test_an_invite_grants_a_lower_role_than_ones_own(play: Play, room: str, role: str) -> None:
    """But the host link, which makes its user host in place of the one before."""
    ann, bob = await play.pair(room)
    cat = await play.joined(room, "Cat")
    await ann.order("set_role", participant=bob.id, role="cohost")
    for client, may in ((ann, True), (bob, role == "participant"), (cat, False)):
        answer = await play.http.post(
            f"/api/meetings/{room}/invites", json={"role": role}, headers=bearer(client.token)
        )
        assert answer.status_code == (201 if may else 403)
    if role == "cohost":
        (made,) = (await play.http.get(f"/api/meetings/{room}/invites", headers=bearer(bob.token))).json()[
            "invites"
        ]
        path = f"/api/meetings/{room}/invites/{made['id']}"
        assert (await play.http.delete(path, headers=bearer(bob.token))).status_code == 403
        assert (
            await play.http.get(f"/api/meetings/{room}/invites", headers=bearer(cat.token))
        ).status_code == 403
