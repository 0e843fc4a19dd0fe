"""Imports in the background of one process, and what is known of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from server.settings.config import Config
from server.zoom import jobs as jobs_module
from server.zoom.api_models import job as view
from server.zoom.jobs import KEPT_FOR, Job, Jobs, TooManyJobs
from server.zoom.progress import Progress
from server.zoom.settings import NotConfigured
from storage.import_store import StoreWithImports
from tests.process import ServerProcess
from tests.server.client import bearer
from tests.zoom.lean_server import LeanServer
from tests.zoom.runs import FIRST, ID, ROWS, SECOND, Runs, instance, runs, webinar
from tests.zoom.stand_in import faults
from tests.zoom.stand_in.requests import told
from tests.zoom.stand_in.webhooks import Seat, Session, WebhookSender, joined

UNKNOWN = "99988877766"


@dataclass
class Bench:
    runs: Runs
    jobs: Jobs

    async def run(self, external_id: str = ID, instance: str | None = None) -> Job:
        job, begun = self.jobs.begin(external_id, "webinar", instance)
        assert begun
        await job.finished.wait()
        return job


@asynccontextmanager
async def opened(made: Runs, **settings: str) -> AsyncIterator[Bench]:
    jobs = Jobs(Config.from_env({**made.zoom.environ, **settings}), made.store, clock=made.clock.now)
    jobs.start()
    yield Bench(made, jobs)
    await jobs.stop()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with runs(tmp_path, webinar(instance(), instance(SECOND, rows=5))) as made, opened(made) as bench:
        yield bench


async def test_a_job_reads_all_there_is(bench: Bench) -> None:
    job = await bench.run()
    assert (job.state, job.progress.stage, job.error) == ("complete", "done", None)
    assert job.outcome is not None
    assert job.outcome.totals.people == ROWS
    assert view(job, bench.runs.clock.now())["total"] == ROWS + 5 + 110


async def test_the_same_is_begun_once_and_something_else_beside_it(bench: Bench) -> None:
    job, begun = bench.jobs.begin(ID, "webinar")
    assert bench.jobs.begin(ID, "webinar") == (job, False)
    other, also_begun = bench.jobs.begin(ID, "webinar", SECOND)
    assert (begun, also_begun, other is job) == (True, True, False)
    assert bench.jobs.all() == [other, job]
    await job.finished.wait()
    await other.finished.wait()
    assert (job.state, other.state) == ("complete", "complete")
    again, begun = bench.jobs.begin(ID, "webinar")
    assert (begun, again is job) == (True, False)


async def test_the_latest_of_a_webinar_is_the_one_that_runs(bench: Bench) -> None:
    running, _ = bench.jobs.begin(ID, "webinar")
    await bench.run(UNKNOWN)
    finished = await bench.run(instance=FIRST)
    if running.state == "running":
        assert bench.jobs.latest(ID) is running
    await running.finished.wait()
    assert bench.jobs.latest(ID) is finished
    assert bench.jobs.latest("99988877755") is None


async def test_what_stops_a_job_is_told(bench: Bench) -> None:
    job = await bench.run(UNKNOWN)
    assert (job.state, job.progress.stage) == ("failed", "failed")
    assert job.progress.note == str(job.error)


async def test_a_bug_stops_its_job_only(bench: Bench) -> None:
    class Broken:
        async def imported(self, room: str) -> None:
            raise KeyError(room)

    bench.jobs._store = Broken()  # type: ignore[assignment]
    job = await bench.run()
    assert (job.state, job.progress.note) == ("failed", "Something went wrong here. It has been logged.")
    assert isinstance(job.error, Exception)


async def test_while_zoom_makes_us_wait_the_job_says_so(bench: Bench) -> None:
    busy = told(
        429, {"code": 429, "message": "Slower."}, x_ratelimit_type="Per-second-limit", retry_after="1"
    )
    bench.runs.zoom.faults.next(faults.Fault("answer", busy))
    stages: list[str] = []
    job, _ = bench.jobs.begin(ID, "webinar")
    saw = Job.saw

    def noted(self: Job, progress: Progress, now: float) -> None:
        stages.append(progress.stage)
        saw(self, progress, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Job, "saw", noted)
        await job.finished.wait()
    assert job.state == "complete"
    assert "waiting" in stages


async def test_what_became_of_it_can_be_asked_for_an_hour(bench: Bench) -> None:
    job = await bench.run(UNKNOWN)
    bench.runs.clock.advance(KEPT_FOR)
    assert bench.jobs.job(job.id) is job
    bench.runs.clock.advance(1)
    assert bench.jobs.job(job.id) is None
    assert bench.jobs.all() == []


async def test_only_so_many_are_kept_and_run_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "MOST_KEPT", 2)
    monkeypatch.setattr(jobs_module, "MOST_RUNNING", 1)
    first, second, third = [await bench.run(number) for number in (UNKNOWN, "99988877755", "99988877744")]
    assert bench.jobs.all() == [third, second]
    assert bench.jobs.job(first.id) is None
    running, _ = bench.jobs.begin(ID, "webinar")
    with pytest.raises(TooManyJobs):
        bench.jobs.begin(UNKNOWN, "webinar")
    assert bench.jobs.begin(ID, "webinar") == (running, False)


async def test_a_stop_is_no_failure(bench: Bench) -> None:
    bench.runs.zoom.faults.on(lambda asked: "next_page_token" in asked.params, faults.stall())
    job, _ = bench.jobs.begin(ID, "webinar")
    await bench.runs.zoom.until(lambda: any(asked.rows for asked in bench.runs.zoom.requests))
    await bench.jobs.stop()
    assert (job.state, job.finished.is_set()) == ("stopped", True)
    with pytest.raises(RuntimeError):
        bench.jobs.begin(ID, "webinar")


async def test_an_id_that_is_none_begins_nothing(bench: Bench) -> None:
    with pytest.raises(ValueError, match="9 to 12"):
        bench.jobs.begin("12", "webinar")
    assert bench.jobs.all() == []


async def test_without_the_settings_there_are_no_jobs(tmp_path: Path) -> None:
    store: StoreWithImports = None  # type: ignore[assignment] # not asked
    jobs = Jobs(Config.from_env({}), store, clock=time.time)
    jobs.start()
    assert isinstance(jobs.unusable, NotConfigured)
    with pytest.raises(NotConfigured, match="ZOOM_ACCOUNT_ID"):
        jobs.begin(ID, "webinar")
    await jobs.stop()


async def test_without_the_extra_the_server_runs_and_says_what_to_install(tmp_path: Path) -> None:
    settings = {"ZOOM_ACCOUNT_ID": "a", "ZOOM_CLIENT_ID": "b", "ZOOM_CLIENT_SECRET": "c"}
    settings |= {"ZOOM_WEBHOOK_SECRET": "secret", "RECONVENE_ADMIN_KEY": "an admin key of some length"}
    async with (
        LeanServer(tmp_path, **settings) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as http,
        WebhookSender(f"{server.url}/api/zoom/webhook", "secret") as zoom,
    ):
        line = await server.logged("nothing is imported from zoom", level="warning")
        assert "'.[zoom]'" in line["error"]
        key = bearer(settings["RECONVENE_ADMIN_KEY"])
        answer = await http.post("/api/zoom/sync", json={"id": ID}, headers=key)
        assert (answer.status_code, "'.[zoom]'" in answer.json()["detail"]) == (501, True)
        event = joined(Session(ID, FIRST, 1.79e9), Seat("1", "Anna", 1.79e9))
        assert (await zoom.send(event)).json() == {"kept": True}, "events need no packages"
    assert server.exit_code == 0
    assert [line["event"] for line in server.logs if line["level"] not in {"debug", "info"}] == [
        "nothing is imported from zoom"
    ]


async def test_a_server_that_takes_events_and_cannot_ask_zoom_says_so(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, ZOOM_WEBHOOK_SECRET="secret") as server:
        line = await server.logged("zoom's events are kept, but never corrected by its report")
    assert "ZOOM_ACCOUNT_ID" in line["error"]
