"""The two clocks: what the record's clock does when it learns the store's time, and where it learns it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.pending_joins import PendingJoins
from server.realtime.reconciling import Reconciler
from server.realtime.room_restore import restore_rooms
from server.runtime import clock
from server.runtime.clock import JUMP, RecordClock
from server.runtime.metrics import Metrics
from signalling.protocol.fields import Media
from signalling.rooms.effects import StayEnded, StayResumed
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Arrival
from storage import open_store
from storage.records import Joined
from tests.storage.script import Script


def told(record: RecordClock, ahead: float, *, took: float = 0.0) -> float:
    """The store's clock is ahead by so much, as an answer says that took a while. What `follow` answers."""
    now = clock.monotonic()
    return record.follow(record.at(now) + ahead, now - took / 2, now + took / 2)


def ahead(record: RecordClock) -> float:
    return record.now() - time.time()


def seat(joined: Joined, connection: object) -> Arrival:
    person, stay = joined.participant, joined.stay
    return Arrival(
        connection=connection,
        message_id=1,
        room=person.room,
        title="",
        created=joined.created,
        hosting=False,
        participant_id=person.id,
        user_id=person.user_id,
        name=person.name,
        role=person.role,
        session_id=stay.session_id,
        session="",
        token=None,
        instance=stay.instance,
        epoch="e_1",
        rejoined=joined.rejoined,
        joined_at=stay.joined_at,
        media=Media(),
        ice_servers=[],
    )


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no such clock")
def test_the_monotonic_clock_goes_on_while_the_machine_is_suspended() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    now = clock.monotonic()
    assert before <= now <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_the_records_clock_is_this_machines_until_it_is_told_of_another() -> None:
    assert ahead(RecordClock()) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("by", [3600.0, -3600.0])
def test_a_clock_that_was_set_is_followed_and_told(by: float) -> None:
    record = RecordClock()
    assert told(record, by) == pytest.approx(by, abs=0.001)
    assert ahead(record) == pytest.approx(by, abs=0.5)
    assert told(record, 0.0) == 0.0


def test_a_clock_that_is_corrected_in_small_steps_is_followed_and_not_told() -> None:
    record = RecordClock()
    for _ in range(10):
        assert told(record, JUMP / 2) == 0.0
    assert ahead(record) == pytest.approx(5 * JUMP, abs=0.5)


@pytest.mark.parametrize(
    "steps", [[3600.0], [-3600.0], [5.0], [-5.0], [60.0, -3.0], [60.0, 3.0], [-5.0, -5.0, 7.0]]
)
def test_what_the_clock_has_shown_before_it_was_set_is_known_by_it_as_it_is_set(steps: list[float]) -> None:
    record = RecordClock()
    assert told(record, 5.0) == 5.0
    # What the machine's clock was apart from the store's at the start is no setting of the store's.
    first = record.now() - 20.0
    assert record.as_set_now(first) == first
    for by in steps:
        told(record, by)
    assert record.as_set_now(first) == pytest.approx(first + sum(steps), abs=0.001)
    later = record.now()
    assert record.as_set_now(later) == later


def test_what_an_answer_took_on_its_way_is_no_difference() -> None:
    record = RecordClock()
    assert told(record, 4.9, took=10.0) == 0.0
    assert told(record, -4.9, took=10.0) == 0.0
    assert ahead(record) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("by", [3600.0, -3600.0])
async def test_a_stay_keeps_its_length_over_a_clock_that_is_set(tmp_path: Path, by: float) -> None:
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    script, hub, record = Script(store), Hub(), RecordClock()
    writer = AttendanceWriter(store, "n_1", Metrics(), at=record.at)
    began = clock.monotonic()
    ann = await script.join("ann", record.at(began))
    stay = ann.stay
    hub.join(seat(ann, "a socket"), began)
    hub.stays.clock_was_set(told(record, by))
    await Reconciler(store, "n_1", hub, PendingJoins(), writer).reconcile()
    assert await writer.settle("ROOM-1", "ann", 5)
    (there,) = await script.stays("ann")
    assert there.joined_at == pytest.approx(stay.joined_at + by, abs=0.001)
    hub.lost("a socket", began + 10.0)
    for effect in hub.tick(began + 100.0):
        if isinstance(effect, StayEnded):
            writer.record(effect)
    assert await writer.settle("ROOM-1", "ann", 5)
    (there,) = await script.stays("ann")
    assert there.left_at is not None
    assert there.left_at - there.joined_at == pytest.approx(10.0, abs=0.001)
    assert there.left_at == pytest.approx(record.at(began + 10.0), abs=0.001)
    await store.close()


async def test_who_was_last_seen_in_the_future_keeps_place_and_length(tmp_path: Path) -> None:
    """The clock was set back while no server ran."""
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    script, hub = Script(store), Hub()
    ann = await script.join("ann", 5000.0)
    await store.heartbeat("n_1", 5060.0)
    await restore_rooms(store, hub, 1460.0)
    member = hub.present("ROOM-1", "ann")
    assert member is not None
    assert (member.session_id, member.began_at) == (ann.stay.session_id, 1400.0)
    await store.close()


@pytest.mark.parametrize("by", [3600.0, -3600.0])
async def test_who_joins_when_the_place_was_given_up_goes_on_with_a_stay_of_the_right_length(
    tmp_path: Path, by: float
) -> None:
    """A dead server has left the stay open, and a clock is set before anybody closes it."""
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    script, hub, record = Script(store), Hub(), RecordClock()
    now = clock.monotonic()
    ann = await script.join("ann", record.at(now - 60.0), node="n_old")
    await store.heartbeat("n_old", record.at(now))
    await restore_rooms(store, hub, record.at(now))
    hub.tick(now + 100.0)
    assert hub.present("ROOM-1", "ann") is None
    hub.stays.clock_was_set(told(record, by))
    again = await script.join("ann", record.at(now + 101.0))
    assert again.stay.session_id == ann.stay.session_id
    effects = hub.join(seat(again, "a socket"), now + 101.0)
    (corrected,) = [effect for effect in effects if isinstance(effect, StayResumed)]
    assert corrected.joined_at == pytest.approx(ann.stay.joined_at + by, abs=0.5)
    await store.close()
