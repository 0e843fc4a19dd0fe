"""Half of a large room waits in the lobby, and is let in by one command."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import orjson

from bench.clients import JOINED, JOINING, Client, LoadError
from bench.figures import Figure, Verdict, held
from bench.fill import FEATURES, SIZE, WARM, Filling
from bench.load import BATCH, IN_FLIGHT, undisturbed
from bench.measure import GENERATOR_BOUND, Plan, Say, attempt, blaming
from bench.servers import RECONVENE, Server, Spec, alone
from reconvene.load.cpu_usage import usage
from reconvene.load.frames import frame

WAIT = SIZE // 2
ASKED = 2.0
NAME = f"{WAIT} let in at once, a room of {SIZE}"
WITHIN = 60.0

SERVER = Spec(
    RECONVENE.name,
    RECONVENE.command,
    lambda port, folder: RECONVENE.environ(port, folder) | {"RECONVENE_MAX_WAITING": str(WAIT)},
)

_KNOCK = re.compile(rb'"knock":\{"id":"(k_[^"]+)"')


class Lobby(Filling):
    """The first client is the host, and switches the lobby on when half of the others are in."""

    def __init__(self, port: int) -> None:
        super().__init__(port, 1, SIZE, name="LOBBY", features=(*FEATURES, "moderation"))
        self._waiting = 0
        self._knocks: list[str] = []
        self._acknowledged = 0

    @property
    def _host(self) -> Client:
        return self._rooms[0].clients[0]

    def prepare(self) -> None:
        """Half is in, half waits."""
        with undisturbed():
            self._bring(range(1), lambda: self._joined == 1)
            self._bring(range(1, WAIT), lambda: self._joined == WAIT)
            self._order("settings", settings={"lobby": "everyone"})
            self._until(lambda: self._acknowledged == 1)
            self._bring(range(WAIT, SIZE), lambda: self._waiting == len(self._knocks) == WAIT)

    def let_in(self) -> float:
        """Returns the seconds until all of them have joined; then everyone has to know of everyone."""
        with undisturbed():
            start = time.perf_counter()
            self._order("admit", knocks=self._knocks)
            self._until(lambda: self._joined == SIZE)
            seconds = time.perf_counter() - start
        self._until(self._complete)
        return seconds

    def _bring(self, who: range, until: Callable[[], bool]) -> None:
        coming = iter(who)

        def go_on() -> bool:
            while len(self._clients) - self._joined - self._waiting < IN_FLIGHT:
                if (index := next(coming, None)) is None:
                    break
                self._connect(self._rooms[0], index)
            return until()

        self._until(go_on)

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.perf_counter() + WITHIN
        while not condition():
            for fd, _ in self._epoll.poll(0.1, BATCH):
                self._advance(self._clients[fd])
            if time.perf_counter() > end:
                raise LoadError(f"{self._joined} joined and {self._waiting} waited in {WITHIN:.0f} s")

    def _order(self, kind: str, **fields: object) -> None:
        command = {"type": kind, "id": 2 + self._acknowledged, "key": kind, **fields}
        self._host.send(frame(orjson.dumps(command)))

    def _announced(self, client: Client, raw: bytes, payload: bytes) -> None:
        if client.state == JOINING and payload.startswith(b'{"type":"waiting"'):
            # Once for each: what follows says how the position changes.
            self._waiting += not client.count
            client.count = 1
            return
        if client.state == JOINED and client.index == 0:
            self._knocks += [found.decode() for found in _KNOCK.findall(payload)]
            self._acknowledged += payload.startswith(b'{"type":"ack"')
        elif client.state == JOINING and client.count:
            self._waiting -= 1
        super()._announced(client, raw, payload)


def lobby(plan: Plan, say: Say) -> list[Figure]:
    figure = Figure(NAME, "s")
    say(f"{figure.name}: each time on a fresh server")
    return [attempt(figure, _rounds(plan, say), say)]


def _rounds(plan: Plan, say: Say) -> Callable[[Figure], None]:
    def run(figure: Figure) -> None:
        for number in range(plan.rounds):
            with Server(SERVER) as server, ExitStack() as stack:
                warm = Filling(server.port, 1, WARM, name="WARM", features=FEATURES)
                stack.callback(warm.close)
                fleet = Lobby(server.port)
                stack.callback(fleet.close)
                with blaming(server), alone((server.pid, fleet.pid), plan.realtime):
                    warm.join()
                    fleet.prepare()
                    before = server.usage(), usage(os.getpid())
                    seconds = fleet.let_in()
                    used, spent = server.usage() - before[0], usage(os.getpid()) - before[1]
                figure.values[RECONVENE.name].append(seconds)
                figure.by_cpu[RECONVENE.name].append(used.ran)
                figure.waited.append((used.waited + spent.waited) / seconds)
                figure.outrun.append(spent.ran / seconds > GENERATOR_BOUND)
                say(
                    f"  round {number + 1} {RECONVENE.name:18} {seconds:.2f} s, {used.ran:.2f} s of its processor"
                    f" time, held up {(used.waited + spent.waited) / seconds:.0%}"
                )

    return run


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    return held(figures, [NAME], ASKED, "s", at_most=True)
