"""Who comes with an application's token: over real sockets and HTTP, with a key server that is asked over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from server.identity.ids import outside_user
from tests.issuer import ISSUER, SECRET, Signer, hangs, login
from tests.process import ServerProcess
from tests.server.client import bearer, playing
from tests.server.realtime.logins import ADMIN_KEY, Login, logging_in


async def test_who_has_logged_in_is_the_same_everywhere(app: Login, room: str) -> None:
    ann = await app.joined(room)
    assert (ann.joined["you"]["name"], ann.joined["you"]["role"]) == ("Ann", "host")
    assert "token" not in ann.joined
    await ann.leave()
    # Another device, a newer token.
    again = await app.joined(room, token=app.token("ann", name="Ann Example"))
    assert again.id == ann.id
    assert again.joined["you"]["name"] == "Ann Example"
    assert again.joined["rejoined"]


async def test_the_name_of_the_token_counts_for_more_than_what_the_page_says(app: Login, room: str) -> None:
    named = await app.play.joined(room, "The Queen", token=app.token(name="Ann"), create=True)
    assert named.joined["you"]["name"] == "Ann"
    nameless = await app.play.joined(room, "Bob", token=app.token("bob"))
    assert nameless.joined["you"]["name"] == "Bob"
    assert (
        "name is needed"
        in (await app.refused("bad_message", meeting=room, name="", token=app.token("eve")))["message"]
    )
    await app.refused("bad_message", meeting=room, name="")


async def test_anonymous_people_are_in_the_same_meeting(app: Login, room: str) -> None:
    ann = await app.joined(room)
    bob = await app.play.joined(room, "Bob")
    await ann.expect("participant_joined")
    assert bob.token
    again = await app.play.client()
    assert (await again.join(room, "Bob", token=bob.token))["you"]["id"] == bob.id


async def test_each_fault_of_a_token_has_its_answer(app: Login, room: str) -> None:
    await app.joined(room)
    other = Signer("ES256", "key 1")
    bad: dict[str, str] = {
        "another issuer": app.token(iss="https://evil.example/"),
        "another audience": app.token(aud="another"),
        "not the issuer's": other.token(),
        "a role in no meeting": app.token(role="host"),
        "algorithm": Signer("HS256", "key 1").token(),
        "too long": app.token(note="x" * 20_000),
    }
    for text, token in bad.items():
        told = await app.refused("bad_token", 4004, meeting=room, token=token)
        assert text in told["message"]
    await app.refused("token_expired", 4105, meeting=room, token=app.token(lasts=-60))
    told = await app.refused("unavailable", meeting=room, token=Signer(kid="unknown").token())
    assert told["retry_after"] >= 1
    answer = await app.play.http.get("/api/meetings", headers=bearer(app.token(aud="another")))
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
    answer = await app.play.http.get("/api/meetings", headers=bearer(app.token(lasts=-60)))
    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_no_token_is_logged(app: Login, room: str) -> None:
    tokens = [app.token(), app.token(aud="another"), app.token(lasts=-60), Signer(kid="unknown").token()]
    for token in tokens:
        client = await app.play.client()
        await client.send("join", meeting=room, name="Ann", token=token, create=True)
        await client.next()
        await app.play.http.get("/api/meetings", headers=bearer(token))
    said = "\n".join(map(str, app.server.logs)) + app.server.tail()
    for token in tokens:
        assert not any(part in said for part in token.split("."))


async def test_a_token_for_one_meeting_is_good_for_no_other(app: Login, room: str) -> None:
    await app.joined(room)
    await app.joined(f"{room}-B")
    only = app.token(meeting=[f"{room}-b"])
    await app.refused("forbidden", meeting=room, token=only)
    host = await app.play.client()
    assert (await host.join(f"{room}-B", "", token=app.token(meeting=f"{room}-B", name="Ann")))["meeting"][
        "host"
    ]
    http = app.play.http
    for path in (f"/api/meetings/{room}", f"/api/meetings/{room}/attendance"):
        assert (await http.get(path, headers=bearer(only))).json()["code"] == "forbidden"
    assert (await http.get(f"/api/meetings/{room}-B/attendance", headers=bearer(only))).status_code == 200
    listed = (await http.get("/api/meetings", headers=bearer(only))).json()["meetings"]
    assert [meeting["id"] for meeting in listed] == [f"{room}-B"]
    for body in ({}, {"meeting": room}, {"meeting": f"{room}-C"}):
        assert (await http.post("/api/meetings", headers=bearer(only), json=body)).status_code == 403
    assert (await http.get("/api/meetings/%20", headers=bearer(only))).status_code == 404


async def test_a_program_of_the_application_is_seen_as_one_and_counted_nowhere(app: Login, room: str) -> None:
    ann = await app.joined(room)
    bot = await app.play.joined(room, "Bot", token=app.token("bot", kind="bot"))
    recorder = await app.play.joined(room, "Rec", token=app.token("bot", kind="recorder"))
    assert bot.joined["you"]["kind"] == "bot"
    assert recorder.joined["you"]["recording"] is True
    assert len({ann.id, bot.id, recorder.id}) == 3
    headers = bearer(app.token("ann"))
    (meeting,) = [
        each
        for each in (await app.play.http.get("/api/meetings", headers=headers)).json()["meetings"]
        if each["id"] == room
    ]
    assert (meeting["attended"], meeting["present"]) == (1, 1)


async def test_whoever_hosts_by_a_token_does_so_over_http(app: Login, room: str) -> None:
    await app.joined(room)
    http = app.play.http
    assert (await http.get(f"/api/meetings/{room}", headers=bearer(app.token()))).json()["host"]
    assert not (await http.get(f"/api/meetings/{room}", headers=bearer(app.token("bob")))).json()["host"]
    made = await http.post("/api/meetings", headers=bearer(app.token("bob")), json={"title": "Bob's"})
    assert (made.status_code, made.json()["host"]) == (201, True)
    assert (await http.get("/api/ice-servers", headers=bearer(app.token()))).status_code == 200
    assert (await http.post(f"/api/meetings/{room}/end", headers=bearer(app.token("bob")))).status_code == 403
    assert (await http.post(f"/api/meetings/{room}/end", headers=bearer(app.token()))).status_code == 200


async def test_keys_are_rotated_under_a_running_server(tmp_path: Path) -> None:
    async with logging_in(tmp_path) as app:
        ann = await app.joined("ABC123")
        app.signer = Signer("EdDSA", "key 2")
        app.keys.publish(app.signer)
        bob = await app.joined("ABC123", "bob")
        assert bob.joined["participants"][0]["name"] == "Ann"
        await ann.expect("participant_joined")
        # One that nobody publishes is looked for once in half a minute: a client waits that long.
        told = await app.refused("unavailable", meeting="ABC123", token=Signer(kid="3").token())
        assert 1 <= told["retry_after"] <= 30


@pytest.mark.parametrize("answer", [hangs, None])
async def test_without_keys_nobody_is_told_that_the_token_is_bad(tmp_path: Path, answer: Any) -> None:
    async with logging_in(tmp_path) as app:
        await app.server.stop()
        if answer is None:
            await app.keys.stop()
        else:
            app.keys.answer = answer
        await app.server.start()
        app.play.server = app.server
        await app.refused("unavailable", meeting="ABC123", token=app.token())
        # The others come in as ever.
        await app.play.joined("ABC123", "Bob", create=True)
        await app.server.logged("the issuer's keys cannot be read")


async def revoke(app: Login, sub: str) -> httpx.Response:
    user = outside_user(ISSUER, sub)
    return await app.play.http.post(f"/api/identities/{user}/revoke", headers=bearer(ADMIN_KEY))


async def test_the_revoked_are_out_until_the_application_lets_them_in_again(app: Login, room: str) -> None:
    ann, bob = await app.joined(room), await app.joined(room, "bob")
    assert (await revoke(app, "bob")).status_code == 204
    assert (await bob.closed())[0] == 4006
    await ann.until("participant_left", reason="removed")
    await app.refused("revoked", 4006, meeting=room, token=app.token("bob"))
    await app.refused("revoked", 4006, meeting=room, session=bob.session)
    # A session that is void takes nothing from a token that counts.
    assert (await app.joined(room, "cat", session=bob.session)).id
    # A token that does not say when it was issued counts as an old one.
    await app.refused("revoked", 4006, meeting=room, token=app.token("bob", iat=None))


# Who may come in, and who may create


async def test_without_a_login_nobody_comes_in_where_that_is_asked_for(tmp_path: Path) -> None:
    async with logging_in(tmp_path) as app:
        eve = await app.play.joined("ABC123", "Eve", create=True)
        await app.server.stop()
        await app.server.start(RECONVENE_ANONYMOUS="no")
        app.play.server = app.server
        # Who is in a meeting stays; grace goes on after a restart.
        back = await app.play.client()
        await back.resume(eve)
        told = await app.refused("login_required", meeting="ABC123")
        assert "logged in" in told["message"]
        await app.refused("login_required", meeting="ABC123", token=eve.token)
        await app.refused("login_required", meeting="ABC123", kind="bot")
        await app.joined("ABC123", "bob")
        await back.leave()
        await app.refused("login_required", meeting="ABC123", session=eve.session)
        async with httpx.AsyncClient(base_url=app.server.url, trust_env=False) as http:
            for answer in (
                await http.post("/api/identity"),
                await http.get("/api/meetings", headers=bearer(eve.token)),
            ):
                assert (answer.status_code, answer.json()["code"]) == (401, "login_required")
            assert (await http.get("/api/meetings", headers=bearer(app.token()))).status_code == 200
            # Pages say so before anybody tries.
            assert (await http.get("/api/meetings/ABC123")).json()["login_required"] is True


async def test_where_everybody_has_to_log_in_calls_are_tested_all_the_same(tmp_path: Path) -> None:
    """The server's own program comes in by a token that the server has made for it."""
    async with logging_in(tmp_path, ANONYMOUS="no", CREATE="admin", ECHO="1") as app:
        answer = await app.play.http.post("/api/echo", headers=bearer(app.token()), timeout=60)
        assert answer.status_code == 201, app.server.tail()
        ann = await app.joined(answer.json()["meeting"])
        assert [person["name"] for person in ann.joined["participants"]] == ["Echo", "Ann"]


async def test_creating_is_for_those_who_have_logged_in(tmp_path: Path) -> None:
    async with logging_in(tmp_path, CREATE="identified") as app:
        told = await app.refused("unknown_meeting", meeting="ABC123", create=True)
        assert "logged in" in told["message"]
        token, http = await app.play.identity(), app.play.http
        answer = await http.post("/api/meetings", headers=bearer(token), json={"meeting": "ABC123"})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        await app.refused(
            "unknown_meeting", meeting="ABC123", create=True, token=app.token("bob", create=False)
        )
        await app.joined("ABC123")
        # Everybody may come in, and get what exists.
        await app.play.joined("ABC123", "Eve", create=True)
        answer = await http.post("/api/meetings", headers=bearer(token), json={"meeting": "ABC123"})
        assert (answer.status_code, answer.json()["created"]) == (200, False)


async def test_creating_is_for_the_admin_key(tmp_path: Path) -> None:
    async with logging_in(tmp_path, CREATE="admin") as app:
        await app.refused("unknown_meeting", meeting="ABC123", create=True, token=app.token())
        http = app.play.http
        assert (await http.post("/api/meetings", headers=bearer(app.token()))).status_code == 403
        made = await http.post("/api/meetings", headers=bearer(ADMIN_KEY), json={"meeting": "ABC123"})
        assert made.status_code == 201
        ann = await app.joined("ABC123")
        assert ann.joined["you"]["role"] == "participant"
        # What the application says of its user counts for more.
        made = await http.post("/api/meetings", headers=bearer(app.token(create=True)))
        assert made.status_code == 201


async def test_a_shared_secret_needs_no_key_server(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, **login(SECRET=SECRET)) as server, playing(server) as play:
        ann = await play.joined("ABC123", "", token=Signer("HS256", None).token(name="Ann"), create=True)
        assert ann.joined["you"]["name"] == "Ann"
