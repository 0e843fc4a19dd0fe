from __future__ import annotations

import itertools
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from tests.cost import CPU, spent
from tests.e2e.browsers import BROWSERS, LIGHT, BrowserName, Browsers, Engine
from tests.e2e.office import Office, opened, with_key
from tests.e2e.person import BERLIN, Person
from tests.e2e.spies import NO_CALLS, SPARSE
from tests.process import ROOT, ServerProcess, quiet_server

ARTIFACTS = ROOT / "test-artifacts"
FAILED = pytest.StashKey[bool]()
SPENT = pytest.StashKey[float]()

_meetings = itertools.count(1)

Newcomer = Callable[..., Awaitable[Person]]


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "only(browser, reason): can run in this browser alone, or need run in this engine alone",
        "one_browser: what it finds is the page's doing rather than the browser's: `make test` runs it in the lightest "
        'engine, `make browsers` one such test of each file in Firefox, and those with `also="firefox"`',
        "elsewhere(browser): `make browsers` alone runs it, or alone runs it in this one",
    ):
        config.addinivalue_line("markers", marker)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever takes a `newcomer` or a `browser` runs in every browser, unless it is marked."""
    if "engine" not in metafunc.fixturenames:
        return
    only = metafunc.definition.get_closest_marker("only")
    names = {only.kwargs["browser"]} if only else set(BROWSERS)
    if metafunc.definition.get_closest_marker("one_browser"):
        names = names & {"firefox"} if os.environ.get("OTHER_BROWSERS") else {LIGHT[min(names)]}
    metafunc.parametrize("engine", sorted(names), indirect=True, scope="module")


# After `-m`, which leaves those that are marked.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the other browsers, the first case of each file, and what each of them does in its own way."""
    others = os.environ.get("OTHER_BROWSERS")
    if others == "all":
        return
    seen: set[str] = set()
    wanted: list[pytest.Item] = []
    unwanted: list[pytest.Item] = []
    for item in items:
        file = item.nodeid.partition("::")[0]
        elsewhere = _is_elsewhere(item)
        marker = item.get_closest_marker("one_browser")
        first = marker is not None and not elsewhere and file not in seen
        own_way = elsewhere or (marker is not None and "also" in marker.kwargs)
        (wanted if (first or own_way if others else not elsewhere) else unwanted).append(item)
        if not elsewhere:
            seen.add(file)
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = wanted


def _is_elsewhere(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("elsewhere")
    if marker is None or "browser" not in marker.kwargs:
        return marker is not None
    return isinstance(item, pytest.Function) and item.callspec.params["engine"] == marker.kwargs["browser"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    # Looking at all processes takes some milliseconds of a processor itself.
    if "engine" in getattr(item, "fixturenames", ()):
        item.stash[SPENT] = spent()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.when == "teardown" and SPENT in item.stash:
        item.user_properties.append((CPU, spent() - item.stash[SPENT]))
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Engine:
    """What the test runs in."""
    engine: Engine = request.param
    return engine


@pytest.fixture(scope="module")
def browser_name(engine: Engine) -> BrowserName:
    """Whose doing it is."""
    return "firefox" if engine == "firefox" else "chromium"


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
async def browsers(playwright: Playwright) -> AsyncIterator[Browsers]:
    """All of them; `await browsers.open("firefox")` for what a test needs beside its own."""
    async with Browsers(playwright) as browsers:
        yield browsers


@pytest.fixture(scope="module")
async def browser(browsers: Browsers, engine: Engine) -> Browser:
    """With camera, microphone and screen that work without a question."""
    return await browsers.open(engine)


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
def newcomer(people: list[Person], browser: Browser, engine: Engine, server: ServerProcess) -> Newcomer:
    """`await newcomer("Ada")`: somebody with a browser context of their own.

    `url` for another server, `tab_of` for a second tab of somebody's, `using` for another browser, `calls=False` for
    one that cannot make calls, which costs a fraction; further options are the context's. In the shell devices give
    little: what their pictures and sounds are like is looked at in whole browsers.
    """

    async def newcomer(
        name: str,
        *,
        url: str = "",
        tab_of: Person | None = None,
        using: Browser | None = None,
        calls: bool = True,
        **options: Any,
    ) -> Person:
        browser_of_theirs = using or browser
        light = engine == "shell" and browser_of_theirs.browser_type.name == "chromium"
        if light:
            options = {"reduced_motion": "reduce", **options}
        context = tab_of.context if tab_of else await browser_of_theirs.new_context(**options)
        if not calls:
            await context.add_init_script(NO_CALLS)
        if light and not tab_of:
            await context.add_init_script(SPARSE)
        person = await Person.arrive(context, name, url or server.url)
        people.append(person)
        return person

    return newcomer


@pytest.fixture(scope="module")
async def office(
    tmp_path_factory: pytest.TempPathFactory, browser_name: BrowserName
) -> AsyncIterator[Office]:
    """One for each browser, since tests leave something behind."""
    async with opened(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
async def admin(newcomer: Newcomer, office: Office) -> Person:
    """With the admin key in the tab."""
    admin = await newcomer("Ada", url=office.server.url, **BERLIN)
    await with_key(admin)
    return admin


@pytest.fixture
async def mortal(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that may be killed, and one that looks for dead sockets often."""
    async with ServerProcess(tmp_path, RECONVENE_HEARTBEAT="1") as mortal:
        yield mortal
