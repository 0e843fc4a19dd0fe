"""A browser for the benches that look at a page, and a server with nothing else to do."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.e2e.browsers import Browsers
from tests.process import ServerProcess, quiet_server


@asynccontextmanager
async def at_a_server() -> AsyncIterator[tuple[ServerProcess, Browser]]:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            quiet_server(Path(folder)) as server,
            async_playwright() as playwright,
            Browsers(playwright) as browsers,
        ):
            yield server, await browsers.open("chromium")
