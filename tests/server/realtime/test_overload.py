"""When there is too much to do: who is refused, in which order, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from server.realtime.overload import CALM, SUSTAINED, Overload, Rank
from server.runtime.metrics import Metrics
from signalling.protocol.errors import ErrorCode
from tests.server.client import playing
from tests.server.late import LateServer


class Loop:
    """An event loop whose lag is set by the test."""

    def __init__(self, bound: float = 1.0) -> None:
        self.metrics = Metrics()
        self.overload = Overload(bound, self.metrics)
        self.now = 0.0

    def lags(self, lag: float, times: int = SUSTAINED) -> None:
        for _ in range(times):
            self.now += lag + 0.1
            self.overload.measured(lag, self.now)

    def refused(self) -> list[str]:
        return [rank.name for rank in Rank if self.overload.refusal(rank) is not None]


@pytest.mark.parametrize(
    ("lag", "refused"),
    [
        (0.0, []),
        (0.9, []),
        (1.0, ["HTTP"]),
        (2.0, ["HTTP", "JOIN"]),
        (3.9, ["HTTP", "JOIN"]),
        (4.0, ["HTTP", "JOIN", "RESUME"]),
    ],
)
def test_returns_come_before_joins_and_joins_before_http(lag: float, refused: list[str]) -> None:
    loop = Loop()
    loop.lags(lag)
    assert loop.refused() == refused


def test_one_long_stop_is_no_overload() -> None:
    loop = Loop()
    loop.lags(0.0)
    loop.lags(60.0, times=SUSTAINED - 1)
    assert loop.refused() == []
    loop.lags(0.0, times=1)
    loop.lags(60.0, times=SUSTAINED - 1)
    assert loop.refused() == []


def test_who_is_refused_is_told_when_to_come_back_and_not_all_the_same() -> None:
    loop = Loop()
    loop.lags(5.0)
    refusals = [loop.overload.refusal(Rank.JOIN) for _ in range(20)]
    times = set()
    for refused in refusals:
        assert refused is not None
        assert refused.code is ErrorCode.UNAVAILABLE
        assert refused.retry_after is not None
        assert 5.0 <= refused.retry_after <= 10.0
        times.add(refused.retry_after)
    assert len(times) > 1


def test_nobody_is_refused_where_that_is_switched_off() -> None:
    loop = Loop(bound=0)
    loop.lags(50.0)
    assert loop.refused() == []


def test_it_is_one_line_when_it_begins_and_one_when_it_is_over() -> None:
    loop = Loop()
    with structlog.testing.capture_logs() as lines:
        loop.lags(2.5)
        loop.refused()
        loop.lags(0.0)
        loop.lags(1.5)
        assert loop.refused() == ["HTTP"]
        loop.lags(0.0, times=int(CALM / 0.1) - 1)
        (began,) = lines
        loop.lags(0.0, times=5)
    assert (began["log_level"], began["lag"]) == ("warning", 2.5)
    _, over = lines
    assert (over["log_level"], over["refused"]) == ("info", {"http": 2, "join": 1})
    assert loop.refused() == []


async def test_a_server_that_is_always_late_refuses_whoever_can_wait_and_says_so(tmp_path: Path) -> None:
    async with LateServer(tmp_path) as server, playing(server) as play:
        await server.logged("too much to do, who can wait is refused")
        answer = await play.http.post("/api/identity")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await play.http.get(path)).status_code == 200
        ann = await play.client()
        await ann.send("join", meeting="ABC123", name="Ann", create=True)
        assert (await ann.error("unavailable"))["retry_after"] >= 1
        ann.session, ann.epoch = "x", "e"
        await ann.ask_to_resume()
        assert (await ann.error("unavailable"))["retry_after"] >= 1
        page = (await play.http.get("/metrics")).text
        for what in ("http", "join", "resume"):
            assert f'\nreconvene_overload_refused_total{{what="{what}"}} 1.0\n' in page
        assert 'reconvene_loop_lag_seconds_bucket{le="1.0"}' in page
