"""Where tiles are (`scene.js`), who comes forward (`speakers.js`), what of a screen is seen (`zoom.js`): pure
functions, for thousands of meetings, by node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.process import ROOT

PROPERTIES = Path(__file__).parent / "scene_properties.js"
CLOCK = PROPERTIES.parent / "negotiation" / "clock.js"
SCENES = 3_000
ENOUGH = 300
"""To find each of the bugs."""

BUGS = {
    "tiles overlap": ("scene.js", "left: left + places[index].left", "left: left"),
    "the last page is not full": (
        "scene.js",
        "Math.ceil(queue.length / capacity)",
        "Math.floor(queue.length / capacity)",
    ),
    "a page has tiles of its own size": ("scene.js", "Math.max(room, keys.length)", "keys.length"),
    "too many on a phone": ("scene.js", "phone: 9", "phone: 10"),
    "tiles under the pager": ("scene.js", "height: region.height - high - gap }", "height: region.height }"),
    "who speaks stays behind": ("scene.js", "return swapped(order, speaker, victim)", "return order"),
    "who speaks moves everybody": (
        "scene.js",
        "return swapped(order, speaker, victim)",
        "return [speaker, ...order.filter((key) => key !== speaker)]",
    ),
    "a pin is ignored": ("scene.js", "return [pin]", "return []"),
    "one looks at oneself": ("speakers.js", " && id !== own", ""),
    "an order that is not kept": (
        "scene.js",
        "wanted.order.filter((key) => people",
        "[].filter((key) => people",
    ),
    "at once": ("speakers.js", "SPEECH = 1_000", "SPEECH = 0"),
    "flickering": ("speakers.js", "KEPT = 5_000", "KEPT = 4_000"),
    "too late": ("speakers.js", "SPEECH = 1_000", "SPEECH = 2_000"),
}


def found(folder: Path, scenes: int, *bug: str) -> list[str]:
    """What is wrong, with this bug: in this file of the page, this text by that."""
    shutil.copytree(ROOT / "static/js/meeting", folder / "static/js/meeting")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    shutil.copy(PROPERTIES, folder / "properties.js")
    shutil.copy(CLOCK, folder)
    if bug:
        name, before, after = bug
        path = folder / "static" / "js" / "meeting" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{name} has no {before!r} to change"
        path.write_text(text.replace(before, after), encoding="utf-8")
    ran = subprocess.run(
        ["node", "properties.js", str(scenes)], cwd=folder, capture_output=True, text=True, check=True
    )
    wrong: list[str] = json.loads(ran.stdout)
    return wrong


# Of a screen seen closer, at random: what is beyond its edge, and how far a point moved at which it was enlarged.
ZOOM = """
  import { closer, moved } from "./static/js/meeting/zoom.js";
  let now = { scale: 1, x: 0, y: 0 };
  let beyond = 0;
  let drift = 0;
  for (let step = 0; step < 3000; step += 1) {
    const at = { x: Math.sin(step) / 2, y: Math.cos(step * 1.7) / 2 };
    const next = step % 3 ? closer(now, 1 + Math.sin(step * 0.9) / 2, at) : moved(now, at.x, at.y);
    if (step % 3 && next.scale > now.scale) drift = Math.max(drift, Math.abs((at.x - now.x) / now.scale - (at.x - next.x) / next.scale));
    beyond = Math.max(beyond, Math.abs(next.x) - (next.scale - 1) / 2, Math.abs(next.y) - (next.scale - 1) / 2);
    now = next;
  }
  console.log(JSON.stringify([beyond < 1e-9, drift < 1e-9, now.scale >= 1 && now.scale <= 6]));
"""  # noqa: E501


def test_a_screen_seen_closer_stays_where_it_is_pointed_at(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "static", tmp_path / "static")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "zoom.js").write_text(ZOOM, encoding="utf-8")
    ran = subprocess.run(["node", "zoom.js"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [True, True, True]


def test_every_scene_and_every_talk_is_as_it_should_be(tmp_path: Path) -> None:
    assert found(tmp_path, SCENES) == []


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(tmp_path: Path, bug: str) -> None:
    assert found(tmp_path, ENOUGH, *BUGS[bug])
