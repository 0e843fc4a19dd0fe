"""Imports begun and looked at by HTTP, in a running server, from the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.process import ServerProcess
from tests.server.client import bearer
from tests.zoom.runs import FIRST, ID, ROOM, ROWS, SECOND, STARTS, instance, webinar
from tests.zoom.stand_in import ZoomStandIn, faults

ADMIN = "an admin key of some length"


@dataclass
class Office:
    zoom: ZoomStandIn
    server: ServerProcess
    http: httpx.AsyncClient

    async def begin(self, id_: object = ID, **body: Any) -> httpx.Response:
        return await self.http.post("/api/zoom/sync", json={"id": id_} | body)

    async def begun(self, **body: Any) -> dict[str, Any]:
        answer = await self.begin(**body)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def look(self, at: object) -> dict[str, Any]:
        answer = await self.http.get(f"/api/zoom/sync/{at}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        return dict(answer.json())

    async def restarted(self) -> None:
        await self.server.stop()
        await self.server.start()
        await self.http.aclose()
        self.http = _client(self.server)


def _client(server: ServerProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.url, headers=bearer(ADMIN), timeout=10, trust_env=False)


@asynccontextmanager
async def opened(directory: Path, zoom: ZoomStandIn, **settings: str) -> AsyncIterator[Office]:
    given = {"RECONVENE_ADMIN_KEY": ADMIN, **zoom.environ, **settings}
    async with ServerProcess(directory, **given) as server:
        office = Office(zoom, server, _client(server))
        yield office
        await office.http.aclose()
    assert server.exit_code == 0
    assert not [line for line in server.output if "Traceback" in line], server.tail()


@pytest.fixture
async def zoom() -> AsyncIterator[ZoomStandIn]:
    two = webinar(instance(), instance(SECOND, starts=STARTS + 7 * 86_400, rows=20))
    async with ZoomStandIn([two]) as zoom:
        yield zoom


@pytest.fixture
async def office(tmp_path: Path, zoom: ZoomStandIn) -> AsyncIterator[Office]:
    async with opened(tmp_path, zoom) as office:
        yield office


@pytest.fixture(scope="module")
async def idle(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One that is asked for nothing it would do."""
    async with ZoomStandIn() as zoom, opened(tmp_path_factory.mktemp("idle"), zoom) as office:
        yield office
        assert zoom.requests == []


async def test_an_import_is_carried_out_in_the_background_and_tells_how_far_it_is(office: Office) -> None:
    answer = await office.begin("889 8887 2033")
    begun = answer.json()
    assert (answer.status_code, begun["state"], begun["external_id"]) == (202, "running", ID)
    assert answer.headers["Location"] == f"/api/zoom/sync/{begun['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    await office.server.logged("zoom sync finished", room=ROOM, complete=True)

    done = await office.look(begun["id"])
    assert (done["state"], done["stage"], done["title"], done["room"]) == (
        "complete",
        "done",
        "All hands",
        ROOM,
    )
    assert done["rows"] == done["total"] == ROWS + 20 + 110
    assert [part["state"] for part in done["parts"]] == ["complete"] * 5
    assert done["source"]["totals"]["people"] == ROWS
    assert done["started_at"] <= done["finished_at"]
    assert done["reasons"] == []
    assert await office.look(ID) == done
    report = await office.http.get(f"/api/meetings/{ROOM}/attendance")
    assert len(report.json()["participants"]) == ROWS


async def test_one_instance_only(office: Office) -> None:
    begun = await office.begun(instance=SECOND)
    await office.server.logged("zoom sync finished", room=ROOM)
    parts = [part["part"] for part in (await office.look(begun["id"]))["parts"]]
    assert (f"instance/{SECOND}" in parts, f"instance/{FIRST}" in parts) == (True, False)


async def test_the_same_again_is_the_one_that_goes_on_and_a_stop_leaves_it_for_the_next(
    office: Office,
) -> None:
    office.zoom.faults.on(
        lambda asked: asked.endpoint == "report participants" and "next_page_token" in asked.params,
        faults.stall(),
        None,
    )
    begun = await office.begun()
    await office.zoom.until(
        lambda: any(asked.rows and asked.endpoint == "report participants" for asked in office.zoom.requests)
    )
    again = await office.begin()
    assert (again.status_code, again.json()["id"]) == (200, begun["id"])
    other = await office.begin(instance=SECOND)
    assert (other.status_code, other.json()["id"] != begun["id"]) == (202, True)

    await office.restarted()
    assert (await office.http.get(f"/api/zoom/sync/{begun['id']}")).status_code == 404
    recorded = await office.look(ID)
    assert (recorded["id"], recorded["state"], recorded["room"]) == (None, "unread", ROOM)
    office.zoom.faults.clear()
    begun = await office.begun()
    await office.server.logged("zoom sync finished", room=ROOM, complete=True)
    assert (await office.look(begun["id"]))["source"]["totals"]["people"] == ROWS


async def test_the_list_has_what_runs_and_what_was_imported(office: Office) -> None:
    empty = (await office.http.get("/api/zoom/sync")).json()
    assert empty == {"syncs": [], "imports": [], "unusable": None}
    first = await office.begun()
    await office.server.logged("zoom sync finished", room=ROOM)
    second = await office.begun(instance=SECOND)
    told = (await office.http.get("/api/zoom/sync")).json()
    assert [sync["id"] for sync in told["syncs"]] == [second["id"], first["id"]]
    (record,) = told["imports"]
    assert (record["external_id"], record["title"], record["state"]) == (ID, "All hands", "complete")


async def test_a_watched_one_is_due_again(office: Office) -> None:
    begun = await office.begun(watch=True)
    await office.server.logged("zoom sync finished", room=ROOM)
    while (told := await office.look(begun["id"]))["due_at"] is None:
        pass
    assert told["state"] == "complete"
    assert told["due_at"] > told["finished_at"]
    await office.restarted()
    assert (await office.look(ID))["due_at"] == told["due_at"], "it outlasts the process"


async def test_what_zoom_refuses_is_told(office: Office) -> None:
    begun = await office.begun(id_="99988877766")
    await office.server.logged("zoom sync failed")
    failed = await office.look(begun["id"])
    assert (failed["state"], failed["stage"]) == ("failed", "failed")
    assert failed["note"]
    assert (await office.http.get("/api/zoom/sync/99988877766")).json()["id"] == begun["id"]


async def test_wrong_credentials_are_told_and_not_repeated(tmp_path: Path, zoom: ZoomStandIn) -> None:
    async with opened(tmp_path, zoom, ZOOM_CLIENT_SECRET="a wrong and very secret one") as office:
        begun = await office.begun()
        await office.server.logged("zoom sync failed")
        note = (await office.look(begun["id"]))["note"]
    assert "ZOOM_CLIENT_SECRET" in note
    assert "a wrong and very secret one" not in note + office.server.tail(1000)


async def test_where_zoom_is_not_configured_it_says_which_settings_are_missing(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_ADMIN_KEY=ADMIN) as server, _client(server) as http:
        answer = await http.post("/api/zoom/sync", json={"id": ID})
        listed = (await http.get("/api/zoom/sync")).json()
        unknown = await http.get(f"/api/zoom/sync/{ID}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (501, "application/problem+json")
    assert "ZOOM_ACCOUNT_ID" in answer.json()["detail"]
    assert "ZOOM_ACCOUNT_ID" in listed["unusable"]
    assert unknown.status_code == 404
    assert not [line for line in server.logs if line["level"] not in {"debug", "info"}]


@pytest.mark.parametrize(
    "body",
    [
        {"id": "12"},
        {"id": "https://example.org/j/88988872033"},
        {"id": None},
        {},
        {"id": ID, "kind": "party"},
        {"id": ID, "instance": ""},
        {"id": ID, "watch": "perhaps"},
        [],
    ],
)
async def test_what_cannot_be_meant_is_refused(idle: Office, body: Any) -> None:
    answer = await idle.http.post("/api/zoom/sync", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")


@pytest.mark.parametrize("name", ["j_unknown", "12", "99988877755", "%2e%2e"])
async def test_an_unknown_one_is_not_found(idle: Office, name: str) -> None:
    assert (await idle.http.get(f"/api/zoom/sync/{name}")).status_code == 404


async def test_it_is_for_the_admin_key_only(idle: Office) -> None:
    identity = (await idle.http.post("/api/identity")).json()["token"]
    for headers, status in [({}, 401), (bearer("forged"), 401), (bearer(identity), 403)]:
        async with httpx.AsyncClient(base_url=idle.server.url, headers=headers, trust_env=False) as anyone:
            for answer in (
                await anyone.post("/api/zoom/sync", json={"id": ID}),
                await anyone.get("/api/zoom/sync"),
                await anyone.get(f"/api/zoom/sync/{ID}"),
            ):
                assert answer.status_code == status
