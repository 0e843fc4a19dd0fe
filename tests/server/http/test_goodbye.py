"""A page says goodbye over HTTP, whatever its socket was closed with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.process import ServerProcess
from tests.server.client import Client, Play, playing

pytestmark = pytest.mark.early

GOING_AWAY = 1001


async def goodbye(play: Play, page: Client, **fields: Any) -> int:
    said = {"session": page.session, "attempt": 1, "back_in": 3, **fields}
    answer = await play.http.post("/api/goodbye", json=said)
    assert answer.content == b"" or answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code


async def pair(play: Play, room: str) -> tuple[Client, Client]:
    ann = await play.joined(room, "Ann", create=True)
    bob = await play.joined(room, "Bob", page="bob1", attempt=1)
    await ann.expect("participant_joined")
    return ann, bob


async def test_a_page_that_was_closed_with_1001_has_left(play: Play, room: str) -> None:
    ann, bob = await pair(play, room)
    await bob.ws.close(GOING_AWAY)
    assert await goodbye(play, bob) == 204
    left, _ = await ann.until("participant_left", reason="left")
    assert left["participant"] == {"id": bob.id}
    await play.recorded()
    _, row = await play.attendance(room, ann.token)
    assert [session["reason"] for session in row["sessions"]] == ["left"]


async def test_a_goodbye_may_overtake_the_close(play: Play, room: str) -> None:
    ann, bob = await pair(play, room)
    assert await goodbye(play, bob) == 204
    await bob.ws.close(GOING_AWAY)
    await ann.expect("participant_left", reason="left")


async def test_a_page_that_is_there_all_the_same_stays(play: Play, room: str) -> None:
    ann, bob = await pair(play, room)
    assert await goodbye(play, bob) == 204
    assert (await bob.closed())[0] == 1000
    back = await play.client()
    await back.resume(bob, attempt=2)
    await ann.status(hand=True)
    await back.expect("participant_updated")


async def test_a_reload_may_take_its_time(play: Play, room: str) -> None:
    ann, bob = await pair(play, room)
    await bob.ws.close(GOING_AWAY)
    assert await goodbye(play, bob, back_in=15) == 204
    # A slow reload is shown as `reconnecting` when a goodbye for three seconds would have ended the stay.
    await ann.expect("participant_updated", participant={"id": bob.id, "state": "reconnecting"})
    reloaded = await play.client()
    await reloaded.join(room, "Bob", token=bob.token, session=bob.session, page="bob2", attempt=1)
    await ann.expect("participant_rejoined")
    _, row = await play.attendance(room, ann.token)
    assert row["session_count"] == 1


async def test_late_goodbyes_change_nothing(play: Play, room: str) -> None:
    ann, bob = await pair(play, room)
    await bob.ws.close(GOING_AWAY)
    back = await play.client()
    await back.resume(bob, attempt=2)
    assert await goodbye(play, bob) == 204
    reloaded = await play.client()
    await reloaded.join(room, "Bob", token=bob.token, session=bob.session, page="bob2", attempt=1)
    await ann.until("participant_rejoined")
    assert await goodbye(play, bob, attempt=9) == 204
    await reloaded.nothing()
    await ann.nothing()


async def test_forged_goodbyes_change_nothing(play: Play, room: str) -> None:
    ann, bob = await pair(play, room)
    stranger = await play.joined(f"{room}-2", "Eve", create=True)
    unsigned = bob.session.rpartition(".")[0] + "."
    for session in (bob.token, unsigned, bob.session[::-1], "", "none"):
        assert await goodbye(play, bob, session=session) == 401
    assert await goodbye(play, stranger) == 204
    await bob.nothing()
    await ann.nothing()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"none",
        b"null",
        b"[]",
        b"{}",
        b'{"session": null}',
        b'{"session": 7}',
        b'{"session": "s", "back_in": "soon"}',
        b'{"session": "s", "back_in": null}',
        b'{"session": "s", "back_in": 1e999}',
        b'{"session": "s", "back_in": NaN}',
        b'{"session": "s", "attempt": -1}',
        b'{"session": "s", "attempt": 1.5}',
        b'{"session": "s", "attempt": 1e999}',
        b'{"session": "s", "attempt": 9007199254740992}',
        b"\xff\xfe",
    ],
)
async def test_malformed_ones_are_refused(play: Play, said: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await play.http.post("/api/goodbye", content=said, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")


async def test_too_large_ones_are_refused(play: Play) -> None:
    answer = await play.http.post("/api/goodbye", json={"session": "s" * 70_000})
    assert answer.status_code == 413


async def test_who_says_goodbye_to_the_next_process_has_left(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann, bob = await pair(play, "ABC123")
        await server.kill()
    async with server, playing(server) as play:
        back = await play.client()
        await back.resume(ann)
        assert await goodbye(play, bob) == 204
        await back.until("participant_left", reason="left")
        await play.recorded()
        _, row = await play.attendance("ABC123", ann.token)
        assert [(stay["reason"], stay["estimated"]) for stay in row["sessions"]] == [("left", False)]


async def test_a_server_that_stops_is_not_held_up(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        _, bob = await pair(play, "ABC123")
        await bob.ws.close(GOING_AWAY)
        assert await goodbye(play, bob) == 204
        assert await server.stop() == 0
        with pytest.raises(httpx.TransportError):
            await goodbye(play, bob)
    assert not server.loud
