"""What a session proves, and what it does not: over real sockets, with tokens of any age."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest

from server.identity.tokens import LIFETIME, RENEW_BELOW, SESSION_LIFETIME, SESSION_RENEW_BELOW, Tokens
from tests.process import ServerProcess
from tests.server.client import Client, Play, bearer, playing

DAY = 24 * 3600.0


@pytest.fixture
def tokens(server: ServerProcess) -> Tokens:
    """Signs as the server does."""
    return Tokens((server.directory / "secret").read_text().strip())


def aged(tokens: Tokens, page: Client, seconds: float) -> str:
    """The page's session token as if it had been issued so long ago."""
    return tokens.session(tokens.read_session(page.session), time.time() - seconds)


def dateless(tokens: Tokens, page: Client) -> str:
    """As version 0.5.0 issued it."""
    claims = jwt.decode(page.session, options={"verify_signature": False})
    del claims["exp"]
    return tokens._sign(claims)


async def gone(play: Play, page: Client, others: Client) -> None:
    await page.leave()
    await others.expect("participant_left")
    await play.recorded()


async def test_a_session_gets_its_own_place_back_and_mints_nothing(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    for session in (bob.session, bob.session):
        back = await play.client()
        joined = await back.join(room, "Bob", session=session)
        assert joined["you"]["id"] == bob.id
        assert "token" not in joined
        await ann.expect("participant_rejoined")
    # Also when the stay is over: whoever was host is host again, by the session of the meeting.
    await gone(play, ann, back)
    host = await play.client()
    joined = await host.join(room, "Ann", session=ann.session)
    assert (joined["you"]["role"], joined["you"]["id"], "token" in joined) == ("host", ann.id, False)


async def test_in_another_meeting_a_session_proves_nothing(play: Play, room: str, tokens: Tokens) -> None:
    ann = await play.joined(room, "Ann", create=True)
    elsewhere = await play.client()
    joined = await elsewhere.join(f"{room}-B", "Ann", create=True, session=ann.session)
    minted = tokens.read_identity(joined["token"], time.time()).user_id
    assert minted != tokens.read_identity(ann.token, time.time()).user_id


async def test_in_a_meeting_that_has_ended_a_session_gets_nobody_anything(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    answer = await play.http.post(f"/api/meetings/{room}/end", headers=bearer(ann.token))
    assert answer.status_code == 200
    late = await play.client()
    await late.send("join", meeting=room, name="Ann", session=ann.session, create=True)
    code, messages = await late.closed()
    assert (code, messages[0]["code"]) == (4003, "meeting_ended")


async def test_a_session_of_a_meeting_that_was_deleted_is_not_one_of_the_next_by_its_id(
    play: Play, room: str, tokens: Tokens
) -> None:
    ann = await play.joined(room, "Ann", create=True)
    answer = await play.http.delete(f"/api/meetings/{room}", headers=bearer(ann.token))
    assert answer.status_code == 204
    back = await play.client()
    joined = await back.join(room, "Ann", session=ann.session, create=True)
    assert joined["meeting"]["created"]
    minted = tokens.read_identity(joined["token"], time.time()).user_id
    assert minted != tokens.read_session(ann.session).user_id


async def test_an_expired_session_is_ignored_and_the_identity_decides(
    play: Play, room: str, tokens: Tokens
) -> None:
    ann, bob = await play.pair(room)
    old = aged(tokens, bob, SESSION_LIFETIME + 1)
    page = await play.client()
    joined = await page.join(room, "Bob", token=bob.token, session=old)
    assert joined["you"]["id"] == bob.id
    await ann.expect("participant_rejoined")
    stranger = await play.client()
    joined = await stranger.join(room, "Bob", session=old)
    assert joined["you"]["id"] != bob.id
    assert joined["token"]


async def test_while_the_place_is_there_nobody_asks_how_old_the_session_is(
    play: Play, room: str, tokens: Tokens
) -> None:
    ann, bob = await play.pair(room)
    for session in (aged(tokens, bob, 3 * SESSION_LIFETIME), dateless(tokens, bob)):
        bob.drop()
        back = await play.client()
        resumed = await back.resume(bob, session=session)
        # In its place a new one comes, with which the page goes on.
        assert tokens.read_session(resumed["session"]).expires_at == pytest.approx(
            time.time() + SESSION_LIFETIME, abs=60
        )
        bob = back
        bob.session = resumed["session"]
    await ann.nothing()
    answer = await play.http.post("/api/goodbye", json={"session": aged(tokens, bob, 3 * SESSION_LIFETIME)})
    assert answer.status_code == 204
    assert (await bob.closed())[0] == 1000


async def test_a_session_is_renewed_at_half_its_life_and_not_before(
    play: Play, room: str, tokens: Tokens
) -> None:
    _, bob = await play.pair(room)
    for age, renewed in ((SESSION_RENEW_BELOW - 60, False), (SESSION_RENEW_BELOW + 60, True)):
        bob.drop()
        back = await play.client()
        resumed = await back.resume(bob, session=aged(tokens, bob, age))
        assert ("session" in resumed) is renewed
        bob = back
    place = tokens.read_session(resumed["session"])
    assert replace(place, expires_at=None) == replace(tokens.read_session(bob.session), expires_at=None)


async def resume(play: Play, page: Client, **fields: Any) -> tuple[str, Client]:
    """The answer to a page whose place was given up: `joined`, or the code of the error."""
    back = await play.client()
    place = {"session": page.session, "epoch": page.epoch, "seq": page.seq}
    await back.send("resume", **(place | fields))
    message = await back.next()
    return str(message.get("code", message["type"])), back


async def test_a_page_whose_session_has_expired_with_its_place_comes_back_by_its_identity(
    play: Play, room: str, tokens: Tokens
) -> None:
    ann, bob = await play.pair(room)
    await gone(play, bob, ann)
    old = aged(tokens, bob, SESSION_LIFETIME + 1)
    answer, refused = await resume(play, bob, session=old)
    assert answer == "bad_token"
    assert (await refused.closed())[0] == 4004
    for token in (ann.token, "forged", tokens.identity("u_bob", time.time() - LIFETIME - 1)):
        assert (await resume(play, bob, session=old, token=token))[0] == "bad_token"
    answer, back = await resume(play, bob, session=old, token=bob.token)
    assert answer == "joined"
    joined = await ann.expect("participant_rejoined")
    assert joined["participant"]["id"] == bob.id
    await gone(play, back, ann)
    # A session that counts needs no token, and one that is refused does it no harm.
    for fields in ({}, {"token": "forged"}):
        answer, back = await resume(play, bob, **fields)
        assert answer == "joined"
        await ann.expect("participant_rejoined")
        await gone(play, back, ann)


async def test_an_identity_that_comes_with_a_resume_is_renewed_like_one_that_comes_with_a_join(
    play: Play, room: str, tokens: Tokens
) -> None:
    ann, bob = await play.pair(room)
    await gone(play, bob, ann)
    user_id = tokens.read_session(bob.session).user_id
    back = await play.client()
    token = tokens.identity(user_id, time.time() - RENEW_BELOW - 60)
    await back.send("resume", session=bob.session, token=token, epoch=bob.epoch, seq=bob.seq)
    joined = await back.expect("joined")
    assert tokens.read_identity(joined["token"], time.time()).user_id == user_id


async def test_a_session_without_a_date_counts_for_thirty_days_after_its_stay(
    play: Play, room: str, tokens: Tokens, server: ServerProcess
) -> None:
    ann, bob = await play.pair(room)
    await gone(play, bob, ann)
    old = dateless(tokens, bob)
    for days, counts in ((29, True), (31, False)):
        # As if they had been there so long ago.
        with contextlib.closing(sqlite3.connect(server.database, timeout=10)) as database, database:
            database.execute(
                "UPDATE participants SET last_seen_at = ? WHERE id = ?", (time.time() - days * DAY, bob.id)
            )
        back = await play.client()
        joined = await back.join(room, "Bob", session=old)
        assert (joined["you"]["id"] == bob.id, "token" in joined) == (counts, not counts)
        await back.leave()
        await ann.until("participant_left")
        await play.recorded()


async def test_a_session_without_a_date_of_somebody_who_was_never_there_counts_for_nothing(
    play: Play, room: str, tokens: Tokens
) -> None:
    await play.joined(room, "Ann", create=True)
    claims: dict[str, object] = {
        "typ": "session",
        "sub": "u_never",
        "mtg": room,
        "sid": "s_1",
        "ins": "i_1.j_1",
    }
    stranger = await play.client()
    joined = await stranger.join(room, "Eve", session=tokens._sign(claims))
    assert tokens.read_identity(joined["token"], time.time()).user_id != "u_never"


async def test_a_change_of_the_secret_makes_nobody_somebody_else(tmp_path: Path) -> None:
    secrets = {"RECONVENE_SECRET": "the secret of before", "RECONVENE_SECRET_PREVIOUS": ""}
    async with ServerProcess(tmp_path, **secrets) as server:
        async with playing(server) as play:
            ann, bob = await play.pair("ABC123")
            await server.kill()
        await server.start(
            RECONVENE_SECRET="the secret of now", RECONVENE_SECRET_PREVIOUS="the secret of before"
        )
        async with playing(server) as play:
            resumed = await (await play.client()).resume(bob)
            joined = await (await play.client()).join("ABC123", "Ann", token=ann.token, session=ann.session)
            assert joined["you"]["id"] == ann.id
            await server.kill()
        await server.start(RECONVENE_SECRET="the secret of now", RECONVENE_SECRET_PREVIOUS="")
        async with playing(server) as play:
            page = await play.client()
            assert (await page.join("ABC123", "Ann", token=joined["token"]))["you"]["id"] == ann.id
            await (await play.client()).resume(bob, session=resumed["session"])
            assert (await resume(play, bob))[0] == "bad_token"
