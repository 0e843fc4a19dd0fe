"""Who comes from an application: by a link with its token, which the page keeps to itself, and never as a stranger."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from tests.e2e.attendance_pages import figure
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person
from tests.e2e.waiting import until
from tests.server.realtime.logins import Login, logging_in

pytestmark = pytest.mark.one_browser

STORED = "JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Login]:
    settings = {
        "JWT_EXPIRED": "leave",
        "CREATE": "identified",
        "LOGIN_URL": "https://app.example/?next={return}",
    }
    async with logging_in(tmp_path_factory.mktemp("login"), **settings) as app:
        yield app


async def follow(person: Person, meeting: str, token: str) -> None:
    await person.page.goto(f"{person.url}/m/{meeting}#token={token}")


async def enter(person: Person) -> str:
    """Join under the name that is there."""
    await person.at("prejoin")
    await person.button("Join now").click()
    return await person.seated()


def forgive(person: Person) -> None:
    person.forgive_lost_sockets()
    person.complaints = [text for text in person.complaints if "status of 40" not in text]


async def joins_sent(person: Person) -> list[dict[str, Any]]:
    return [said for said in person.said if said["type"] == "join"]


async def test_a_link_says_who_one_is_in_this_tab(newcomer: Newcomer, meeting: str, app: Login) -> None:
    await app.joined(meeting, "host")
    ann = await newcomer("Somebody", url=app.server.url)
    token = app.token("ann", name="Ann Exämple")
    await follow(ann, meeting, token)
    await ann.at("prejoin")
    name = ann.page.get_by_label("Your name")
    await expect(name).to_have_value("Ann Exämple")
    await expect(name).not_to_be_editable()
    await expect(ann.page.get_by_text("Your name comes from your login.")).to_be_visible()
    assert "#" not in ann.page.url
    me = await enter(ann)
    await expect(ann.own).to_contain_text("Ann Exämple")
    # Nothing of it is kept: the next who opens this browser is somebody else.
    assert token not in await ann.page.evaluate(STORED)
    assert "reconvene.token" not in await ann.page.evaluate(STORED)
    # A reload has lost the token, and goes back to the place as the same person.
    await ann.page.reload()
    assert await ann.seated() == me
    await expect(ann.own).to_contain_text("Ann Exämple")
    assert "token" not in (await joins_sent(ann))[-1]
    # Who leaves after that has to come from the application again.
    await ann.press("Leave")
    await ann.at("left")
    await ann.press("Rejoin")
    await expect(ann.heading).to_have_text("Your login has expired")
    assert len(await joins_sent(ann)) == 2
    await ann.page.evaluate(
        "token => { location.hash = `token=${token}`; }", app.token("ann", name="Ann Exämple")
    )
    assert await enter(ann) == me
    forgive(ann)


async def test_what_is_wrong_with_a_login_is_said_and_nobody_becomes_a_stranger(
    newcomer: Newcomer, meeting: str, app: Login
) -> None:
    await app.joined(meeting, "host")
    ann = await newcomer("Ann", url=app.server.url)
    # Where nobody comes in without one, that is said before anybody tries.
    info = {"id": meeting, "title": "", "participants": 1, "login_required": True}
    look_up = f"**/api/meetings/{meeting}"
    await ann.page.route(look_up, lambda route: route.fulfill(json=info))
    await ann.page.goto(f"{ann.url}/m/{meeting}")
    await expect(ann.heading).to_have_text("You need to log in first")
    await expect(ann.button("Log in")).to_be_visible()
    for token, heading in (
        (app.token("ann", name="Ann", lasts=-60), "Your login has expired"),
        (app.token("ann", name="Ann", aud="another"), "Your login was not accepted"),
        (app.token("ann", name="Ann", meeting="ANOTHER"), "Your login is for another meeting"),
    ):
        await follow(ann, meeting, token)
        await ann.at("prejoin")
        await ann.button("Join now").click()
        await expect(ann.heading).to_have_text(heading)
        await expect(ann.page.get_by_text("Your place is kept")).to_be_hidden()
        assert "reconvene.token" not in await ann.page.evaluate(STORED)
        await ann.page.goto("about:blank")
        await ann.page.unroute(look_up)
    forgive(ann)


async def test_the_login_goes_along_to_the_attendance_and_back(
    newcomer: Newcomer, meeting: str, app: Login
) -> None:
    host = await app.joined(meeting, "ann", token=app.token("ann"))
    for locked in (True, False):
        await host.order("settings", settings={"locked": locked})
    await host.order("rename", name="Anna")
    await host.leave()
    ann = await newcomer("Ann", url=app.server.url, calls=False)
    await follow(ann, meeting, app.token("ann", name="Ann"))
    await enter(ann)
    await ann.press("Leave")
    await ann.press("See attendance")
    await expect(ann.page.get_by_role("region", name="Totals")).to_be_visible()
    assert ann.page.url.endswith(f"/m/{meeting}/attendance")
    await ann.page.get_by_text("What those in charge did").click()
    await expect(ann.page.get_by_text("Ann locked the meeting")).to_be_visible()
    await expect(ann.page.get_by_text("took the name Anna")).to_be_visible()
    # Once it is over, who is in the meeting now is not known any more.
    reports, over = "**/api/meetings/*/attendance*", json.dumps({"code": "token_expired", "detail": "Over."})
    await app.joined(meeting, "bob")
    now = [ann.page.get_by_text("Live", exact=True), figure(ann, "In the meeting now")]
    now += [ann.page.get_by_role("cell", name="now", exact=True)]
    await ann.page.evaluate("dispatchEvent(new Event('online'))")
    for said in now:
        await expect(said).to_be_visible()
    await ann.page.route(
        reports, lambda route: route.fulfill(status=401, content_type="application/problem+json", body=over)
    )
    await ann.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(ann.page.get_by_text("Your login has expired: this is as of")).to_be_visible()
    for said in now:
        await expect(said).to_be_hidden()
    await ann.page.unroute(reports)
    link = ann.page.get_by_role("link", name="Open meeting")
    await link.click()
    await expect(ann.page.get_by_label("Your name")).to_have_value("Ann")
    await expect(ann.page).to_have_url(f"{ann.url}/m/{meeting}")
    # A login that is over is said to be, once, and where to get another.
    asked: list[str] = []
    ann.page.on("request", lambda request: asked.append(request.url))
    await ann.page.goto("about:blank")
    await follow(ann, f"{meeting}/attendance", app.token("ann", lasts=-60))
    await expect(ann.heading).to_have_text("Your login has expired")
    assert len([url for url in asked if "/api/" in url]) == 1
    assert "token" not in "".join(asked)
    await ann.page.route("https://app.example/**", lambda route: route.fulfill(body="The login"))
    await ann.press("Log in")
    await expect(ann.page).to_have_url(
        f"https://app.example/?next={quote(f'{ann.url}/m/{meeting}/attendance', safe='')}"
    )
    forgive(ann)


async def test_the_application_may_give_a_newer_token_by_the_link(
    newcomer: Newcomer, meeting: str, app: Login
) -> None:
    """The stay goes on with it, for as long as it is good, also where a reload has lost the one before. Somebody else's
    changes nothing."""
    await app.joined(meeting, "host")
    ann = await newcomer("Ann", url=app.server.url)
    await follow(ann, meeting, app.token("ann", name="Ann"))
    me = await enter(ann)
    follow_on = "token => { location.hash = `token=${token}`; }"
    newer = app.token("ann", name="Ann", jti="the newer one")
    await ann.page.evaluate(follow_on, app.token("eve", name="Eve"))
    await ann.page.evaluate(follow_on, newer)
    await ann.hears("authenticated")
    assert [said["token"] for said in ann.said if said["type"] == "authenticate"] == [newer]
    assert "#" not in ann.page.url
    assert await ann.seated() == me
    assert len(await joins_sent(ann)) == 1
    await ann.page.reload()
    await ann.seated()
    newest = app.token("ann", name="Ann", jti="the newest one")
    await ann.page.evaluate(follow_on, app.token("eve", name="Eve"))
    await ann.told("the login of somebody else")
    await ann.page.evaluate(follow_on, newest)
    await ann.says("authenticate", token=newest)
    assert [said["token"] for said in ann.said if said["type"] == "authenticate"] == [newer, newest]
    # Whatever goes by HTTP is hers.
    await ann.press("Leave")
    await expect(ann.page.get_by_text("The record has you from")).to_be_visible()
    forgive(ann)


async def test_who_waits_to_be_let_in_goes_on_waiting_with_a_newer_token(
    newcomer: Newcomer, meeting: str, app: Login
) -> None:
    """It is shown at once, and with the next knock."""
    host = await app.joined(meeting, "host")
    await host.order("settings", settings={"lobby": "everyone"})
    ann = await newcomer("Ann", url=app.server.url, calls=False)
    await follow(ann, meeting, app.token("ann", name="Ann"))
    await ann.at("prejoin")
    await ann.button("Join now").click()
    await ann.at("waiting")
    newer = app.token("ann", name="Ann", jti="the newer one")
    await ann.page.evaluate("token => { location.hash = `token=${token}`; }", newer)
    await expect(ann.page).to_have_url(f"{ann.url}/m/{meeting}")
    await ann.at("waiting")
    await ann.page.evaluate("lastSocket.close(4999)")
    await ann.says("join", token=newer)
    assert [said["type"] for said in ann.said] == ["join", "authenticate", "join"]
    knock = (await host.expect("knock"))["knock"]
    await host.order("admit", knocks=[knock["id"]])
    await ann.seated()
    forgive(ann)


async def test_the_application_is_asked_for_newer_tokens(
    newcomer: Newcomer, meeting: str, app: Login
) -> None:
    await app.joined(meeting, "host")
    ann = await newcomer("Ann", url=app.server.url)
    # Each ends soon after it was given, however long the page takes to come in.
    await ann.page.expose_function("newerToken", lambda: app.about_to_end("ann", 4.0))
    await follow(ann, meeting, app.token("ann", name="Ann", lasts=-60))
    await ann.at("prejoin")
    await ann.page.evaluate("window.reconvene.getToken = () => window.newerToken()")
    # The first is refused: the application gives another, and nobody notices.
    me = await enter(ann)

    async def heard() -> list[str]:
        return [message["type"] for message in ann.heard]

    await until(heard, lambda types: "authenticated" in types, "what the page was told")
    assert await ann.seated() == me
    forgive(ann)


async def test_a_host_who_has_reloaded_ends_the_meeting(newcomer: Newcomer, meeting: str, app: Login) -> None:
    """The token is gone; the socket knows who it is."""
    host = await newcomer("Host", url=app.server.url)
    await follow(host, meeting, app.token("host", name="Host"))
    await host.press("Start it now")
    await enter(host)
    await host.page.reload()
    await host.seated()
    await host.press("Host options")
    await host.press("End meeting for all")
    await host.press("End for all")
    await expect(host.heading).to_have_text("You ended the meeting")
