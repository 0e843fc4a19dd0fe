"""One large room fills up: everyone who comes is told who is there, and everyone who is there is told who comes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench.clients import JOINED, JOINING, Client, LoadError
from bench.figures import Figure, Verdict, held
from bench.load import Fleet
from bench.measure import GENERATOR_BOUND, Plan, Say, attempt, blaming
from bench.servers import RECONVENE, Server, alone
from reconvene.load.cpu_usage import usage

SIZE = 1000
WARM = 50
ASKED = 900
FEATURES = ("batch",)

_BATCH, _WHOLE = b'{"type":"batch"', 127
"""How a batch begins, and the second byte of a frame that has eight bytes for its length (RFC 6455, 5.2)."""


class Filling(Fleet):
    """Takes in long lists, and several events in a frame, without taking all of them apart: what is counted is whom
    each client knows of in the end, which has to be everyone."""

    def _receive(self, client: Client, data: bytes, event: Callable[[Client, bytes, bytes], None]) -> None:
        if data and client.rest and len(client.rest) >= 10 and client.rest[1] == _WHOLE:
            client.rest += data
            if len(client.rest) < 10 + int.from_bytes(client.rest[2:10], "big"):
                return
            data, client.rest = client.rest, b""
        super()._receive(client, data, event)

    def _announced(self, client: Client, raw: bytes, payload: bytes) -> None:
        if client.state == JOINED and payload.startswith(_BATCH):
            client.roster += payload.count(b'"type":"participant_joined"')
        elif client.state == JOINING and client.index not in {0, SIZE - 1}:
            if not payload.startswith(b'{"type":"joined"'):
                raise LoadError(f"the join was answered with {payload[:200]!r}")
            start = payload.index(b'"you":{"id":"') + 13
            client.state, client.id = JOINED, payload[start : payload.index(b'"', start)]
            # Each is in the list, and the joiner once more as `you`.
            client.roster = payload.count(b'"joined_at"') - 1
            self._joined += 1
        else:
            super()._announced(client, raw, payload)


def fill(plan: Plan, say: Say) -> list[Figure]:
    """By clients that take batches, and by such as do not."""
    figures = []
    for name, features in ((_name(), FEATURES), (f"… by clients without {FEATURES[0]}", ())):
        figure = Figure(name, "joins/s")
        say(f"{figure.name}: each time on a fresh server")
        figures.append(attempt(figure, _rounds(plan, features, say), say))
    return figures


def _rounds(plan: Plan, features: Sequence[str], say: Say) -> Callable[[Figure], None]:
    def run(figure: Figure) -> None:
        for number in range(plan.rounds):
            with Server(RECONVENE) as server, ExitStack() as stack:
                warm = Filling(server.port, 1, WARM, name="WARM", features=features)
                stack.callback(warm.close)
                fleet = Filling(server.port, 1, SIZE, name="FILL", features=features)
                stack.callback(fleet.close)
                with blaming(server), alone((server.pid, fleet.pid), plan.realtime):
                    warm.join()
                    before = server.usage(), usage(os.getpid())
                    seconds = fleet.join()
                    used, spent = server.usage() - before[0], usage(os.getpid()) - before[1]
                figure.values[RECONVENE.name].append(SIZE / seconds)
                figure.by_cpu[RECONVENE.name].append(SIZE / used.ran)
                figure.waited.append((used.waited + spent.waited) / seconds)
                figure.outrun.append(spent.ran / seconds > GENERATOR_BOUND)
                say(
                    f"  round {number + 1} {RECONVENE.name:18} {SIZE / seconds:9,.0f}/s, "
                    f"{SIZE / used.ran:,.0f} per second of its processor time, "
                    f"held up {(used.waited + spent.waited) / seconds:.0%}"
                )

    return run


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    return held(figures, [_name()], ASKED, "/s")


def _name() -> str:
    return f"a room of {SIZE} fills up"
