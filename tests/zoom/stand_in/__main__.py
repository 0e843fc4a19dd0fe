"""`python -m tests.zoom.stand_in`: the stand-in as a process of its own, until it is ended or its time is up.

Its first line on stdout is JSON: the settings (`ZOOM_…`) of a client, and the id of the webinar it has.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

import orjson

from tests.zoom import api_view, crowd, scenario
from tests.zoom.stand_in import ZoomStandIn, faults
from tests.zoom.stand_in.endpoints import SCOPES


async def serve(options: argparse.Namespace) -> None:
    rows, seed = options.rows, options.seed
    webinar = crowd.crowd(rows) if rows else api_view.webinar(scenario.make(seed))
    scopes = [scope for scope in SCOPES if not (options.without_report and scope.startswith("report:"))]
    zoom = ZoomStandIn([webinar], scopes=scopes, page_limit=options.page_limit)
    for index in range(options.too_fast):
        zoom.faults.at(3 * index + 5, faults.too_fast())
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await zoom.start(options.port)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_exit(zoom.__aexit__)
        told = {**zoom.environ, "webinar": webinar.external_id}
        sys.stdout.write(orjson.dumps(told).decode() + "\n")
        sys.stdout.flush()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), options.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.zoom.stand_in", description=__doc__)
    parser.add_argument("--rows", type=int, default=0, help="so many rows; without it, the acceptance case")
    parser.add_argument("--seed", type=int, default=1, help="of the acceptance case")
    parser.add_argument("--page-limit", type=int, default=30, help="the most rows of a page")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--without-report", action="store_true", help="no scope for the report")
    parser.add_argument("--too-fast", type=int, default=0, help="so many requests are answered with 429")
    parser.add_argument("--seconds", type=float, default=600.0, help="it ends by itself after these")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
