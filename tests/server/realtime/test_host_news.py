"""The room learns who is host by the record, also when the answer to the join that changed it was lost."""

from __future__ import annotations

import asyncio

import pytest

from server.realtime.entry import invite_hash
from signalling.protocol.client_messages import Join
from signalling.protocol.errors import ErrorCode, Refused
from storage.moderation import Change, NewInvite
from storage.records import JoinRequest, Role
from tests.server.desk import Desk


class Told:
    """In place of the gateway."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.news: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        desk.admission.hosts.tell = self._tell

    def _tell(self, room: str, user_id: str) -> None:
        desk = self.desk
        desk.hub.changes.host_is(desk.hub.rooms[room], user_id, 0.0)
        self.news.put_nowait((room, user_id))

    def roles(self) -> dict[str, str]:
        return {member.user_id: member.role for member in self.desk.hub.rooms["ABC123"]}


async def hosted(desk: Desk) -> tuple[Told, str]:
    """The host is in, and has made a link."""
    told = Told(desk)
    await desk.join(desk.tokens.identity("u_host", 2e9))
    await desk.store.real.make_invite(
        NewInvite("ABC123", "v_1", invite_hash("the link"), "host", 1.0, "u_host")
    )
    return told, desk.tokens.identity("u_new", 2e9)


def by_link(token: str) -> Join:
    return Join(id=1, meeting="ABC123", name="New", token=token, invite="the link")


async def test_it_is_told_before_the_new_host_comes(desk: Desk) -> None:
    told, token = await hosted(desk)
    await desk.admission.admit(object(), by_link(token))
    assert told.news.get_nowait() == ("ABC123", "u_new")
    assert told.roles() == {"u_host": "cohost"}


async def test_it_is_looked_up_when_the_answer_was_lost(desk: Desk) -> None:
    told, token = await hosted(desk)
    desk.store.forgetful = True
    with pytest.raises(Refused) as refused:
        await desk.admission.admit(object(), by_link(token))
    assert refused.value.code is ErrorCode.UNAVAILABLE
    assert await asyncio.wait_for(told.news.get(), 5.0) == ("ABC123", "u_new")
    assert told.roles() == {"u_host": "cohost"}


async def test_it_is_looked_up_when_the_join_that_changed_it_fails_in_the_end(desk: Desk) -> None:
    """Its answer was out of date, and the next attempt fails for certain."""
    told, token = await hosted(desk)
    desk.store.open.clear()
    desk.store.reached.clear()
    joining = asyncio.create_task(desk.admission.admit(object(), by_link(token)))
    await desk.store.reached.wait()
    desk.admission.pending.meeting_changed("ABC123")
    desk.store.down = True
    desk.store.open.set()
    with pytest.raises(Refused):
        await joining
    desk.store.down = False
    assert await asyncio.wait_for(told.news.get(), 10.0) == ("ABC123", "u_new")
    assert told.roles() == {"u_host": "cohost"}


async def test_a_join_that_was_decided_before_is_asked_again(desk: Desk) -> None:
    """Its answer comes later, and says that somebody else is host."""
    told, _ = await hosted(desk)
    late = await desk.held_back(desk.tokens.identity("u_host", 2e9))
    request = JoinRequest(
        "ABC123", "u_new", "New", "p_2", "s_2", "i.j", "n_1", 3.0, invite=invite_hash("the link")
    )
    assert (await desk.store.real.join(request)).participant.role == "host"
    desk.admission.hosts.heard("ABC123", "u_new", by_link=True)
    desk.store.open.set()
    await late
    assert told.roles() == {"u_host": "cohost"}


async def test_joins_of_others_are_not_asked_again(desk: Desk) -> None:
    """However slow the store is: it does not matter to them who is host."""
    await hosted(desk)
    late = await desk.held_back(desk.tokens.identity("u_guest", 2e9))
    desk.admission.hosts.ask("ABC123", "u_other")
    desk.admission.hosts.heard("ABC123", "u_new", by_link=True)
    desk.store.open.set()
    await late
    assert [request.user_id for request in desk.store.joins] == ["u_host", "u_guest"]


async def test_whoever_comes_again_after_a_lost_answer_is_not_asked_for_twice(desk: Desk) -> None:
    """The room is told that there is a new host while the second attempt is on its way."""
    told, token = await hosted(desk)
    desk.store.forgetful = True
    desk.store.meetings.clear()
    with pytest.raises(Refused):
        await desk.admission.admit(object(), by_link(token))
    desk.store.forgetful = False
    desk.store.open.clear()
    desk.store.reached.clear()
    again = asyncio.create_task(desk.admission.admit(object(), by_link(token)))
    await desk.store.reached.wait()
    desk.store.meetings.set()
    assert await asyncio.wait_for(told.news.get(), 5.0) == ("ABC123", "u_new")
    desk.store.open.set()
    arrival, _ = await again
    assert arrival.role == "host"
    assert [request.user_id for request in desk.store.joins] == ["u_host", "u_new", "u_new"]


async def test_who_has_come_by_it_meanwhile_does_not_wait_by_another_page(desk: Desk) -> None:
    """Also where nobody was, so that nobody could be told."""
    host = await desk.join(desk.tokens.identity("u_host", 2e9))
    link = invite_hash("the link")
    await desk.store.real.make_invite(NewInvite("ABC123", "v_1", link, "host", 1.0, "u_host"))
    lobby = Change("ABC123", "u_host", "one", 1.0, "settings", settings={"lobby": "everyone"})
    await desk.store.real.change(lobby)
    desk.leave(host)
    held = desk.store.open
    token = desk.tokens.identity("u_new", 2e9)
    late = await desk.held_back(token, on_duplicate="reject")
    desk.store.open = asyncio.Event()
    desk.store.open.set()
    arrival, _ = await desk.admission.admit(object(), by_link(token))
    desk.hub.join(arrival, 0.0)
    held.set()
    with pytest.raises(Refused) as refused:
        await late
    assert refused.value.code is ErrorCode.DUPLICATE


async def test_a_host_whose_join_was_decided_before_is_host_no_more_where_nobody_was(desk: Desk) -> None:
    told, token = await hosted(desk)
    desk.leave(desk.hub.rooms["ABC123"].audience()[0])
    held = desk.store.open
    late = await desk.held_back(desk.tokens.identity("u_host", 2e9))
    desk.store.open = asyncio.Event()
    desk.store.open.set()
    arrival, _ = await desk.admission.admit(object(), by_link(token))
    desk.hub.join(arrival, 0.0)
    held.set()
    await late
    assert told.roles() == {"u_new": "host", "u_host": "cohost"}


async def test_whoever_shows_it_has_a_place_in_a_full_meeting(desk: Desk) -> None:
    _, token = await hosted(desk)
    await desk.join(desk.tokens.identity("u_1", 2e9))
    with pytest.raises(Refused) as refused:
        await desk.join(desk.tokens.identity("u_2", 2e9))
    assert refused.value.code is ErrorCode.MEETING_FULL
    guess = Join(id=1, meeting="ABC123", name="Eve", token=token, invite="a guess")
    with pytest.raises(Refused):
        await desk.admission.admit(object(), guess)
    arrival, joined = await desk.admission.admit(object(), by_link(token))
    assert (arrival.role, joined.meeting.host_user_id) == ("host", "u_new")


@pytest.mark.parametrize("role", ["cohost", "participant"])
async def test_what_is_being_asked_about_those_in_the_room_is_older_than_a_role_that_a_join_gives(
    desk: Desk, role: Role
) -> None:
    await desk.join(desk.tokens.identity("u_host", 2e9))
    token = desk.tokens.identity("u_new", 2e9)
    await desk.join(token)
    invite = NewInvite("ABC123", "v_1", invite_hash("the link"), role, 2.0, "u_host")
    await desk.store.real.make_invite(invite)
    with desk.admission.pending.watch("ABC123") as watch:
        await desk.admission.admit(object(), by_link(token))
        assert watch.stale is (role == "cohost")
