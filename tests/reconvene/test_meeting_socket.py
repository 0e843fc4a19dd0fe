"""The client for programs, against a real server and through a network that misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from reconvene import meeting_socket
from reconvene.meeting_socket import MeetingSocket
from signalling.client.actions import Emit
from signalling.client.place import Place
from tests.process import ServerProcess
from tests.server.client import Play
from tests.server.pages import Page
from tests.server.proxy import HOST, Proxy


@pytest.fixture
async def proxy(server: ServerProcess) -> AsyncIterator[Proxy]:
    async with Proxy(server.port) as proxy:
        yield proxy


def through(proxy: Proxy) -> str:
    return f"ws://{HOST}:{proxy.port}/ws"


@contextlib.asynccontextmanager
async def pair(first: str, second: str, room: str) -> AsyncIterator[tuple[Page, Page]]:
    """Ann and Bob, each at the URL given, who know of each other."""
    async with Page(first, room, "Ann") as ann:
        await ann.joined()
        async with Page(second, room, "Bob") as bob:
            await bob.joined()
            await ann.sees(lambda: bob.id in ann.roster)
            yield ann, bob


async def test_it_joins_tells_and_is_told(server: ServerProcess, room: str) -> None:
    async with pair(server.ws_url, server.ws_url, room) as (ann, bob):
        ann.status(media={"audio": True}, hand=True)
        bob.signal(ann.id, {"candidate": None})
        await bob.sees(lambda: bob.roster[ann.id]["hand"])
        assert bob.roster[ann.id]["media"]["audio"]
        await ann.sees(lambda: ann.signals() == [{"candidate": None}])
        await ann.sees(lambda: ann.client.membership.unanswered == 0)
        bob.leave()
        assert bob.client.phase == "over"
        await ann.sees(lambda: bob.id not in ann.roster)
        assert [event["reason"] for event in ann.events("participant_left")] == ["left"]


async def test_a_lost_socket_is_replaced_and_nobody_leaves(
    server: ServerProcess, proxy: Proxy, room: str
) -> None:
    async with pair(server.ws_url, through(proxy), room) as (ann, bob):
        instance = bob.roster[bob.id]["instance"]
        proxy.cut()
        await bob.hears("away")
        for number in range(5):
            bob.signal(ann.id, number)
            ann.signal(bob.id, number)
        bob.status(hand=True)
        await bob.hears("resumed")
        await ann.sees(lambda: ann.signals() == [0, 1, 2, 3, 4] and ann.roster[bob.id]["hand"])
        await bob.sees(lambda: bob.signals() == [0, 1, 2, 3, 4] and bob.client.membership.unanswered == 0)
        assert bob.roster == ann.roster
        assert bob.roster[bob.id]["instance"] == instance
        assert [event["participant"]["id"] for event in ann.events("participant_joined")] == [bob.id]
        assert not ann.events("participant_left")
        assert not ann.events("participant_rejoined")


async def test_who_leaves_while_away_comes_back_to_say_so(
    server: ServerProcess, proxy: Proxy, room: str
) -> None:
    async with pair(server.ws_url, through(proxy), room) as (ann, bob):
        proxy.cut()
        await bob.hears("away")
        bob.leave()
        await ann.sees(lambda: bob.id not in ann.roster)
        assert [event["reason"] for event in ann.events("participant_left")] == ["left"]
        assert bob.client.phase == "over"


async def test_it_finds_a_half_open_socket_when_it_hurries(
    server: ServerProcess, proxy: Proxy, room: str
) -> None:
    async with pair(server.ws_url, through(proxy), room) as (ann, bob):
        (wire,) = proxy.wires
        wire.half_open()
        ann.signal(bob.id, "while deaf")
        bob.hurry()
        await bob.hears("resumed")
        await bob.sees(lambda: bob.signals() == ["while deaf"])
        await wire.client.gone.wait()


@pytest.mark.parametrize("shift", [-3600.0, 3600.0])
async def test_a_clock_that_is_set_while_it_reconnects_holds_it_up_no_longer(
    server: ServerProcess, proxy: Proxy, room: str, shift: float
) -> None:
    async with Page(through(proxy), room, "Ann") as ann:
        await ann.joined()
        proxy.refusing = True
        proxy.cut()
        await ann.hears("away")
        ann._wall = lambda: time.time() + shift
        proxy.refusing = False
        await ann.hears("resumed")


async def test_a_machine_that_wakes_up_looks_at_its_connection(
    server: ServerProcess, proxy: Proxy, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting_socket, "LOOK_EVERY", 0.05)
    async with Page(through(proxy), room, "Ann") as ann:
        await ann.joined()
        # Nothing else would tell: its next ping is an hour away.
        ann.client._heartbeat.interval = 3600.0
        ann.hurry()
        await ann.sees(lambda: ann.client.wake_at > time.monotonic() + 1800)
        proxy.half_open()
        ann._wall = lambda: time.time() + 60
        await ann.hears("resumed")


async def test_what_a_dropped_socket_still_says_is_ignored(
    server: ServerProcess, proxy: Proxy, room: str
) -> None:
    async with pair(server.ws_url, through(proxy), room) as (ann, bob):
        (stalled,) = proxy.wires
        stalled.stall()
        # On its way to Bob twice: on the old socket, and replayed on the new one.
        ann.signal(bob.id, "once")
        bob.hurry()
        await bob.hears("resumed")
        await bob.sees(lambda: len(bob.signals()) == 1)
        stalled.release()
        # The 4001 with which the server closed the old socket comes now, and is news of nothing.
        await stalled.client.gone.wait()
        ann.signal(bob.id, "more")
        await bob.sees(lambda: bob.signals() == ["once", "more"])
        assert bob.is_joined
        assert bob.count("away") == 1
        assert not bob.count("closed")


async def test_a_newer_page_ends_it_for_good(server: ServerProcess, play: Play, room: str) -> None:
    async with Page(server.ws_url, room, "Ann") as ann:
        await ann.joined()
        other = await play.client()
        await other.join(
            room, "Ann", token=ann.client.membership.token, session=ann.client.membership.session
        )
        await ann.hears("closed")
        assert ann.heard[-1] == Emit("closed", {"code": 4001})
        assert ann.client.phase == "over"


async def test_a_refusal_ends_it_too(server: ServerProcess, room: str) -> None:
    told: list[Emit] = []
    place = Place(room, "Ann", "page")
    async with MeetingSocket(server.ws_url, place, told.append) as socket, asyncio.timeout(10):
        await socket.until(lambda: socket.client.phase == "over")
        assert socket.order("end") == 0
    assert [(emit.name, emit.detail["code"]) for emit in told] == [("refused", "unknown_meeting")]


async def test_leaving_the_block_is_closing_the_page(server: ServerProcess, play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    async with Page(server.ws_url, room, "Bob") as bob:
        await bob.joined()
    left, _ = await ann.until("participant_left")
    assert left == {
        "type": "participant_left",
        "seq": left["seq"],
        "participant": {"id": bob.id},
        "reason": "left",
    }


async def test_what_was_decided_first_is_sent_first(server: ServerProcess, room: str) -> None:
    """The join did not say that the hand is up; the client catches up on it after `joined` is told. Who answers
    that news at once by lowering the hand has the last word."""
    async with Page(server.ws_url, room, "Ann") as ann:

        def lower(emit: Emit) -> None:
            if emit.name == "joined":
                ann.status(hand=False)

        ann._heard = lower
        ann.status(hand=True)
        await ann.joined()
        await ann.sees(lambda: ann.client.membership.unanswered == 0)
        assert not ann.roster[ann.id]["hand"]


async def test_it_waits_for_a_server_that_is_not_there_yet(server: ServerProcess, room: str) -> None:
    async with Proxy(server.port) as proxy:
        proxy.refusing = True
        async with Page(through(proxy), room, "Ann") as ann:
            await ann.sees(lambda: ann.client.phase == "waiting")
            proxy.refusing = False
            await ann.joined()
            assert not ann.count("away")


@pytest.mark.parametrize("how", ["waiting", "connecting", "joined", "half-open"])
async def test_no_task_outlives_the_block(server: ServerProcess, proxy: Proxy, room: str, how: str) -> None:
    # The proxy, too, begins a task for each connection; it ends by itself.
    proxy.refusing = how == "waiting"
    if how == "connecting":
        proxy.stall()
    before = asyncio.all_tasks()
    page = Page(through(proxy), room, "Ann")
    async with page:
        await page.sees(lambda: page.client.phase == ("joined" if how == "half-open" else how))
        if how == "half-open":
            proxy.half_open()
    assert {task for task in asyncio.all_tasks() - before if "Proxy" not in repr(task.get_coro())} == set()


async def test_what_a_listener_raises_is_raised_to_who_waits(server: ServerProcess, room: str) -> None:
    def stumble(emit: Emit) -> None:
        raise LookupError(emit.name)

    place = Place(room, "Ann", "page", create=True)
    with pytest.raises(LookupError, match="joined"):
        async with MeetingSocket(server.ws_url, place, stumble) as socket, asyncio.timeout(10):
            await socket.until(lambda: False)


async def test_it_can_be_cancelled(server: ServerProcess, room: str) -> None:
    async def stay() -> None:
        async with Page(server.ws_url, room, "Ann") as ann:
            await ann.joined()
            entered.set()
            await asyncio.Event().wait()

    entered = asyncio.Event()
    task = asyncio.create_task(stay())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
