"""Too many connections that say nothing: which of them make room, and that nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from server.realtime.open_sockets import RESERVE, SAYS_EVERY, OpenSockets
from server.runtime.metrics import Metrics
from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.raw import Raw


class Socket:
    """Stands for a transport."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.unsent = 0
        self.is_cut = False

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        self.is_cut = True


class Office:
    """Sockets that open under names: `office.opens("ab")` opens two, from addresses of their own."""

    def __init__(self, most: int, room: int = 1000) -> None:
        self.now = 0.0
        self.metrics = Metrics()
        self.sockets: dict[str, Socket] = {}
        self.open = OpenSockets(most, self.metrics, lambda: room, lambda: self.now)

    def opens(self, names: str, network: str | None = None) -> None:
        for name in names:
            self.sockets[name] = Socket(name)
            self.open.opened(self[name], network or name)

    def __getitem__(self, name: str) -> asyncio.Transport:
        return cast(asyncio.Transport, self.sockets[name])

    @property
    def cut(self) -> str:
        return "".join(name for name, socket in self.sockets.items() if socket.is_cut)


def test_the_one_that_waits_longest_makes_room() -> None:
    office = Office(most=4)
    office.opens("abcd")
    assert office.cut == ""
    office.opens("ef")
    assert office.cut == "ab"
    assert office.metrics.sockets_closed_for_room == {"all": 2}
    assert office.metrics.unjoined() == 4


def test_neither_who_has_joined_does_nor_whose_turn_it_is_not() -> None:
    office = Office(most=3)
    office.opens("abc")
    office.open.joined(office["a"])
    office.open.works(office["b"])
    office.opens("de")
    assert office.cut == "c"
    # Answered, and idle since: later than the others.
    office.open.waits(office["b"])
    office.opens("f")
    assert office.cut == "cd"


def test_who_was_not_let_in_after_all_counts_again() -> None:
    office = Office(most=8)
    office.opens("abc", network="192.0.2.1")
    assert office.cut == "a"
    office.open.joined(office["b"])
    office.opens("d", network="192.0.2.1")
    assert office.cut == "a"
    office.open.parted(office["b"])
    assert office.cut == "ac"
    assert office.metrics.unjoined() == 2
    # Twice is once, and whoever is gone is gone.
    office.open.parted(office["b"])
    office.open.closed(office["d"])
    office.open.parted(office["d"])
    assert office.metrics.unjoined() == 1


def test_who_is_reading_an_answer_goes_after_the_silent_ones() -> None:
    office = Office(most=2)
    office.opens("ab")
    office.sockets["a"].unsent = 1
    office.opens("c")
    assert office.cut == "b"


def test_where_all_are_at_work_the_newcomer_goes() -> None:
    office = Office(most=2)
    office.opens("ab")
    for name in "ab":
        office.open.works(office[name])
    office.opens("c")
    assert office.cut == "c"


def test_one_address_has_a_quarter_and_makes_room_for_itself() -> None:
    office = Office(most=8)
    office.opens("abcd", network="2001:db8::/64")
    office.opens("xy")
    assert office.cut == "ab"
    assert office.metrics.sockets_closed_for_room == {"address": 2}


def test_who_comes_through_a_proxy_counts_when_the_address_is_known() -> None:
    office = Office(most=8)
    for name in "abc":
        office.sockets[name] = Socket(name)
        office.open.opened(office[name], None)
    for name in "abc":
        office.open.comes_from(office[name], "192.0.2.1")
    assert office.cut == "a"


def test_descriptors_count_those_who_have_joined() -> None:
    office = Office(most=0, room=3)
    office.opens("ab")
    for name in "ab":
        office.open.joined(office[name])
    office.opens("cde")
    assert office.cut == "cd"
    assert office.metrics.sockets_closed_for_room == {"descriptors": 2}
    office.open.closed(office["a"])
    office.opens("f")
    assert office.cut == "cd"


def test_nothing_is_kept_of_those_who_are_gone() -> None:
    office = Office(most=8)
    office.opens("abcd", network="192.0.2.1")
    office.open.joined(office["c"])
    for name in "abcd":
        office.open.closed(office[name])
    assert not any((office.open._unjoined, office.open._of, office.open._waiting, office.open._joined))


def test_it_is_said_once_in_ten_seconds() -> None:
    office = Office(most=4)
    with capture_logs() as lines:
        office.opens("abcdefgh")
        office.now += SAYS_EVERY
        office.opens("i")
    assert [line["closed"] for line in lines] == [1, 4]
    assert [line["log_level"] for line in lines] == ["warning"] * 2


@contextlib.contextmanager
def descriptors(pid: int, most: int) -> Iterator[None]:
    """As many as the process may have open, beside those it has."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + most, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("short_of", ["sockets", "addresses", "descriptors"])
async def test_a_crowd_that_says_nothing_keeps_nobody_out(tmp_path: Path, short_of: str) -> None:
    settings = {
        "sockets": {"RECONVENE_MAX_UNJOINED": "20"},
        "addresses": {"RECONVENE_MAX_UNJOINED": "80", "RECONVENE_TRUSTED_PROXIES": "none"},
        "descriptors": {"RECONVENE_MAX_UNJOINED": "0"},
    }[short_of]
    reason = {"sockets": "all", "addresses": "address"}.get(short_of, "descriptors")
    async with ServerProcess(tmp_path, **settings) as server, contextlib.AsyncExitStack() as stack:
        play = await stack.enter_async_context(playing(server))
        ann, bob = await play.pair("CROWD")
        if short_of == "descriptors":
            stack.enter_context(descriptors(server.pid, RESERVE + 30))
        crowd = [await stack.enter_async_context(await Raw.open(server.port)) for _ in range(60)]
        for raw, half in zip(crowd, itertools.cycle((b"", b"GET /", b"GET / HTTP/1.1\r\nX: ")), strict=False):
            await raw.send(half)
        cat = await play.joined("CROWD", "Cat")
        for page in (ann, bob):
            await page.expect("participant_joined")
        await cat.status(hand=True)
        assert (await bob.expect("participant_updated"))["participant"]["hand"]
        metrics = (await play.http.get("/metrics")).text
        await server.logged(
            {
                "all": "too many connections have not joined, the oldest are closed",
                "address": "too many connections from one address have not joined, the oldest are closed",
                "descriptors": "file descriptors run out, connections that have not joined are closed",
            }[reason],
            joined=2,
        )
        assert f'reconvene_connections_closed_for_room_total{{reason="{reason}"}}' in metrics
        assert not [line for line in server.logs if line["level"] in {"error", "critical"}]
        await ann.expect("participant_updated")
        for page in (ann, bob, cat):
            await page.nothing()
