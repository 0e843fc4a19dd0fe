"""A picture in a window of its own, where that holds a video alone; and how large one is that is seen closer."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import meet
from tests.e2e.waiting import until

# A browser that has such windows for videos, and shows none here. Like a real one, it takes no video without a picture.
FOR_VIDEOS_ALONE = """
  Object.defineProperty(globalThis, "documentPictureInPicture", { value: undefined });
  Object.defineProperty(document, "pictureInPictureEnabled", { value: true });
  HTMLVideoElement.prototype.requestPictureInPicture = async function () {
    if (this.readyState < 1 || !this.videoWidth) throw new DOMException("", "InvalidStateError");
    globalThis.inWindow = this;
  };
"""

SIZES = """async () => {
  const { Tile } = await import("/static/js/meeting/tile.js");
  const { Showing } = await import("/static/js/meeting/showing.js");
  let changes = 0;
  const tile = new Tile(() => {}, () => (changes += 1));
  const widths = [tile.widthShown(100)];
  tile.element.querySelector('[data-part="zoom-in"]').click();
  widths.push(tile.widthShown(100));
  tile.element.querySelector('[data-part="zoom-out"]').click();
  Object.defineProperty(document, "fullscreenElement", { get: () => tile.element, configurable: true });
  widths.push(tile.widthShown(100) === innerWidth);
  delete document.fullscreenElement;
  const sizes = [];
  const showing = new Showing((cameras) => sizes.push(cameras.ada));
  for (const [width, ratio] of [[300, 1], [300, 2], [100, 3], [400, 1]]) {
    Object.defineProperty(globalThis, "devicePixelRatio", { value: ratio, configurable: true });
    showing.update([{ participant: { id: "ada" }, screen: false }], () => "ada", new Map([["ada", { width }]]), null);
  }
  showing.stop();
  return [widths, changes, sizes];
}"""


@pytest.mark.one_browser
async def test_a_picture_in_a_window_and_closer(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada")
    await ada.before(FOR_VIDEOS_ALONE)
    await meet(meeting, ada)
    await expect(ada.own).to_have_attribute("data-picture", "")
    await ada.page.keyboard.press("i")
    await until(
        lambda: ada.page.evaluate("globalThis.inWindow?.videoWidth ?? 0"),
        lambda width: width > 0,
        "a picture",
    )
    await ada.button("View").click()
    choice = ada.page.locator('[data-part="floating"]')
    await expect(choice).to_have_attribute("aria-pressed", "true")
    await ada.page.keyboard.press("Escape")
    await ada.page.evaluate("inWindow.dispatchEvent(new Event('leavepictureinpicture')); inWindow = null")
    # Where there is no picture, there is no window.
    await ada.press("Turn off camera")
    await ada.sees(await ada.seated(), video="off")
    await ada.page.keyboard.press("i")
    await ada.button("View").click()
    await expect(choice).to_have_attribute("aria-pressed", "false")
    await ada.page.keyboard.press("Escape")
    assert await ada.page.evaluate("inWindow") is None
    # Only screens are seen closer.
    await ada.press("Turn on camera")
    await expect(ada.own).to_have_attribute("data-picture", "")
    await ada.own.dblclick()
    assert await ada.own.get_attribute("data-closer") is None
    assert await ada.page.evaluate(SIZES) == [[100, 150, True], 2, ["small", "large", "small", "large"]]
