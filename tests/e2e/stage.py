"""Where tiles are on the stage, and the stage without a meeting."""

from __future__ import annotations

from typing import Any

from playwright.async_api import FloatRect, Locator

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
    stage: { ...box(stage), paged: !document.querySelector('[data-part="pager"]').hidden },
    tiles: tiles()
      .filter((tile) => !tile.hidden)
      .map((tile) => ({ ...box(tile), floats: tile.hasAttribute("data-floating") })),
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


def is_phone(stage: Box) -> bool:
    return bool(stage["width"] < 600 or stage["height"] < 360)


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
    if stage["paged"]:
        assert 1 <= len(people) < count
        assert count > 16 or not all_fit(count, stage) or (count > 9 and is_phone(stage)), laid
    else:
        assert len(people) == (1 if count == 2 else count)
    for number, tile in enumerate(people):
        assert inside(tile, stage), laid
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
      sends: { audio: true, video: false, screen: false }, bot: false, recording: false, guest: false, picture: null,
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
