from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from tests.e2e.person import Person
from tests.process import ROOT, ServerProcess, quiet_server

ARTIFACTS = ROOT / "test-artifacts"
FAILED = pytest.StashKey[bool]()

QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
FAKE_DEVICES = "--use-fake-device-for-media-stream"
ALLOW_DEVICES = "--use-fake-ui-for-media-stream"

_meetings = itertools.count(1)

Newcomer = Callable[..., Awaitable[Person]]
Launch = Callable[..., Awaitable[Browser]]


def chromium() -> str:
    """Where tests/install.sh finds it, or puts it."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "No Chromium: run tests/install.sh, or set CHROMIUM to the browser's path"
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
async def launch(playwright: Playwright) -> AsyncIterator[Launch]:
    """Start a browser with these flags; all are closed at the end."""
    browsers: list[Browser] = []

    async def launch(*flags: str) -> Browser:
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(
            executable_path=chromium(), headless=True, args=[*QUIET, *sandbox, *flags]
        )
        browsers.append(browser)
        return browser

    yield launch
    for browser in browsers:
        await browser.close()


@pytest.fixture(scope="session")
async def browser(launch: Launch) -> Browser:
    """With camera, microphone and screen that work without a question."""
    return await launch(FAKE_DEVICES, ALLOW_DEVICES)


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """One server for all tests that need no settings of their own."""
    async with quiet_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def meeting() -> str:
    """A meeting id no other test uses."""
    return f"MEETING-{next(_meetings)}"


@pytest.fixture
async def people(request: pytest.FixtureRequest) -> AsyncIterator[list[Person]]:
    """All whose pages are open in the test. At its end none may have complained."""
    people: list[Person] = []
    yield people
    if request.node.stash.get(FAILED, False):
        ARTIFACTS.mkdir(exist_ok=True)
        test = re.sub(r"\W+", "-", request.node.name)
        for number, person in enumerate(people, 1):
            await person.photograph(str(ARTIFACTS / f"{test}-{number}-{person.name.replace(' ', '-')}.png"))
    for context in {person.context for person in people}:
        await context.close()
    complaints = {person.name: person.complaints for person in people if person.complaints}
    assert not complaints, complaints


@pytest.fixture
def newcomer(people: list[Person], browser: Browser, server: ServerProcess) -> Newcomer:
    """`await newcomer("Ada")`: somebody with a browser context of their own.

    `url` for another server, `tab_of` for a second tab of somebody's, `using` for another browser; further
    options are the context's.
    """

    async def newcomer(
        name: str,
        *,
        url: str = "",
        tab_of: Person | None = None,
        using: Browser | None = None,
        **options: Any,
    ) -> Person:
        context = tab_of.context if tab_of else await (using or browser).new_context(**options)
        person = await Person.arrive(context, name, url or server.url)
        people.append(person)
        return person

    return newcomer
