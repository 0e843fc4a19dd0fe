"""Zoom's events, sent to a running server as Zoom sends them: who is believed, and what comes of it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage import open_store
from tests.process import ServerProcess
from tests.server.client import bearer
from tests.server.realtime.test_drain import locked
from tests.zoom.stand_in.webhooks import Seat, Session, WebhookSender, ended, joined, left, signature, started

SECRET, ADMIN = "the app's secret token", "an admin key of some length"
UUID = "/4AAA//iAAAAAiAiAiiAii=="
_numbers = itertools.count(200_000_000)


@dataclass
class Scene:
    server: ServerProcess
    zoom: WebhookSender
    http: httpx.AsyncClient

    async def attendance(self, session: Session) -> dict[str, Any]:
        path = f"/api/meetings/ZOOM-{session.external_id}/attendance"
        answer = await self.http.get(path, headers=bearer(ADMIN))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def known(self, session: Session) -> int:
        path = f"/api/meetings/ZOOM-{session.external_id}"
        return (await self.http.get(path, headers=bearer(ADMIN))).status_code


@pytest.fixture(scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    server = ServerProcess(
        tmp_path_factory.mktemp("webhook"),
        ZOOM_WEBHOOK_SECRET=SECRET,
        RECONVENE_ADMIN_KEY=ADMIN,
        RECONVENE_LOG_LEVEL="debug",
    )
    async with server, sending(server) as scene:
        yield scene
    assert server.exit_code == 0
    assert not [line for line in server.output if "Traceback" in line]


class sending:  # noqa: N801 - reads as a verb
    """A sender and a client of a server, closed at the end."""

    def __init__(self, server: ServerProcess) -> None:
        sender = WebhookSender(f"{server.url}/api/zoom/webhook", SECRET)
        self._scene = Scene(
            server, sender, httpx.AsyncClient(base_url=server.url, timeout=10, trust_env=False)
        )

    async def __aenter__(self) -> Scene:
        return self._scene

    async def __aexit__(self, *_: object) -> None:
        await self._scene.zoom.__aexit__()
        await self._scene.http.aclose()


@pytest.fixture
def session() -> Session:
    """A webinar no other test uses, that began an hour ago."""
    return Session(str(next(_numbers)), UUID, float(int(time.time())) - 3600.0)


def anna(session: Session) -> Seat:
    begun = session.started_at
    return Seat(
        "16778240", "Anna", begun + 60, begun + 660, email="anna@example.org", registrant_id="reg-anna"
    )


# Who is believed


async def test_whether_the_secret_is_known_here_is_proved(scene: Scene) -> None:
    assert await scene.zoom.validate()


async def test_nothing_is_proved_to_those_who_do_not_know_it(scene: Scene) -> None:
    body = b'{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1:{}"}}'
    answer = await scene.zoom.post(body, headers={})
    assert answer.status_code == 401
    assert "encryptedToken" not in answer.text


# The future comes nearer while the request is on its way.
@pytest.mark.parametrize("age", [301, 86_400, -360])
async def test_an_event_that_is_too_old_or_from_the_future_is_refused(
    scene: Scene, session: Session, age: float
) -> None:
    answer = await scene.zoom.send(joined(session, anna(session)), signed_at=time.time() - age)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert await scene.known(session) == 404


@pytest.mark.parametrize("age", [240, -240])
async def test_clocks_may_differ_a_little(scene: Scene, session: Session, age: float) -> None:
    answer = await scene.zoom.send(joined(session, anna(session)), signed_at=time.time() - age)
    assert answer.status_code == 200
    assert await scene.known(session) == 200


async def test_with_another_secret_or_other_bytes_it_is_refused(scene: Scene, session: Session) -> None:
    event = joined(session, anna(session))
    assert (await scene.zoom.send(event, secret="another secret")).status_code == 401
    now = str(int(time.time()))
    body = b'{"event":"webinar.ended"}'
    for signed, stamp in [
        (signature(SECRET, now, body + b" "), now),
        (signature(SECRET, str(int(now) - 1), body), now),
        (signature(SECRET, now, body)[3:], now),
        (signature(SECRET, now, body)[:-1], now),
        (signature(SECRET, now, body).upper(), now),
        ("", now),
        ("v0=", now),
        ("v0=\xff", now),
        (signature(SECRET, "", body), ""),
        (signature(SECRET, "soon", body), "soon"),
        (signature(SECRET, "1e10", body), "1e10"),
        (signature(SECRET, "9" * 400, body), "9" * 400),
    ]:
        headers = {"x-zm-signature": signed, "x-zm-request-timestamp": stamp}
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        answer = await scene.http.post("/api/zoom/webhook", content=body, headers=encoded)
        assert answer.status_code == 401, headers
    assert await scene.known(session) == 404
    refusals = [line for line in scene.server.logs if line["event"] == "zoom event refused"]
    assert len(refusals) == 1, "anybody can send such requests: they do not fill the log"


async def test_the_signature_is_of_the_bytes_as_they_came(scene: Scene, session: Session) -> None:
    body = b'{ "payload" : {} ,\n "event":"some.\xc3\xa9vent" , "event":"other.event" }\n'
    assert (await scene.zoom.post(body)).json() == {"kept": False}


async def test_too_large_a_body_is_refused(scene: Scene) -> None:
    assert (await scene.zoom.post(b" " * 70_000)).status_code == 413


async def test_without_the_secret_nothing_is_taken_and_it_says_so(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, sending(server) as scene:
        answer = await scene.zoom.post(b"{}")
        assert not await scene.zoom.validate()
    assert (answer.status_code, "ZOOM_WEBHOOK_SECRET" in answer.json()["detail"]) == (404, True)


# What comes of it


async def test_a_webinar_is_seen_while_it_goes_on(scene: Scene, session: Session) -> None:
    seat = anna(session)
    assert (await scene.zoom.send(started(session))).json() == {"kept": False}
    answer = await scene.zoom.send(joined(session, seat))
    assert (answer.json(), answer.headers["Cache-Control"]) == ({"kept": True}, "no-store")
    report = await scene.attendance(session)
    (person,) = report["participants"]
    assert (person["name"], person["state"], person["email"]) == ("Anna", "connected", "anna@example.org")
    assert report["meeting"]["title"] == "A webinar"
    assert report["source"]["state"] == "live"

    await scene.zoom.send(left(session, seat))
    (person,) = (await scene.attendance(session))["participants"]
    assert (person["state"], person["session_count"], person["total_duration"]) == ("disconnected", 1, 600.0)
    assert person["sessions"][0]["instance"] == UUID


async def test_a_meeting_is_seen_as_well(scene: Scene, session: Session) -> None:
    meeting = Session(session.external_id, UUID, session.started_at, kind="meeting", topic="Stand-up")
    await scene.zoom.send(joined(meeting, anna(meeting)))
    report = await scene.attendance(meeting)
    assert (report["meeting"]["title"], report["source"]["kind"]) == ("Stand-up", "meeting")


async def test_late_doubled_and_out_of_order_it_is_the_same(scene: Scene, session: Session) -> None:
    seat = anna(session)
    await scene.zoom.send(left(session, seat))
    await scene.zoom.send(left(session, seat))
    await scene.zoom.send(joined(session, seat))
    once = (await scene.attendance(session))["participants"]
    assert [stay["estimated"] for stay in once[0]["sessions"]] == [False]
    await asyncio.gather(
        *(scene.zoom.send(each) for each in [joined(session, seat), left(session, seat)] * 5)
    )
    assert (await scene.attendance(session))["participants"] == once


async def test_the_end_closes_what_is_open_and_makes_a_report_due_half_an_hour_later(
    scene: Scene, session: Session
) -> None:
    await scene.zoom.send(joined(session, anna(session)))
    end = float(int(time.time())) - 60
    assert (await scene.zoom.send(ended(session, end))).json() == {"kept": True}
    report = await scene.attendance(session)
    (person,) = report["participants"]
    assert (person["state"], person["estimated"]) == ("disconnected", True)
    assert person["total_duration"] == end - session.started_at - 60
    due_at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(end + 1800))
    assert report["source"]["due_at"] == due_at

    assert (await scene.zoom.send(ended(session, end))).json() == {"kept": False}
    again = await scene.attendance(session)
    assert (again["participants"], again["source"]) == (report["participants"], report["source"])


async def test_what_is_no_attendance_makes_no_meeting(scene: Scene, session: Session) -> None:
    about = {"id": session.external_id, "uuid": UUID, "participant": {"user_id": "1", "user_name": "Anna"}}
    for name in (
        "meeting.participant_joined_waiting_room",
        "meeting.participant_jbh_joined",
        "webinar.created",
    ):
        answer = await scene.zoom.send({"event": name, "event_ts": 1, "payload": {"object": about}})
        assert (answer.status_code, answer.json()) == (200, {"kept": False})
    assert await scene.known(session) == 404
    await scene.server.logged("zoom event ignored", level="debug", name="webinar.created")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 60_000, b"\xff", b'{"event":"webinar.ended","payload":{}}']
)
async def test_what_cannot_be_understood_is_said_and_logged_in_one_line(scene: Scene, body: bytes) -> None:
    answer = await scene.zoom.post(body)
    assert answer.status_code == 400
    assert "not understood" in answer.json()["detail"]
    await scene.server.logged("zoom event not understood", level="warning", bytes=len(body))


async def test_a_meeting_held_here_under_such_an_id_is_left_alone(scene: Scene, session: Session) -> None:
    """One that was made before such ids were kept for imports."""
    store = open_store(f"sqlite:///{scene.server.database}")
    await store.open()
    await store.create_meeting(f"ZOOM-{session.external_id}", "u_ann", "Ours", time.time())
    await store.close()
    for event in (joined(session, anna(session)), ended(session, session.started_at + 60)):
        answer = await scene.zoom.send(event)
        assert (answer.status_code, answer.json()) == (200, {"kept": False})
    await scene.server.logged(
        "zoom event has no place: the meeting's id is taken by one held here", level="warning"
    )
    assert (await scene.attendance(session))["participants"] == []


async def test_when_the_store_is_away_zoom_is_asked_to_send_it_again(scene: Scene, session: Session) -> None:
    seat = anna(session)
    with locked(scene.server.database):
        answer = await scene.zoom.send(joined(session, seat))
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
    assert (await scene.zoom.send(joined(session, seat))).json() == {"kept": True}
    assert len((await scene.attendance(session))["participants"]) == 1
