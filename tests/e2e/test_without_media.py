"""Browsers that cannot make calls, and participants who take part without media."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.browsers import Browsers
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.spies import NO_CALLS
from tests.process import ServerProcess
from tests.server.client import Client

CANNOT = "This browser cannot make calls"
WITHOUT = "Without sound and picture"

LACKING = {
    "no constructor": NO_CALLS,
    "a constructor that throws": """globalThis.RTCPeerConnection = class {
      constructor() { throw new DOMException("by policy", "NotAllowedError"); }
    };""",
    "no streams": "delete globalThis.MediaStream;",
}


# A connection that is to make the first offer, without a meeting.
DECLINED = """async () => {
  const { LocalMedia } = await import("/static/sdk/reconvene.js");
  const { PeerConnection } = await import("/static/sdk/peer-connection.js");
  const told = [];
  let hear = () => {};
  const next = () => new Promise((resolve) => (hear = resolve));
  const send = (data) => (told.push(data), hear());
  const [me, other] = [{ id: "p_2", instance: "b" }, { id: "p_1", instance: "a" }];
  const peer = new PeerConnection(me, other, [], new LocalMedia(), send);
  const offered = next();
  peer.start();
  await offered;
  peer.receive({ media: false });
  told.length = 0;
  peer.recover();
  const silent = told.length === 0 && peer.silent && peer.shown.camera === "none";
  peer.receive({ repeat: true });
  const again = told[0]?.description?.type === "offer" && !peer.silent && peer.shown.camera !== "none";
  peer.stop();
  return [silent, again];
}"""


async def lacking(newcomer: Newcomer, name: str, how: str) -> Person:
    person = await newcomer(name)
    await person.page.add_init_script(LACKING[how])
    return person


async def shows_who_is_there(unable: Person, other: Person, meeting: str) -> str:
    """It is said before joining, and who is there is shown. The other knows at once. Answers the participant's id."""
    o = await other.own.get_attribute("data-participant-id") or ""
    await unable.open(meeting)
    await unable.at("prejoin")
    await expect(unable.page.get_by_role("status").filter(has_text=CANNOT)).to_be_visible()
    u = await unable.join()
    await unable.sees(o, connection="unable", video="off")
    await expect(unable.page.get_by_text("Connecting…")).to_have_count(0)
    await expect(unable.own).to_contain_text(CANNOT)
    await other.sees(u, connection="none", audio="off", video="off")
    await expect(other.tile(u)).to_contain_text(WITHOUT)
    return u


async def takes_part(unable: Person, other: Person, meeting: str) -> str:
    """For as long as they are there, and after a reload. Answers the participant's id."""
    o = await other.own.get_attribute("data-participant-id") or ""
    u = await shows_who_is_there(unable, other, meeting)
    await unable.press("Raise hand")
    await expect(other.tile(u).get_by_role("img", name="Hand raised")).to_be_visible()
    await other.press("Raise hand")
    await expect(unable.tile(o).get_by_role("img", name="Hand raised")).to_be_visible()
    await other.press("Lower hand")
    await unable.press("Turn on microphone")
    await unable.told(CANNOT)
    await other.sees(u, audio="off")
    await expect(unable.button("Share screen")).to_be_hidden()
    await unable.page.reload()
    assert await unable.seated() == u
    await unable.sees(o, connection="unable")
    await other.sees(u, connection="none", audio="off")
    return u


@pytest.mark.one_browser
async def test_a_browser_that_cannot_make_calls_shows_who_is_there(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada")
    await meet(meeting, ada)
    una = None
    for how in LACKING:
        uma = await lacking(newcomer, f"Uma with {how}", how)
        # How that was found makes no difference to what comes after.
        u = await (takes_part if how == "no constructor" else shows_who_is_there)(uma, ada, meeting)
        # Nor do two who cannot make calls see less of each other.
        if una:
            await una[0].sees(u, connection="unable")
            await uma.sees(una[1], connection="unable")
            await una[0].page.close()
        una = uma, u


@pytest.mark.elsewhere
@pytest.mark.only(browser="firefox", reason="it has the preference")
async def test_webrtc_switched_off_by_preference(
    newcomer: Newcomer, meeting: str, browsers: Browsers
) -> None:
    ada = await newcomer("Ada")
    await meet(meeting, ada)
    off = await browsers.launch("firefox", preferences={"media.peerconnection.enabled": False})
    await takes_part(await newcomer("Uma", using=off), ada, meeting)


@pytest.mark.one_browser
async def test_who_never_negotiates_is_shown_as_such_until_they_do(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada")
    (a,) = await meet(meeting, ada)
    scripts = [await Client.open(server.ws_url) for _ in range(2)]
    for number, script in enumerate(scripts):
        await script.join(meeting, f"Script {number}", media={"audio": True, "video": True})
    for script in scripts:
        await ada.sees(script.id, connection="none", video="off")
        await expect(ada.tile(script.id)).to_contain_text(WITHOUT)
    script, other = scripts
    await script.send("signal", to=a, data={"repeat": True})
    await ada.sees(script.id, connection="new")
    await expect(ada.tile(script.id)).to_contain_text("Connecting…")
    await ada.sees(other.id, connection="none")
    # It can also say so at once.
    await script.send("signal", to=a, data={"media": False})
    await ada.sees(script.id, connection="none")
    for script in scripts:
        await script.ws.close()
    # Then nothing is asked of it until it says something else.
    assert await ada.page.evaluate(DECLINED) == [True, True]
