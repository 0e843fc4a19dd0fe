"""Where people are on the stage, however many come: all in sight, none over another, the own picture out of the way.

Scrollbars take room here as they do on a desktop.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import FloatRect, Locator, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.process import ServerProcess
from tests.server.client import playing

MOST = 20
SMALLEST = (120, 80)

# What is on the stage, after it has been laid out for as many people.
LAID_OUT = """async (count) => {
  const tiles = () => [...document.querySelectorAll('.tile[data-kind="person"]')];
  while (tiles().length !== count) await new Promise(requestAnimationFrame);
  // Whatever would follow from the arrangement has followed: observers are told before a frame is painted.
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  const box = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
  };
  const stage = document.querySelector('[data-part="tiles"]');
  return {
    stage: { ...box(stage), room: stage.clientWidth, scrolls: stage.scrollHeight > stage.clientHeight },
    tiles: tiles().map((tile) => ({ ...box(tile), floats: tile.hasAttribute("data-floating") })),
  };
}"""

Box = dict[str, Any]


def overlap(one: Box | FloatRect, other: Box | FloatRect) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


def inside(tile: Box | FloatRect, space: Box | FloatRect) -> bool:
    return (
        tile["x"] >= space["x"]
        and tile["y"] >= space["y"]
        and tile["x"] + tile["width"] <= space["x"] + space["width"] + 0.01
        and tile["y"] + tile["height"] <= space["y"] + space["height"] + 0.01
    )


def all_fit(count: int, stage: Box) -> bool:
    """So many of the smallest tiles have room at once."""
    width, height = (size + 10 for size in SMALLEST)
    columns = int((stage["width"] + 10) // width)
    rows = int((stage["height"] + 10) // height)
    return columns * rows >= count


async def box(locator: Locator) -> FloatRect:
    found = await locator.bounding_box()
    assert found, locator
    return found


def assert_in_sight(laid: Box, count: int) -> None:
    stage, tiles = laid["stage"], laid["tiles"]
    people = [tile for tile in tiles if not tile["floats"]]
    assert len(people) == (1 if count == 2 else count)
    assert not stage["scrolls"] or not all_fit(count, stage), laid
    for number, tile in enumerate(people):
        assert stage["x"] <= tile["x"], laid
        assert tile["x"] + tile["width"] <= stage["x"] + stage["room"] + 0.01, laid
        assert stage["scrolls"] or inside(tile, stage), laid
        for other in people[:number]:
            assert not overlap(tile, other), laid


# The meeting's page without a meeting: whoever comes, comes at once.
STAND_IN = """async () => {
  const { fromTemplate, part } = await import("/static/js/ui/dom.js");
  const { Stage } = await import("/static/js/meeting/stage.js");
  const view = fromTemplate("meeting");
  document.getElementById("view").replaceChildren(view);
  document.body.dataset.view = "meeting";
  const stage = new Stage(view, localStorage, () => {});
  const picture = (number) => ({
    participant: {
      id: `p_${number}`, name: `Guest ${number}`, role: "participant", hand: false, state: "connected",
      media: { audio: true, video: false, screen: false }, instance: "", joined_at: "",
    },
    own: !number, stream: null, connection: "connected", screen: false, mirrored: false, hue: 0,
  });
  const laidOut = LAID_OUT;
  globalThis.list = (open) => (part(view, "panel").hidden = !open);
  globalThis.crowds = async (counts) => {
    const laid = [];
    for (const count of counts) {
      stage.update(Array.from({ length: count }, (_, number) => picture(count - 1 - number)));
      laid.push(await laidOut(count));
    }
    return laid;
  };
}""".replace("LAID_OUT", LAID_OUT)


SIZES = (1024, 700), (1280, 800), (1920, 1000), (820, 1180), (390, 844), (360, 640), (844, 390), (280, 600)


@pytest.mark.one_browser
async def test_however_many_come_or_go_all_are_in_sight(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    await ada.page.evaluate(STAND_IN)
    counts = [*range(1, MOST + 1), 13, 7, 4, 2, 1]
    for width, height in SIZES:
        await ada.page.set_viewport_size({"width": width, "height": height})
        for list_open in (False, True) if width > 720 else (False,):
            await ada.page.evaluate("open => list(open)", list_open)
            for count, laid in zip(
                counts, await ada.page.evaluate("counts => crowds(counts)", counts), strict=True
            ):
                assert_in_sight(laid, count)


@pytest.mark.parametrize(("width", "height"), [(1024, 700), (390, 844)])
async def test_whoever_joins_a_meeting_is_in_sight(
    newcomer: Newcomer, server: ServerProcess, meeting: str, width: int, height: int
) -> None:
    ada = await newcomer("Ada", viewport={"width": width, "height": height})
    await ada.start(meeting)
    await ada.join()
    async with playing(server) as play:
        for count in range(2, 8):
            await play.joined(meeting, f"Guest {count}")
            assert_in_sight(await ada.page.evaluate(LAID_OUT, count), count)


@pytest.mark.one_browser
async def test_a_window_made_narrow_and_wide_again_ends_as_it_began(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada", viewport={"width": 1280, "height": 800})
    await ada.start(meeting)
    await ada.join()
    async with playing(server) as play:
        for guest in range(4):
            await play.joined(meeting, f"Guest {guest}")
        before = await ada.page.evaluate(LAID_OUT, 5)
        await ada.page.set_viewport_size({"width": 300, "height": 500})
        assert_in_sight(await ada.page.evaluate(LAID_OUT, 5), 5)
        await ada.page.set_viewport_size({"width": 1280, "height": 800})
        assert await ada.page.evaluate(LAID_OUT, 5) == before


@pytest.mark.one_browser
async def test_in_a_call_of_two_the_own_picture_is_small_and_can_be_moved(
    newcomer: Newcomer, meeting: str
) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    stage = await box(ada.page.locator('[data-part="tiles"]'))
    await ada.sees(a, floating="", picture="")
    await ada.sees(b, picture="")
    other = await box(ada.tile(b))
    handle = ada.button("Move your picture")
    await expect(handle).to_have_accessible_description(
        "Arrow keys move it to another corner. It can also be dragged."
    )
    name = ada.tile(b).locator('[data-part="plate"]')
    await ada.page.bring_to_front()
    await handle.focus()
    corners = []
    for key in ("ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"):
        await ada.page.keyboard.press(key)
        own = await settled(ada, a)
        assert inside(own, stage)
        assert own["width"] * own["height"] < other["width"] * other["height"] / 8
        assert not overlap(own, await box(name))
        corners.append((own["x"] < stage["width"] / 2, own["y"] < stage["y"] + stage["height"] / 2))
        await expect(handle).to_be_focused()
    assert corners == [(False, True), (True, True), (True, False), (False, False)]
    await expect(ada.page.get_by_role("status").filter(has_text="bottom right")).to_have_count(1)

    await ada.page.mouse.move(own["x"] + own["width"] / 2, own["y"] + own["height"] / 2)
    await ada.page.mouse.down()
    await ada.page.mouse.move(stage["x"] + 60, stage["y"] + 60, steps=4)
    await ada.page.mouse.up()
    dragged = await settled(ada, a)
    assert dragged["x"] < stage["width"] / 2
    assert dragged["y"] < stage["y"] + stage["height"] / 2
    await ada.page.reload()
    await ada.seated()
    await ada.sees(a, floating="", picture="")
    again = await settled(ada, a)
    assert (again["x"], again["y"]) == (dragged["x"], dragged["y"])


async def settled(person: Person, who: str) -> FloatRect:
    """Where a tile is once it has arrived there."""
    await person.tile(who).evaluate(
        "tile => Promise.allSettled(tile.getAnimations().map((each) => each.finished))"
    )
    return await box(person.tile(who))


@pytest.mark.one_browser
async def test_the_own_picture_can_be_hidden_and_shown_again(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    await meet(meeting, ada, bob)
    show = ada.button("Show your picture")
    await expect(show).to_be_hidden()
    await ada.page.bring_to_front()
    await ada.button("Hide your picture").focus()
    await ada.page.keyboard.press("Enter")
    await expect(ada.own).to_have_count(0)
    await expect(show).to_be_focused()
    await ada.page.reload()
    await ada.at("meeting")
    await expect(ada.others).to_have_count(1)
    await expect(ada.own).to_have_count(0)
    await ada.page.keyboard.press("Tab")
    await show.focus()
    await ada.page.keyboard.press("Enter")
    await expect(ada.own).to_have_count(1)
    await expect(ada.button("Hide your picture")).to_be_focused()
    await expect(show).to_be_hidden()
    # Whoever is alone has nobody else to look at.
    await ada.page.keyboard.press("Enter")
    await expect(ada.own).to_have_count(0)
    await bob.press("Leave")
    await expect(ada.own).to_have_count(1)


@pytest.mark.one_browser
async def test_of_three_people_the_own_picture_is_a_tile_again(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada")
    await ada.start(meeting)
    a = await ada.join()
    async with playing(server) as play:
        await play.joined(meeting, "Bob")
        await ada.sees(a, floating="")
        third = await play.joined(meeting, "Cleo")
        await expect(ada.own).not_to_have_attribute("data-floating", "")
        laid = await ada.page.evaluate(LAID_OUT, 3)
        assert len({(tile["width"], tile["height"]) for tile in laid["tiles"]}) == 1
        await expect(ada.page.get_by_role("button", name="Move your picture")).to_have_count(0)
        await third.leave()
        await ada.sees(a, floating="")


# A picture of this shape in place of the camera's.
DRAWN = """(tile, [width, height]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
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


@pytest.mark.one_browser
@pytest.mark.parametrize("size", [(640, 360), (640, 480), (360, 640)], ids=["16:9", "4:3", "phone"])
async def test_of_a_picture_at_least_three_quarters_are_seen(
    newcomer: Newcomer, server: ServerProcess, meeting: str, size: tuple[int, int]
) -> None:
    ada = await newcomer("Ada", viewport={"width": 1280, "height": 800})
    await ada.start(meeting)
    await ada.join()
    async with playing(server) as play:
        for guest in range(4):
            await play.joined(meeting, f"Guest {guest}")
        for viewport in ((1280, 800), (1024, 600), (390, 844), (820, 1180)):
            await ada.page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
            await ada.own.evaluate(DRAWN, size)
            across, down = await ada.own.evaluate(SEEN)
            assert across * down >= 0.749, (viewport, across, down)
            assert viewport[0] < viewport[1] or size != (640, 360) or across >= 5 / 6


@pytest.mark.one_browser
async def test_how_pictures_fit_is_chosen_for_each_kind_of_tile_and_remembered(
    newcomer: Newcomer, meeting: str
) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    await ada.page.bring_to_front()
    await ada.button("Show whole pictures").focus()
    await ada.page.keyboard.press("Enter")
    await ada.sees(b, fit="whole")
    await ada.sees(a, fit="crop")
    await ada.sees(b, picture="")
    assert await ada.tile(b).evaluate(SEEN) == [1, 1]
    await ada.page.keyboard.press("Enter")
    await ada.sees(b, fit="fill")
    await ada.button("Show your whole picture").focus()
    await ada.page.keyboard.press("Enter")
    await ada.page.reload()
    await ada.seated()
    await ada.sees(b, fit="fill")
    await ada.sees(a, fit="whole")
    await ada.button("Crop pictures a little").focus()
    await ada.page.keyboard.press("Enter")
    await ada.sees(b, fit="crop")


@pytest.mark.one_browser
async def test_of_many_tiles_tab_stops_at_one(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada")
    await ada.start(meeting)
    await ada.join()
    async with playing(server) as play:
        for guest in range(5):
            await play.joined(meeting, f"Guest {guest}")
        await ada.page.evaluate(LAID_OUT, 6)
        stops = await ada.page.locator('.tile [data-part="fit"]').evaluate_all(
            "all => all.map((each) => each.tabIndex)"
        )
        assert stops == [0, -1, -1, -1, -1, 0], "the first of the others', and the own"
