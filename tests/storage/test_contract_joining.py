"""The contract, joining: who gets which meeting, participant and stay, whatever asks at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from storage.errors import MeetingEnded, StoreUnavailable, UnknownMeeting
from storage.records import EndReason
from storage.store import Store
from tests.storage.script import Script, request


async def test_create_meeting_answers_the_second_caller_with_the_first_ones_meeting(store: Store) -> None:
    first, created = await store.create_meeting("ROOM-1", "ann", "Stand-up", 1000.0)
    assert created
    assert (first.room, first.title, first.host_user_id) == ("ROOM-1", "Stand-up", "ann")
    assert (first.created_at, first.ended_at) == (1000.0, None)

    assert await store.create_meeting("ROOM-1", "bob", "Mine", 2000.0) == (first, False)
    assert await store.meeting("ROOM-1") == first


async def test_a_hundred_at_once_create_one_meeting(store: Store) -> None:
    answers = await asyncio.gather(
        *(store.create_meeting("ROOM-1", f"user-{n}", f"Title {n}", 1000.0 + n) for n in range(100))
    )
    assert [created for _, created in answers].count(True) == 1
    assert len({meeting for meeting, _ in answers}) == 1


@pytest.mark.parametrize("by_a_join", [False, True])
async def test_whoever_joins_as_the_meeting_is_made_finds_its_settings(
    script: Script, by_a_join: bool
) -> None:
    lobby = {"lobby": "everyone"}
    join = replace(script.request("ann"), settings=lobby)
    making = (
        script.store.join(join) if by_a_join else script.store.create_meeting("ROOM-1", "ann", "", 1.0, lobby)
    )
    joins = (script.refused(f"user-{n}", create=False) for n in range(10))
    _, *others = await asyncio.gather(making, *joins, return_exceptions=True)
    # Some stores make it beside the joins, and may be asked for one before.
    early = {each for each in others if not by_a_join and isinstance(each, UnknownMeeting)}
    assert set(others) - early <= {"lobby"}
    # They are those of the meeting from then on.
    again = await script.ask("ann", settings={"lobby": "guests"})
    made = await script.store.create_meeting("ROOM-1", "bob", "", 2.0, {"lobby": "guests"})
    assert made == (again.meeting, False)
    assert (again.meeting.settings, again.meeting.revision) == (lobby, 1)
    assert (await script.change(settings={"lobby": None})).revision == 2
    assert await script.refused("bob") is None
    assert not await script.store.audit("ROOM-1", 10)


async def test_a_meeting_that_is_made_without_settings_is_at_their_beginning(script: Script) -> None:
    for room, join in {"ROOM-2": True, "ROOM-3": False}.items():
        if join:
            meeting = (await Script(script.store, room).ask("ann", settings={})).meeting
        else:
            meeting, _ = await script.store.create_meeting(room, "ann", "", 1.0, {})
        assert (meeting.settings, meeting.revision) == ({}, 0)


async def test_an_unknown_meeting_is_none_to_look_up_and_an_error_to_join_end_or_report(store: Store) -> None:
    assert await store.meeting("NOWHERE") is None
    with pytest.raises(UnknownMeeting):
        await store.join(replace(request("ann", room="NOWHERE"), create=False))
    with pytest.raises(UnknownMeeting):
        await store.end_meeting("NOWHERE", 1000.0)
    with pytest.raises(UnknownMeeting):
        await store.attendance("NOWHERE")
    assert await store.meeting("NOWHERE") is None


async def test_joining_without_create_takes_the_meeting_that_is_there(store: Store) -> None:
    meeting, _ = await store.create_meeting("ROOM-1", "ann", "", 1000.0)
    joined = await store.join(replace(request("bob"), create=False))
    assert joined.meeting == meeting
    assert not joined.created


async def test_a_first_join_makes_everything_it_was_asked_to(store: Store) -> None:
    wanted = replace(request("ann", 1000.0), title="Stand-up")
    joined = await store.join(wanted)

    assert (joined.created, joined.rejoined, joined.continued) == (True, False, False)
    assert (joined.meeting.title, joined.meeting.host_user_id, joined.meeting.created_at) == (
        "Stand-up",
        "ann",
        1000.0,
    )
    person = joined.participant
    assert (person.id, person.room, person.user_id, person.name) == (
        wanted.participant_id,
        "ROOM-1",
        "ann",
        "Ann",
    )
    assert (person.role, person.state) == ("host", "connected")
    assert (person.first_joined_at, person.last_seen_at) == (1000.0, 1000.0)
    assert (person.session_count, person.total_duration) == (1, 0.0)
    stay = joined.stay
    assert (stay.participant_id, stay.session_id) == (person.id, wanted.session_id)
    assert (stay.node_id, stay.instance) == (wanted.node_id, wanted.instance)
    assert (stay.joined_at, stay.left_at, stay.reason) == (1000.0, None, None)
    assert stay.estimated is False
    assert stay.connections == 1


async def test_one_user_joining_a_hundred_times_at_once_is_one_participant_with_one_stay(
    store: Store, script: Script
) -> None:
    answers = await asyncio.gather(*(script.join("ann") for _ in range(100)))

    assert [answer.created for answer in answers].count(True) == 1
    assert [answer.rejoined for answer in answers].count(False) == 1
    assert [answer.continued for answer in answers].count(False) == 1
    assert len({answer.participant.id for answer in answers}) == 1
    assert len({answer.stay.session_id for answer in answers}) == 1
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.connections) == (None, 100)
    assert (await script.person("ann")).session_count == 1


async def test_two_hundred_users_at_once_share_one_meeting_with_one_host(script: Script) -> None:
    answers = await asyncio.gather(*(script.join(f"user-{n}") for n in range(200)))

    assert [answer.created for answer in answers].count(True) == 1
    people = await script.people()
    assert len(people) == 200
    assert [person.role for person in people].count("host") == 1
    (host,) = [person for person in people if person.role == "host"]
    assert host.user_id == (await script.meeting()).host_user_id


async def test_two_stores_at_once_agree_on_one_meeting_participant_and_stay(
    store: Store, other: Store
) -> None:
    scripts = [Script(store), Script(other)]
    answers = await asyncio.gather(*(script.join("ann") for _ in range(25) for script in scripts))

    assert [answer.created for answer in answers].count(True) == 1
    assert len({(answer.participant.id, answer.stay.session_id) for answer in answers}) == 1


async def test_the_host_is_who_created_the_meeting_not_who_asked_later(script: Script) -> None:
    await script.store.create_meeting("ROOM-1", "ann", "", 1000.0)
    assert (await script.join("bob")).participant.role == "participant"
    assert (await script.join("ann")).participant.role == "host"


async def test_coming_back_keeps_id_role_and_history_and_takes_the_new_name(script: Script) -> None:
    first = await script.join("ann", 1000.0)
    await script.leave(first, 1060.0)
    again = await script.join("ann", 2000.0, name="Ann B.")

    assert (again.created, again.rejoined, again.continued) == (False, True, False)
    assert again.participant.id == first.participant.id
    assert (again.participant.role, again.participant.name) == ("host", "Ann B.")
    assert (again.participant.state, again.participant.last_seen_at) == ("connected", 2000.0)
    assert again.participant.first_joined_at == 1000.0
    assert (again.participant.session_count, again.participant.total_duration) == (2, 60.0)
    assert [stay.joined_at for stay in await script.stays("ann")] == [1000.0, 2000.0]


async def test_the_open_stay_goes_on_wherever_the_next_join_comes_from(script: Script) -> None:
    first = await script.join("ann", 1000.0)
    again = await script.join("ann", 5000.0, node="n_2")

    assert (again.rejoined, again.continued) == (True, True)
    assert (again.stay.session_id, again.stay.joined_at) == (first.stay.session_id, 1000.0)
    assert (again.stay.node_id, again.stay.connections) == ("n_2", 2)
    assert again.stay.instance != first.stay.instance


async def test_the_open_stay_goes_before_a_previous_one(script: Script) -> None:
    lost = await script.join("ann", 1000.0)
    await script.leave(lost, 1010.0, "lost")
    opened = await script.join("ann", 1011.0)
    again = await script.join("ann", 1012.0, previous=lost)
    assert again.stay.session_id == opened.stay.session_id


@pytest.mark.parametrize(
    ("reason", "back_after", "goes_on"),
    [
        ("lost", 0.0, True),
        ("lost", 29.9, True),
        ("lost", 30.0, False),
        ("lost", 31.0, False),
        ("lost", -5.0, True),
        ("left", 1.0, False),
        ("removed", 1.0, False),
    ],
)
async def test_a_previous_stay_goes_on_when_it_was_lost_less_than_the_grace_ago(
    script: Script, reason: EndReason, back_after: float, goes_on: bool
) -> None:
    first = await script.join("ann", 1000.0)
    await script.leave(first, 1100.0, reason)
    again = await script.join("ann", 1100.0 + back_after, previous=first, grace=30.0)

    assert again.continued is goes_on
    assert (again.stay.session_id == first.stay.session_id) is goes_on
    assert (again.stay.left_at, again.stay.reason) == (None, None)
    assert again.stay.connections == (2 if goes_on else 1)
    assert again.participant.state == "connected"
    # What is open again does not count until it is closed.
    assert again.participant.total_duration == (0.0 if goes_on else 100.0)


async def test_a_stay_closed_by_estimate_goes_on_within_the_grace_and_is_exact_again(script: Script) -> None:
    await script.store.heartbeat("n_1", 1050.0)
    first = await script.join("ann", 1000.0)
    await script.store.close_dead_nodes(1060.0)
    again = await script.join("ann", 1070.0, previous=first)

    assert again.continued
    assert again.stay.estimated is False
    await script.leave(again, 1100.0)
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.reason, stay.estimated) == (1100.0, "left", False)


async def test_a_lost_stay_does_not_go_on_unless_it_is_named(script: Script) -> None:
    first = await script.join("ann", 1000.0)
    await script.leave(first, 1010.0, "lost")
    assert not (await script.join("ann", 1011.0)).continued


async def test_someone_elses_previous_stay_does_not_go_on(script: Script) -> None:
    ann = await script.join("ann", 1000.0)
    await script.leave(ann, 1010.0, "lost")
    bob = await script.join("bob", 1011.0, previous=ann)
    assert not bob.continued
    assert bob.stay.session_id != ann.stay.session_id


async def test_a_join_tried_again_with_the_same_ids_answers_with_the_same_rows(script: Script) -> None:
    wanted = script.request("ann", 1000.0)
    first = await script.store.join(wanted)
    second = await script.store.join(wanted)
    assert (second.participant.id, second.stay.session_id) == (first.participant.id, first.stay.session_id)
    assert (second.rejoined, second.continued) == (False, False)

    await script.leave(second, 1010.0)
    third = await script.store.join(wanted)
    assert (third.stay.session_id, third.stay.left_at) == (first.stay.session_id, None)
    assert len(await script.stays("ann")) == 1


async def test_an_ended_meeting_can_be_read_and_created_again_to_no_effect_but_not_joined(
    script: Script,
) -> None:
    await script.join("ann", 1000.0)
    ended = await script.store.end_meeting("ROOM-1", 1100.0)

    for create in (True, False):
        with pytest.raises(MeetingEnded):
            await script.store.join(replace(script.request("bob", 1200.0), create=create))
    assert await script.store.create_meeting("ROOM-1", "bob", "", 1200.0) == (ended, False)
    assert await script.store.meeting("ROOM-1") == ended
    assert [person.user_id for person in await script.people()] == ["ann"]


async def test_calls_that_fail_leave_those_beside_them_alone(script: Script) -> None:
    """However the calls fall into batches, a failing one takes nothing else with it."""
    await script.store.create_meeting("OVER", "ann", "", 1.0)
    await script.store.end_meeting("OVER", 2.0)
    wanted = [script.request(f"user-{n}") for n in range(90)]
    wanted[10:90:10] = [replace(request("x", room="NOWHERE"), create=False) for _ in range(8)]
    wanted[15:90:10] = [request("x", room="OVER") for _ in range(8)]
    answers = await asyncio.gather(*map(script.store.join, wanted), return_exceptions=True)

    kinds = [type(answer).__name__ for answer in answers]
    assert (kinds.count("UnknownMeeting"), kinds.count("MeetingEnded"), kinds.count("Joined")) == (8, 8, 74)
    assert len(await script.people()) == 74


async def test_a_cancelled_caller_leaves_those_beside_it_alone(script: Script) -> None:
    joins = [asyncio.create_task(script.join(f"user-{n}")) for n in range(50)]
    await asyncio.sleep(0)  # each has put its call
    for task in joins[::5]:
        task.cancel()
    answers = await asyncio.gather(*joins, return_exceptions=True)

    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::5])
    there = {person.user_id for person in await script.people()}
    assert there >= {f"user-{n}" for n in range(50) if n % 5}


async def test_opening_and_closing_twice_is_no_error_and_a_closed_store_is_unavailable(store: Store) -> None:
    await store.open()
    await store.ping()
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.ping()
    with pytest.raises(StoreUnavailable):
        await store.attendance("ROOM-1")


async def test_closing_finishes_what_was_accepted(store: Store, other: Store) -> None:
    script = Script(store)
    joins = [asyncio.create_task(script.join(f"user-{n}")) for n in range(20)]
    await asyncio.sleep(0)  # each has put its call
    await store.close()
    await asyncio.gather(*joins)
    assert len(await Script(other).people()) == 20


async def test_what_was_kept_is_there_after_closing_and_opening(script: Script) -> None:
    joined = await script.join("ann")
    await script.store.close()
    await script.store.open()
    assert await script.people() == [joined.participant]
    assert list(await script.stays("ann")) == [joined.stay]
