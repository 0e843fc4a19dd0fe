"""The devices in the call: what one sends is seen, the loudspeaker is chosen and heard, and what is chosen is remembered."""

from __future__ import annotations

import os

from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import meet

PROCESSING = """() => {
  const settings = document.querySelector('video[data-part="video"]').srcObject.getAudioTracks()[0].getSettings();
  return [settings.echoCancellation, settings.noiseSuppression];
}"""


async def test_one_sees_and_hears_what_one_chooses(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada")
    await meet(meeting, ada)
    await ada.button("Devices").click()
    panel = ada.page.get_by_role("dialog", name="Devices")
    meter = panel.get_by_role("meter", name="Microphone level")
    # Without any device that plays, Firefox measures nothing.
    measures = ada.browser_name == "chromium"
    if measures:
        await expect(meter).not_to_have_attribute("aria-valuenow", "0")
    await expect(panel.locator("[data-part=preview]")).to_have_attribute("data-video", "on")
    await expect(panel.get_by_label("Speaker")).to_be_visible()
    await panel.get_by_role("button", name="Play a test sound").click()
    heard = "Did you hear three tones?" if measures else "Nothing can be played here."
    await expect(panel.get_by_role("status").get_by_text(heard)).to_be_visible()
    await panel.get_by_text("Sound of your microphone").click()
    assert await ada.page.evaluate(PROCESSING) == [True, True]
    for name in ("Cancel echo", "Suppress noise"):
        await expect(panel.get_by_label(name)).to_be_checked()
        await panel.get_by_label(name).uncheck()
    if measures:
        await expect(meter).not_to_have_attribute("aria-valuenow", "0")
    if shots := os.environ.get("SHOTS"):
        await ada.page.screenshot(path=f"{shots}/devices-{ada.browser_name}.png")
        await ada.page.set_viewport_size({"width": 320, "height": 640})
        await ada.page.emulate_media(color_scheme="dark")
        await ada.page.screenshot(path=f"{shots}/devices-{ada.browser_name}-320.png")
    await panel.get_by_role("button", name="Done").click()
    await ada.page.reload()
    await ada.seated()
    await expect(ada.own).to_have_attribute("data-audio", "on")
    assert await ada.page.evaluate(PROCESSING) == [False, False]
