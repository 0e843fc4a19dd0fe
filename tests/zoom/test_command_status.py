"""`reconvene zoom status` and `reconvene attendance` of what was imported."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from reconvene.terminal import minute
from tests.zoom.reconvene import Ran, run
from tests.zoom.runs import FIRST, ID, ROOM, STARTS, Runs, row, runs
from tests.zoom.stand_in import ZoomStandIn, faults
from tests.zoom.stand_in.endpoints import SCOPES


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Runs]:
    """A store with nothing in it yet, as the process finds it."""
    async with runs(tmp_path) as made:
        yield made


async def reconvene(directory: Path, *arguments: str) -> Ran:
    return await run(directory, None, *arguments, RECONVENE_STORE=f"sqlite:///{directory}/store.db")


def ok(ran: Ran) -> str:
    assert (ran.code, ran.err) == (0, ""), ran
    return ran.out


def refused(ran: Ran) -> str:
    """The one line it says why it cannot."""
    assert (ran.code, ran.out) == (2, ""), ran
    (line,) = ran.err.splitlines()
    assert line.startswith("reconvene: ")
    return line


def guests(zoom: ZoomStandIn) -> None:
    """One whose name is that of somebody known, and one who is nobody's namesake; an end that nobody told."""
    nobody: dict[str, Any] = {"id": "", "user_email": "", "registrant_id": ""}
    instance = zoom.webinars[ID].instances[0]
    instance.report = [
        *instance.report[:3],
        row(500, name="Person 1", **nobody),
        row(501, name="Somebody", leave_time="", duration=60, **nobody),
    ]


async def test_what_was_imported_in_a_table_and_as_json(tmp_path: Path, made: Runs) -> None:
    nothing = await reconvene(tmp_path, "zoom", "status")
    assert "Nothing was imported yet" in ok(nothing)
    assert (await made.sync()).complete
    table, listed, full, one, unknown = await asyncio.gather(
        reconvene(tmp_path, "zoom", "status"),
        reconvene(tmp_path, "zoom", "status", "--json"),
        reconvene(tmp_path, "zoom", "status", ROOM),
        reconvene(tmp_path, "zoom", "status", ID, "--json"),
        reconvene(tmp_path, "zoom", "status", "812", "3456", "7890"),
    )
    assert re.search(rf"^ *{ID} +All hands +webinar +complete +95 ", ok(table), re.MULTILINE)
    assert [each["id"] for each in json.loads(ok(listed))["imports"]] == [ROOM]
    assert f"{minute(STARTS)} UTC" in ok(full)
    assert "95 of 95  report  complete" in full.out
    told = json.loads(ok(one))
    assert told["totals"]["registrants"] == {"approved": 100, "pending": 10, "denied": 0}
    assert [part["instance"] for part in told["parts"] if part["instance"]] == [FIRST]
    assert "reconvene zoom sync 81234567890" in refused(unknown)


async def test_of_a_partial_one_the_reason_is_said(tmp_path: Path, made: Runs) -> None:
    made.zoom.webinars[ID].instances[0].total = 96
    await made.sync()
    told = ok(await reconvene(tmp_path, "zoom", "status", ID))
    assert "95 of 96  report  partial" in told
    assert f"• {minute(STARTS)} UTC: Zoom gave 95 of the 96 rows it has" in told


async def test_where_there_is_no_record_none_is_made(tmp_path: Path) -> None:
    assert "RECONVENE_STORE" in refused(await run(tmp_path, None, "zoom", "status"))
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_attendance_tells_where_it_came_from_and_who_may_be_a_guest(tmp_path: Path, made: Runs) -> None:
    guests(made.zoom)
    await made.sync()
    people, stays = await asyncio.gather(
        reconvene(tmp_path, "attendance", ID),
        reconvene(tmp_path, "attendance", f"https://zoom.us/j/{ID}", "--rows", "stays"),
    )
    lines = ok(people).splitlines()
    assert lines[0] == f"{ROOM}  All hands"
    assert lines[1].startswith(f"Webinar {ID} in Zoom, began ")
    assert lines[2].startswith("Source: report; complete; checked ")
    rows = [re.split(r"  +", line.strip()) for line in lines if re.match(r" *(Person|Some)", line)]
    assert [row[:3] for row in rows[:2]] == [
        ["Person 0", "Person0@Example.org", "registered"],
        ["Person 1", "Person1@Example.org", "registered"],
    ]
    assert rows[3][:2] == ["Person 1", "guest, perhaps Person1@Example.org"]
    assert rows[4][:2] == ["Somebody", "guest"]
    assert rows[4][-1] == "~0:01:00"
    assert "reconnects" not in people.out
    assert "5 people, 2 guests among them; registered: 100 approved, 10 pending; 97 registered" in people.out
    assert "~ a beginning or an end is estimated" in people.out
    assert "reason" not in ok(stays)
    assert len(re.findall(r"^ *Person 1 ", stays.out, re.MULTILINE)) == 2


async def test_who_registered(tmp_path: Path, made: Runs) -> None:
    await made.sync()
    table, sheet = await asyncio.gather(
        reconvene(tmp_path, "attendance", ID, "--rows", "registrants"),
        reconvene(tmp_path, "attendance", ID, "--rows", "registrants", "--csv"),
    )
    shown = [
        re.split(r"  +", line.strip()) for line in ok(table).splitlines() if "@example.org" in line.lower()
    ]
    assert len(shown) == 110
    assert {each[-1] for each in shown} == {"0:10:00", "0:00:00"}
    rows = list(csv.DictReader(io.StringIO(ok(sheet).removeprefix("\ufeff"), newline="")))
    assert sum(row["came"] == "yes" for row in rows) == 95


async def test_unknown_attendance_is_not_nobody(tmp_path: Path, made: Runs) -> None:
    made.zoom.scopes = [scope for scope in SCOPES if "participants" not in scope]
    assert not (await made.sync()).complete
    attendance, listed = await asyncio.gather(
        reconvene(tmp_path, "attendance", ID), reconvene(tmp_path, "zoom", "status")
    )
    assert "Who attended is unknown. Registered: 100 approved, 10 pending" in ok(attendance)
    assert "Nobody was in it" not in attendance.out
    assert re.search(r"unknown +unknown", ok(listed))


async def test_nobody_is_said_to_have_stayed_away_where_it_is_not_known_who_was_approved(
    tmp_path: Path, made: Runs
) -> None:
    made.zoom.faults.on(
        lambda asked: asked.params.get("status") == "approved", faults.no_permission(), times=None
    )
    assert not (await made.sync()).complete
    told = ok(await reconvene(tmp_path, "attendance", ID))
    assert "registered: 10 pending; who was approved is unknown." in told
    assert "did not come" not in told


async def test_a_live_meeting_has_no_registrants(tmp_path: Path, made: Runs) -> None:
    await made.store.create_meeting("ABC123", "u_ann", "Stand-up", STARTS)
    assert "nobody registers" in refused(
        await reconvene(tmp_path, "attendance", "ABC123", "--rows", "registrants")
    )
