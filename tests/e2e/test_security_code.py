"""Two people compare a short code: it is the same for both unless somebody sits between them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e import in_charge
from tests.e2e.browsers import Browsers
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, all_hear_and_watch, meet

CODE = """async (pairs) => {
  const { securityCode } = await import("/static/sdk/security-code.js");
  return Promise.all(pairs.map((ends) => securityCode(...ends)));
}"""


def sdp(*prints: str) -> str:
    """A description with these fingerprints in each of two sections."""
    lines = [f"a=fingerprint:{each}" for each in prints]
    return "\r\n".join(["v=0", "m=audio 9 X", *lines, "a=mid:0", "m=video 9 X", *lines, "a=mid:1", ""])


ANN, BEN, EVE = (f"sha-256 {':'.join([byte] * 32)}" for byte in ("A1", "B2", "E5"))
ANNS_OLD = f"sha-1 {':'.join(['A3'] * 20)}"

VECTORS: list[tuple[str, str, str]] = [
    (sdp(ANN), sdp(BEN), "42608 90293 88685 87160"),
    # The other end has the same two.
    (sdp(BEN), sdp(ANN), "42608 90293 88685 87160"),
    # Browsers write them in their own ways.
    (f"a=fingerprint:{ANN}\n", sdp(BEN.lower(), BEN.upper()), "42608 90293 88685 87160"),
    (sdp(ANN, ANNS_OLD), sdp(BEN), "11156 98175 01925 19038"),
    (sdp(ANNS_OLD, ANN), sdp(BEN), "11156 98175 01925 19038"),
    # Eve between them: as Ben to Ann, and as Ann to Ben, openly or beside the true one.
    (sdp(ANN), sdp(EVE), "48435 47845 53475 53063"),
    (sdp(ANN), sdp(BEN, EVE), "17730 02103 97649 71882"),
    (sdp(ANN, EVE), sdp(BEN), "98551 28957 13700 97814"),
    (sdp(ANN), "v=0\r\n", ""),
]


async def coded(page: Page) -> list[str]:
    found: list[Any] = await page.evaluate(CODE, [[here, there] for here, there, _ in VECTORS])
    return found


async def code(person: Person, other: str) -> str:
    """The one that the page shows for the connection to somebody."""
    await in_charge.choose(person, other, "Security code…")
    dialog = person.page.get_by_role("dialog", name=f"Security code with {other}")
    shown = dialog.get_by_role("status")
    await expect(shown).to_have_text(re.compile(r"^\d{5}( \d{5}){3}$"))
    found = await shown.text_content()
    await dialog.get_by_role("button", name="Done").click()
    return found or ""


@pytest.mark.one_browser
async def test_three_see_and_hear_each_other_and_both_ends_of_each_connection_show_its_code(
    newcomer: Newcomer, browsers: Browsers, meeting: str
) -> None:
    """Whoever is in charge or not; in Firefox's turn, in browsers of two kinds."""
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    another = await browsers.open("chromium") if ada.browser_name == "firefox" else None
    cat = await newcomer("Cat", using=another)
    a, b, c = await meet(meeting, ada, bob, cat)
    assert await coded(ada.page) == [each for *_, each in VECTORS]
    await all_hear_and_watch({a: ada, b: bob, c: cat})
    for person in (ada, bob, cat):
        await expect(person.others).to_have_count(2)
    with_bob, with_cat = await code(ada, "Bob"), await code(ada, "Cat")
    assert with_bob == await code(bob, "Ada")
    assert with_cat == await code(cat, "Ada")
    assert len({with_bob, with_cat, await code(bob, "Cat")}) == 3
    # A new connection has another.
    await bob.page.reload()
    await bob.seated()
    await ada.sees(b, connection="connected")
    assert await code(ada, "Bob") == await code(bob, "Ada") != with_bob
