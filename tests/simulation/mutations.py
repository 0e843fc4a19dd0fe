"""Bugs to plant into the real classes, to see whether the simulator finds them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from server.realtime.connection import Connection
from signalling.client.actions import Drop
from signalling.client.outbox import Outbox
from signalling.client.state_machine import SignallingClient
from signalling.protocol.features import BATCH
from signalling.rooms import catching_up, flow, server_messages, telling
from signalling.rooms.coalescing import Coalescing
from signalling.rooms.command_ids import CommandIds
from signalling.rooms.effects import Effect, Together
from signalling.rooms.event_log import Log
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Goodbye
from signalling.rooms.member import Member
from signalling.rooms.room import Room
from tests.simulation.chat_mutations import PEOPLE_PLANTS
from tests.simulation.host_link_mutations import HOST_LINK_PLANTS
from tests.simulation.login_mutations import LOGIN_PLANTS
from tests.simulation.order_mutations import ORDER_PLANTS
from tests.simulation.store_mutations import RECORD_PLANTS
from tests.simulation.takeover_mutations import TAKEOVER_PLANTS

Plant = Callable[[pytest.MonkeyPatch], None]


@contextlib.contextmanager
def planted(name: str | None) -> Iterator[None]:
    """While it lasts, the bug is there."""
    with pytest.MonkeyPatch.context() as patch:
        if name is not None:
            PLANTS[name](patch)
        yield


def no_fencing(patch: pytest.MonkeyPatch) -> None:
    """A connection is not told from the one after it."""
    connect = Member.connect

    def unfenced(self: Member, connection: Any, attempt: int) -> int:
        connect(self, connection, attempt)
        self.generation = 1
        return 1

    patch.setattr(Member, "connect", unfenced)


def late_close(patch: pytest.MonkeyPatch) -> None:
    """An old socket's late close removes the new connection."""
    lost = Hub.lost

    def removes(self: Hub, connection: Any, now: float, *, goodbye: bool = False) -> list[Effect]:
        seat = self.seats.get(connection)
        if seat is not None and seat.member.connection is not None:
            self.seats[connection] = seat._replace(generation=seat.member.generation)
        return lost(self, connection, now, goodbye=goodbye)

    patch.setattr(Hub, "lost", removes)


def ring_off_by_one(patch: pytest.MonkeyPatch) -> None:
    """The log believes that it reaches back one event further than it does."""
    before = Log._before.fget  # type: ignore[attr-defined]
    patch.setattr(Log, "_before", property(lambda self: max(0, before(self) - 1)))


def replay_forgets_the_first(patch: pytest.MonkeyPatch) -> None:
    since = Log.since

    def short(self: Log, seq: int, participant: str) -> list[bytes] | None:
        missed = since(self, seq, participant)
        return missed[1:] if missed else missed

    patch.setattr(Log, "since", short)


def replay_after_live(patch: pytest.MonkeyPatch) -> None:
    """What was missed is sent at the next tick, and what happens until then goes first."""
    bring, tick = catching_up.bring_up_to_date, Hub.tick
    waiting: list[Effect] = []

    def at_once(*place: Any) -> list[Effect]:
        first, *missed = bring(*place)
        waiting.extend(missed)
        return [first]

    def later(self: Hub, now: float) -> list[Effect]:
        late = list(waiting)
        waiting.clear()
        return late + tick(self, now)

    patch.setattr(catching_up, "bring_up_to_date", at_once)
    patch.setattr(Hub, "tick", later)


def signals_not_replayed(patch: pytest.MonkeyPatch) -> None:
    since = Log.since

    def without(self: Log, seq: int, participant: str) -> list[bytes] | None:
        missed = since(self, seq, participant)
        return None if missed is None else [event for event in missed if b'"signal"' not in event]

    patch.setattr(Log, "since", without)


def signals_lost_in_a_restart(patch: pytest.MonkeyPatch) -> None:
    """Those sent to somebody who is not yet back after it."""
    patch.setattr(Log, "withdraw", lambda self, *which: [])


def ack_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A command that is sent again is carried out again."""
    patch.setattr(CommandIds, "__contains__", lambda self, number: False)


def command_not_repeated(patch: pytest.MonkeyPatch) -> None:
    """The client does not send again what was not answered."""
    patch.setattr(Outbox, "all", lambda self: [])


def busy_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """The client does not send again what the server was too busy for."""
    patch.setattr(Outbox, "hold", lambda self, message_id, until: True)


def later_signals_overtake(patch: pytest.MonkeyPatch) -> None:
    """Those that come behind one that was refused as busy are relayed before it."""
    patch.setattr(flow, "_refuse_later_ones", lambda *which: None)


def what_waits_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A status that the room has no budget for is never told."""
    patch.setattr(Coalescing, "release", lambda self, now: self._waiting.clear() or [])


def nobody_is_ahead(patch: pytest.MonkeyPatch) -> None:
    """Who was given the list of who is there is told again how they came."""
    patch.setattr(telling, "knows", lambda room, member: None)


def signals_overtake_events(patch: pytest.MonkeyPatch) -> None:
    """What a room has no budget for comes behind a signal that was sent later."""
    patch.setattr(telling, "first", lambda room, member: [])


def batches_run_backwards(patch: pytest.MonkeyPatch) -> None:
    batch = server_messages.batch
    patch.setattr(server_messages, "batch", lambda told: batch(told[::-1]))


def a_field_is_misspelt(patch: pytest.MonkeyPatch) -> None:
    frame = server_messages.participant_updated
    misspelt = lambda *told: frame(*told).replace(b'"hand":', b'"hands":')  # noqa: E731
    patch.setattr(server_messages, "participant_updated", misspelt)


def older_clients_are_told_the_last_only(patch: pytest.MonkeyPatch) -> None:
    """Of several events at once, those that take no batches."""
    together = telling.together

    def last(member: Member, told: Any) -> list[Effect]:
        return together(member, told if BATCH in member.features else told[-1:])

    patch.setattr(telling, "together", last)
    patch.setattr(telling, "Together", lambda to, payloads: Together(to, payloads[-1:]))


def stale_snapshot(patch: pytest.MonkeyPatch) -> None:
    """The picture of a room is made once, and not again when people come or go."""
    pictures: dict[str, Any] = {}
    roster = Room.roster
    patch.setattr(Room, "roster", lambda self: pictures.setdefault(self.log.epoch, roster(self)))


def grace_never_ends(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Hub, "grace", property(lambda self: 1e9, lambda self, value: None), raising=False)


def grace_is_short(patch: pytest.MonkeyPatch) -> None:
    grace = property(lambda self: self.__dict__["grace"] / 2, lambda self, g: self.__dict__.update(grace=g))
    patch.setattr(Hub, "grace", grace, raising=False)


def any_close_is_goodbye(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Connection, "goodbye", True)


def giving_up_says_goodbye(patch: pytest.MonkeyPatch) -> None:
    """The client closes a socket that is silent as if its page were closed."""
    give_up = SignallingClient._give_up

    def politely(self: SignallingClient, now: float) -> list[Any]:
        _drop, *rest = give_up(self, now)
        return [Drop(1000), *rest]

    patch.setattr(SignallingClient, "_give_up", politely)


def goodbye_unheard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Hub, "goodbye", lambda self, said, now: None)


def goodbye_of_any_page(patch: pytest.MonkeyPatch) -> None:
    """A page that was reloaded long ago says goodbye for the one after it."""
    goodbye = Hub.goodbye

    def anybody(self: Hub, said: Goodbye, now: float) -> list[Effect] | None:
        member = self.present(said.room, said.user_id)
        return goodbye(self, said._replace(instance=member.instance, attempt=None) if member else said, now)

    patch.setattr(Hub, "goodbye", anybody)


def late_goodbye_counts(patch: pytest.MonkeyPatch) -> None:
    """Also that of a page that was put away, brought back, and is there again."""
    goodbye = Hub.goodbye
    patch.setattr(Hub, "goodbye", lambda self, said, now: goodbye(self, said._replace(attempt=None), now))


def goodbye_overtakes_for_nothing(patch: pytest.MonkeyPatch) -> None:
    """What the page had asked for before it said goodbye is still answered after it."""
    goodbye = Hub.goodbye

    def unfenced(self: Hub, said: Goodbye, now: float) -> list[Effect] | None:
        member = self.present(said.room, said.user_id)
        attempt = member.attempt if member else 0
        effects = goodbye(self, said, now)
        if member is not None:
            member.attempt = attempt
        return effects

    patch.setattr(Hub, "goodbye", unfenced)


def goodbye_never_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Whoever once said goodbye has left at the next loss of a connection."""
    connect = Member.connect

    def remembers(self: Member, connection: Any, attempt: int) -> int:
        back_in = self.back_in
        generation = connect(self, connection, attempt)
        self.back_in = back_in
        return generation

    patch.setattr(Member, "connect", remembers)


def every_reload_is_quick(patch: pytest.MonkeyPatch) -> None:
    """What a page says about how long it takes is not believed."""
    goodbye = Hub.goodbye
    patch.setattr(Hub, "goodbye", lambda self, said, now: goodbye(self, said._replace(back_in=3.0), now))


def host_lost_on_rejoin(patch: pytest.MonkeyPatch) -> None:
    join = Hub.join

    def demoted(self: Hub, arrival: Any, now: float, **how: bool) -> list[Effect]:
        return join(self, arrival._replace(role="participant") if arrival.rejoined else arrival, now, **how)

    patch.setattr(Hub, "join", demoted)


def joins_never_told(patch: pytest.MonkeyPatch) -> None:
    """Those who are to be told of at the end of the turn are told of when something else happens."""
    patch.setattr(Hub, "tell_soon", lambda self, now: [])


PLANTS: dict[str, Plant] = {
    plant.__name__.replace("_", "-"): plant
    for plant in (
        no_fencing,
        late_close,
        ring_off_by_one,
        replay_forgets_the_first,
        replay_after_live,
        signals_not_replayed,
        signals_lost_in_a_restart,
        ack_forgotten,
        command_not_repeated,
        busy_is_forgotten,
        later_signals_overtake,
        what_waits_is_forgotten,
        nobody_is_ahead,
        signals_overtake_events,
        batches_run_backwards,
        a_field_is_misspelt,
        older_clients_are_told_the_last_only,
        stale_snapshot,
        grace_never_ends,
        grace_is_short,
        any_close_is_goodbye,
        giving_up_says_goodbye,
        goodbye_unheard,
        goodbye_of_any_page,
        late_goodbye_counts,
        goodbye_overtakes_for_nothing,
        goodbye_never_forgotten,
        every_reload_is_quick,
        host_lost_on_rejoin,
        joins_never_told,
        *(
            *PEOPLE_PLANTS,
            *HOST_LINK_PLANTS,
            *LOGIN_PLANTS,
            *RECORD_PLANTS,
            *ORDER_PLANTS,
            *TAKEOVER_PLANTS,
        ),
    )
}
