"""The rooms go on in another hub, as data, in the middle of a meeting. Nobody notices anything but a pause.

In some of the runs. Chance is its own, so that a run without is what it was. The next hub is that of a machine whose
clock began at another moment, and asks the store again what the last one had not heard of: a call that was on its way
may have been made.
"""

from __future__ import annotations

from asyncio import sleep
from collections import deque
from typing import TYPE_CHECKING, Any

from server.realtime.attendance_writer import LIMIT
from server.realtime.connection import Connection
from server.realtime.join_order import JoinOrder
from server.realtime.room_queues import RoomQueue, RoomQueues
from server.runtime import clock
from signalling.rooms.budget import Budget
from signalling.rooms.hub import Hub
from signalling.state.handover import Handover
from signalling.state.parts import State
from tests.simulation.clock import lots

if TYPE_CHECKING:
    from tests.simulation.server import Server
    from tests.simulation.world import World


class TakeOvers:
    """`count`: how many rooms were taken over."""

    def __init__(self, world: World) -> None:
        self.count = 0
        self._world = world
        self._chance = chance = lots("take-overs", world.seed)
        # All stays are told again with each: a writer that keeps few has no place for them while the store is away.
        self._acts = chance.random() < 0.15 and world.recorder_limit == LIMIT
        self.is_off = False
        self._pace = chance.choice((0.1, 0.5, 2.0))

    async def act(self) -> None:
        """Without end."""
        chance, world = self._chance, self._world
        while self._acts and not self.is_off:
            await sleep(chance.expovariate(self._pace))
            server, pause = world.server, chance.choice((0.0, 0.05, 0.2))
            if server is None or not server.hub.rooms:
                continue
            world.say(f"the rooms go on in another hub, after {pause} s")
            for link in server.links:
                link.up.stall(pause)
                link.down.stall(pause)
            self.count += len(server.hub.rooms)
            server.context.run(_take_over, server, chance.choice((-700.0, 500.0)))


def _take_over(server: Server, ahead: float) -> None:
    """`ahead`: how far the next hub's clock is ahead of the last one's."""
    hub, former = server.hub, server.make_hub()
    # Whoever has the hub has the next one from now on.
    hub.__dict__, former.__dict__ = former.__dict__, hub.__dict__
    here = {connection.number: connection for connection in server.gateway._connections}

    def name(connection: Connection) -> list[Any]:
        return ["edge", connection.number]

    now, at = clock.monotonic(), server.loop.time()
    before, after = (Handover(each, name, lambda name: here.get(name[1])) for each in (former, hub))
    states: dict[str, State] = {room: before.state(room, now, at) for room in former.rooms}
    known = [id(each) for room in former.rooms for each in former.orders.questions.of(room)]
    effects = [effect for state in states.values() for effect in after.adopt(state, now + ahead, at)]
    _set_back(hub, ahead)
    server.node.on_clock_set = hub.stays.clock_was_set
    terms, server.admission.order = server.admission.order.terms, JoinOrder()
    server.admission.order.terms = {room: terms.get(room, 0) + 1 for room in states}
    writers = [server.changes._queues, server.changes._chat._queues]
    waiting = [_begin_anew(server, queues, known) for queues in writers]
    server.gateway._carrier.carry_out(effects)
    server.gateway._carrier.tell_soon()
    for queues, former_queues in zip(writers, waiting, strict=True):
        _wait_on(queues, former_queues)


def _begin_anew(server: Server, queues: RoomQueues, known: list[int]) -> dict[str, RoomQueue]:
    """A writer ends, wherever it was. The next one begins with what no room knows of."""
    for writer in queues.tasks:
        writer.cancel()
    former, queues.of, queues.count = queues.of, {}, 0
    for queue in former.values():
        for _, unsettled in queue.changes:
            if id(unsettled) not in known:
                server.changes.record(unsettled)
    return former


def _wait_on(queues: RoomQueues, former: dict[str, RoomQueue]) -> None:
    """Whoever waited goes on waiting, for all that is recorded again."""
    for room, queue in former.items():
        events = [event for _, event in queue.awaited]
        again = queues.of.get(room)
        if again is not None:
            again.awaited.extend((len(again.changes), event) for event in events)
        else:
            for event in events:
                event.set()


def _set_back(hub: Hub, seconds: float) -> None:
    """As the clock of the process goes that all this is in."""
    for room in hub.rooms.values():
        entries = room.log._entries
        room.log._entries = deque((n, then - seconds, told, to) for n, then, told, to in entries)
        room.led_at -= seconds if room.led_at else 0.0
        budgets: list[Budget | None] = [room.frames]
        for member in room:
            budgets.append(member.bytes)
            if member.lost_at is not None:
                member.lost_at -= seconds
        for budget in budgets:
            if budget is not None:
                budget._at -= seconds
        for knock in room.knocks.values():
            knock.lost_at -= seconds
