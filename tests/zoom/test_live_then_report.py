"""A webinar from its first join to its report: heard by a running server, read by it, and shown all the while."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from tests.server.client import bearer
from tests.zoom.quick_server import QuickServer
from tests.zoom.runs import FIRST, ID, ROOM, instance, row, webinar
from tests.zoom.stand_in import ZoomStandIn, faults
from tests.zoom.stand_in.webhooks import Seat, Session, WebhookSender, ended, joined, left

ADMIN, SECRET = "an admin key of some length", "the app's secret token"


async def test_what_was_heard_gives_way_to_the_report_at_once(tmp_path: Path) -> None:
    begun = float(int(time.time())) - 3 * 3600.0
    shown = webinar(instance(starts=begun, rows=40))
    shown.instances[0].ended = False
    session = Session(ID, FIRST, begun, topic=shown.topic)
    # Known by the registration from the report, by the address from the events.
    seats = [
        Seat(
            str(told["user_id"]), told["name"], begun + person, begun + person + 600, email=told["user_email"]
        )
        for person in range(3)
        for told in [row(person, starts=begun)]
    ]
    async with ZoomStandIn([shown]) as stand_in:
        settings = {**stand_in.environ, "ZOOM_WEBHOOK_SECRET": SECRET, "RECONVENE_ADMIN_KEY": ADMIN}
        async with (
            QuickServer(tmp_path, **settings) as server,
            httpx.AsyncClient(base_url=server.url, headers=bearer(ADMIN), trust_env=False) as http,
            WebhookSender(f"{server.url}/api/zoom/webhook", SECRET) as events,
        ):

            async def report() -> dict[str, Any]:
                answer = await http.get(f"/api/meetings/{ROOM}/attendance")
                assert answer.status_code == 200, answer.text
                return dict(answer.json())

            for seat in seats:
                await events.send(joined(session, seat))
            await events.send(left(session, seats[0]))
            heard = await report()
            assert heard["source"]["state"] == "live"
            states = {person["name"]: person["state"] for person in heard["participants"]}
            assert states == {"Person 0": "disconnected", "Person 1": "connected", "Person 2": "connected"}

            # The report is there, and Zoom away at first.
            shown.instances[0].ended = True
            stand_in.faults.next(faults.server_error())
            await events.send(ended(session, begun + 2 * 3600))
            await server.logged("zoom sync finished", room=ROOM, complete=True, within=30.0)
            told = await report()
            assert len(told["participants"]) == 40
            assert [part["state"] for part in told["source"]["parts"]] == ["complete"] * 4
            assert told["meeting"]["title"] == "All hands"
            assert told["source"]["totals"]["stays"] == 40

            late = await events.send(left(session, seats[1]))
            assert late.json() == {"kept": False}, "the report knows better"
            twice = await events.send(ended(session, begun + 2 * 3600))
            assert twice.json() == {"kept": False}, "it is to be read again already"
            assert (await report())["participants"] == told["participants"]
        assert server.exit_code == 0
