"""The devices in the call: what one sends is seen, the loudspeaker is heard, and what is chosen is remembered."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import expect

from tests.e2e import in_charge
from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import looking_on
from tests.e2e.person import meet
from tests.e2e.test_axe import is_fine
from tests.process import ServerProcess

# By what something plays while loudspeakers come and go.
UNPLUGGED = """async () => {
  const { Speaker } = await import("/static/sdk/speaker.js");
  const devices = navigator.mediaDevices;
  let there = ["a", "b"];
  devices.enumerateDevices = async () => there.map((deviceId) => ({ kind: "audiooutput", deviceId, label: deviceId }));
  const sinks = [];
  const element = new Audio();
  Object.defineProperty(element, "sinkId", { get: () => sinks.at(-1) ?? "" });
  element.setSinkId = async (id) => void sinks.push(id);
  const speaker = new Speaker();
  const watch = new AbortController();
  speaker.follow(element);
  await speaker.choose("b");
  speaker.watch(watch.signal);
  for (const now of [["a"], ["a"], ["a", "b"], []]) {
    there = now;
    devices.dispatchEvent(new Event("devicechange"));
    await new Promise((done) => setTimeout(done));
  }
  watch.abort();
  return sinks;
}"""

PROCESSING = """() => {
  const settings = document.querySelector('video[data-part="video"]').srcObject.getAudioTracks()[0].getSettings();
  return [settings.echoCancellation, settings.noiseSuppression];
}"""

# It shows a moment, and the fake microphone is silent in most of them.
RISES = """(meter) => new Promise((risen) => {
  const look = () => meter.ariaValueNow === "0" || risen();
  new MutationObserver(look).observe(meter, { attributeFilter: ["aria-valuenow"] });
  look();
})"""


@pytest.mark.one_browser(also="firefox")
async def test_one_sees_and_hears_what_one_chooses(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada")
    await meet(meeting, ada)
    await ada.button("Devices").click()
    panel = ada.page.get_by_role("dialog", name="Devices")
    # No picture is in the way of the keyboard.
    await expect(panel.get_by_role("heading", name="Devices")).to_be_focused()
    await ada.page.keyboard.press("Tab")
    await expect(panel.get_by_role("combobox", name="Microphone")).to_be_focused()
    meter = panel.get_by_role("meter", name="Microphone level")
    # Without any device that plays, Firefox measures nothing.
    measures = ada.browser_name == "chromium"
    if measures:
        await meter.evaluate(RISES)
    await expect(panel.locator("[data-part=preview]")).to_have_attribute("data-video", "on")
    await expect(panel.get_by_label("Speaker")).to_be_visible()
    await panel.get_by_role("button", name="Play a test sound").click()
    heard = "Did you hear three tones?" if measures else "Nothing can be played here."
    await expect(panel.get_by_role("status").get_by_text(heard)).to_be_visible()
    await panel.get_by_text("Sound of your microphone").click()
    # Firefox's fake microphone has nothing of this.
    assert not measures or await ada.page.evaluate(PROCESSING) == [True, True]
    for name in ("Cancel echo", "Suppress noise"):
        await expect(panel.get_by_label(name)).to_be_checked()
        await panel.get_by_label(name).uncheck()
    if measures:
        await meter.evaluate(RISES)
    if shots := os.environ.get("SHOTS"):
        await ada.page.screenshot(path=f"{shots}/devices-{ada.browser_name}.png")
        await ada.page.set_viewport_size({"width": 320, "height": 640})
        await ada.page.emulate_media(color_scheme="dark")
        await ada.page.screenshot(path=f"{shots}/devices-{ada.browser_name}-320.png")
    await is_fine(ada, "the devices")
    video = await panel.locator("video").evaluate_handle("(video) => video")
    await panel.get_by_role("button", name="Done").click()
    await expect(ada.page.locator("dialog")).to_have_count(0)
    # With a stream, the video would keep all of the panel.
    assert await video.evaluate("({ srcObject }) => srcObject") is None
    await ada.page.reload()
    await ada.seated()
    await expect(ada.own).to_have_attribute("data-audio", "on")
    assert not measures or await ada.page.evaluate(PROCESSING) == [False, False]
    await ada.button("Devices").click()
    await panel.get_by_text("Sound of your microphone").click()
    for name, on in {"Cancel echo": False, "Suppress noise": False, "Keep the volume even": True}.items():
        await expect(panel.get_by_label(name)).to_be_checked(checked=on)
    await ada.page.keyboard.press("Escape")
    assert await ada.page.evaluate(UNPLUGGED) == ["b", "", "b"]


@pytest.mark.one_browser(also="firefox")
async def test_another_name_and_talking_while_space_is_held(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada")
    (a,) = await meet(meeting, ada)
    async with looking_on(server, meeting) as bob:
        await bob.sees(a, audio="on")
        await ada.press("Turn off microphone")
        await bob.sees(a, audio="off")
        await ada.page.evaluate("document.activeElement.blur()")
        await ada.page.keyboard.down("Space")
        await bob.sees(a, audio="on")
        await expect(ada.page.get_by_text("Microphone on while you hold Space")).to_be_attached()
        await ada.page.keyboard.up("Space")
        await bob.sees(a, audio="off")
        # On a button it presses that.
        await ada.button("Devices").focus()
        await ada.page.keyboard.press("Space")
        await ada.page.get_by_role("dialog", name="Devices").get_by_role("button", name="Done").click()
        await expect(ada.button("Turn on microphone")).to_be_visible()
        panel = await in_charge.open_people(ada)
        await panel.get_by_role("button", name="More about Ada").click()
        await ada.button("Change your name…").click()
        dialog = ada.page.get_by_role("dialog", name="Your name")
        field = dialog.get_by_role("textbox")
        await expect(field).to_be_focused()
        await field.fill("\u202e")
        await field.press("Enter")
        await expect(dialog.get_by_role("alert")).to_contain_text("control characters")
        await expect(field).to_have_attribute("aria-invalid", "true")
        await is_fine(ada, "the name")
        await field.fill("Ada Lovelace")
        await field.press("Enter")
        await expect(dialog).not_to_be_attached()
        await expect(panel.get_by_text("Ada Lovelace (you)")).to_be_visible()
        await bob.sees(a, audio="off")
        assert any(each.get("participant", {}).get("name") == "Ada Lovelace" for each in bob.heard)
        await bob.is_called("Robert")
        await ada.told("Bob is called Robert now")
    # Also after a reload.
    await ada.page.reload()
    await ada.seated()
    await expect(ada.own).to_contain_text("Ada Lovelace (you)")
