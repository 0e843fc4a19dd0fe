"""Deleting a meeting, with what is known of who was in it: while it runs, while the store is away, and by age."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from server.app import web
from server.identity.tokens import Tokens
from server.realtime.overload import Overload
from server.runtime.clock import RecordClock, monotonic
from server.runtime.metrics import Metrics
from server.settings.config import Config
from server.zoom.jobs import Jobs
from server.zoom.schedule import Schedule
from signalling.rooms.hub import Hub
from storage import open_store
from storage.errors import StoreUnavailable, UnknownMeeting
from storage.import_store import StoreWithImports
from storage.records import Meeting
from storage.store import Store
from tests.process import ServerProcess
from tests.server.client import Play, bearer, playing
from tests.server.realtime.test_drain import locked
from tests.server.realtime.test_room_restore import ROOM


async def delete(play: Play, room: str, token: str) -> int:
    answer = await play.http.delete(f"/api/meetings/{room}", headers=bearer(token))
    assert (answer.content == b"") == (answer.status_code == 204)
    return answer.status_code


async def test_it_ends_for_those_who_are_in_and_then_was_never_there(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    assert await delete(play, room.lower(), ann.token) == 204
    for page in (ann, bob):
        code, messages = await page.closed()
        assert (code, [message["type"] for message in messages]) == (4003, ["meeting_ended"])
    assert (await play.http.get(f"/api/meetings/{room}")).status_code == 404
    attendance = await play.http.get(f"/api/meetings/{room}/attendance", headers=bearer(ann.token))
    assert attendance.status_code == 404
    assert (await play.http.get("/api/meetings", headers=bearer(ann.token))).json() == {"meetings": []}
    assert await delete(play, room, ann.token) == 404
    late = await play.client()
    await late.send("join", meeting=room, name="Late")
    await late.error("unknown_meeting", id=1)


async def test_its_id_is_free_for_another_host(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    assert await delete(play, room, ann.token) == 204
    again = await play.client()
    joined = await again.join(room, "Bob", create=True, token=bob.token)
    assert (joined["meeting"]["host"], joined["meeting"]["created"], joined["rejoined"]) == (
        True,
        True,
        False,
    )
    assert joined["you"]["id"] != bob.id
    await play.recorded()
    (person,) = await play.attendance(room, bob.token)
    assert (person["id"], person["session_count"]) == (joined["you"]["id"], 1)
    refused = await play.http.get(f"/api/meetings/{room}/attendance", headers=bearer(ann.token))
    assert refused.status_code == 403, "who hosted the former has no say in this one"


async def test_only_the_host_deletes(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    assert await delete(play, room, bob.token) == 403
    assert (await play.http.delete(f"/api/meetings/{room}")).status_code == 401
    assert await delete(play, room, "x.y.z") == 401
    await ann.nothing()
    await bob.nothing()
    assert len(await play.attendance(room, ann.token)) == 2


async def test_a_meeting_that_has_ended_is_deleted_too(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    await play.http.post(f"/api/meetings/{room}/end", headers=bearer(ann.token))
    assert await delete(play, room, ann.token) == 204
    assert (await play.http.get(f"/api/meetings/{room}")).status_code == 404


async def test_who_was_away_meanwhile_is_told_that_it_is_gone(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    bob.drop()
    assert await delete(play, room, ann.token) == 204
    page = await play.client()
    page.session, page.epoch, page.seq = bob.session, bob.epoch, bob.seq
    await page.ask_to_resume()
    await page.error("unknown_meeting")


async def test_pages_of_other_origins_that_may_connect_may_delete(tmp_path: Path) -> None:
    origin = "https://meet.example"
    async with ServerProcess(tmp_path, RECONVENE_ALLOWED_ORIGINS=origin) as server, playing(server) as play:
        asked = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
        answer = await play.http.options("/api/meetings/ABC123", headers=asked)
        assert answer.status_code == 200
        assert "DELETE" in answer.headers["access-control-allow-methods"]


# While the store is away


class Interrupted:
    """A store whose deletions fail as if it were away, a given number of times."""

    def __init__(self, real: Any, times: int) -> None:
        self._real = real
        self._times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def delete_meeting(self, room: str, created_at: float | None = None) -> bool:
        if self._times:
            self._times -= 1
            raise StoreUnavailable("gone", retry_after=2.0)
        return bool(await self._real.delete_meeting(room, created_at))


class Ended:
    """In the gateway's place: notes which meetings it is told to end."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rooms: list[str] = []
        self.overload = Overload(0, Metrics())
        self.outside = SimpleNamespace(asked=self._asked)

    async def _asked(self, room: str, *_asked: object) -> tuple[Meeting, None]:
        """Whoever asks is the host."""
        if (meeting := await self._store.meeting(room)) is None:
            raise UnknownMeeting
        return meeting, None

    def end_meeting(self, room: str) -> None:
        self.rooms.append(room)


async def test_when_the_store_goes_away_in_between_asking_again_completes_it(tmp_path: Path) -> None:
    real = open_store(f"sqlite:///{tmp_path}/r.db")
    await real.open()
    await real.create_meeting(ROOM, "u_ann", "", 1000.0)
    gateway, tokens = Ended(real), Tokens("a secret of some length")
    config, store = Config.from_env({}), cast(StoreWithImports, Interrupted(real, 1))
    clock = RecordClock()
    # Two hours behind this machine's.
    clock.follow(clock.now() - 7200.0, monotonic(), monotonic())
    jobs = Jobs(config, store, clock=clock.now)
    app = web(
        config,
        store,
        Hub(),
        cast(Any, gateway),
        tokens,
        Metrics(),
        jobs,
        Schedule(jobs, store, clock=clock.now),
        cast(Any, None),
        clock,
    )
    headers = bearer(tokens.identity("u_ann", 1e10))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as http:
        first = await http.delete(f"/api/meetings/{ROOM}", headers=headers)
        assert (first.status_code, first.json()["code"]) == (503, "unavailable")
        assert gateway.rooms == [ROOM]
        left = await real.meeting(ROOM)
        assert left is not None
        assert left.ended_at == pytest.approx(clock.now(), abs=3600.0)
        assert (await http.delete(f"/api/meetings/{ROOM}", headers=headers)).status_code == 204
        assert await real.meeting(ROOM) is None
        assert (await http.delete(f"/api/meetings/{ROOM}", headers=headers)).status_code == 404
    await real.close()


async def test_a_leave_that_is_written_late_does_nothing_to_the_meeting_that_has_the_id_now(
    tmp_path: Path,
) -> None:
    async with ServerProcess(tmp_path) as server, playing(server) as play:
        ann, bob = await play.pair(ROOM)
        with locked(server.database):
            await bob.leave()
            await ann.expect("participant_left")
            assert await delete(play, ROOM, ann.token) == 503
            await server.logged("store unavailable, what is to be recorded is kept")
            await ann.nothing()
        assert await delete(play, ROOM, ann.token) == 204
        again = await play.client()
        joined = await again.join(ROOM, "Bob", create=True, token=bob.token)
        await play.recorded()
        (person,) = await play.attendance(ROOM, bob.token)
        assert (person["id"], person["state"]) == (joined["you"]["id"], "connected")
        assert [stay["left_at"] for stay in person["sessions"]] == [None]
        assert not [line for line in server.logs if line["level"] == "error"]
