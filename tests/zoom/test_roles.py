"""Host and panelists of a webinar are marked, by whatever their rows have of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.zoom.runs import FIRST, ID, ROOM, STARTS, row, runs, webinar
from tests.zoom.stand_in import faults
from tests.zoom.stand_in.clock import iso
from tests.zoom.stand_in.endpoints import SCOPES
from tests.zoom.stand_in.views import InstanceView, Kind

ROWS = [
    row(1, id="host-id", registrant_id="", user_email="", name="Hal"),
    row(2, id="", registrant_id="", user_email="Paula@Example.org", name="Paula"),
    row(3, id="", registrant_id="pan-2", user_email="", name="Piet"),
    row(4, id="", registrant_id="", user_email="", name="Paula"),
    row(5, name="Ann"),
]
PANELISTS = [
    {"id": "pan-1", "name": "Paula P.", "email": "paula@example.org", "join_url": "https://zoom.us/w/1"},
    {"id": "pan-2", "name": "Piet", "email": "", "join_url": "https://zoom.us/w/2"},
    {"id": "", "name": "Nobody", "email": ""},
]


@pytest.mark.parametrize(
    ("kind", "permitted", "told"),
    [
        ("webinar", True, ["host", "panelist", "panelist", "participant", "participant"]),
        ("webinar", False, ["host", "participant", "participant", "participant", "participant"]),
        ("meeting", True, ["host", "participant", "participant", "participant", "participant"]),
    ],
)
async def test_host_and_panelists_are_marked(
    tmp_path: Path, kind: Kind, permitted: bool, told: list[str]
) -> None:
    shown = InstanceView(FIRST, iso(STARTS), ROWS, ROWS)
    async with runs(
        tmp_path,
        replace(
            webinar(shown), kind=kind, host_id="host-id", host_email="hal@example.org", panelists=PANELISTS
        ),
    ) as at:
        if not permitted:
            at.zoom.scopes = {scope for scope in SCOPES if "panelists" not in scope}
        assert (await at.sync()).complete
        record = await at.kept()
        assert record.import_source is not None
        assert [record.import_source.people[person.id].role for person, _ in record.participants] == told


async def test_what_is_told_no_more_is_not_forgotten(tmp_path: Path) -> None:
    shown = InstanceView(FIRST, iso(STARTS), ROWS, ROWS)
    async with runs(tmp_path, replace(webinar(shown), host_id="host-id")) as at:
        await at.sync()
        at.zoom.webinars[ID] = replace(at.zoom.webinars[ID], expired=True)
        await at.sync()
        record = await at.store.imported(ROOM)
        assert record is not None
        assert list(record.roles.values()) == ["host"]


@pytest.mark.parametrize(
    "fault",
    [
        faults.missing_scope("panelists"),
        faults.error(400, 12702, "Can not access a meeting a year ago."),
        faults.answer({"total_records": 0}),
        faults.server_error(),
    ],
    ids=["scope", "too old", "no list", "away"],
)
async def test_panelists_that_are_not_told_are_not_forgotten_and_stop_nothing(
    tmp_path: Path, fault: faults.Fault
) -> None:
    shown = InstanceView(FIRST, iso(STARTS), ROWS, ROWS)
    told = replace(webinar(shown), host_id="host-id", panelists=PANELISTS)
    async with runs(tmp_path, told) as at:
        await at.sync()
        at.zoom.webinars[ID] = replace(told, host_id="user5", host_email="")
        at.zoom.faults.on(lambda asked: "panelists" in asked.path, fault, None)
        for _ in range(2):
            assert (await at.sync()).complete
            record = await at.kept()
            assert record.import_source is not None
            held = [record.import_source.people[person.id].role for person, _ in record.participants]
            assert held == ["participant", "panelist", "panelist", "participant", "host"]


async def test_a_host_who_is_not_told_is_not_forgotten(tmp_path: Path) -> None:
    shown = InstanceView(FIRST, iso(STARTS), ROWS, ROWS)
    async with runs(tmp_path, replace(webinar(shown), host_id="host-id", panelists=PANELISTS)) as at:
        await at.sync()
        at.zoom.faults.on(lambda asked: asked.endpoint == "details", faults.no_permission(), None)
        await at.sync()
        record = await at.store.imported(ROOM)
        assert record is not None
        assert sorted(record.roles.values()) == ["host", "panelist", "panelist"]
