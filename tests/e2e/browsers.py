"""The browsers that the page is tried in: where they are found, and how they are started.

    async with Browsers(playwright) as browsers:
        chromium = await browsers.open("chromium")
        refusing = await browsers.launch("firefox", "refused")

Scrollbars take room in them, as they do for people on a desktop.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Literal, Self

from playwright.async_api import Browser, Page, Playwright

BrowserName = Literal["chromium", "firefox"]
Engine = Literal["chromium", "firefox", "shell"]
"""The shell is Chromium without the browser around its pages, which costs as much as they do."""
Devices = Literal["working", "no-camera", "refused"]
"""Camera, microphone and screen that work without a question; no camera; or the permission is refused."""

BROWSERS: tuple[BrowserName, ...] = ("chromium", "firefox")
LIGHT: Mapping[str, Engine] = {"chromium": "shell", "firefox": "firefox"}

QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
# The last such list counts, so what Playwright turns off of those that a page can tell stands here again.
FEATURES_OFF = [
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "Translate",
    # The browser's own pages, two for the address bar of each window, cost more than ours.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
    "SpareRendererForSitePerProcess",
]
# Pictures a second. Each is drawn, coded and decoded by the processors that the tests have, and few are pictures, too.
FAKE_RATE = 5
FAKE_DEVICES = "--use-fake-device-for-media-stream"
ALLOW_DEVICES = "--use-fake-ui-for-media-stream"

FLAGS: dict[Devices, list[str]] = {
    "working": [f"{FAKE_DEVICES}=fps={FAKE_RATE}", ALLOW_DEVICES],
    # The fake microphone stays.
    "no-camera": [f"{FAKE_DEVICES}=device-count=0", ALLOW_DEVICES],
    "refused": [FAKE_DEVICES],
}

# It ends with the tests, however they end.
XVFB = ("setpriv", "--pdeathsig", "TERM", "Xvfb", "-screen", "0", "1600x1000x24", "-nolisten", "tcp")

Preferences = Mapping[str, str | float | bool]

ALWAYS: Preferences = {
    "widget.gtk.overlay-scrollbars.enabled": False,
    "media.autoplay.default": 0,
    # On a busy machine it asks the server as well as its own cache, and takes the answer that comes first.
    "network.http.rcwn.enabled": False,
    # Its own tabs and panels glide otherwise, at a fifth of what a page costs.
    "ui.prefersReducedMotion": 1,
    # Its window would take the focus.
    "browser.download.alwaysOpenPanel": False,
}
# Asks nobody, and takes the first screen there is.
UNASKED: Preferences = {"media.navigator.permission.disabled": True}
FAKE: Preferences = {
    "media.navigator.streams.fake": True,
    "media.navigator.video.default_fps": FAKE_RATE,
}
REFUSE = 2

PREFERENCES: dict[Devices, Preferences] = {
    "working": {**UNASKED, **FAKE},
    # Only those of the machine, which has none.
    "no-camera": UNASKED,
    "refused": {**FAKE, "permissions.default.camera": REFUSE, "permissions.default.microphone": REFUSE},
}


def path_of(name: Engine) -> str:
    """Where tests/install.sh finds it, or puts it."""
    setting, commands = {
        "chromium": ("CHROMIUM", ("chromium", "google-chrome")),
        "firefox": ("FIREFOX", ("firefox-esr", "firefox")),
        # Of Debian; elsewhere the browser does its work.
        "shell": ("CHROMIUM", ("chromium-headless-shell", "chromium", "google-chrome")),
    }[name]
    found = os.environ.get(setting) or next(filter(None, map(shutil.which, commands)), None)
    assert found, f"No {name}: run tests/install.sh, or set {setting} to the browser's path"
    return found


def chromium_options(devices: Devices = "working", engine: Engine = "chromium") -> dict[str, Any]:
    """What Playwright is to be told when it starts Chromium, or its shell."""
    # Of the shell, two processes less for each browser: nobody looks at how the machine draws and plays.
    gpu = ["--in-process-gpu"] if engine == "shell" else []
    audio = ["AudioServiceOutOfProcess"] if engine == "shell" else []
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return {
        "executable_path": path_of(engine),
        "headless": True,
        "args": [
            *QUIET,
            f"--disable-features={','.join(FEATURES_OFF + audio)}",
            *gpu,
            *sandbox,
            *FLAGS[devices],
        ],
        "ignore_default_args": ["--hide-scrollbars"],
    }


class Screen:
    """An X display of its own: Firefox shares no screen when it is headless."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self.display = ""

    async def __aenter__(self) -> Self:
        told, telling = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(*XVFB, "-displayfd", str(telling)),
                pass_fds=[telling],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        finally:
            os.close(telling)
        with os.fdopen(told) as answer:
            number = await asyncio.to_thread(answer.readline)
        assert number, "Xvfb does not start"
        self.display = f":{number.strip()}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()


class Browsers:
    """Those that were started, which are closed at the end, and one of each name that tests have in common."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._downloads = Path()
        self._screen: Screen | None = None
        self._common: dict[Engine, Browser] = {}
        self._ends = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._downloads = Path(self._ends.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._ends.aclose()

    async def open(self, name: Engine) -> Browser:
        """The one with devices that work, started when it is first asked for."""
        if name not in self._common:
            self._common[name] = await self.launch(name)
        return self._common[name]

    async def launch(
        self, name: Engine, devices: Devices = "working", preferences: Preferences | None = None
    ) -> Browser:
        """Another one. `preferences` are Firefox's, beside those that `devices` mean."""
        if name != "firefox":
            browser = await self._playwright.chromium.launch(**chromium_options(devices, name))
        else:
            browser = await self._playwright.firefox.launch(
                channel="moz-firefox",
                executable_path=path_of(name),
                headless=False,
                downloads_path=self._downloads,
                env={**os.environ, "DISPLAY": await self._display()},
                firefox_user_prefs={**ALWAYS, **PREFERENCES[devices], **(preferences or {})},
            )
        self._ends.push_async_callback(browser.close)
        return browser

    async def downloaded(self, page: Page, press: Callable[[], Awaitable[None]], folder: Path) -> Path:
        """The file that the page has the browser download when something is pressed, in a folder of the test's."""
        if page.context.browser is None or page.context.browser.browser_type.name == "chromium":
            async with page.expect_download() as event:
                await press()
            download = await event.value
            await download.save_as(folder / download.suggested_filename)
            return folder / download.suggested_filename
        # Playwright is told of it by Firefox, and does not tell.
        await press()
        async with asyncio.timeout(30):
            while not (found := list(self._downloads.glob("*.csv"))) or not found[0].stat().st_size:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return found[0].rename(folder / found[0].name)

    async def _display(self) -> str:
        if self._screen is None:
            self._screen = await self._ends.enter_async_context(Screen())
        return self._screen.display
