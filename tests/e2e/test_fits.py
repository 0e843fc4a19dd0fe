"""How pictures fit into their tiles: how much of them is seen, and what is chosen instead."""

from __future__ import annotations

import itertools

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.process import ServerProcess
from tests.server.client import playing

# A picture of this shape in place of the camera's.
DRAWN = """(tile, [width, height]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  clearInterval(globalThis.drawing);
  globalThis.drawing = setInterval(() => context.fillRect(0, 0, width, height), 40);
  const video = tile.querySelector("video");
  const shaped = new Promise((done) => video.addEventListener("resize", () => video.videoWidth === width && done()));
  video.srcObject = canvas.captureStream();
  return shaped.then(() => video.play());
}"""

# How much of a picture's width and height is seen.
SEEN = """(tile) => {
  const video = tile.querySelector("video");
  const { videoWidth, videoHeight, offsetWidth: width, offsetHeight: height } = video;
  const scale = getComputedStyle(video).objectFit === "contain"
    ? Math.min(width / videoWidth, height / videoHeight)
    : Math.max(width / videoWidth, height / videoHeight);
  return [Math.min(1, width / (videoWidth * scale)), Math.min(1, height / (videoHeight * scale))];
}"""


WIDE = (640, 360)


@pytest.mark.one_browser
async def test_of_a_picture_at_least_three_quarters_are_seen(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada", viewport={"width": 1280, "height": 800})
    await meet(meeting, ada)
    async with playing(server) as play:
        guests = [await play.joined(meeting, f"Guest {guest}") for guest in range(4)]
        for size, viewport in itertools.product(
            (WIDE, (640, 480), (360, 640)), ((1280, 800), (1024, 600), (390, 844), (820, 1180))
        ):
            await ada.page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
            await ada.own.evaluate(DRAWN, size)
            across, down = await ada.own.evaluate(SEEN)
            assert across * down >= 0.749, (size, viewport, across, down)
            assert viewport[0] < viewport[1] or size != WIDE or across >= 5 / 6, viewport
        await how_they_fit_is_chosen_for_each_kind_of_tile_and_remembered(ada, guests[0].id)


async def how_they_fit_is_chosen_for_each_kind_of_tile_and_remembered(ada: Person, other: str) -> None:
    theirs = ada.tile(other)
    await theirs.get_by_role("button", name="Show whole pictures").focus()
    await ada.page.keyboard.press("Enter")
    await ada.sees(other, fit="whole")
    await expect(ada.own).to_have_attribute("data-fit", "crop")
    await expect(theirs.locator("video")).to_have_css("object-fit", "contain")
    await ada.page.keyboard.press("Enter")
    await ada.sees(other, fit="fill")
    await ada.button("Show your whole picture").focus()
    await ada.page.keyboard.press("Enter")
    await expect(ada.own).to_have_attribute("data-fit", "whole")
    assert await ada.own.evaluate(SEEN) == [1, 1]
    await ada.page.reload()
    await ada.seated()
    await ada.sees(other, fit="fill")
    await expect(ada.own).to_have_attribute("data-fit", "whole")
    await theirs.get_by_role("button", name="Crop pictures a little").focus()
    await ada.page.keyboard.press("Enter")
    await ada.sees(other, fit="crop")
