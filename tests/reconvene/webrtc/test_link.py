"""Two links that tell each other directly, by way of somebody who may lose what they say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest
from aiortc import MediaStreamTrack

from reconvene.webrtc import ice, negotiation
from reconvene.webrtc.link import MOST_WAITING, Link, Outgoing
from reconvene.webrtc.negotiation import MOST_CANDIDATES, MOST_SECTIONS, opened
from signalling.protocol.reach import Reach
from tests.reconvene.webrtc.sides import WITHIN, Side, Told, is_of, start


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Side, Side]]:
    """The one that offers and the one that answers, not begun yet."""
    one, two = Side("one"), Side("two")
    one.other, two.other = two, one
    one.link = Link(one, {"id": "p_two", "instance": two.instance, "name": "Two"}, polite=False)
    two.link = Link(two, {"id": "p_one", "instance": one.instance, "name": "One"}, polite=True)
    yield one, two
    await asyncio.gather(one.link.stop(), two.link.stop())
    assert one.reading == two.reading == 0


async def test_the_polite_one_makes_no_offers_and_both_connect(pair: tuple[Side, Side]) -> None:
    one, two = pair
    start(*pair)
    await asyncio.gather(one.connected(1), two.connected(1))
    assert one.offers() == [1]
    assert two.offers() == []
    assert one.reading == two.reading == 2
    path = one.link.path()
    assert path is not None
    assert not path.relayed
    assert "connection" not in one.told[0]


async def test_what_was_lost_is_said_again_when_signalling_is_back(pair: tuple[Side, Side]) -> None:
    one, two = pair
    lost: list[Told] = []
    arrived = asyncio.Event()

    def losing(data: Told) -> bool:
        lost.append(data)
        arrived.set()
        return True

    one.loses = losing
    start(*pair)
    await arrived.wait()
    one.loses = lambda data: False
    two.loses = lambda data: is_of(data, "answer") and len(one.offers()) < 3
    one.link.recover()
    two.link.recover()
    await asyncio.gather(one.connected(1), two.connected(1))
    assert one.offers() == [1, 1, 1], "the offer that was lost, and again on either's recovery"


async def test_an_offer_that_is_being_made_is_told_once(pair: tuple[Side, Side]) -> None:
    one, two = pair
    making, outgoing = asyncio.Event(), one.outgoing

    def noted(link: Link) -> Outgoing:
        making.set()
        return outgoing(link)

    one.outgoing = noted  # type: ignore[method-assign]
    start(*pair)
    await making.wait()
    two.link.recover()
    assert one.told == []
    await asyncio.gather(one.connected(1), two.connected(1))
    assert {"repeat": True, "instance": two.instance, "for": one.instance} in two.told
    assert one.offers() == [1]


@pytest.mark.parametrize("fails", [0, 1])
async def test_one_failure_makes_one_new_connection(pair: tuple[Side, Side], fails: int) -> None:
    one, two = pair
    start(*pair)
    await asyncio.gather(one.connected(1), two.connected(1))
    pc = pair[fails].link.pc
    assert pc is not None
    await pc.close()
    await asyncio.gather(one.connected(2), two.connected(2))
    assert set(one.offers()) == {1, 2}
    assert one.reading == two.reading == 2


async def test_a_restart_of_ice_is_answered_by_a_new_connection(pair: tuple[Side, Side]) -> None:
    one, two = pair
    start(*pair)
    await asyncio.gather(one.connected(1), two.connected(1))
    answer = next(data for data in two.told if is_of(data, "answer"))
    restart = answer["description"]["sdp"].replace("a=ice-ufrag:", "a=ice-ufrag:new")
    one.link.receive(
        {**answer, "offer": 7, "description": {"type": "offer", "sdp": restart}, "for": one.instance}
    )
    await asyncio.gather(one.connected(2), two.connected(2))
    assert one.offers() == [1, 2]


@pytest.mark.parametrize(
    "data",
    [
        None,
        "offer",
        {},
        {"description": None},
        {"description": {"type": "offer", "sdp": 5}},
        {"description": {"type": "rollback", "sdp": ""}},
        {"description": {"type": ["offer"], "sdp": ""}},
        {"description": {"type": {}, "sdp": ""}},
        {"description": {"type": "offer", "sdp": "v=0\r\nm=audio 9 X 0\r\n"}, "connection": 9},
        {
            "description": {"type": "offer", "sdp": "a=ice-ufrag:x\r\na=fingerprint:\r\nm=\r\n"},
            "connection": 9,
        },
        {"description": {"type": "answer", "sdp": "a=ice-ufrag:x\r\na=fingerprint:\r\nm=audio x y\r\n"}},
        {"candidate": {"candidate": ["candidate:1"], "sdpMid": {}}},
        {"repeat": True, "connection": 1e308},
        {"candidate": {"candidate": "nonsense", "sdpMid": "0"}},
        {"candidate": {"candidate": "candidate:1 1 udp x y z typ host", "sdpMid": "0"}},
        {"candidate": {"candidate": ""}},
        {"repeat": 1},
        {"repeat": True, "for": "i_somebody-else"},
        {"repeat": True, "instance": "i_somebody-else"},
        {"repeat": True, "connection": 0},
        {"repeat": True, "connection": True},
        {"repeat": True, "connection": "1"},
        {"description": {"type": "offer", "sdp": "m=audio 9 X 0"}, "connection": 2**64 - 1},
        {"description": {"type": "offer", "sdp": "m=audio 9 X 0\r\n" * (MOST_SECTIONS + 1)}},
        {
            "description": {
                "type": "offer",
                "sdp": "m=audio 9 X 0\r" + "a=candidate:\r" * (MOST_CANDIDATES + 1),
            }
        },
    ],
)
async def test_what_is_no_signal_changes_nothing(pair: tuple[Side, Side], data: Any) -> None:
    one, two = pair
    two.link.receive(data)
    start(*pair)
    await asyncio.gather(one.connected(1), two.connected(1))
    assert one.offers() == [1]


@pytest.mark.parametrize("sdp", ["", "v=0", "v=0\r\nm=audio 9 X 0\r\n", "v=0\r\nm=video x y z\r\na=mid\r\n"])
async def test_a_description_that_makes_no_sense_does_not_keep_two_apart(
    pair: tuple[Side, Side], sdp: str
) -> None:
    one, two = pair
    two.link.receive({"description": {"type": "offer", "sdp": sdp}, "offer": 1})
    start(*pair)
    await asyncio.gather(one.connected(1, 2), two.connected(1, 2))
    assert one.link.connection == two.link.connection


async def test_a_behaviour_that_fails_costs_no_connection(pair: tuple[Side, Side]) -> None:
    one, two = pair
    raised = asyncio.Event()

    def broken(link: Link, track: MediaStreamTrack, screen: bool) -> Coroutine[Any, Any, None]:
        raised.set()
        raise RuntimeError("a mistake in a behaviour")

    two.incoming = broken  # type: ignore[method-assign]
    start(*pair)
    await raised.wait()
    await asyncio.gather(one.connected(1), two.connected(1))
    assert one.offers() == [1]


async def test_who_reads_no_further_leaves_nothing_unread(pair: tuple[Side, Side]) -> None:
    _, two = pair
    done = asyncio.Event()
    taken: list[MediaStreamTrack] = []

    async def first_only(link: Link, track: MediaStreamTrack, screen: bool) -> None:
        await track.recv()
        taken.append(track)
        done.set()

    two.incoming = first_only  # type: ignore[method-assign]
    start(*pair)
    await done.wait()
    track = taken[0]
    read = asyncio.Event()
    recv = track.recv

    def counted() -> Any:
        read.set()
        return recv()

    track.recv = counted  # type: ignore[method-assign]
    async with asyncio.timeout(WITHIN):
        await read.wait()


async def test_a_candidate_that_takes_its_time_holds_nothing_up(
    pair: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    start(*pair)
    await asyncio.gather(one.connected(1), two.connected(1))
    pc = one.link.pc
    assert pc is not None
    asked = asyncio.Event()

    async def never(candidate: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(pc, "addIceCandidate", never)
    one.link.receive(_candidate(1))
    await asked.wait()
    await pc.close()
    await asyncio.gather(one.connected(2), two.connected(2))


async def test_a_flood_of_candidates_is_cut_off(pair: tuple[Side, Side]) -> None:
    one, two = pair
    told = asyncio.Event()

    def keeps(data: Told) -> bool:
        told.set()
        return True

    one.loses = two.loses = keeps
    start(one)
    await told.wait()
    offer = one.told[0]
    sdp = "".join(line for line in offer["description"]["sdp"].splitlines(True) if "candidate" not in line)
    told.clear()
    two.link.receive({**offer, "description": {"type": "offer", "sdp": sdp}})
    await told.wait()
    told.clear()
    for number in range(MOST_WAITING * 2):
        two.link.receive(_candidate(number))
    two.link.recover()
    await told.wait()
    assert two.link.pc is not None
    _, known = ice.candidates(two.link.pc)
    assert len(known) == MOST_CANDIDATES


def _candidate(number: int) -> Told:
    text = f"candidate:{number} 1 udp 1 127.1.{number // 250}.{number % 250 + 1} 9 typ host"
    return {"candidate": {"candidate": text, "sdpMid": "0"}}


async def test_nothing_is_begun_for_somebody_who_is_gone_at_once(pair: tuple[Side, Side]) -> None:
    one, _ = pair
    one.link.start()
    await one.link.stop()
    assert one.connections == 0
    assert one.link.pc is None


def test_a_section_without_a_port_of_its_own_is_wanted_all_the_same() -> None:
    """As Firefox offers again what goes over the first section's transport; what is rejected stays so."""
    audio = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
    bundled = "m=video %d UDP/TLS/RTP/SAVPF 97\r\na=bundle-only\r\na=mid:1\r\n"
    rejected = "m=video 0 UDP/TLS/RTP/SAVPF 97\r\na=mid:2\r\n"
    assert opened(audio + bundled % 0 + rejected) == audio + bundled % 9 + rejected


async def test_candidates_that_are_not_allowed_are_not_tried(pair: tuple[Side, Side]) -> None:
    one, two = pair
    two.reach = Reach.PUBLIC
    one.link.start()
    two.link.start()
    await two.answered()
    offered = next(data for data in one.told if is_of(data, "offer"))["description"]["sdp"]
    assert "a=candidate:" in offered
    assert _known(two.link) == []


def test_a_candidate_that_is_not_allowed_is_no_signal() -> None:
    def candidates(reach: Reach) -> list[str]:
        texts = (f"candidate:1 1 udp 1 {host} 9 typ host" for host in ("127.0.0.1", "8.8.8.8", "x.local"))
        told = ({"candidate": {"candidate": text, "sdpMid": "0"}} for text in texts)
        signals = (negotiation.read(data, "i_one", "i_two", reach) for data in told)
        return [signal.candidate.ip for signal in signals if signal is not None and signal.candidate]

    assert candidates(Reach.ANY) == ["127.0.0.1", "8.8.8.8", "x.local"]
    assert candidates(Reach.PUBLIC) == ["8.8.8.8"]


def _known(link: Link) -> list[str]:
    """Where the other side is looked for."""
    assert link.pc is not None
    return [candidate.ip for candidate in ice.candidates(link.pc)[1]]
