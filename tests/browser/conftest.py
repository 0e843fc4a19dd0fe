"""Real Chromium with fake devices, and a real server."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Error, Playwright, async_playwright

from tests.browser.person import Person
from tests.process import ServerProcess

ARTIFACTS = Path(__file__).parent.parent.parent / "test-artifacts"

QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
FAKE_DEVICES = "--use-fake-device-for-media-stream"
FAKE_CONSENT = "--use-fake-ui-for-media-stream"

failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.stash[failed] = report.failed
    return report


async def launch(playwright: Playwright, *flags: str) -> Browser:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "no Chromium: run tests/install.sh, or set CHROMIUM to its path"
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return await playwright.chromium.launch(executable_path=found, args=[*root, *QUIET, *flags])


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture(scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await launch(playwright, FAKE_DEVICES, FAKE_CONSENT)
    yield browser
    await browser.close()


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path_factory.mktemp("e2e")) as server:
        yield server
    assert server.exit_code == 0
    worse = [line for line in server.logs if line.get("level") in {"error", "critical"}]
    assert worse == [], "the server logged an error of its own"


Invite = Callable[..., Awaitable[Person]]


@pytest.fixture
async def invite(
    request: pytest.FixtureRequest, browser: Browser, server: ServerProcess
) -> AsyncIterator[Invite]:
    """`await invite()` is a new person with a browser of their own.

    At the end nobody has met a 409 or an error nobody expected. When the test failed, everyone's screen is kept.
    """
    people: list[Person] = []

    async def invite(at: str = "", using: Browser | None = None, **context: Any) -> Person:
        person = await Person.arrive(using or browser, at or server.url, **context)
        people.append(person)
        return person

    yield invite

    name = re.sub(r"\W+", "-", request.node.name)
    for number, person in enumerate(people):
        if request.node.stash.get(failed, False):
            ARTIFACTS.mkdir(exist_ok=True)
            for tab, page in enumerate(person.context.pages):
                try:
                    await page.screenshot(path=ARTIFACTS / f"{name}-{number}-{tab}.png")
                except Error as error:
                    print(f"no screenshot: {error}")
        await person.context.close()
    for person in people:
        assert [status for status in person.statuses if status[0] == 409] == []
        assert person.complaints == []


_count = 0


@pytest.fixture
def meeting() -> str:
    """A meeting ID no other test uses."""
    global _count
    _count += 1
    return f"E2E-{_count}"
