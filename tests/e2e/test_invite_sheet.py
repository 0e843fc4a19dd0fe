"""How others find a meeting: the sheet with its link, its QR code, and its ID."""

from __future__ import annotations

import io

import av
import pytest
import zxingcpp
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import meet
from tests.e2e.test_axe import is_fine

SHARES = "navigator.share = async (data) => { globalThis.shared = data; };"
COPIES = """
  Object.defineProperty(navigator, "clipboard", {
    value: { writeText: async (text) => { (globalThis.copied ??= []).push(text); } },
  });
"""


def seen_by_a_camera(png: bytes) -> list[str]:
    """The texts of the codes in a picture."""
    with av.open(io.BytesIO(png), mode="r") as picture:
        frame = next(picture.decode(video=0)).reformat(format="gray")
    (plane,) = frame.planes
    rows = bytes(plane)
    pixels = b"".join(
        rows[line : line + frame.width] for line in range(0, frame.height * plane.line_size, plane.line_size)
    )
    image = memoryview(pixels).cast("B", (frame.height, frame.width))
    return [code.text for code in zxingcpp.read_barcodes(image)]


@pytest.mark.one_browser
async def test_others_are_invited(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada", calls=False)
    await ada.before(COPIES)
    await meet("ABC123", ada)
    link = f"{ada.url}/m/ABC123"
    await ada.button("Invite people").click()
    sheet = ada.page.get_by_role("dialog", name="Invite people")
    await expect(sheet.get_by_label("Link", exact=True)).to_have_value(link)
    await expect(sheet.get_by_label("Meeting ID, to read aloud")).to_have_value("ABC 123")
    code = sheet.get_by_role("img", name="QR code")
    for scheme in ("dark", "light"):
        await ada.page.emulate_media(color_scheme=scheme)
        assert seen_by_a_camera(await code.screenshot()) == [link], scheme
    for button in ("Copy link", "Copy meeting ID"):
        await sheet.get_by_role("button", name=button).click()
    await expect(sheet.get_by_text("Copied")).to_have_count(2)
    assert await ada.page.evaluate("copied") == [link, "ABC 123"]
    mail = await sheet.get_by_role("link", name="Send by email").get_attribute("href")
    assert mail == f"mailto:?subject=ABC123&body={link.replace(':', '%3A').replace('/', '%2F')}"
    await is_fine(ada, "the sheet of the invite")
    await ada.page.keyboard.press("Escape")
    await expect(ada.button("Invite people")).to_be_focused()
    # Where the system shares, it is asked, and the link goes by nothing else.
    await ada.page.evaluate(SHARES)
    await ada.button("Invite people").click()
    await expect(sheet.get_by_role("link", name="Send by email")).to_be_hidden()
    await sheet.get_by_role("button", name="Share…").click()
    assert await ada.page.evaluate("shared") == {"title": "ABC123", "url": link}
    await ada.page.set_viewport_size({"width": 320, "height": 480})
    await code.scroll_into_view_if_needed()
    assert seen_by_a_camera(await code.screenshot()) == [link]
    await sheet.get_by_role("button", name="Done").click()
    await ada.page.keyboard.press("c")
    await ada.told("Link copied")
    assert (await ada.page.evaluate("copied"))[-1] == link
