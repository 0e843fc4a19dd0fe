"""Where people are on the stage, however many come: all in sight, none over another.

Scrollbars take room here as they do on a desktop.
"""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Newcomer
from tests.e2e.person import meet
from tests.e2e.stage import LAID_OUT, STAND_IN, assert_in_sight
from tests.process import ServerProcess
from tests.server.client import playing

MOST = 20
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


@pytest.mark.one_browser(also="firefox")
async def test_whoever_joins_a_meeting_is_in_sight(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada", calls=False, viewport={"width": 1024, "height": 700})
    await meet(meeting, ada)
    async with playing(server) as play:
        for count in range(2, 8):
            await play.joined(meeting, f"Guest {count}")
            for width, height in ((390, 844), (1024, 700)):
                await ada.page.set_viewport_size({"width": width, "height": height})
                assert_in_sight(await ada.page.evaluate(LAID_OUT, count), count)
        # A window made narrow and wide again ends as it began.
        before = await ada.page.evaluate(LAID_OUT, 7)
        await ada.page.set_viewport_size({"width": 300, "height": 500})
        assert_in_sight(await ada.page.evaluate(LAID_OUT, 7), 7)
        await ada.page.set_viewport_size({"width": 1024, "height": 700})
        assert await ada.page.evaluate(LAID_OUT, 7) == before
        # Of many tiles Tab stops at one.
        stops = await ada.page.locator('.tile [data-part="fit"]').evaluate_all(
            "all => all.map((each) => each.tabIndex)"
        )
        assert stops == [0, -1, -1, -1, -1, -1, 0], "the first of the others', and the own"
