"""What becomes of somebody whose credentials are revoked: here, on their way in, at other processes, later."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any

import jwt
import pytest

from server.identity.revocations import VOID_FOR, Revocations
from server.identity.tokens import LIFETIME, SESSION_LIFETIME, TabSession, Tokens
from signalling.protocol.errors import ErrorCode, Refused
from storage.sqlite.store import SqliteStore
from tests.process import ServerProcess
from tests.server.client import Client, Play, bearer, playing
from tests.server.quick_node import QuickNodeServer

KEY = "an admin key of some length"
ROOM = "ABC123"


def user(page: Client) -> str:
    claims = jwt.decode(page.session, options={"verify_signature": False})
    return str(claims["sub"])


async def revoke(play: Play, user_id: str, key: str = KEY) -> int:
    answer = await play.http.post(f"/api/identities/{user_id}/revoke", headers=bearer(key))
    return answer.status_code


async def refused(play: Play, **fields: Any) -> None:
    """By whatever they show."""
    page = await play.client()
    await page.send("resume" if "epoch" in fields else "join", **fields)
    code, (error,) = await page.closed()
    assert (code, error["code"]) == (4006, "revoked")


async def test_who_is_revoked_is_out_and_stays_out_and_the_others_are_not(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_ADMIN_KEY=KEY) as server:
        async with playing(server) as play:
            ann, bob = await play.pair(ROOM)
            cat = await play.joined(ROOM, "Cat")
            await ann.expect("participant_joined")
            cat.drop()
            await ann.expect("participant_updated")
            elsewhere = await play.joined("ELSEWHERE", "Bob", token=bob.token, create=True)
            for page in (bob, cat):
                assert await revoke(play, user(page)) == 204
                left = await ann.expect("participant_left", reason="removed")
                assert left["participant"]["id"] == page.id
            assert (await bob.closed())[0] == (await elsewhere.closed())[0] == 4006
            await ann.nothing()
            await play.recorded()
            rows = await play.attendance(ROOM, ann.token)
            assert [row["sessions"][0]["reason"] for row in rows] == [None, "removed", "removed"]

        await server.stop()
        await server.start()
        async with playing(server) as play:
            back = await play.client()
            assert (await back.join(ROOM, "Ann", token=ann.token, session=ann.session))["you"]["id"] == ann.id
            await refused(play, meeting=ROOM, name="Bob", token=bob.token)
            await refused(play, meeting=ROOM, name="Bob", session=bob.session)
            await refused(play, session=bob.session, epoch=bob.epoch, seq=bob.seq)
            answer = await play.http.get("/api/meetings", headers=bearer(bob.token))
            assert (answer.status_code, answer.json()["code"]) == (401, "revoked")
            answer = await play.http.post("/api/goodbye", json={"session": bob.session})
            assert answer.status_code == 401


async def test_only_the_admin_key_revokes(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_ADMIN_KEY=KEY) as server, playing(server) as play:
        ann = await play.joined(ROOM, "Ann", create=True)
        assert await revoke(play, user(ann), key=ann.token) == 403
        assert await revoke(play, user(ann), key="another key of that length") == 401
        assert (await play.http.post(f"/api/identities/{user(ann)}/revoke")).status_code == 401
        assert await revoke(play, "no%20id") == 400
        assert [await revoke(play, "u_nobody") for _ in range(2)] == [204, 204]
        await ann.nothing()


async def test_another_process_hears_of_it_with_its_next_heartbeat(tmp_path: Path) -> None:
    settings = {"RECONVENE_ADMIN_KEY": KEY}
    async with (
        QuickNodeServer(tmp_path, **settings) as one,
        ServerProcess(tmp_path, **settings) as two,
        playing(one) as play,
        playing(two) as other,
    ):
        bob = await play.joined(ROOM, "Bob", create=True)
        assert await revoke(other, user(bob)) == 204
        assert (await bob.closed())[0] == 4006
        await refused(play, meeting=ROOM, name="Bob", token=bob.token)


# One process


class Parted(list[set[str]]):
    def __call__(self, user_ids: Collection[str]) -> None:
        self.append(set(user_ids))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "reconvene.db")
    await store.open()
    yield store
    await store.close()


def is_void(tokens: Tokens, token: str) -> bool:
    try:
        tokens.read_identity(token, time.time())
    except Refused as refused:
        return refused.code is ErrorCode.REVOKED
    return False


async def test_what_one_process_revokes_another_hears_once(store: SqliteStore) -> None:
    one, two, parted, heard = (
        Tokens("a secret of some length"),
        Tokens("a secret of some length"),
        Parted(),
        Parted(),
    )
    here, there = (Revocations(store, *each, time.time) for each in ((one, parted), (two, heard)))
    token, other = one.identity("u_bob", time.time()), one.identity("u_ann", time.time())
    await here.revoke("u_bob")
    assert is_void(one, token)
    assert not is_void(two, token)
    for _ in range(3):
        await here.hear()
        await there.hear()
    assert is_void(two, token)
    assert not is_void(two, other)
    assert (parted, heard) == ([{"u_bob"}], [{"u_bob"}])


@pytest.mark.parametrize("later", [20.0, 3600.0])
async def test_what_a_process_renews_that_has_not_heard_of_it_or_one_whose_clock_was_ahead_is_void_as_well(
    store: SqliteStore, later: float
) -> None:
    tokens = Tokens("a secret of some length")
    await Revocations(store, tokens, Parted(), time.time).revoke("u_bob")
    assert is_void(tokens, tokens.identity("u_bob", time.time() + later))
    assert not is_void(tokens, tokens.identity("u_bob", time.time() + VOID_FOR + 2))


def test_sessions_are_void_by_their_age_and_those_without_a_date_always() -> None:
    tokens = Tokens("a secret of some length")
    session = TabSession("u_bob", ROOM, "s_1", "i_1.j_1")
    old, new = tokens.session(session, 1_000_000.0), tokens.session(session, 1_000_100.0)
    dateless = tokens._sign({"typ": "session", "sub": "u_bob", "mtg": ROOM, "sid": "s_1", "ins": "i_1.j_1"})
    tokens.revoked = {"u_bob": 1_000_050.0}
    assert tokens.read_session(new).expires_at == 1_000_100.0 + SESSION_LIFETIME
    for void in (old, dateless):
        with pytest.raises(Refused) as refused:
            tokens.read_session(void)
        assert refused.value.code is ErrorCode.REVOKED


async def test_a_revocation_is_forgotten_when_all_that_it_speaks_of_has_expired(store: SqliteStore) -> None:
    tokens = Tokens("a secret of some length")
    await store.revoke("u_old", time.time() - LIFETIME - 1, 0.0, time.time())
    revocations = Revocations(store, tokens, Parted(), time.time)
    await revocations.hear()
    await revocations.revoke("u_bob")
    assert set(tokens.revoked) == set(await store.revocations()) == {"u_bob"}
