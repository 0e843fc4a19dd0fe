"""`devices.js` against a browser that answers late, out of order or never, while the person presses and devices come
and go: at every moment others are told what is captured, nothing is captured that was not wanted last, and nothing runs
that the page does not know of."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.process import ServerProcess

SEEDS = 400
STEPS = 60

RUN = Path(__file__).with_name("device_races.js").read_text(encoding="utf-8")


@pytest.mark.one_browser
async def test_whatever_the_order_what_is_told_is_what_is_captured_and_what_was_wanted_last(
    browser: Browser, server: ServerProcess
) -> None:
    page = await browser.new_page()
    await page.goto(server.url)
    failures = await page.evaluate(RUN, [0, SEEDS, STEPS])
    await page.close()
    assert failures[:3] == []
