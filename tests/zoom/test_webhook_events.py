"""Zoom's events, read from bytes; and that what is kept of them depends on no order."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.zoom import person_matching, webhook_events
from server.zoom.webhook_events import Ended, Heard, Malformed, Other, Validation
from storage import open_store
from storage.import_store import StoreWithImports
from tests.zoom.stand_in.webhooks import Seat, Session, ended, joined, left

UUID = "/4AAA//iAAAAAiAiAiiAii=="
START = 1_790_000_000.0
WEBINAR = Session("88988872033", UUID, START)
MEETING = Session("88988872034", UUID, START, kind="meeting")
ANNA = Seat(
    "16778240", "Anna", START + 60.0, START + 660.0, email="Anna@Example.org", registrant_id="reg-anna"
)


def read(event: Any) -> webhook_events.Event:
    return webhook_events.read(orjson.dumps(event))


def heard(event: Any) -> Heard:
    found = read(event)
    assert isinstance(found, Heard)
    return found


@pytest.mark.parametrize("session", [WEBINAR, MEETING], ids=["webinar", "meeting"])
def test_a_join_and_its_leave_are_one_stay_of_one_person(session: Session) -> None:
    came, went = heard(joined(session, ANNA)), heard(left(session, ANNA))
    assert (
        came.subject
        == went.subject
        == person_matching.subject(session.kind, session.external_id, "A webinar")
    )
    assert came.stay.part == went.stay.part == f"instance/{UUID}"
    assert came.stay.session_id == went.stay.session_id
    assert came.stay.keys == went.stay.keys
    assert (came.stay.name, came.stay.email, came.stay.guest) == ("Anna", "Anna@Example.org", False)
    assert (came.stay.joined_at, came.stay.left_at) == (START + 60, None)
    assert (went.stay.joined_at, went.stay.left_at) == (None, START + 660)
    assert came.stay.starts_at == START


def test_the_same_person_is_another_stay_at_the_next_join_and_in_the_next_instance() -> None:
    again = Seat("16778241", "Anna", START, email="anna@example.org")
    next_week = Session(WEBINAR.external_id, "next==", START)
    stays = [heard(joined(WEBINAR, ANNA)), heard(joined(WEBINAR, again)), heard(joined(next_week, ANNA))]
    assert len({each.stay.session_id for each in stays}) == 3
    assert set.intersection(*(set(each.stay.keys) for each in stays)), "the address is the same"


def test_who_has_no_id_is_a_guest_of_this_stay() -> None:
    one, other = (heard(joined(WEBINAR, Seat(user_id, "Gast", START))).stay for user_id in ("1", "2"))
    assert one.guest
    assert other.guest
    assert not set(one.keys) & set(other.keys)


async def test_a_guest_who_moves_between_rooms_is_one_person_live(store: StoreWithImports) -> None:
    """Each room has a `user_id` of its own; `participant_uuid` lasts, and tells namesakes apart."""
    class_ = Session("88988872035", UUID, START, kind="meeting")
    moves = [(0, 60, "1", "gil"), (60, 120, "2", "gil"), (121, 180, "3", "gil"), (0, 180, "4", "another")]
    for since, until, user_id, who in moves:
        seat = Seat(user_id, "Gil", START + since, START + until, participant_uuid=who)
        for event in (left(class_, seat), joined(class_, seat)):
            came = heard(event)
            assert await store.record_live(came.subject, came.stay)
    totals = await store.import_totals(came.subject.room)
    assert (totals.people, totals.guests, totals.stays, totals.guessed) == (2, 2, 4, 0)
    assert totals.total_duration == 180 + 179


def test_numbers_and_nulls_are_read_like_texts_and_nothing() -> None:
    event = joined(WEBINAR, ANNA, user_id=16778240, email=None, id=0, phone_number=None)
    assert heard(event).stay.session_id == heard(joined(WEBINAR, ANNA)).stay.session_id
    number = dict(joined(WEBINAR, ANNA))
    number["payload"]["object"]["id"] = 88988872033
    assert heard(number).subject.external_id == "88988872033"


def test_without_the_time_in_the_record_that_of_the_event_counts() -> None:
    assert heard(joined(WEBINAR, ANNA, join_time=None)).stay.joined_at == START + 60.25
    assert heard(left(WEBINAR, ANNA, leave_time="soon")).stay.left_at == START + 660.25


def test_the_end_is_told_with_its_time() -> None:
    assert read(ended(WEBINAR, START + 3600)) == Ended(
        person_matching.subject("webinar", "88988872033", "A webinar"), f"instance/{UUID}", START + 3600
    )


def test_zoom_asks_for_a_proof() -> None:
    event = {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}
    assert read(event) == Validation("qgg8vlvZRS6UYooatFL8Aw")


@pytest.mark.parametrize(
    "name",
    [
        "webinar.started",
        "meeting.participant_jbh_joined",
        "meeting.participant_jbh_waiting",
        "meeting.participant_joined_waiting_room",
        "meeting.participant_left_waiting_room",
        "meeting.participant_admitted",
        "meeting.participant_put_in_waiting_room",
        "meeting.participant_joined_breakout_room",
        "user.ended",
        "webinar.participant_joined.more",
        "something else",
    ],
)
def test_what_is_no_attendance_is_not_looked_at(name: str) -> None:
    assert read({"event": name, "payload": "whatever"}) == Other(name)


def without(*path: str) -> dict[str, Any]:
    event = orjson.loads(orjson.dumps(joined(WEBINAR, ANNA)))
    record = event
    for name in path[:-1]:
        record = record[name]
    del record[path[-1]]
    return dict(event)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b'"webinar.ended"',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"event": ' + b"\xed\xa0\x80" + b"}",
        b"{}",
        b'{"event": null}',
        b'{"event": 7}',
        b'{"event": "webinar.ended"}',
        b'{"event": "webinar.ended", "payload": []}',
        b'{"event": "webinar.ended", "payload": {"object": null}}',
        b'{"event": "endpoint.url_validation", "payload": {}}',
        b'{"event": "endpoint.url_validation", "payload": {"plainToken": {}}}',
        orjson.dumps(without("payload", "object", "id")),
        orjson.dumps(without("payload", "object", "uuid")),
        orjson.dumps(without("payload", "object", "participant")),
        orjson.dumps(joined(Session("12", UUID, START), ANNA)),
        orjson.dumps(joined(Session("88988872033", "u" * 201, START), ANNA)),
        orjson.dumps({**joined(WEBINAR, ANNA, join_time=None), "event_ts": None}),
        orjson.dumps({**joined(WEBINAR, ANNA, join_time=None), "event_ts": -1}),
        orjson.dumps({**joined(WEBINAR, ANNA, join_time=None), "event_ts": 1e300}),
    ],
)
def test_what_cannot_be_understood_is_malformed_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        webhook_events.read(body)
    assert "\n" not in str(refused.value)


def test_a_name_that_is_cut_off_within_a_character_is_heard() -> None:
    event = joined(WEBINAR, ANNA)
    event["payload"]["object"]["participant"]["user_name"] = "Anna \ud83d"
    heard = webhook_events.read(json.dumps(event).encode())
    assert isinstance(heard, Heard)
    assert heard.stay.name == "Anna \ufffd"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_no_value_in_any_place_is_worse_than_malformed(data: st.DataObject) -> None:
    event = orjson.loads(
        orjson.dumps(data.draw(st.sampled_from([joined(WEBINAR, ANNA), ended(WEBINAR, START)])))
    )
    record = event
    while True:
        name = data.draw(st.sampled_from(sorted(record)))
        if isinstance(record[name], dict) and data.draw(st.booleans()):
            record = record[name]
            continue
        record[name] = data.draw(ANYTHING)
        break
    try:
        found = webhook_events.read(json.dumps(event).encode("utf-8", "surrogatepass"))
    except Malformed:
        return
    assert isinstance(found, Heard | Ended | Other | Validation)


# Through the store


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StoreWithImports]:
    directory: Path = tmp_path_factory.mktemp("live")
    store = open_store(f"sqlite:///{directory}/r.db")
    await store.open()
    yield store
    await store.close()


_numbers = itertools.count(100_000_000)

SEATS = (
    ANNA,
    Seat(
        "16778250",
        "Anna",
        START + 700.0,
        START + 900.0,
        participant_user_id="user-anna",
        registrant_id="reg-anna",
    ),
    Seat("16778260", "Ben", START + 30.0, START + 3600.0, id="user-ben", participant_user_id="user-ben"),
    Seat("16778270", "Gast", START + 90.0, START + 95.0),
    Seat("16778280", "Gast", START + 91.0, START + 91.0),
)
END = START + 3600.0


async def kept(store: StoreWithImports, events: list[tuple[str, Seat | None]]) -> Any:
    """What the record has when those come in this order, without what differs by its name only."""
    session = Session(str(next(_numbers)), UUID, START)
    subject = person_matching.subject(session.kind, session.external_id, session.topic)
    for at, (what, seat) in enumerate(events):
        if seat is None:
            told = read(ended(session, END))
            assert isinstance(told, Ended)
            await store.end_live(told.subject, told.part, told.at, told.at + 1800, 2e9 + at)
        else:
            told = heard(joined(session, seat) if what == "joined" else left(session, seat))
            assert await store.record_live(told.subject, told.stay)
    report = await store.attendance(subject.room)
    record = await store.imported(subject.room)
    assert record is not None
    return (
        sorted(
            (
                person.name,
                person.session_count,
                person.total_duration,
                sorted((stay.joined_at, stay.left_at, stay.estimated) for stay in stays),
            )
            for person, stays in report.participants
        ),
        (report.meeting.created_at, report.meeting.ended_at, record.due_at),
        [(part.part, part.state, part.rows, part.starts_at, part.ended_at) for part in record.parts],
    )


@given(data=st.data())
@settings(max_examples=60)
async def test_any_order_and_any_repetition_of_events_gives_the_same_stays(
    data: st.DataObject, store: StoreWithImports
) -> None:
    told: list[tuple[str, Seat | None]] = [(what, seat) for seat in SEATS for what in ("joined", "left")]
    told = [event for event in told if data.draw(st.booleans())] + [("ended", None)]
    events = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told), max_size=8))))
    assert await kept(store, events) == await kept(store, told)


async def test_what_was_told_is_what_is_kept(store: StoreWithImports) -> None:
    events: list[tuple[str, Seat | None]] = [(what, seat) for seat in SEATS for what in ("left", "joined")]
    people_kept, times, parts = await kept(store, [*events, ("ended", None)])
    assert people_kept == [
        ("Anna", 2, 800.0, [(START + 60, START + 660, False), (START + 700, START + 900, False)]),
        ("Ben", 1, 3570.0, [(START + 30, END, False)]),
        ("Gast", 1, 0.0, [(START + 91, START + 91, False)]),
        ("Gast", 1, 5.0, [(START + 90, START + 95, False)]),
    ]
    assert times == (START, END, END + 1800)
    assert parts == [(f"instance/{UUID}", "live", 5, START, END)]
