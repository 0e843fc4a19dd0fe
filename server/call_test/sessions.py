"""Echoes: to test a call, the server starts a bot that sends back the media it receives, in a meeting made for that.

Each echo is a process of its own, so that its load and its failures do not affect the server. A few run at a time, for
a minute each. When an echo ends, for whatever reason, its meeting is deleted with its record.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from server.call_test.leftovers import Leftovers
from server.call_test.lifetime import OVERDUE, SECONDS, STARTS_WITHIN
from server.call_test.process import EchoProcess
from server.network.client_address import Client
from server.network.limits import Limits
from server.realtime.gateway import Gateway
from server.runtime.metrics import Metrics
from server.settings.config import Config
from signalling.protocol import identifiers
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.reach import Reach
from storage.errors import StoreError, UnknownMeeting
from storage.store import Store

log = structlog.get_logger()

LOOKS_EVERY = 0.05
COMES_WITHIN = 15.0
"""Seconds from the answer within which the user must enter the meeting; otherwise the echo ends."""

MOST = 3
"""Processes at a time."""
MOST_STARTS = 12
"""Starts per minute: each takes a second or two of CPU time."""
COME_BACK = 10.0
"""The longest `retry_after` in seconds when all are in use: few users stay for the whole minute."""

TITLE = "Test of a call"

CANNOT = "The server could not start an echo; its log says why."


class Echo:
    """One echo. `reach`: where it may send to. `ready`: done when it is in its meeting, or failed with the reason.
    `gone`: its process has ended."""

    def __init__(self, user_id: str, client: Client, reach: Reach) -> None:
        loop = asyncio.get_running_loop()
        self.user_id = user_id
        self.client = client
        self.reach = reach
        self.room = identifiers.echo_id(os.urandom(20))
        self.until = loop.time() + SECONDS
        self.asked_at = loop.time()
        self.ready: asyncio.Future[None] = loop.create_future()
        # Retrieve the exception, which asyncio would log if nobody waits for it any more.
        self.ready.add_done_callback(lambda future: future.cancelled() or future.exception())
        self.gone = asyncio.Event()
        self.ending = False
        self.process: EchoProcess | None = None

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.until - asyncio.get_running_loop().time())

    @property
    def goes_on(self) -> bool:
        """Whether it is not about to leave."""
        return not self.ending and self.seconds_left > 0

    def end(self) -> None:
        """Ask the echo to leave now."""
        self.ending = True
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        self.ending = True
        if self.process is not None:
            self.process.kill()


class Echoes:
    """Call `start`, then `begin` for each test, then `stop`. `url`: the server's, for programs on this machine.

    `now`: the record's clock. `token` makes the identity of an echo, which comes in whoever else may.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        gateway: Gateway,
        metrics: Metrics,
        url: str,
        now: Callable[[], float],
        limits: Limits | None = None,
        token: Callable[[], str] = lambda: "",
    ) -> None:
        self._token = token
        self._offered = config.echo
        self._reach = config.echo_reach
        self._store = store
        self._gateway = gateway
        self._limits = limits
        self._metrics = metrics
        self._url = url
        self._now = now
        self._echoes: dict[str, Echo] = {}  # by user
        self._starts: deque[float] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._leftovers = Leftovers(
            store, gateway, lambda: {echo.room for echo in self._echoes.values()}, now
        )
        metrics.echo_processes = lambda: len(self._echoes)

    def start(self) -> None:
        self._sweeper = asyncio.create_task(self._leftovers.sweep(offered=self._offered))

    async def stop(self) -> None:
        """End all echoes and delete their meetings. If cancelled, kills them."""
        echoes = list(self._echoes.values())
        for echo in echoes:
            echo.end()
        ending: set[asyncio.Task[None]] = set(self._tasks)
        if self._sweeper is not None:
            self._sweeper.cancel()
            ending.add(self._sweeper)
        try:
            if ending:
                await asyncio.wait(ending)
        finally:
            for echo in echoes:
                echo.kill()

    async def begin(self, user_id: str, client: Client) -> tuple[Echo, bool]:
        """The user's echo, once it is in its meeting, and whether this call started it: an echo that still runs is
        returned again. Raises `Refused`, `StoreUnavailable`.
        """
        while (echo := self._echoes.get(user_id)) is not None:
            echo.asked_at = asyncio.get_running_loop().time()
            await asyncio.shield(echo.ready)
            if echo.goes_on and not await self._was_left(echo):
                return echo, False
            echo.end()
            await echo.gone.wait()
        if self._gateway.draining:
            raise self._gateway.going()
        self._check_room(client)
        echo = self._echoes[user_id] = Echo(
            user_id, client, self._reach or Reach.of(client.address, hidden=client.hidden)
        )
        task = asyncio.create_task(self._carry_out(echo))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(echo.ready)
        return echo, True

    def command(self, room: str, reach: Reach) -> Sequence[str]:
        """The command line of the process."""
        about = ("--server", self._url, "--for", str(SECONDS), "--until-left", "--reach", reach.value)
        # Without -P, a package `server` in the current directory would be imported instead.
        return (sys.executable, "-P", "-m", "reconvene.cli.echo_child", room, *about)

    def _check_room(self, client: Client) -> None:
        """Count another start, or raise `Refused` if none is allowed now."""
        held = [echo for echo in self._echoes.values() if echo.client.network == client.network]
        if held and self._limits is not None:
            soonest = min(echo.seconds_left for echo in held)
            self._limits.hold("echoes", client, len(held), min(soonest, COME_BACK))
        if len(self._echoes) >= MOST:
            self._metrics.echoes["busy"] += 1
            soonest = min(echo.seconds_left for echo in self._echoes.values())
            text = (
                f"{MOST} calls are being tested already, and no more can be at a time; try again in a moment."
            )
            raise Refused(ErrorCode.UNAVAILABLE, text, max(1.0, min(soonest, COME_BACK)))
        now = asyncio.get_running_loop().time()
        while self._starts and self._starts[0] <= now - 60:
            self._starts.popleft()
        if len(self._starts) >= MOST_STARTS:
            self._metrics.echoes["limited"] += 1
            text = (
                "So many calls were tested in the last minute that the server pauses; try again in a moment."
            )
            raise Refused(ErrorCode.RATE_LIMITED, text, self._starts[0] + 60 - now)
        self._starts.append(now)

    async def _was_left(self, echo: Echo) -> bool:
        """Whether the user was in the meeting and has left, so that the echo is about to leave as well."""
        if await self._gateway.outside.size(echo.room) > 1:
            # The user is with it: nobody else knows where it is.
            return False
        try:
            record = await self._store.attendance(echo.room)
        except UnknownMeeting:
            return True
        return any(participant.user_id == echo.user_id for participant, _ in record.participants)

    async def _carry_out(self, echo: Echo) -> None:
        """Run the echo, from the creation of its meeting to its deletion."""
        try:
            await self._store.create_meeting(echo.room, echo.user_id, TITLE, self._now())
            await self._run(echo)
        except (Refused, StoreError) as error:
            self._metrics.echoes["failed"] += 1
            if not echo.ready.done():
                echo.ready.set_exception(error)
        except Exception:
            log.exception("echo failed", meeting=echo.room)
        finally:
            echo.kill()
            del self._echoes[echo.user_id]
            if not echo.ready.done():
                echo.ready.set_exception(Refused(ErrorCode.UNAVAILABLE, CANNOT))
            echo.gone.set()
        await self._leftovers.delete(echo.room)

    async def _run(self, echo: Echo) -> None:
        """Run its process, from start to end. Raises `Refused` if it does not get into its meeting."""
        try:
            command = self.command(echo.room, echo.reach)
            echo.process = process = await EchoProcess.start(command, echo.room, self._token())
        except OSError as error:
            log.warning("echo could not be started", meeting=echo.room, error=str(error))
            raise Refused(ErrorCode.UNAVAILABLE, CANNOT) from None
        if echo.ending:
            process.terminate()
        about = {"meeting": echo.room, "pid": process.pid}
        if await self._turned_up(echo, process):
            self._metrics.echoes["started"] += 1
            log.info("echo started", seconds=round(SECONDS - echo.seconds_left, 3), **about)
            echo.asked_at = asyncio.get_running_loop().time()
            echo.ready.set_result(None)
            await self._wait_for_company(echo, process)
            await asyncio.wait([process.end], timeout=echo.seconds_left + OVERDUE)
        late = not process.end.done()
        process.kill()
        code = await process.end
        if code == 0 or echo.ending:
            log.info("echo ended", **about)
        elif late and echo.ready.done():
            self._metrics.echoes["killed"] += 1
            log.warning("echo did not end in time and was killed", **about)
        else:
            log.warning("echo failed", exit_code=code, said=list(process.last), **about)
            raise Refused(ErrorCode.UNAVAILABLE, CANNOT)
        if not echo.ready.done():
            raise self._gateway.going() if self._gateway.draining else Refused(ErrorCode.UNAVAILABLE, CANNOT)

    async def _turned_up(self, echo: Echo, process: EchoProcess) -> bool:
        """Wait until the echo is in the meeting, whose id nobody else knows yet. False: it ended or took too long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + STARTS_WITHIN
        while not process.end.done() and loop.time() < until:
            # Polled for a second or two, as the hub does not announce it; a look-up in a dictionary is cheap.
            await asyncio.wait([process.end], timeout=LOOKS_EVERY)
            if await self._gateway.outside.size(echo.room):
                return True
        return False

    async def _wait_for_company(self, echo: Echo, process: EchoProcess) -> None:
        """End an echo that nobody joins. (It ends by itself when its user leaves.) Each request restarts the wait,
        which never exceeds the echo's time."""
        loop = asyncio.get_running_loop()
        while (patience := min(echo.asked_at + COMES_WITHIN, echo.until) - loop.time()) > 0:
            await asyncio.wait([process.end], timeout=patience)
            if process.end.done():
                return
        if await self._gateway.outside.size(echo.room) < 2:
            echo.end()
