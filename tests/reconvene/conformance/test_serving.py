"""Clients that are right pass, and one that is naive in one thing fails in that."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page

import reconvene
from reconvene.conformance.modes import MODES
from reconvene.conformance.serving import serving
from tests.e2e.outside import Outside
from tests.process import ServerProcess
from tests.reconvene.command import running
from tests.reconvene.conformance.naive import FAULTS, Client

PATIENCE, QUIET = 20.0, 0.4
"""Seconds. However busy the machine is, a client that is right comes back within the first."""

TIMEOUT = 60.0

NEVER = {"gives up", "is late with a token"}
AT_ONCE = {"signals again", "does not wait", "comes back after all", "leaves", "talks back"}
"""Faults that are waited for, however busy the machine is."""


@pytest.fixture(scope="module")
async def patient() -> AsyncIterator[str]:
    async with serving("127.0.0.1", 0, patience=PATIENCE, quiet=QUIET) as url:
        yield url


@pytest.fixture
async def impatient() -> AsyncIterator[str]:
    """For a client that never does what it is to do."""
    async with serving("127.0.0.1", 0, patience=1.0, quiet=QUIET) as url:
        yield url


@pytest.fixture
async def unhurried() -> AsyncIterator[str]:
    """For a client that does at once what it is not to do."""
    async with serving("127.0.0.1", 0, patience=PATIENCE, quiet=PATIENCE) as url:
        yield url


async def verdict(url: str, meeting: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as web:
        answer = await web.get(f"{url}/verdict/{meeting}", params={"wait": TIMEOUT - 10})
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found


def failed(found: dict[str, Any]) -> list[str]:
    return [check["what"] for check in found["checks"] if not check["passed"]]


@pytest.mark.parametrize("mode", MODES)
async def test_the_client_for_programs_passes(patient: str, mode: str) -> None:
    tokens = (f"token {number}" for number in itertools.count())

    async def get_token() -> str:
        return next(tokens)

    meeting = f"{mode}-PYTHON"
    async with reconvene.join(patient, meeting, name="Ann", get_token=get_token):
        found = await verdict(patient, meeting)
    assert (found["state"], failed(found)) == ("passed", []), found
    assert found["checks"]


@pytest.mark.one_browser
async def test_the_client_library_of_browsers_passes(
    patient: str, server: ServerProcess, browser: Browser
) -> None:
    async with Outside() as outside:
        outside.answers["/empty.html"] = lambda: "<!doctype html>"
        verdicts = await library_tried(patient, server.url, await browser.new_page(), outside)
    assert [(found["state"], failed(found)) for found in verdicts] == [("passed", [])] * len(MODES), verdicts


async def library_tried(patient: str, home: str, page: Page, outside: Outside) -> list[dict[str, Any]]:
    """In a page of another site than the library is from."""
    await page.goto(f"{outside.origin}/empty.html")
    await page.evaluate(
        """async ([home, server, modes]) => {
          const { Reconvene } = await import(`${home}/sdk/v1/reconvene.js`);
          for (const mode of modes) {
            let number = 0;
            const client = new Reconvene({ server, getToken: async () => `token ${++number}` });
            client.open(`${mode}-LIBRARY`, { name: "Ann", media: false });
          }
        }""",
        [home, patient, list(MODES)],
    )
    verdicts = [await verdict(patient, f"{mode}-LIBRARY") for mode in MODES]
    await page.close()
    return verdicts


@pytest.mark.parametrize("mode", MODES)
async def test_a_small_client_that_is_right_passes(patient: str, mode: str) -> None:
    found = await tried(patient, f"{mode}-SMALL", "")
    assert (found["state"], failed(found)) == ("passed", []), found


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_client_fails_where_it_is_naive(
    patient: str, impatient: str, unhurried: str, fault: str
) -> None:
    mode, what = FAULTS[fault]
    mild = unhurried if fault in AT_ONCE else patient
    found = await tried(impatient if fault in NEVER else mild, f"{mode}-{list(FAULTS).index(fault)}", fault)
    assert found["state"] == "failed"
    assert what in failed(found), found


async def tried(url: str, meeting: str, fault: str) -> dict[str, Any]:
    running = asyncio.create_task(Client(url, meeting, fault).run())
    try:
        return await verdict(url, meeting)
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_the_command_serves_until_it_is_told_to_stop() -> None:
    async with running("conformance", "serve", "--port", "0") as process:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().partition(": ")[0]
        async with httpx.AsyncClient(base_url=url, trust_env=False) as web:
            assert "TEST-NEW-EPOCH" in (await web.get("/")).json()["meetings"]
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (130, b"")


async def test_there_is_a_list_of_meetings_and_no_verdict_before_anybody_came(patient: str) -> None:
    async with httpx.AsyncClient(base_url=patient, trust_env=False) as web:
        assert set((await web.get("/")).json()["meetings"]) == set(MODES)
        answer = await web.get("/verdict/TEST-NEW-EPOCH-NOBODY", params={"wait": "soon"})
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (404, "*")
        assert (await web.get("/elsewhere")).status_code == 404


@pytest.mark.parametrize("meeting", ["ABC123", "TEST-NEW-EPOCHS"])
async def test_another_meeting_is_unknown(patient: str, meeting: str) -> None:
    with pytest.raises(reconvene.Refused, match="unknown_meeting"):
        await reconvene.join(patient, meeting, name="Ann").__aenter__()


async def test_a_trial_that_is_over_is_not_begun_again(patient: str) -> None:
    meeting = "TEST-GOING-AWAY-ONCE"
    async with reconvene.join(patient, meeting, name="Ann"):
        found = await verdict(patient, meeting)
    with pytest.raises(reconvene.Refused, match="meeting_ended"):
        await reconvene.join(patient, meeting, name="Ann").__aenter__()
    assert await verdict(patient, meeting) == found
