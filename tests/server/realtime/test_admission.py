"""Joins and leaves that overtake each other on their way to the store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import msgspec
import pytest

from server.identity.passwords import Passwords
from server.identity.tokens import TabSession
from server.realtime.credentials import Proof
from server.realtime.entry import HasToWait
from server.realtime.room_restore import restore_rooms
from server.runtime import clock
from signalling.protocol.client_messages import Join, Resume
from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.protocol.fields import Media
from signalling.rooms.effects import Close, LetIn, StayResumed
from signalling.rooms.inputs import Return
from storage.errors import NotLetIn
from storage.moderation import Change
from storage.store import Store
from tests.server.desk import Desk, restored, stays
from tests.storage.script import request


async def test_a_stay_that_is_closed_while_its_join_is_at_the_store_is_not_gone_on_with(desk: Desk) -> None:
    ann = desk.tokens.identity("u_ann", 2e9)
    first = await desk.join(ann)
    coming = await desk.held_back(ann)
    desk.leave(first)
    desk.store.open.set()
    await coming
    assert len(desk.store.joins) == 3, "the store was asked once more"
    member = desk.hub.present("ABC123", "u_ann")
    assert member is not None
    assert [session for session, is_open in await stays(desk) if is_open] == [member.session_id]


async def test_a_join_waits_for_the_leave_before_it(desk: Desk) -> None:
    ann = desk.tokens.identity("u_ann", 2e9)
    first = await desk.join(ann)
    desk.store.down = True
    desk.leave(first)
    await asyncio.sleep(0)
    desk.store.down = False
    await desk.join(ann)
    assert [is_open for _, is_open in await stays(desk)] == [False, True], (
        "the new stay is not the one closed"
    )
    assert len(desk.store.leaves) == 1


async def test_a_join_that_is_on_its_way_when_its_user_is_revoked_comes_too_late(desk: Desk) -> None:
    coming = await desk.held_back(desk.tokens.identity("u_ann", 2e9))
    desk.admission.pending.revoked({"u_ann", "u_nobody"})
    desk.store.open.set()
    with pytest.raises(Refused) as refused:
        await coming
    assert refused.value.code is ErrorCode.REVOKED
    # Nobody came to the stay that was opened.
    assert await desk.writer.settle("ABC123", "u_ann", 5)
    assert [is_open for _, is_open in await stays(desk)] == [False]


async def test_whoever_is_revoked_while_the_store_says_that_they_have_to_wait_does_not_wait(
    desk: Desk,
) -> None:
    await desk.join(desk.tokens.identity("u_host", 2e9))
    lobby = Change("ABC123", "u_host", "one", 1.0, "settings", settings={"lobby": "everyone"})
    await desk.store.real.change(lobby)
    coming = await desk.held_back(desk.tokens.identity("u_ann", 2e9))
    desk.admission.pending.revoked({"u_ann"})
    desk.store.open.set()
    with pytest.raises(Refused) as refused:
        await coming
    assert refused.value.code is ErrorCode.REVOKED


async def test_who_is_admitted_while_the_store_says_that_they_have_to_wait_is_let_in(desk: Desk) -> None:
    await desk.join(desk.tokens.identity("u_host", 2e9))
    lobby = Change("ABC123", "u_host", "one", 1000.0, "settings", settings={"lobby": "everyone"})
    await desk.store.real.change(lobby)
    coming = await desk.held_back(desk.tokens.identity("u_ann", 2e9))
    await desk.store.real.change(Change("ABC123", "u_host", "two", 1001.0, "admit", admit=["u_ann"]))
    desk.admission.pending.meeting_changed("ABC123")
    desk.store.open.set()
    await coming
    assert desk.hub.present("ABC123", "u_ann") is not None


async def waits_for_the_host(desk: Desk) -> Return:
    """A meeting that nobody is to enter before its host. The server was started again, and this is how the host's page
    comes back."""
    wanted = request("u_host", 1000.0, room="ABC123")
    before = await desk.store.real.join(wanted)
    later = Change("ABC123", "u_host", "one", 1001.0, "settings", settings={"join_before_host": False})
    await desk.store.real.change(later)
    await desk.store.real.stop_node(wanted.node_id, 1010.0)
    await restore_rooms(cast(Store, desk.store), desk.hub, 1011.0)
    page = before.stay.instance
    return Return(object(), 1, "ABC123", "u_host", page, "session", "e_1", 0, 1, Media(), None, [])


def comes_back(desk: Desk, host: Return) -> list[LetIn]:
    effects = desk.hub.resume(host, 0.0) or []
    for effect in effects:
        if isinstance(effect, StayResumed):
            desk.writer.record(effect)
    return [effect for effect in effects if isinstance(effect, LetIn)]


async def test_who_waits_for_the_host_comes_in_when_the_hosts_page_is_back(desk: Desk) -> None:
    host, eve = await waits_for_the_host(desk), object()
    join = Join(id=1, meeting="ABC123", name="Eve", token=desk.tokens.identity("u_eve", 2e9))
    with pytest.raises(HasToWait) as waits:
        await desk.admission.admit(eve, join)
    desk.hub.wait(desk.admission.door.knocking(eve, join, "ABC123", waits.value), 0.0)
    assert comes_back(desk, host) == [LetIn(eve, "ABC123")]
    # The store does not know yet that the host is back.
    arrival, _ = await desk.admission.admit(eve, join, proof=waits.value.proof)
    assert arrival.user_id == "u_eve"


async def test_who_is_told_to_wait_for_the_host_when_the_host_has_come_is_let_in(desk: Desk) -> None:
    host = await waits_for_the_host(desk)
    coming = await desk.held_back(desk.tokens.identity("u_eve", 2e9))
    assert comes_back(desk, host) == []
    desk.store.open.set()
    await coming
    assert desk.hub.present("ABC123", "u_eve") is not None


async def test_a_second_page_that_knows_nothing_of_the_first_keeps_the_time_of_its_knock(desk: Desk) -> None:
    waits = HasToWait(
        Proof("u_ann", None, None), "Ann", NotLetIn("lobby", settings={}, revision=0, sitting=1)
    )
    join = Join(id=1, meeting="ABC123", name="Ann")
    desk.admission._clock.follow(4e9, clock.monotonic(), clock.monotonic())
    first = desk.admission.door.knocking(object(), join, "ABC123", waits)
    assert first.at >= 4e9, "by the clock that all nodes share"
    desk.hub.wait(first._replace(at=1000.0), 0.0)
    second = desk.admission.door.knocking(object(), join, "ABC123", waits)
    assert second.at == 1000.0
    assert desk.tokens.waits_since(second.knock, "ABC123", "u_ann", 1, 2000.0) == 1000.0


async def test_a_join_makes_no_meeting_with_an_id_of_imports_or_tests(desk: Desk) -> None:
    ann = desk.tokens.identity("u_ann", 2e9)
    for room, reason in {"ZOOM-1": "imported from Zoom", "ECHO-1": "tests a call"}.items():
        with pytest.raises(Refused, match=reason) as refused:
            await desk.join(ann, room=room)
        assert refused.value.code is ErrorCode.BAD_MESSAGE
        assert await desk.store.real.meeting(room) is None


async def test_a_meeting_that_was_made_before_with_such_an_id_is_joined_as_ever(desk: Desk) -> None:
    await desk.store.real.create_meeting("ZOOM-1", "u_bob", "", 1000.0)
    await desk.join(desk.tokens.identity("u_ann", 2e9), room="ZOOM-1")
    assert desk.hub.size("ZOOM-1") == 1


async def test_a_page_that_comes_back_in_another_sitting_shows_the_password_again(desk: Desk) -> None:
    await desk.store.real.join(request("u_host", 1000.0, room="ABC123"))
    wanted = request("u_bob", 1001.0, room="ABC123")
    before = await desk.store.real.join(wanted)
    hashed = await Passwords().hash("open sesame")
    settings = {"password_hash": hashed, "password_version": hashed[-16:]}
    await desk.store.real.change(Change("ABC123", "u_host", "one", 1002.0, "settings", settings=settings))
    await desk.store.real.stop_node(wanted.node_id, 1010.0)
    session = TabSession("u_bob", "ABC123", before.stay.session_id, before.stay.instance)
    back = Resume(id=1, session="", epoch="e_1", seq=0, token=desk.tokens.identity("u_bob", 2e9))
    with pytest.raises(Refused) as refused:
        await desk.admission.readmit(object(), back, session)
    assert refused.value.code is ErrorCode.PASSWORD_REQUIRED
    knows = msgspec.structs.replace(back, password="open sesame")
    arrival, _ = await desk.admission.readmit(object(), knows, session)
    assert arrival.user_id == "u_bob"


async def test_an_absent_store_is_unavailable_with_a_hint(desk: Desk) -> None:
    desk.store.down = True
    with pytest.raises(Refused) as refused:
        await desk.join(desk.tokens.identity("u_ann", 2e9))
    assert (refused.value.code, refused.value.retry_after) == (ErrorCode.UNAVAILABLE, 2.0)
    assert desk.hub.size("ABC123") == 0
    desk.store.down = False
    await desk.join(desk.tokens.identity("u_ann", 2e9))


async def test_a_leave_is_written_when_the_store_is_back(desk: Desk) -> None:
    first = await desk.join(desk.tokens.identity("u_ann", 2e9))
    desk.store.down = True
    desk.leave(first)
    assert desk.metrics.unrecorded() == 1
    desk.store.down = False
    assert await desk.writer.settle("ABC123", "u_ann", within=10)
    assert desk.metrics.unrecorded() == 0
    assert [is_open for _, is_open in await stays(desk)] == [False]


async def test_a_place_that_was_restored_keeps_its_stay_however_long_ago_that_ended(desk: Desk) -> None:
    """Grace begins anew with the process; whoever returns within it has not been away, as the others saw it."""
    wanted = request("u_ann", 1000.0, room="ABC123")
    before = await desk.store.real.join(wanted)
    await desk.store.real.stop_node(wanted.node_id, 1010.0)
    await restore_rooms(cast(Store, desk.store), desk.hub, 1039.0)
    await desk.join(desk.tokens.identity("u_ann", 2e9))
    assert await stays(desk) == [(before.stay.session_id, True)]


async def test_a_refused_join_that_was_recorded_leaves_no_stay_open(desk: Desk) -> None:
    await desk.store.real.create_meeting("ABC123", "u_host", "", 0.0)
    coming = await desk.held_back(desk.tokens.identity("u_ann", 2e9))
    # Others take the last places by another way meanwhile, as restored pages may.
    for number in (1, 2, 3, 4):
        desk.hub.restore([restored(f"u_{number}")], 0.0)
    desk.store.open.set()
    with pytest.raises(Refused) as refused:
        await coming
    assert refused.value.code == ErrorCode.MEETING_FULL
    assert await desk.writer.settle("ABC123", "u_ann", within=5)
    assert [is_open for _, is_open in await stays(desk)] == [False]


@pytest.mark.parametrize("opened", [True, False])
async def test_a_join_that_was_refused_by_what_has_changed_since_is_asked_again(
    desk: Desk, opened: bool
) -> None:
    host = desk.tokens.identity("u_host", 2e9)
    await desk.join(host)
    lock = Change("ABC123", "u_host", "one", 1e9, "settings", settings={"locked": True})
    await desk.store.real.change(lock)
    coming = await desk.held_back(desk.tokens.identity("u_ann", 2e9))
    if opened:
        await desk.store.real.change(replace(lock, key="two", settings={"locked": False}))
    desk.admission.pending.meeting_changed("ABC123")
    desk.store.open.set()
    if opened:
        await coming
    else:
        with pytest.raises(Refused) as refused:
            await coming
        assert refused.value.code == ErrorCode.MEETING_LOCKED
    assert len([join for join in desk.store.joins if join.user_id == "u_ann"]) == 2


async def test_two_flights_of_one_person_are_told_apart(desk: Desk) -> None:
    ann = desk.tokens.identity("u_ann", 2e9)
    first = await desk.held_back(ann)
    desk.store.reached.clear()
    second = asyncio.create_task(desk.join(ann))
    await desk.store.reached.wait()
    second.cancel()
    await asyncio.wait([second])
    desk.admission.pending.stay_ended("ABC123", "u_ann")
    desk.store.open.set()
    await first
    assert len(desk.store.joins) == 3, "the one that is left was stale, and asked once more"


async def test_who_joins_is_recorded_after_what_is_recorded_of_another_page(desk: Desk) -> None:
    """Otherwise the record has the instance of a page that is gone, and a restart turns the right one away."""
    ann = desk.tokens.identity("u_ann", 2e9)
    first = await desk.join(ann)
    member = desk.hub.present("ABC123", "u_ann")
    assert member is not None
    desk.hub.lost(first, 0.0)
    desk.store.open.clear()
    waiting = []
    for page, on_duplicate in (("polite", "reject"), ("newest", "replace")):
        desk.store.reached.clear()
        join = Join(
            id=1,
            meeting="ABC123",
            name="Ann",
            token=ann,
            page=page,
            on_duplicate=on_duplicate,  # type: ignore[arg-type]
        )
        waiting.append(asyncio.create_task(desk.admission.admit(object(), join)))
        await desk.store.reached.wait()
    # The page that was away is back, so the polite one is refused, and its page is recorded anew.
    member.connect(object(), 2)
    desk.store.open.set()
    with pytest.raises(Refused):
        await waiting[0]
    arrival, _ = await waiting[1]
    assert await desk.writer.settle("ABC123", "u_ann", within=5)
    assert [join.instance for join in desk.store.joins[3:]] == [arrival.instance]


async def test_of_two_pages_the_one_that_asked_last_has_the_place_whoever_is_answered_first(
    desk: Desk,
) -> None:
    ann = desk.tokens.identity("u_ann", 2e9)
    older, newer = object(), object()
    message = Join(id=1, meeting="ABC123", name="Ann", token=ann, create=True)
    first, _ = await desk.admission.admit(older, message)
    second, _ = await desk.admission.admit(newer, message)
    desk.hub.join(second, 0.0)
    effects = desk.hub.join(first, 0.0)
    assert Close(older, CloseCode.REPLACED) in effects
    member = desk.hub.present("ABC123", "u_ann")
    assert member is not None
    assert (member.connection, member.instance) == (newer, second.instance)
    # The record had it the other way round.
    (put_right,) = [effect for effect in effects if isinstance(effect, StayResumed)]
    assert put_right.instance == second.instance
