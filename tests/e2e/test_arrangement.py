"""`layout.js` against what is to hold for every space: thousands of random ones, run in the page. It is arithmetic, the
same in every browser."""

from __future__ import annotations

import itertools
import json
import math
import random
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.process import ServerProcess

SPACES = 2_000
WIDEST = 16 / 9
SMALLEST_HEIGHT = 80
SMALLEST_WIDTH = 120
CORNERS = ("top left", "top right", "bottom left", "bottom right")

# As texts: thousands of objects would cost seconds on their way between the page, Playwright and here.
ARRANGE = """async (questions) => {
  const { arrange } = await import("/static/js/meeting/layout.js");
  return JSON.stringify(JSON.parse(questions).map((question) => arrange(...question)));
}"""

FLOAT = """async (questions) => {
  const { arrange, floating } = await import("/static/js/meeting/layout.js");
  return JSON.stringify(JSON.parse(questions).map(([space, ...wishes]) => {
    const { places: [place], width, height } = arrange(1, space);
    const other = { ...place, width, height };
    return { other, own: floating(space, other, ...wishes) };
  }));
}"""


@dataclass(frozen=True)
class Question:
    count: int
    width: int
    height: int
    gap: int
    scrollbar: int
    narrowest: float

    def sent(self) -> list[Any]:
        space = {
            "width": self.width,
            "height": self.height,
            "gap": self.gap,
            "scrollbar": self.scrollbar,
        }
        return [self.count, space, self.narrowest]

    @property
    def smallest(self) -> tuple[int, int]:
        """The tile below which nobody is recognised."""
        return max(SMALLEST_WIDTH, math.ceil(SMALLEST_HEIGHT * self.narrowest)), SMALLEST_HEIGHT


@dataclass(frozen=True)
class Answer:
    width: int
    height: int
    scrolls: bool
    places: list[dict[str, int]]

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def right(self) -> int:
        return max(place["left"] for place in self.places) + self.width

    @property
    def bottom(self) -> int:
        return max(place["top"] for place in self.places) + self.height

    @property
    def left(self) -> int:
        return min(place["left"] for place in self.places)

    @property
    def top(self) -> int:
        return min(place["top"] for place in self.places)


def spaces() -> list[Question]:
    """From a watch to a wall, and one person to sixty."""
    chance = random.Random(12)  # noqa: S311 - no secret
    return [
        Question(
            count=chance.choice([chance.randint(1, 9), chance.randint(1, 60)]),
            width=chance.choice([chance.randint(120, 900), chance.randint(900, 3840)]),
            height=chance.choice([chance.randint(60, 700), chance.randint(700, 2160)]),
            gap=chance.choice([0, 8, 10]),
            scrollbar=chance.choice([0, 12, 15, 17]),
            narrowest=chance.choice([1.0, 1.5, 1.6]),
        )
        for _ in range(SPACES)
    ]


QUESTIONS = spaces()

pytestmark = pytest.mark.one_browser


async def told(browser: Browser, server: ServerProcess, script: str, questions: list[Any]) -> list[Any]:
    page = await browser.new_page()
    await page.goto(server.url)
    answers: list[Any] = json.loads(await page.evaluate(script, json.dumps(questions)))
    await page.close()
    return answers


async def asked(browser: Browser, server: ServerProcess, questions: list[Question]) -> list[Answer]:
    answers = await told(browser, server, ARRANGE, [question.sent() for question in questions])
    return [Answer(**answer) for answer in answers]


@pytest.fixture(scope="module")
async def answered(browser: Browser, server: ServerProcess) -> list[tuple[Question, Answer]]:
    return list(zip(QUESTIONS, await asked(browser, server, QUESTIONS), strict=True))


def fits(question: Question, width: float, height: float) -> bool:
    """So many tiles of this size need no scrolling, in some number of columns."""
    for columns in range(1, question.count + 1):
        rows = math.ceil(question.count / columns)
        if (
            columns * (width + question.gap) - question.gap <= question.width
            and rows * (height + question.gap) - question.gap <= question.height
        ):
            return True
    return False


def largest(question: Question) -> float:
    """The area of the largest tile within the limits that needs no scrolling."""
    areas = [0.0]
    for columns in range(1, question.count + 1):
        rows = math.ceil(question.count / columns)
        wide = (question.width - question.gap * (columns - 1)) / columns
        high = (question.height - question.gap * (rows - 1)) / rows
        width = min(wide, high * WIDEST)
        height = min(high, width / question.narrowest)
        if width >= question.smallest[0] and height >= question.smallest[1]:
            areas.append(width * height)
    return max(areas)


async def test_every_tile_is_in_the_space_and_overlaps_no_other(answered: list[Any]) -> None:
    for question, answer in answered:
        assert len(answer.places) == question.count
        room = question.width - (question.scrollbar if answer.scrolls else 0)
        assert answer.left >= 0, question
        assert answer.top >= 0, question
        assert answer.right <= room, question
        assert answer.scrolls or answer.bottom <= question.height, question
        for one, other in itertools.pairwise(answer.places):
            beside = other["top"] == one["top"] and other["left"] >= one["left"] + answer.width + question.gap
            below = other["top"] >= one["top"] + answer.height + question.gap
            assert beside or below, question


async def test_nothing_scrolls_unless_it_must(answered: list[Any]) -> None:
    assert any(answer.scrolls for _, answer in answered)
    for question, answer in answered:
        if answer.scrolls:
            assert not fits(question, *question.smallest), question
            assert answer.bottom > question.height, question


async def test_no_tile_is_smaller_than_the_smallest_unless_the_space_is(answered: list[Any]) -> None:
    for question, answer in answered:
        width, height = question.smallest
        roomy = question.width - question.scrollbar >= width + 1 and question.height >= height + 1
        if roomy:
            assert answer.width >= width - 1, (question, answer)
            assert answer.height >= height - 1, (question, answer)


async def test_tiles_are_as_large_as_can_be(answered: list[Any]) -> None:
    for question, answer in answered:
        if not answer.scrolls and answer.height >= question.smallest[1]:
            # Whole pixels: one less each way at most, and what follows from it for the other.
            lost = 4 * (answer.width + answer.height)
            assert answer.area >= largest(question) - lost, (question, answer)


async def test_tiles_keep_their_ratios(answered: list[Any]) -> None:
    for question, answer in answered:
        if answer.height:
            assert answer.width / answer.height >= question.narrowest - 1e-9, (question, answer)
            assert answer.width <= (answer.height + 1) * WIDEST, (question, answer)


async def test_the_space_they_take_is_answered_with_the_same_tiles(
    answered: list[tuple[Question, Answer]], browser: Browser, server: ServerProcess
) -> None:
    still = [
        (question, answer)
        for question, answer in answered
        if not answer.scrolls and fits(question, *question.smallest)
    ]
    again = [
        Question(
            question.count,
            answer.right - answer.left,
            answer.bottom - answer.top,
            question.gap,
            question.scrollbar,
            question.narrowest,
        )
        for question, answer in still
    ]
    for (question, before), after in zip(still, await asked(browser, server, again), strict=True):
        assert (after.width, after.height, after.scrolls) == (before.width, before.height, False), question


async def test_a_scrollbar_changes_nothing_where_nothing_scrolls(
    answered: list[tuple[Question, Answer]], browser: Browser, server: ServerProcess
) -> None:
    still = [(question, answer) for question, answer in answered if not answer.scrolls]
    wider = [
        Question(question.count, question.width, question.height, question.gap, 40, question.narrowest)
        for question, _ in still
    ]
    for (question, before), after in zip(still, await asked(browser, server, wider), strict=True):
        if after.scrolls:
            continue
        assert after == before, question


async def test_more_room_makes_no_tile_smaller_and_more_people_none_larger(
    answered: list[tuple[Question, Answer]], browser: Browser, server: ServerProcess
) -> None:
    chance = random.Random(34)  # noqa: S311 - no secret
    still = [(question, answer) for question, answer in answered if not answer.scrolls]
    roomier = [
        Question(
            question.count,
            question.width + chance.randint(0, 60),
            question.height + chance.randint(0, 60),
            question.gap,
            question.scrollbar,
            question.narrowest,
        )
        for question, _ in still
    ]
    fuller = [
        Question(
            question.count + 1,
            question.width,
            question.height,
            question.gap,
            question.scrollbar,
            question.narrowest,
        )
        for question, _ in still
    ]
    for (question, before), after in zip(still, await asked(browser, server, roomier), strict=True):
        if question.width < question.smallest[0] + question.scrollbar:
            continue
        # In whole pixels a wider tile may be a pixel lower.
        assert not after.scrolls, question
        assert after.area >= before.area - before.width - before.height, question
    for (question, before), after in zip(still, await asked(browser, server, fuller), strict=True):
        # Those that scroll may be as large as they like.
        assert after.scrolls or after.area <= before.area + before.width + before.height, question


async def test_the_own_picture_stays_inside_and_clear_of_what_is_to_be_read(
    browser: Browser, server: ServerProcess
) -> None:
    chance = random.Random(56)  # noqa: S311 - no secret
    questions: list[list[Any]] = [
        [
            {
                "width": chance.randint(200, 2600),
                "height": chance.randint(240, 1600),
                "gap": 8,
                "scrollbar": 15,
            },
            chance.choice([9 / 16, 3 / 4, 1, 4 / 3, 16 / 9, 2.4]),
            corner,
            chance.randint(40, 60),
        ]
        for _ in range(SPACES // 8)
        for corner in CORNERS
    ]
    answers = await told(browser, server, FLOAT, questions)
    for (space, _, corner, clear), answer in zip(questions, answers, strict=True):
        own, other = answer["own"], answer["other"]
        right, bottom = own["left"] + own["width"], own["top"] + own["height"]
        assert own["left"] >= 12, (space, own)
        assert right <= space["width"] - 12, (space, own)
        assert other["top"] < own["top"] < bottom <= other["top"] + other["height"] - 12, (space, own)
        assert own["width"] * own["height"] <= space["width"] * space["height"] * 0.15, (space, own)
        assert 0.74 <= own["width"] / own["height"] <= 1.55, own
        vertical, horizontal = corner.split()
        assert (own["top"] + bottom < space["height"]) == (vertical == "top"), (space, own)
        assert (own["left"] + right < space["width"]) == (horizontal == "left"), (space, own)
        inside = own["left"] >= other["left"] + 12 and right <= other["left"] + other["width"] - 12
        beside = right <= other["left"] - 12 or own["left"] >= other["left"] + other["width"] + 12
        assert inside or beside, (space, own)
        if vertical == "top":
            assert own["top"] >= other["top"] + clear, (space, own)
        if corner == "bottom left" and inside:
            assert bottom <= other["top"] + other["height"] - clear, (space, own)
