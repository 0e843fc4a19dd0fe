"""The stand-in with a webinar and a meeting, and who asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.zoom.stand_in import InstanceView, WebinarView, ZoomStandIn
from tests.zoom.stand_in.asking import UUIDS, Asking, rows


@pytest.fixture
async def zoom() -> AsyncIterator[ZoomStandIn]:
    webinar = WebinarView(
        "88988872033",
        [
            InstanceView(uuid, f"2026-10-0{day}T15:00:00Z", rows(65 + day), rows(65 + day))
            for day, uuid in enumerate(UUIDS, 1)
        ],
        {"approved": rows(40), "pending": rows(3), "denied": rows(2)},
    )
    meeting = WebinarView(
        "81234567890",
        [InstanceView("4Meet==", "2026-10-06T15:00:00Z", rows(1), rows(1))],
        kind="meeting",
        registration=False,
    )
    async with ZoomStandIn([webinar, meeting]) as zoom:
        yield zoom


@pytest.fixture
async def ask(zoom: ZoomStandIn) -> AsyncIterator[Asking]:
    asking = Asking(zoom)
    async with asking.http:
        assert (await asking.grant()).status_code == 200
        yield asking


@pytest.fixture
def webinar(zoom: ZoomStandIn) -> WebinarView:
    return zoom.webinars["88988872033"]
