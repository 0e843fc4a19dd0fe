"""`reconvene.join`, against a real server and through a network that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest

import reconvene
from reconvene import meeting as module
from reconvene.events import Event
from reconvene.meeting import Meeting
from tests.process import ServerProcess
from tests.server.client import Play
from tests.server.proxy import HOST, Proxy

TIMEOUT = 40.0

E = TypeVar("E", bound=Event)


@pytest.fixture(autouse=True)
async def limit() -> AsyncIterator[None]:
    async with asyncio.timeout(TIMEOUT):
        yield


@pytest.fixture
async def proxy(server: ServerProcess) -> AsyncIterator[Proxy]:
    async with Proxy(server.port) as proxy:
        yield proxy


async def next_of(meeting: Meeting, kind: type[E], holds: Callable[[E], bool] = lambda _: True) -> E:
    """The next event of this kind; others before it are passed over."""
    async for event in meeting:
        if isinstance(event, kind) and holds(event):
            return event
    raise AssertionError(f"the meeting was over without {kind.__name__}")


async def rest_of(meeting: Meeting) -> list[Event]:
    return [event async for event in meeting]


async def test_it_tells_what_happens_and_others_are_told(
    server: ServerProcess, play: Play, room: str
) -> None:
    async with reconvene.join(
        server.url, room, name="Script", create=True, title="Stand-up", audio=True
    ) as meeting:
        assert (meeting.id, meeting.title, meeting.state) == (room, "Stand-up", "joined")
        assert (meeting.me.name, meeting.me.role, meeting.me.kind) == ("Script", "host", "bot")
        assert (meeting.me.audio, meeting.me.video, meeting.me.hand_at) == (True, False, None)
        ann = await play.joined(room, "Ann")
        joined = await next_of(meeting, reconvene.ParticipantJoined)
        assert (joined.participant.name, joined.participant.kind, joined.again) == ("Ann", "", False)
        meeting.raise_hand()
        raised = await next_of(meeting, reconvene.ParticipantChanged)
        assert (raised.participant, raised.before.hand, raised.by) == (meeting.me, False, None)
        assert raised.participant.hand_at is not None
        assert (await ann.expect("participant_updated"))["participant"]["hand"] is True
        meeting.signal(joined.participant, {"n": 1})
        assert (await ann.expect("signal"))["data"] == {"n": 1}
        await ann.signal(meeting.me.id, [1, None])
        assert await next_of(meeting, reconvene.SignalReceived) == reconvene.SignalReceived(ann.id, [1, None])
        meeting.signal("p_nobody", 1)
        assert (await next_of(meeting, reconvene.CommandRefused)).code == "unknown_participant"
        await ann.leave()
        left = await next_of(meeting, reconvene.ParticipantLeft)
        assert (left.participant.id, left.reason, left.by) == (ann.id, "left", None)
        assert list(meeting.participants) == [meeting.me.id]


async def test_it_writes_reads_and_reacts(server: ServerProcess, play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    await ann.order("chat", text="Before")
    async with reconvene.join(server.url, room, name="Script") as meeting:
        assert not meeting.chat.messages
        # Whoever asks meanwhile waits for the same answer, whoever else does not any more.
        given_up = asyncio.ensure_future(meeting.chat.read())
        asyncio.get_running_loop().call_soon(given_up.cancel)
        await asyncio.gather(meeting.chat.read(), meeting.chat.read())
        assert [message.text for message in meeting.chat.messages] == ["Before"]
        await meeting.chat.more()
        await meeting.chat.send(
            "To Ann", to=meeting.participants[ann.id], reply_to=meeting.chat.messages[0].id
        )
        written = (await next_of(meeting, reconvene.MessageWritten)).message
        assert (written.sender, written.to, written.text) == (meeting.me.id, ann.id, "To Ann")
        assert written == meeting.chat.messages[1]
        await meeting.chat.edit(written, "To you")
        assert await next_of(meeting, reconvene.MessageChanged) == reconvene.MessageChanged(
            written.id, "To you"
        )
        await meeting.chat.delete(written.id)
        assert await next_of(meeting, reconvene.MessageChanged) == reconvene.MessageChanged(written.id, None)
        assert (meeting.chat.messages[1].deleted, meeting.chat.messages[1].text) == (True, "")
        for text in "x" * 50_000, "\n" * 100_000:
            with pytest.raises(reconvene.Refused, match="bad_message"):
                await meeting.chat.send(text)
        with pytest.raises(reconvene.Refused, match="forbidden"):
            await meeting.chat.delete(meeting.chat.messages[0])
        meeting.react("👏")
        assert await next_of(meeting, reconvene.Reacted) == reconvene.Reacted(meeting.me.id, "👏")


async def test_the_end_of_the_block_is_the_end_of_the_stay(
    server: ServerProcess, play: Play, room: str
) -> None:
    ann = await play.joined(room, "Ann", create=True)
    with pytest.raises(LookupError, match="of the program"):
        async with reconvene.join(server.url, room, name="Script") as meeting:
            raise LookupError("of the program")
    assert meeting.state == "left"
    left, _ = await ann.until("participant_left")
    assert left["reason"] == "left"
    assert [type(event) for event in await rest_of(meeting)][-1] is reconvene.Left


async def test_who_leaves_reads_the_rest(server: ServerProcess, room: str) -> None:
    async with reconvene.join(server.url, room, name="Script", create=True) as meeting:
        meeting.leave()
        assert await rest_of(meeting) == [reconvene.Left("left", "This program has left.")]
        assert await rest_of(meeting) == []
        with pytest.raises(reconvene.Refused, match="left"):
            await meeting.moderate.end()
    with pytest.raises(RuntimeError):
        await meeting.__aenter__()


async def test_nothing_is_missed_between_coming_in_and_reading(
    server: ServerProcess, play: Play, room: str
) -> None:
    async with reconvene.join(server.url, room, name="Script", create=True) as meeting:
        ann = await play.joined(room, "Ann")
        for number in range(3):
            await ann.signal(meeting.me.id, number)
        signals = [await next_of(meeting, reconvene.SignalReceived) for _ in range(3)]
        assert [signal.data for signal in signals] == [0, 1, 2]


async def test_a_lost_connection_is_told_and_replaced(
    server: ServerProcess, proxy: Proxy, play: Play, room: str
) -> None:
    ann = await play.joined(room, "Ann", create=True)
    async with reconvene.join(f"http://{HOST}:{proxy.port}", room, name="Script") as meeting:
        me = meeting.me
        proxy.cut()
        await next_of(meeting, reconvene.StateChanged, lambda event: event.state == "reconnecting")
        await ann.send("signal", to=me.id, data="meanwhile")
        signal = await next_of(meeting, reconvene.SignalReceived)
        assert signal.data == "meanwhile"
        assert (meeting.state, meeting.me.instance) == ("joined", me.instance)


async def test_who_is_in_charge_gives_orders_and_is_told_what_came_of_them(
    server: ServerProcess, play: Play, room: str
) -> None:
    async with reconvene.join(server.url, room, name="Script", create=True) as meeting:
        ann = await play.joined(room, "Ann", media={"audio": True})
        await next_of(meeting, reconvene.ParticipantJoined)
        await meeting.moderate.mute(ann.id)
        muted = await next_of(meeting, reconvene.ParticipantChanged)
        assert (muted.participant.audio, muted.before.audio, muted.by) == (False, True, meeting.me.id)
        await meeting.moderate.settings(locked=True)
        changed = await next_of(meeting, reconvene.MeetingChanged)
        assert (changed.settings.locked, changed.revision) == (True, meeting.revision)
        with pytest.raises(reconvene.Refused, match="changed") as refused:
            await meeting.moderate.settings(locked=False, seen=changed.revision + 1)
        assert refused.value.code == "changed"
        await meeting.moderate.allow(ann.id, screen=False)
        assert (await next_of(meeting, reconvene.ParticipantChanged)).participant.may == {"screen": False}
        with pytest.raises(reconvene.Refused) as refused:
            await meeting.moderate.remove("p_nobody")
        assert refused.value.code == "unknown_participant"
        await meeting.moderate.remove(meeting.participants[ann.id], back="freely")
        left = await next_of(meeting, reconvene.ParticipantLeft)
        assert (left.participant.name, left.reason, left.by) == ("Ann", "removed", meeting.me.id)
        await meeting.moderate.end()
        assert (await next_of(meeting, reconvene.Left)).code == "meeting_ended"


async def test_who_is_not_in_charge_is_muted_asked_and_removed(
    server: ServerProcess, play: Play, room: str
) -> None:
    ann = await play.joined(room, "Ann", create=True)
    async with reconvene.join(server.url, room, name="Script", audio=True) as meeting:
        await ann.send("mute", participants=[meeting.me.id])
        assert await next_of(meeting, reconvene.Muted) == reconvene.Muted(("audio",), ann.id)
        await ann.send("ask", participant=meeting.me.id)
        assert await next_of(meeting, reconvene.Asked) == reconvene.Asked(ann.id, ("audio",))
        with pytest.raises(reconvene.Refused) as refused:
            await meeting.moderate.mute(ann.id)
        assert refused.value.code == "forbidden"
        await ann.send("remove", key="k", participant=meeting.me.id)
        assert (await next_of(meeting, reconvene.Left)).code == "removed"
        assert meeting.state == "left"


async def test_who_has_to_be_let_in_comes_in_when_somebody_does(
    server: ServerProcess, play: Play, room: str
) -> None:
    async with reconvene.join(server.url, room, name="Host", create=True) as host:
        await host.moderate.settings(lobby="everyone")
        guest = asyncio.create_task(entered(reconvene.join(server.url, room, name="Guest")))
        knocked = await next_of(host, reconvene.Knocked)
        assert list(host.knocks.values()) == [knocked.knock]
        assert (knocked.knock.name, guest.done()) == ("Guest", False)
        await host.moderate.admit(knocked.knock)
        assert (await guest).state == "left"
        ended = await next_of(host, reconvene.KnockEnded)
        assert (ended.knock.id, ended.reason, dict(host.knocks)) == (knocked.knock.id, "admitted", {})
        with pytest.raises(reconvene.Refused) as refused:
            await entered(reconvene.join(server.url, room, name="Guest", wait=0))
        assert refused.value.code == "waiting"


async def entered(meeting: Meeting) -> Meeting:
    async with meeting:
        assert meeting.state == "joined"
    return meeting


async def test_a_refusal_is_raised(server: ServerProcess, room: str) -> None:
    with pytest.raises(reconvene.Refused) as refused:
        await entered(reconvene.join(server.url, room, name="Script"))
    assert refused.value.code == "unknown_meeting"


async def test_a_token_makes_it_the_same_participant(server: ServerProcess, room: str) -> None:
    async with reconvene.join(server.url, room, name="Script", create=True) as first:
        me = first.me
    asked = []

    async def get_token() -> str | None:
        asked.append(first.token)
        return first.token

    async with reconvene.join(server.url, room, name="Script", get_token=get_token) as second:
        assert (second.me.id, len(asked)) == (me.id, 1)
        with pytest.raises(reconvene.Refused) as refused:
            await entered(reconvene.join(server.url, room, name="Script", token=first.token))
        assert refused.value.code == "duplicate"
        await entered(
            reconvene.join(server.url, room, name="Script", token=first.token, on_duplicate="replace")
        )
        assert (await next_of(second, reconvene.Left)).code == "replaced"


async def test_what_asking_for_a_token_raises_is_raised(server: ServerProcess, room: str) -> None:
    async def get_token() -> str | None:
        raise LookupError("no login")

    with pytest.raises(LookupError, match="no login"):
        await entered(reconvene.join(server.url, room, name="Script", get_token=get_token))


async def test_where_nobody_answers_it_says_why(server: ServerProcess, proxy: Proxy, room: str) -> None:
    proxy.refusing = True
    url = f"http://{HOST}:{proxy.port}"
    with pytest.raises(reconvene.Unreachable, match=rf"{url} does not answer within 0.3 s: \w+"):
        await entered(reconvene.join(url, room, name="Script", within=0.3))
    with pytest.raises(reconvene.Unreachable, match="404"):
        await entered(reconvene.join(f"{server.url}/nowhere", room, name="Script", within=3.0))


@pytest.mark.parametrize(
    ("server", "meeting", "name"),
    [("ftp://a.example", "ABC123", "Ann"), (None, None, "Ann"), (None, "A", "Ann"), (None, "ABC123", "")],
)
def test_what_cannot_be_is_refused_at_once(server: str | None, meeting: str | None, name: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        reconvene.join(server, meeting, name=name)


async def test_who_does_not_read_is_told_so_and_goes_on(
    server: ServerProcess, play: Play, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_UNREAD", 3)
    async with reconvene.join(server.url, room, name="Script", create=True) as meeting:
        ann = await play.joined(room, "Ann")
        for number in range(3):
            await ann.signal(meeting.me.id, number)
        with pytest.raises(reconvene.Unread):
            await rest_of(meeting)
        await ann.signal(meeting.me.id, "more")
        assert (
            await next_of(meeting, reconvene.SignalReceived, lambda event: event.data == "more")
        ).data == "more"


async def test_it_can_be_cancelled_while_it_comes_in(server: ServerProcess, proxy: Proxy, room: str) -> None:
    proxy.stall()
    begun = asyncio.Event()

    async def get_token() -> str | None:
        begun.set()
        return None

    before = asyncio.all_tasks()
    url = f"http://{HOST}:{proxy.port}"
    coming = asyncio.create_task(entered(reconvene.join(url, room, name="Script", get_token=get_token)))
    await begun.wait()
    coming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await coming
    assert {task for task in asyncio.all_tasks() - before if "Proxy" not in repr(task.get_coro())} == set()
