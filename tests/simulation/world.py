"""A meeting, its people and the faults, from the first page to the last."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import traceback
from asyncio import sleep
from collections.abc import Iterator
from typing import Any, TypeVar

from server.identity.tokens import Tokens
from server.realtime.attendance_writer import LIMIT
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms import hub
from signalling.rooms.event_log import MAX_COUNT, Log
from storage.errors import StoreError
from storage.sqlite import meetings
from tests.simulation import actions, faults, rest, store_checks
from tests.simulation.alone import Alone
from tests.simulation.application import Application
from tests.simulation.browser_socket import Socket
from tests.simulation.chatters import Chatters
from tests.simulation.clock import EPOCH, VirtualLoop, bury, lots
from tests.simulation.faults import Blow
from tests.simulation.host_links import HostLinks
from tests.simulation.memory_store import MemoryStore
from tests.simulation.moderators import Moderators
from tests.simulation.network import Link, Network
from tests.simulation.notes import ROOM, Interval, Said
from tests.simulation.page import Page
from tests.simulation.person import Deed, Person
from tests.simulation.renamers import Renamers
from tests.simulation.revocations import Admin
from tests.simulation.server import SECRET, Server
from tests.simulation.takeovers import TakeOvers
from tests.simulation.transport import Transport
from tests.simulation.truth import Truth

NAMES = ("ann", "bob", "cat", "dan", "eve")
T = TypeVar("T")

UNRECORDED = ("changes left unrecorded", "raised hands left", "messages left unrecorded")
"""What may be warned of at any stop."""


class World(Alone):
    def __init__(self, seed: int, loop: VirtualLoop) -> None:
        self.seed = seed
        self.loop = loop
        chance = self.chance = lots("people and weather", seed)
        self.backoff = lots("patience", seed)
        self.manners = lots("manners", seed)
        self.network = Network(loop, lots("network", seed))
        self.store = MemoryStore(lots("store", seed), lots("hands", seed))
        self.store_failed = False
        self.outages: list[tuple[float, float]] = []
        """From when to when the store was not well."""
        self.clock_set = False
        self.clock_set_at: list[float] = []
        self.grace = chance.choice((6.0, 9.0, 12.0))
        self.heartbeat = chance.choice((3.0, 5.0))
        self.bound = chance.choice((2.0, 5.0))
        self.application = Application(self)
        self.config = self.application.settings(self.grace, self.heartbeat)
        self.tokens = Tokens(SECRET)
        self.recorder_limit = chance.choice((4, LIMIT))
        self.ring_size = chance.choice((2, 5, 12, MAX_COUNT))
        self.length = chance.choice((15.0, 25.0, 40.0))
        self.pace = chance.choice((0.3, 0.6))
        self.roughness = chance.choice((0.05, 0.2, 0.4))
        # Each run has a mood of its own: what is rare in one is common in another.
        self._deeds = self._mood(actions.DEEDS)
        self._blows = self._mood(faults.BLOWS)
        self.truth = Truth()
        self.log: list[str] = []
        self.wrong: list[str] = []
        self.servers: list[Server] = []
        self.down: list[tuple[float, float]] = []
        """From when to when no server listened."""
        self.admin = Admin(self)
        self.moderators = Moderators(self)
        self.takeovers = TakeOvers(self)
        self.chatters = Chatters(self)
        self.renamers = Renamers(self)
        self.host_links = HostLinks(self)
        self.ended_at: float | None = None
        self.told_at = 0.0
        self.has_ended = False
        self.downtime = 1.0
        self._graves: list[asyncio.Task[Any]] = []
        self._numbers = 0
        people = NAMES[: chance.randint(2, len(NAMES))]
        self.people = [
            Person(self, name, self.application.user_id(name), is_host=index == 0)
            for index, name in enumerate(people)
        ]

    def _mood(self, usual: dict[T, float]) -> tuple[list[T], list[float]]:
        weights = [weight * self.chance.choice((0, 0.3, 1, 3)) for weight in usual.values()]
        return list(usual), [weight + 1e-6 for weight in weights]

    # What people and faults see.

    def say(self, text: str) -> None:
        self.log.append(f"{self.loop.time():7.3f}  {text}")

    def complain(self, text: str) -> None:
        self.wrong.append(text)

    def next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def pages(self) -> list[Page]:
        return [page for person in self.people for page in person.pages]

    def person_of(self, participant: str) -> Person | None:
        for person in self.people:
            if any(page.participant == participant for page in person.pages):
                return person
        return None

    def name_of(self, participant: str) -> str:
        person = self.person_of(participant)
        return person.name if person else participant

    def pick_deed(self) -> Deed:
        return self.chance.choices(*self._deeds)[0]

    def pick_blow(self) -> Blow:
        return self.chance.choices(*self._blows)[0]

    @property
    def server(self) -> Server | None:
        return self.servers[-1] if self.servers and self.servers[-1].listening else None

    def accept(self, socket: Socket) -> Link | None:
        server = self.server
        if server is None:
            return None
        transport = Transport(server)
        link = Link(self.network, socket, transport)
        server.accept(link, transport)
        return link

    def goodbye(self, page: Page, session: str, attempt: int, at: float) -> None:
        """What the page said at that moment comes to the server, if one listens."""
        server = self.server
        if server is None:
            self.say(f"{page.name}'s goodbye finds no server")
            return
        self.say(f"{page.name}'s goodbye arrives (attempt {attempt}, back in {page.back_in} s)")
        try:
            instance = server.goodbye(session, attempt, page.back_in)
        except Refused as refused:
            if refused.code is not ErrorCode.REVOKED or not self.has_been_revoked(page, self.loop.time()):
                self.complain(f"{page.name}'s goodbye was refused: {refused.code}")
            return
        page.sessions[instance] = session
        if server.started_at > max((i.until for i in page.surely), default=0.0):
            # This server takes its word for it that the page was there until now.
            page.maybe.append(Interval(self.loop.time(), self.loop.time()))
        page.goodbyes.append(Said(at, self.loop.time(), server.number, instance, attempt, page.back_in))

    def forged_goodbye(self, session: str) -> None:
        if (server := self.server) is not None:
            with contextlib.suppress(Refused):
                server.goodbye(session, 99, 3.0)
                self.complain("a forged goodbye was taken for a real one")

    def kill_server(self, downtime: float) -> None:
        if self.is_settled and (server := self.server) is not None:
            self.downtime = downtime
            self.say(f"the server is killed (for {downtime} s)")
            server.kill()

    def stop_server(self, downtime: float) -> None:
        if self.is_settled and (server := self.server) is not None:
            self.downtime = downtime
            self.say("the server is told to stop")
            for link in server.links:
                link.fault()
            server.terminate()

    def was_unrecorded(self, page: Page, at: float) -> bool:
        """Whether a server died, not long before, that had not yet written down something about its person."""
        return any(
            page.user_id in server.lost_with_it and at - 3 * self.grace < server.stopped_at <= at
            for server in self.servers
        ) or any(
            unkept.user_id == page.user_id and at - 3 * self.grace < unkept.at <= at
            for unkept in self.store.unkept
        )

    def has_been_revoked(self, page: Page, at: float) -> bool:
        """Whether by then it was asked for, at least."""
        person = self.admin.revoked
        return person is not None and person.user_id == page.user_id and at >= self.admin.since

    def is_revoked(self, user_id: str) -> bool:
        return self.admin.revoked is not None and self.admin.revoked.user_id == user_id

    @property
    def store_is_well(self) -> bool:
        store = self.store
        return not (store.away or store.hangs or store.forgets or store.loses)

    @property
    def is_settled(self) -> bool:
        """Whether all stays that go on are recorded by the clock as it is set now. That a server dies, or the meeting
        ends, before they are is a limit, in docs/reconnect.md."""
        return store_checks.open_stays_are_by(self.store.connection, self.loop.set_ahead)

    def expects_error(self, error: str) -> bool:
        if error == "change could not be recorded":
            return self.store.journal.refused > 0
        return self.recorder_limit < LIMIT and error == "too much is unrecorded, what comes now is given up"

    def expects(self, warning: str) -> bool:
        return (
            self.store_failed
            or warning == "drain cut short"
            or warning.startswith(UNRECORDED)
            # A stop has its time. All stays are told again with each take-over, and a store that is slow needs more.
            or (warning.startswith("stays left") and (self.takeovers.count > 0 or self.store.latency > 0.1))
            or (self.clock_set and warning.startswith("the clock was set"))
        )

    def set_clock(self, seconds: float) -> None:
        self.say(f"the server's clock is set {'forward' if seconds > 0 else 'back'} by {abs(seconds)} s")
        self.loop.set_ahead += seconds
        self.clock_set = True
        self.clock_set_at.append(self.loop.time())

    async def end_meeting(self) -> None:
        """The host does not give up until it is done."""
        self.say("the host ends the meeting")
        self.ended_at = self.loop.time()
        while not self.has_ended:
            if (server := self.server) is not None:
                self.loop.create_task(self._end(server), context=server.context)
            await sleep(1.0)

    async def _end(self, server: Server) -> None:
        with contextlib.suppress(StoreError, Refused):
            await server.end_meeting(ROOM)
            self.has_ended = True
            self.told_at = self.loop.time()
            self.say("the meeting has ended")

    def make_server(self) -> Server:
        parts = len(self.servers) + 1, self.loop, self.store, self.config, self.bound
        return Server(*parts, self.recorder_limit, self.application)

    async def keep_servers(self) -> None:
        await self.keep_a_server()

    async def keep_a_server(self) -> None:
        """As a supervisor does."""
        down_since = self.loop.time()
        while True:
            server = self.make_server()
            self.servers.append(server)
            server.start()
            while not server.listening and not server.killed:  # noqa: ASYNC110 - see MemoryStore
                await sleep(0.01)
            if server.listening:
                self.say(f"server {server.number} listens ({server.node.id})")
                self.down.append((down_since, self.loop.time()))
                await server.ended.wait()
                self.look_back(server)
                down_since = min(self.loop.time(), server.stopped_at)
            self.say(f"server {server.number} has ended")
            self._graves += server.graves
            await sleep(self.downtime)
            self.downtime = 1.0

    def rooms_taken_over(self) -> int:
        return self.takeovers.count

    # The run.

    async def run(self) -> None:
        if not self.application.names_host:
            meetings.create_meeting(self.store.connection, ROOM, self.people[0].user_id, "Storm", EPOCH)
        begun = [self.keep_servers(), self.admin.act(), faults.blow(self), self.moderators.act()]
        begun += [self.host_links.act(), self.takeovers.act(), self.chatters.act(), self.renamers.act()]
        begun += self.more()
        begun += [person.live() for person in self.people]
        tasks = [self.loop.create_task(coroutine) for coroutine in begun]
        await sleep(self.length)
        for task in tasks[2:]:
            task.cancel()
        rest.heal(self)
        await rest.come_to(self)
        for task in tasks[:2]:
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                self.complain(f"the simulation failed: {''.join(traceback.format_exception(error))}")

    @contextlib.contextmanager
    def small_rings(self) -> Iterator[None]:
        """Logs that forget soon, in some runs: no run is long enough for the usual size."""
        made = functools.partial(Log, max_count=self.ring_size)
        setattr(hub, "Log", made)  # noqa: B010 - the name is the hub's own import
        try:
            yield
        finally:
            setattr(hub, "Log", Log)  # noqa: B010 - as above

    def bury(self) -> None:
        for server in self.servers:
            server.kill()
            self._graves += server.graves
        bury(self._graves)
        self.store.connection.close()
