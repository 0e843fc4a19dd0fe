"""What an application's token says of somebody's role, rights and the lobby, and what outlasts it."""

from __future__ import annotations

import time
from pathlib import Path

from tests.server.client import bearer
from tests.server.realtime.logins import ADMIN_KEY, Login, logging_in


async def test_a_role_counts_when_one_first_comes_and_a_demotion_outlasts_it(app: Login, room: str) -> None:
    ann = await app.joined(room, "ann")
    token = app.token("bob", name="Bob", meeting=room, role="cohost")
    bob = await app.joined(room, "bob", token=token)
    assert bob.joined["you"]["role"] == "cohost"
    await ann.expect("participant_joined")
    await ann.order("set_role", participant=bob.id, role="participant")
    await bob.leave()
    for claims in ({}, {"role_at": time.time() - 60}):
        again = app.token("bob", name="Bob", meeting=room, role="cohost", **claims)
        back = await app.joined(room, "bob", token=again)
        assert back.joined["you"]["role"] == "participant"
        await back.leave()
    # The application has given it again since.
    newer = app.token("bob", name="Bob", meeting=room, role="cohost", role_at=time.time() + 1)
    assert (await app.joined(room, "bob", token=newer)).joined["you"]["role"] == "cohost"


async def test_there_is_one_host(app: Login, room: str) -> None:
    await app.joined(room, "ann")
    token = app.token("bob", name="Bob", meeting=[room], role="host")
    assert (await app.joined(room, "bob", token=token)).joined["you"]["role"] == "cohost"


async def test_whose_token_gives_another_role_is_not_host_of_what_they_make(app: Login, room: str) -> None:
    """Whoever comes first, by one's own link: the meeting waits for its host."""
    for sub, role in (("bob", "participant"), ("ann", "host"), ("eve", "cohost"), ("dan", None)):
        claims = {} if role is None else {"meeting": room, "role": role}
        came = await app.joined(room, sub, token=app.token(sub, name=sub, **claims))
        assert came.joined["you"]["role"] == (role or "participant")
        assert came.joined["meeting"]["created"] is (sub == "bob")
        assert came.joined["meeting"]["host"] is (sub == "ann")
    other = f"{room}-2"
    for number, (role, is_host) in enumerate((("participant", False), ("cohost", False), ("host", True))):
        token = app.token(role, meeting=f"{other}{number}", role=role)
        made = await app.play.http.post(
            "/api/meetings", json={"meeting": f"{other}{number}"}, headers=bearer(token)
        )
        assert (made.status_code, made.json()["host"]) == (201, is_host)


async def test_a_meeting_of_the_admin_key_has_the_first_host_that_a_token_names(tmp_path: Path) -> None:
    async with logging_in(tmp_path, CREATE="admin") as app:
        key = bearer(ADMIN_KEY)
        made = await app.play.http.post("/api/meetings", json={"meeting": "ABC123"}, headers=key)
        assert (made.status_code, made.json()["host"]) == (201, False)
        host = {"meeting": "ABC123", "role": "host"}
        for sub, claims, role in (("bob", {}, "participant"), ("ann", host, "host"), ("eve", host, "cohost")):
            client = await app.joined("ABC123", sub, token=app.token(sub, name=sub, **claims))
            assert client.joined["you"]["role"] == role


async def test_rights_of_a_token_hold_from_the_start(app: Login, room: str) -> None:
    await app.joined(room, "ann")
    token = app.token("bob", name="Bob", may={"audio": False})
    bob = await app.joined(room, "bob", token=token, media={"audio": True, "video": True})
    assert bob.joined["you"]["media"] == {"audio": False, "video": True, "screen": False}
    assert bob.joined["you"]["may"] == {"audio": False}


async def test_a_lobby_for_guests_is_for_those_nobody_knows(app: Login, room: str) -> None:
    ann = await app.joined(room, "ann")
    await ann.order("settings", settings={"lobby": "guests"})
    await app.joined(room, "bob")
    guest = await app.play.client()
    await guest.send("join", meeting=room, name="Guest")
    await guest.expect("waiting")
    await ann.expect("participant_joined")
    assert (await ann.expect("knock"))["knock"]["anonymous"] is True
    await ann.order("settings", settings={"lobby": "everyone"})
    eve = await app.play.client()
    await eve.send("join", meeting=room, name="", token=app.token("eve", name="Eve"))
    await eve.expect("waiting", position=2)
    knock = (await ann.expect("knock"))["knock"]
    assert (knock["name"], knock["anonymous"]) == ("Eve", False)
    # Unless the application says that they need not.
    await app.joined(room, "dan", token=app.token("dan", name="Dan", lobby=False))


async def test_guests_knock_everywhere_where_the_server_says_so(tmp_path: Path, room: str) -> None:
    async with logging_in(tmp_path, ANONYMOUS="lobby") as app:
        ann = await app.joined(room, "ann")
        guest = await app.play.client()
        await guest.send("join", meeting=room, name="Guest")
        await guest.expect("waiting")
        knock = (await ann.expect("knock"))["knock"]
        await app.joined(room, "bob")
        await ann.expect("participant_joined")
        await ann.order("admit", knocks=[knock["id"]])
        await guest.expect("joined")
