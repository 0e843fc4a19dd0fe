"""The contract, crowds: everybody at once, by way of several stores on one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import cycle

import pytest

from storage.errors import MeetingEnded
from storage.records import Joined, Meeting
from tests.storage.place import Place
from tests.storage.script import Script

AT_ONCE = 200


@pytest.fixture
async def scripts(place: Place) -> AsyncIterator[list[Script]]:
    """Four stores, as four processes would have."""
    stores = [place.store() for _ in range(4)]
    for store in stores:
        await store.open()
    yield [Script(store) for store in stores]
    for store in stores:
        await store.close()


async def test_two_hundred_users_by_four_stores_share_one_meeting(scripts: list[Script]) -> None:
    doors = cycle(scripts)
    answers = await asyncio.gather(*(next(doors).join(f"user-{n:03}") for n in range(AT_ONCE)))

    assert [answer.created for answer in answers].count(True) == 1
    assert not any(answer.rejoined or answer.continued for answer in answers)
    assert len({answer.meeting for answer in answers}) == 1
    for script in scripts:
        people = {person.user_id: person for person in await script.people()}
        assert people == {answer.participant.user_id: answer.participant for answer in answers}
    assert [answer.participant.role for answer in answers].count("host") == 1


async def test_one_user_two_hundred_times_by_four_stores_is_one_participant_with_one_stay(
    scripts: list[Script],
) -> None:
    doors = cycle(scripts)
    answers = await asyncio.gather(*(next(doors).join("ann") for _ in range(AT_ONCE)))

    assert [answer.created for answer in answers].count(True) == 1
    assert [answer.rejoined for answer in answers].count(False) == 1
    assert [answer.continued for answer in answers].count(False) == 1
    assert len({answer.stay.session_id for answer in answers}) == 1
    assert {answer.stay.connections for answer in answers} == set(range(1, AT_ONCE + 1))
    (stay,) = await scripts[0].stays("ann")
    assert (stay.left_at, stay.connections) == (None, AT_ONCE)


async def test_people_who_come_and_go_at_once_by_four_stores_leave_no_stay_open(
    scripts: list[Script],
) -> None:
    doors = cycle(scripts)

    async def visit(user: str) -> Joined:
        joined = await next(doors).join(user, 1000.0)
        await next(doors).leave(joined, 1060.0)
        return joined

    visits = await asyncio.gather(*(visit(f"user-{n % 50}") for n in range(AT_ONCE)))
    assert [joined.created for joined in visits].count(True) == 1
    records = (await scripts[0].store.attendance("ROOM-1")).participants
    assert len(records) == 50
    for person, stays in records:
        # A join while the user is there goes on with the stay; a join after a leave begins a new one.
        assert [stay.left_at for stay in stays] == [1060.0] * len(stays)
        assert sum(stay.connections for stay in stays) == 4
        assert (person.state, person.session_count, person.total_duration) == (
            "disconnected",
            len(stays),
            60.0,
        )


async def test_a_meeting_that_is_ended_while_people_come_in_has_nobody_in_it(scripts: list[Script]) -> None:
    for number in range(6):
        room = f"ROOM-{number}"
        stores = cycle(script.store for script in scripts)
        coming = [Script(next(stores), room).join(f"user-{n % 10}") for n in range(40)]
        ending = next(stores).end_meeting(room, 1060.0)
        await scripts[0].store.create_meeting(room, "user-0", "", 990.0)
        answers = await asyncio.gather(*coming[:20], ending, *coming[20:], return_exceptions=True)
        assert {type(answer) for answer in answers} <= {Joined, Meeting, MeetingEnded}, answers
        people = (await scripts[0].store.attendance(room)).participants
        assert {stay.reason for _, stays in people for stay in stays} <= {"ended"}
        assert [person.state for person, _ in people] == ["disconnected"] * len(people)
