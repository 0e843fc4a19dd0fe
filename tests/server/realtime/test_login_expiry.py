"""Tokens that expire while their bearers are in a meeting, and newer ones in their place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from server.identity.outside_user import LEEWAY
from server.identity.tokens import Voucher
from server.realtime.login_expiry import AFTER_A_PAUSE, LoginExpiry
from server.settings.config import Config
from signalling.rooms.effects import Close, Send
from tests.issuer import Signer
from tests.server.client import Client, playing
from tests.server.realtime.logins import Login, logging_in
from tests.signalling.script import Stage

pytestmark = pytest.mark.early


@pytest.fixture(scope="module", params=["keep", "leave"])
async def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Login]:
    async with logging_in(tmp_path_factory.mktemp("login"), JWT_EXPIRED=request.param, GRACE="60") as app:
        yield app


@pytest.fixture
async def app(shared: Login) -> AsyncIterator[Login]:
    async with playing(shared.server) as play:
        yield Login(shared.keys, shared.signer, shared.server, play)


IN_TIME = 4.0
"""Seconds in which a join is answered also on a busy machine."""


def keeps(app: Login) -> bool:
    return app.server.settings["RECONVENE_JWT_EXPIRED"] == "keep"


async def past(moment: float) -> None:
    """The server's clock is this one, and with `keep` nothing tells that a token is over."""
    await asyncio.sleep(max(0.0, moment - time.time()))


async def soon_over(app: Login, room: str, sub: str = "ann") -> Client:
    """Somebody whose token has expired a moment later, whose place is kept."""
    client = await app.joined(room, sub, token=app.about_to_end(sub, name=sub.capitalize()))
    ends_at = time.time() + 1.0
    if keeps(app):
        await client.expect("token_expiring")
        await past(ends_at)
        return client
    code, said = await client.closed()
    assert (code, said[-1]["code"]) == (4105, "token_expired")
    return client


async def authenticate(client: Client, token: str) -> str:
    number = await client.send("authenticate", token=token)
    return str((await client.expect("authenticated", id=number))["session"])


async def test_who_sends_a_newer_token_stays(app: Login, room: str) -> None:
    ann = await app.joined(room, token=app.about_to_end(seconds=IN_TIME))
    ends_at = time.time() + IN_TIME
    told = await ann.expect("token_expiring")
    assert told["in"] == 0
    ann.session = await authenticate(ann, app.token())
    await past(ends_at)
    bob = await soon_over(app, room, "bob")
    # Bob's was over later than Ann's first one: she is there, and so is her page after a lost connection.
    await ann.until("participant_joined")
    ann.drop()
    back = await app.play.client()
    assert "session" not in await back.resume(ann)
    if keeps(app):
        await bob.nothing()


def test_nobody_is_put_out_before_a_newer_token_could_be_shown() -> None:
    """While the engine of a cluster is away, nothing comes to the owner of a room."""
    stage, now = Stage(), 1000.0
    ann = stage.join("ann")
    expiry = LoginExpiry(
        Config.from_env({"RECONVENE_SECRET": "s" * 32, "RECONVENE_JWT_EXPIRED": "leave"}), stage.hub
    )
    expiry.given(ann, Voucher("issuer", 0.0, time.time() + LEEWAY + 1.0), now)
    now += 100.0
    expiry.paused(now)
    (told,) = expiry.due([ann], now)  # type: ignore[list-item]
    assert isinstance(told, Send)
    assert b"token_expiring" in told.payload
    assert list(expiry.due([ann], now + AFTER_A_PAUSE - 0.1)) == []  # type: ignore[list-item]
    *_, closed = expiry.due([ann], now + AFTER_A_PAUSE + 1.0)  # type: ignore[list-item]
    assert isinstance(closed, Close)


async def eve_waits(app: Login, room: str) -> tuple[Client, Client, int, float]:
    """The host, and Eve at the door with her join's id and the time when its token is over."""
    host = await app.joined(room, "host")
    await host.order("settings", settings={"lobby": "everyone"})
    eve = await app.play.client()
    asked = await eve.send("join", meeting=room, name="Eve", token=app.about_to_end("eve", IN_TIME))
    ends_at = time.time() + IN_TIME
    await eve.expect("waiting", id=asked)
    return host, eve, asked, ends_at


async def admits_eve(host: Client) -> None:
    await host.order("admit", knocks=[(await host.expect("knock"))["knock"]["id"]])


async def test_who_waits_is_judged_by_the_token_of_the_knock(app: Login, room: str) -> None:
    host, eve, asked, ends_at = await eve_waits(app, room)
    await past(ends_at)
    await admits_eve(host)
    await eve.expect("joined", id=asked)
    # And is asked for a newer one, with some time to get it.
    await eve.expect("token_expiring")
    await authenticate(eve, app.token("eve"))


async def test_who_waits_may_show_a_newer_token(app: Login, room: str) -> None:
    host, eve, asked, ends_at = await eve_waits(app, room)
    for token, code in ((app.token("bob"), "forbidden"), (app.token("eve", lasts=-60), "token_expired")):
        await eve.error(code, id=await eve.send("authenticate", token=token))
    await eve.expect("ack", id=await eve.send("authenticate", token=app.token("eve", name="Eve the Second")))
    await past(ends_at)
    await admits_eve(host)
    joined = await eve.expect("joined", id=asked)
    assert joined["you"]["name"] == "Eve the Second"
    # By the newer token, which is not over.
    await eve.nothing()


async def test_one_is_told_at_half_the_life_of_a_short_token(app: Login, room: str) -> None:
    ann = await app.joined(room, token=app.token(lasts=2.0))
    told, _ = await ann.until("token_expiring")
    assert 0 <= told["in"] <= 1


async def test_a_newer_token_has_to_be_the_same_users(app: Login, room: str) -> None:
    ann = await app.joined(room)
    for token, code in (
        (app.token("bob"), "forbidden"),
        (app.token("ann", kind="bot"), "forbidden"),
        (app.token("ann", meeting="OTHER"), "forbidden"),
        (await app.play.identity(), "forbidden"),
        (app.token(lasts=-60), "token_expired"),
        (app.token(aud="another"), "bad_token"),
        ("nonsense", "bad_token"),
        (Signer(kid="unknown").token(), "unavailable"),
    ):
        number = await ann.send("authenticate", token=token)
        await ann.error(code, id=number)
    # None of these has closed the socket.
    await ann.status(hand=True)
    stranger = await app.play.joined(room, "Eve")
    await ann.expect("participant_joined")
    number = await stranger.send("authenticate", token=app.token("eve"))
    await stranger.error("forbidden", id=number)
    early = await app.play.client()
    number = await early.send("authenticate", token=app.token())
    await early.error("not_joined", id=number)
    assert (await early.closed())[0] == 4000


async def test_a_resume_after_the_end(app: Login, room: str) -> None:
    ann = await soon_over(app, room)
    ann.drop()
    page = await app.play.client()
    page.session, page.epoch, page.seq = ann.session, ann.epoch, ann.seq
    if keeps(app):
        await page.resume(ann)
        return
    number = await page.ask_to_resume()
    await page.error("token_expired", id=number)
    assert (await page.closed())[0] == 4105
    for token, code in ((app.token("bob"), "token_expired"), (app.token(lasts=-60), "token_expired")):
        page = await app.play.client()
        page.session, page.epoch, page.seq = ann.session, ann.epoch, ann.seq
        number = await page.ask_to_resume(token=token)
        await page.error(code, id=number)
    # With a newer token everything goes on, and the session is good again.
    page = await app.play.client()
    resumed = await page.resume(ann, token=app.token())
    page.session = resumed["session"]
    page.drop()
    again = await app.play.client()
    assert "session" not in await again.resume(page)


async def test_a_reload_after_the_end(app: Login, room: str) -> None:
    """The page has lost its token with its memory, and has its session."""
    ann = await soon_over(app, room)
    ann.drop()
    if keeps(app):
        page = await app.play.client()
        assert (await page.join(room, "Ann", token=app.about_to_end(seconds=-1), session=ann.session))["you"][
            "id"
        ] == ann.id
        again = await app.play.client()
        joined = await again.join(room, "Ann", session=page.session)
        assert (joined["you"]["id"], joined["you"]["name"]) == (ann.id, "Ann")
        return
    await app.refused("token_expired", 4105, meeting=room, session=ann.session)
    page = await app.play.client()
    assert (await page.join(room, "", token=app.token(name="Ann"), session=ann.session))["you"][
        "id"
    ] == ann.id


async def test_a_reload_while_the_token_is_valid(app: Login, room: str) -> None:
    ann = await app.joined(room)
    name = ann.joined["you"]["name"]
    page = await app.play.client()
    # The session gives no name, and nobody is renamed by what the page says.
    joined = await page.join(room, "The Queen", session=ann.session)
    assert (joined["you"]["id"], joined["you"]["name"], "token" in joined) == (ann.id, name, False)
    await page.leave()
    # Also when the place was given up: the token would do as much.
    page = await app.play.client()
    you = (await page.join(room, "The Queen", session=ann.session))["you"]
    assert (you["id"], you["name"]) == (ann.id, name)
    # In another meeting it proves nothing.
    await app.joined(f"{room}-B", "bob")
    elsewhere = await app.play.client()
    assert (await elsewhere.join(f"{room}-B", "Ann", session=ann.session))["token"]


async def test_anew_one_comes_by_a_valid_token_only(app: Login, room: str) -> None:
    bob = await app.joined(room, "bob")
    ann = await app.joined(room, token=app.about_to_end(name="Ann"))
    ends_at = time.time() + 1.0
    await ann.leave()
    await bob.until("participant_left")
    await past(ends_at)
    await app.refused("token_expired", 4105, meeting=room, session=ann.session)
    page = await app.play.client()
    page.session, page.epoch, page.seq = ann.session, ann.epoch, ann.seq
    number = await page.ask_to_resume()
    await page.error("token_expired", id=number)
    page = await app.play.client()
    page.session, page.epoch, page.seq = ann.session, ann.epoch, ann.seq
    number = await page.ask_to_resume(token=app.token())
    assert (await page.expect("joined", id=number))["you"]["id"] == ann.id


async def test_a_newer_token_may_come_with_the_resume(app: Login, room: str) -> None:
    ann = await app.joined(room, token=app.token(lasts=100))
    ann.drop()
    back = await app.play.client()
    resumed = await back.resume(ann, token=app.token(lasts=600))
    assert resumed["session"] != ann.session
    # What stands behind a resume is handled behind it, whatever had to be verified.
    back.drop()
    page = await app.play.client()
    page.session, page.epoch, page.seq = resumed["session"], back.epoch, back.seq
    resume = await page.ask_to_resume(token=app.token())
    status = await page.send("status", hand=True)
    await page.expect("resumed", id=resume)
    await page.until("ack", id=status)


async def test_a_resume_does_without_keys(app: Login, room: str) -> None:
    """The application is away; who is in a meeting stays there, and is renewed when it is back."""
    ann = await app.joined(room)
    ann.drop()
    back = await app.play.client()
    await back.resume(ann, token=Signer(kid="unknown").token())
    page = await app.play.client()
    joined = await page.join(room, "Ann", session=ann.session, token=Signer(kid="unknown").token())
    assert joined["you"]["id"] == ann.id


async def test_an_issuer_that_was_replaced_vouches_for_nobody(tmp_path: Path) -> None:
    async with logging_in(tmp_path) as app:
        ann = await app.joined("ABC123")
        await app.server.stop()
        await app.server.start(RECONVENE_JWT_ISSUER="https://another.example/")
        async with playing(app.server) as play:
            page = await play.client()
            page.session, page.epoch, page.seq = ann.session, ann.epoch, ann.seq
            number = await page.ask_to_resume()
            await page.error("bad_token", id=number)
            page = await play.client()
            number = await page.send("join", meeting="ABC123", name="Ann", session=ann.session)
            assert "another login" in (await page.error("bad_token", id=number))["message"]


async def test_a_restart_keeps_everybody(app: Login, room: str) -> None:
    ann = await app.joined(room)
    await app.server.stop()
    await app.server.start()
    async with playing(app.server) as play:
        back = await play.client()
        assert "snapshot" in await back.resume(ann)
        async with httpx.AsyncClient(base_url=app.server.url, trust_env=False) as http:
            assert (await http.get(f"/api/meetings/{room}")).json()["participants"] == 1
