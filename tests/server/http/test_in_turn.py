"""Reports on meetings: few at once, and not without end for one address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import ClientDisconnect, Request

from server.http.in_turn import Turns
from server.http.limits import HttpLimits
from server.network.client_address import Client
from server.network.limits import Limits, parse
from server.runtime.metrics import Metrics
from signalling.protocol.errors import ERRORS, Refused


class Desk:
    """`asked` has a report made, which takes until `done`; what becomes of it is in `told`."""

    def __init__(self, patience: float = 60.0) -> None:
        self.turns = Turns(patience)
        self.running: list[str] = []
        self.told: dict[str, Exception] = {}
        self.hung_up: dict[str, asyncio.Event] = {}
        self._done: dict[str, asyncio.Event] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def latest(self) -> asyncio.Task[None]:
        return self._tasks[-1]

    async def __aenter__(self) -> Desk:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        assert not self.running

    async def asked(self, *reports: str) -> None:
        """One after the other: such as `ann/ABC123`, and more, so that it is another."""
        for report in reports:
            caller, room, *_ = report.split("/")
            self._done[report], self.hung_up[report] = asyncio.Event(), asyncio.Event()
            self._tasks.append(asyncio.create_task(self._make(report, caller, room)))
            await settled()

    async def done(self, report: str) -> None:
        self._done[report].set()
        await settled()

    async def _make(self, report: str, caller: str, room: str) -> None:
        body = iter([{"type": "http.request"}])

        async def receive() -> Any:
            if (message := next(body, None)) is not None:
                return message
            await self.hung_up[report].wait()
            return {"type": "http.disconnect"}

        try:
            async with self.turns.turn(Request({"type": "http"}, receive), caller, room):
                self.running.append(report)
                try:
                    await self._done[report].wait()
                    if report.endswith("fails"):
                        raise ValueError
                finally:
                    self.running.remove(report)
        except (Refused, ClientDisconnect, ValueError) as error:
            self.told[report] = error


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with Desk() as desk:
        yield desk


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_so_many_are_made_at_once_and_each_has_its_turn(desk: Desk) -> None:
    await desk.asked("ann/A/fails", "bob/B", "cem/C", "dan/D")
    assert desk.running == ["ann/A/fails", "bob/B"]
    await desk.done("ann/A/fails")
    assert isinstance(desk.told["ann/A/fails"], ValueError)
    assert desk.running == ["bob/B", "cem/C"]
    await desk.done("cem/C")
    await desk.done("bob/B")
    assert desk.running == ["dan/D"]


async def test_neither_a_caller_nor_a_meeting_has_two_turns(desk: Desk) -> None:
    await desk.asked("ann/A", "ann/B", "cem/A", "dan/D")
    assert desk.running == ["ann/A", "dan/D"]
    await desk.done("ann/A")
    assert desk.running == ["dan/D", "cem/A"]
    await desk.done("dan/D")
    assert desk.running == ["cem/A", "ann/B"]


async def test_whoever_asks_for_many_lets_others_go_between(desk: Desk) -> None:
    for number in range(4):
        await desk.asked(f"eve/E/{number}", f"mal/M/{number}")
    await desk.asked("ann/A")
    assert desk.running == ["eve/E/0", "mal/M/0"]
    await desk.done("eve/E/0")
    assert desk.running == ["mal/M/0", "ann/A"]
    await desk.done("mal/M/0")
    assert desk.running == ["ann/A", "eve/E/1"]
    await desk.done("eve/E/1")
    assert desk.running == ["ann/A", "mal/M/1"]


async def test_whoever_waits_too_long_is_told_when_to_come_again() -> None:
    async with Desk(patience=0.0) as desk:
        await desk.asked("ann/A")
        await desk.asked("ann/A/2")
        await asyncio.wait([desk.latest])
        refused = desk.told["ann/A/2"]
        assert isinstance(refused, Refused)
        assert (refused.code, ERRORS[refused.code].status) == ("unavailable", 503)
        assert refused.retry_after is not None
        await desk.done("ann/A")
        await desk.asked("ann/A/3")
        assert desk.running == ["ann/A/3"]


async def test_whoever_hangs_up_leaves_the_queue(desk: Desk) -> None:
    await desk.asked("ann/A", "bob/B", "cem/C", "dan/D")
    desk.hung_up["cem/C"].set()
    await settled()
    assert isinstance(desk.told["cem/C"], ClientDisconnect)
    await desk.done("ann/A")
    assert desk.running == ["bob/B", "dan/D"]


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
