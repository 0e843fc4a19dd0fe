"""The page `/docs` on a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import OVERFLOW

PHONE = {"viewport": {"width": 360, "height": 740}}

BROKEN_WORDS = r"""[...document.querySelectorAll("table")].flatMap((table) => {
  const found = [];
  const texts = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const word of texts.currentNode.data.matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(word[0]);
    }
  }
  return found;
})"""


@pytest.mark.one_browser
async def test_tables_break_no_word_on_a_phone(newcomer: Newcomer) -> None:
    reader = await newcomer("Reader", **PHONE)
    await reader.page.goto(f"{reader.url}/docs")
    await expect(reader.page.get_by_role("cell", name="RECONVENE_HOSTS").first).to_be_visible()
    assert await reader.page.evaluate(BROKEN_WORDS) == []
    assert await reader.page.evaluate(OVERFLOW) == 0
