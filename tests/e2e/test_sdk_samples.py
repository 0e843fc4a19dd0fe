"""The samples of docs/sdk.md, as pages of another site."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.outside import SAMPLES, Outside
from tests.e2e.person import Person
from tests.e2e.test_storage_blocked import BLOCKED, REFUSE
from tests.e2e.waiting import until
from tests.process import ServerProcess
from tests.server.realtime.logins import Login, logging_in

PLAYING = "document.querySelector('#others video')?.currentTime ?? 0"


@pytest.fixture(scope="module")
async def outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with Outside() as outside:
        ours = dict.fromkeys(("RECONVENE_ALLOWED_ORIGINS", "RECONVENE_EMBED_ORIGINS"), outside.origin)
        async with ServerProcess(tmp_path_factory.mktemp("outside"), **ours) as server:
            outside.server = server.url
            yield outside


async def opened(newcomer: Newcomer, name: str, outside: Outside, page: str) -> Person:
    person = await newcomer(name, url=outside.server)
    await person.page.goto(f"{outside.origin}/{page}")
    return person


@pytest.mark.one_browser(also="firefox")
async def test_a_first_call_from_another_site(newcomer: Newcomer, outside: Outside) -> None:
    """With somebody in the server's own page. It is as short as its name says."""
    assert len((SAMPLES / "first-call.html").read_text(encoding="utf-8").splitlines()) <= 30
    ann = await opened(newcomer, "Ann", outside, "first-call.html")
    await expect(ann.page.locator("#state")).to_have_text("joined")
    bob = await newcomer("Bob", url=outside.server)
    await bob.come("FIRST-CALL")
    tile = bob.others.filter(has_text="Ann")
    await expect(tile).to_have_attribute("data-connection", "connected")
    a = await tile.get_attribute("data-participant-id") or ""
    await bob.hears_and_watches(a)

    async def played() -> float:
        return float(await ann.page.evaluate(PLAYING))

    first = await until(played, lambda time: time > 0, "Ann sees Bob")
    await until(played, lambda time: time > first, "Bob's picture goes on")
    await ann.page.get_by_role("button", name="Microphone").click()
    await bob.sees(a, audio="off")
    await ann.page.get_by_role("button", name="Leave").click()
    await expect(bob.tile(a)).to_have_count(0)
    await expect(ann.page).to_have_title("You left.")
    # Neither a global nor anything in the browser's storage is left behind.
    assert await ann.page.evaluate("[localStorage.length, sessionStorage.length, typeof reconvene]") == [
        0,
        0,
        "undefined",
    ]


@pytest.mark.one_browser
async def test_signalling_only(newcomer: Newcomer, outside: Outside) -> None:
    ann = await opened(newcomer, "Ann", outside, "signalling-only.html?name=Ann")
    await ann.hears("joined")
    bob = await opened(newcomer, "Bob", outside, "signalling-only.html?name=Bob")
    for person in (ann, bob):
        await expect(person.page).to_have_title("connected")
    await bob.page.get_by_label("Message").fill("Hello!")
    await bob.page.get_by_role("button", name="Send").click()
    await expect(ann.page.locator("#heard")).to_have_text("Bob: Hello!\n")


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Login, Outside]]:
    async with Outside() as outside:
        ours = dict.fromkeys(("ALLOWED_ORIGINS", "EMBED_ORIGINS"), outside.origin)
        settings = {"JWT_EXPIRED": "leave", "ANONYMOUS": "no", **ours}
        async with logging_in(tmp_path_factory.mktemp("login"), **settings) as app:
            outside.server = app.server.url
            yield app, outside


@pytest.mark.one_browser
async def test_with_your_login(newcomer: Newcomer, office: tuple[Login, Outside]) -> None:
    """The backend is asked at the join, and again while the token is about to expire."""
    app, outside = office
    asked = 0

    def token() -> str:
        nonlocal asked
        asked += 1
        return app.about_to_end("ann", 5.0, name="Ann Exämple")

    outside.answers["/token"] = token
    ann = await opened(newcomer, "Ann", outside, "login.html")
    await expect(ann.page.locator("p")).to_have_text("You are joined as Ann Exämple.")
    await ann.hears("authenticated")
    assert asked >= 2
    await expect(ann.page.locator("p")).to_have_text("You are joined as Ann Exämple.")


@pytest.mark.one_browser
async def test_a_backend_that_gives_no_token(newcomer: Newcomer, office: tuple[Login, Outside]) -> None:
    _app, outside = office
    outside.answers["/token"] = lambda: None
    ann = await opened(newcomer, "Ann", outside, "login.html")
    await expect(ann.page.locator("#state")).to_have_text("not let in: no_token")
    ann.complaints.clear()


@pytest.mark.one_browser
async def test_a_backend_that_gives_another_users_token(
    newcomer: Newcomer, office: tuple[Login, Outside]
) -> None:
    """Nobody becomes somebody else by it: the application is asked again, until it gives the right one."""
    app, outside = office
    tokens = [app.about_to_end("ann", 5.0, name="Ann Exämple")]
    users = ["bob"]
    outside.answers["/token"] = lambda: tokens.pop() if tokens else app.token(users[0], name=users[0])
    ann = await opened(newcomer, "Ann", outside, "login.html")
    await expect(ann.page.locator("p")).to_have_text("You are joined as Ann Exämple.")
    await ann.hears("error")
    await expect(ann.page.locator("p")).to_have_text("You are reconnecting as Ann Exämple.")
    users[0] = "ann"
    await expect(ann.page.locator("p")).to_have_text("You are joined as Ann Exämple.")


FROM_BESIDE = """() => {
  const { contentWindow } = document.body.appendChild(document.createElement("iframe"));
  contentWindow.eval("parent.frames[0].postMessage({ reconvene: 'leave' }, '*')");
}"""
NO_STORAGE = f"if (window !== top) {{ {REFUSE} {BLOCKED['access throws']} }}"


@pytest.mark.one_browser(also="firefox")
async def test_a_meeting_in_a_frame(newcomer: Newcomer, outside: Outside) -> None:
    """Of another site, where the browser keeps nothing for it."""
    async with httpx.AsyncClient(base_url=outside.server) as http:
        bearer = {"Authorization": f"Bearer {(await http.post('/api/identity')).json()['token']}"}
        (await http.post("/api/meetings", json={"meeting": "FRAMED"}, headers=bearer)).raise_for_status()
    ann = await newcomer("Ann", url=outside.server)
    await ann.before(NO_STORAGE)
    await ann.page.goto(f"{outside.origin}/frame.html")
    view, media, people = (ann.page.locator(f"#{part}") for part in ("view", "media", "people"))
    await expect(view).to_have_text("prejoin")
    await expect(media).to_have_text("heard")
    await ann.page.get_by_role("button", name="Join", exact=True).click()
    await expect(view).to_have_text("meeting")
    await expect(people).to_have_text("Ann")
    await expect(media).to_have_text("heard")
    meeting = ann.page.frame_locator("#frame")
    await expect(meeting.get_by_role("button", name="Turn on camera")).to_be_visible()
    # Nobody else is heard: neither another frame of a page that is listed nor the page itself.
    await ann.page.evaluate(FROM_BESIDE)
    await ann.page.get_by_role("button", name="Mute", exact=True).click()
    await expect(media).to_have_text("silent")
    await ann.hears("participant_updated")
    await expect(view).to_have_text("meeting")
    await ann.page.get_by_role("button", name="Leave", exact=True).click()
    await expect(view).to_have_text("left")


KEEP_REFUSALS = """() => {
  globalThis.refusals = [];
  globalThis.expiring = null;
  addEventListener("message", ({ data }) => data.reconvene === "token_expiring" && (expiring = data.in));
  addEventListener("message", ({ data }) => data.reconvene === "refused" && refusals.push(data.why));
}"""


@pytest.mark.one_browser
async def test_a_page_around_says_who_the_user_is(newcomer: Newcomer, office: tuple[Login, Outside]) -> None:
    app, outside = office
    await app.joined("FRAMED", "host")
    ann = await newcomer("Ann", url=outside.server, calls=False)
    await ann.page.goto(f"{outside.origin}/frame.html")
    await expect(ann.page.locator("#view")).to_have_text("prejoin")
    token = app.token("ann", name="Ann Exämple")
    await ann.page.evaluate("token => tell({ reconvene: 'join', token, audio: false, video: false })", token)
    await expect(ann.page.locator("#people")).to_have_text("Ann Exämple, Host")
    newer = app.token("ann", name="Ann Exämple", jti="newer")
    tell_token = "token => tell({ reconvene: 'token', token })"
    await ann.page.evaluate(tell_token, newer)
    await ann.hears("authenticated")
    # The frame has lost it, and takes another of the same user, not somebody else's.
    await ann.page.evaluate(KEEP_REFUSALS)
    (frame,) = [frame for frame in ann.page.frames if frame.parent_frame is not None]
    ann.heard.clear()
    await frame.evaluate("location.reload()")
    await ann.hears("joined")
    await ann.page.evaluate(tell_token, app.token("eve", name="Eve"))
    newest = app.token("ann", name="Ann Exämple", jti="newest")
    await ann.page.evaluate(tell_token, newest)
    await ann.page.evaluate("tell({ reconvene: 'join', name: 'Ann' })")
    await ann.says("authenticate", token=newest)
    shown = [said["token"] for said in ann.said if said["type"] == "authenticate"]
    assert shown == [newer, newest]
    refused = [
        "In a call, only tokens of its user are taken.",
        "The user is in the meeting, or on the way into it.",
    ]
    await until(lambda: ann.page.evaluate("refusals"), lambda told: told == refused, "what is refused")
    # Who is around is told when the next one is needed.
    await ann.page.evaluate(tell_token, app.about_to_end("ann", 4.0, name="Ann Exämple"))
    await until(lambda: ann.page.evaluate("expiring"), lambda told: told is not None, "when the token ends")


TRUST = """async (server) => {
  const { readCommand, trustIn } = await import(`${server}/static/js/embed/frame.js`);
  const listed = "https://app.example";
  return {
    trust: [trustIn(listed, [listed]), trustIn("https://app.example.evil", [listed]), trustIn(listed, ["*"]),
            trustIn("https://other.example", ["*", listed]), trustIn(listed, ["*", listed]), trustIn("null", ["*"])],
    commands: [null, "join", 7, {}, { reconvene: "dance" }, { reconvene: ["join"] }, { reconvene: "join", name: 7 },
               { reconvene: "mute", audio: "yes" }].map(readCommand),
    known: readCommand({ reconvene: "mute", audio: true }) !== null,
  };
}"""


@pytest.mark.one_browser
async def test_who_is_heard_in_a_frame(newcomer: Newcomer, outside: Outside) -> None:
    """Somebody who is let in by `*` alone is trusted less."""
    ann = await newcomer("Ann", url=outside.server)
    await ann.page.goto(outside.server)
    assert await ann.page.evaluate(TRUST, outside.server) == {
        "trust": ["full", "none", "some", "some", "full", "none"],
        "commands": [None] * 8,
        "known": True,
    }


POSTED = """async (server) => {
  const { Frame } = await import(`${server}/static/js/embed/frame.js`);
  const around = document.body.appendChild(document.createElement("iframe")).contentWindow;
  const posted = [];
  around.postMessage = ({ reconvene }, origin) => posted.push([reconvene, origin]);
  Object.defineProperty(window, "parent", { value: around });
  const frame = new Frame(["https://app.example", "*"], () => {});
  const says = (origin, data) => window.dispatchEvent(new MessageEvent("message", { source: around, origin, data }));
  frame.start();
  frame.shown(null);
  says("https://app.example", { reconvene: "hello" });
  document.body.dataset.view = "changed";
  frame.shown(null);
  says("https://other.example", { reconvene: "join", token: "a token" });
  return posted;
}"""


@pytest.mark.one_browser
async def test_what_a_frame_tells_is_for_the_origin_that_spoke_last(
    newcomer: Newcomer, outside: Outside
) -> None:
    """Before anybody has spoken, nobody is told anything but that it listens."""
    ann = await newcomer("Ann", url=outside.server)
    await ann.page.goto(outside.server)
    assert await ann.page.evaluate(POSTED, outside.server) == [
        ["ready", "*"],
        ["state", "https://app.example"],
        ["state", "https://app.example"],
        ["refused", "https://other.example"],
        ["state", "https://other.example"],
    ]
