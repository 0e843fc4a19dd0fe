"""Reports on meetings: few at once, and not without end for one address."""

from __future__ import annotations

import asyncio
import inspect
from types import SimpleNamespace
from typing import Any, cast

import pytest

from server.http.in_turn import AT_ONCE, Turns
from server.http.limits import HttpLimits
from server.network.client_address import Client
from server.network.limits import Limits, parse
from server.runtime.metrics import Metrics


async def test_so_many_are_made_at_once_and_each_has_its_turn() -> None:
    turns = Turns()
    running, most = 0, 0

    @turns.taken
    async def report(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(3):
            await asyncio.sleep(0)
        running -= 1
        if number % 2:
            raise ValueError
        return number

    made = await asyncio.gather(*(report(number) for number in range(10)), return_exceptions=True)
    assert [each for each in made if not isinstance(each, ValueError)] == [0, 2, 4, 6, 8]
    assert most == AT_ONCE
    assert list(inspect.signature(report).parameters) == ["number"]


@pytest.mark.parametrize(
    ("path", "is_report"),
    [
        ("/api/meetings/ABC123/attendance", True),
        ("/api/meetings/ABC123/registrants", True),
        ("/api/meetings/ABC123/chat", True),
        ("/api/meetings/ABC123/audit", True),
        ("/api/meetings/ABC123/invites", True),
        ("/docs", True),
        ("/openapi.json", True),
        ("/api/meetings/ABC123", False),
        ("/m/ABC123/attendance", False),
    ],
)
async def test_reports_of_one_address_are_counted(path: str, is_report: bool) -> None:
    answered: list[str] = []
    sent: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        answered.append(scope["path"])

    async def send(message: Any) -> None:
        sent.append(message)

    config: Any = SimpleNamespace(admin_key=None)
    limits = HttpLimits(app, config, Limits(parse("0,reports=2"), Metrics()))
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"):
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "headers": [],
            "reconvene.client": Client(address, address),
        }
        await limits(scope, cast(Any, None), send)
    assert len(answered) == (3 if is_report else 4)
    assert [each["status"] for each in sent if "status" in each] == [429] * is_report
