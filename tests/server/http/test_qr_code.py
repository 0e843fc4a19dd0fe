"""The QR code of a meeting's link tells nothing of the meeting. Whether cameras read it is tested with the page."""

from __future__ import annotations

import httpx
import pytest
import segno

from tests.process import ServerProcess

PATH = "/api/meetings/{}/qr.svg"


def modules(svg: str) -> str:
    """The dark ones, as the path that is drawn."""
    return svg.partition('class="qrline" stroke="#000" d="')[2].partition('"')[0]


async def test_it_is_that_of_the_link_whether_there_is_such_a_meeting_or_not(server: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        answer = await web.get(PATH.format("nobody-started-it"))
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
        assert answer.headers["Cache-Control"].startswith("private")
        link = f"{server.url}/m/NOBODY-STARTED-IT"
        drawn = modules(answer.text)
        assert drawn
        assert drawn == modules(segno.make(link, error="m", micro=False).svg_inline(border=4))
        # Others make others.
        assert modules((await web.get(PATH.format("another"))).text) != drawn


@pytest.mark.parametrize(
    "meeting", ["AB", "A" * 65, "https:%2F%2Fevil.example", "ABC%20DEF", "%3Csvg%3E", "%00"]
)
async def test_there_is_none_of_anything_else(server: ServerProcess, meeting: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        answer = await web.get(PATH.format(meeting) + "?link=https://evil.example")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


async def test_there_is_none_of_a_link_that_is_too_long(server: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        answer = await web.get(PATH.format("ABC123"), headers={"Host": f"{'a.' * 200}example"})
    assert answer.status_code == 404
