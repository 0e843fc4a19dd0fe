"""`reconvene zoom sync`: what it says, and what it ends with."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import re
import signal
import sqlite3
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from reconvene.terminal import minute
from tests.process import ROOT, ServerProcess
from tests.zoom.reconvene import Ran, Reconvene, run, settings
from tests.zoom.runs import FIRST, ID, ROOM, SECOND, STARTS, instance, row, webinar
from tests.zoom.stand_in import Asked, ZoomStandIn, faults
from tests.zoom.stand_in.clock import iso
from tests.zoom.stand_in.endpoints import SCOPES

FALLBACK = "Report endpoint failed with 400 error, trying basic endpoint..."
REPORT = "report:read:list_webinar_participants:admin"
BASIC = "webinar:read:list_past_participants:admin"


@pytest.fixture
async def zoom() -> AsyncIterator[ZoomStandIn]:
    async with ZoomStandIn([webinar()]) as zoom:
        yield zoom


async def sync(directory: Path, zoom: ZoomStandIn, *options: str, **more: str) -> Ran:
    return await run(directory, zoom, "zoom", "sync", ID, *options, **more)


def refused(ran: Ran) -> str:
    """The one line it says why it cannot."""
    assert (ran.code, ran.out) == (2, ""), ran
    (line,) = [line for line in ran.err.splitlines() if line.startswith("reconvene: ")]
    assert "Traceback" not in ran.err
    return line


def first_pages(zoom: ZoomStandIn) -> int:
    return sum(1 for asked in zoom.asked_for("report participants") if "next_page_token" not in asked.params)


def stalls(zoom: ZoomStandIn, *, page: int) -> asyncio.Event:
    """Set when that page of the report is asked for, which is not answered."""
    came = asyncio.Event()

    def fits(asked: Asked) -> bool:
        if asked.endpoint != "report participants" or len(zoom.asked_for(asked.endpoint)) != page:
            return False
        came.set()
        return True

    zoom.faults.on(fits, faults.stall())
    return came


async def test_all_of_it_and_a_summary(tmp_path: Path, zoom: ZoomStandIn) -> None:
    zoom.webinars[ID].instances.append(instance(SECOND, starts=STARTS + 86_400, rows=20))
    zoom.webinars[ID].instances[0].report = [
        *zoom.webinars[ID].instances[0].report,
        row(500, id="", user_email="", registrant_id="", name="Somebody"),
        row(501, status="in_waiting_room"),
    ]
    ran = await run(tmp_path, zoom, "zoom", "sync", "889", "8887", "2033")
    assert ran.code == 0, ran.err
    told = " ".join(ran.out.split())
    assert f"{ROOM} All hands" in told
    assert "registrants 100 approved, 10 pending, 0 denied" in told
    assert "people 96, 1 guest among them" in told
    assert "stays 116; 1 waiting-room row left out" in told
    assert "no-shows 5 registered and did not come" in told
    assert f"{minute(STARTS)} UTC 97 of 97 report complete" in told
    assert f"{minute(STARTS + 86_400)} UTC 20 of 20 report complete" in told
    assert f"reconvene attendance {ROOM}" in told
    assert f"/m/{ROOM}/attendance" in told
    assert "Not complete" not in told
    lines = [re.sub(r"^\S+Z ", "", line) for line in ran.err.splitlines()]
    assert f"{minute(STARTS)}: reading" in lines
    assert f"{minute(STARTS)}: complete, 97 of 97 rows, report" in lines
    assert "\x1b" not in ran.out + ran.err
    again = await sync(tmp_path, zoom, RECONVENE_LOG_LEVEL="warning")
    assert (again.code, again.err) == (0, "")
    assert again.out.splitlines()[:6] == ran.out.splitlines()[:6]


async def test_without_the_report_it_says_so_in_the_log_and_in_the_summary(
    tmp_path: Path, zoom: ZoomStandIn
) -> None:
    zoom.scopes = SCOPES - {REPORT}
    ran = await sync(tmp_path, zoom)
    assert ran.code == 0
    assert FALLBACK in ran.err
    assert "95 of 95  basic" in ran.out
    why = "report refused: .*report:read:list_webinar_participants"
    assert re.search(rf"^Source basic \(1 part\): {why}", ran.out, re.MULTILINE)
    again = await sync(tmp_path, zoom, "--json")
    assert again.code == 0
    assert FALLBACK in again.err
    told = json.loads(again.out)
    assert (told["id"], told["external_id"], told["complete"], told["reasons"]) == (ROOM, ID, True, [])
    assert told["page"] == f"/m/{ROOM}/attendance"
    assert told["totals"]["people"] == 95
    (part,) = [part for part in told["parts"] if part["instance"] == FIRST]
    assert (part["source"], part["state"], part["rows"], part["agreed"]) == ("basic", "complete", 95, 1)


async def test_what_is_missing_is_said_and_the_exit_code_is_1(tmp_path: Path, zoom: ZoomStandIn) -> None:
    zoom.webinars[ID].instances[0].total = 100
    zoom.scopes = SCOPES - {"webinar:read:list_registrants:admin"}
    ran = await sync(tmp_path, zoom)
    assert ran.code == 1
    assert "95 of 100  report  partial" in ran.out
    missing = ran.out.partition("\nNot complete\n")[2]
    assert "Zoom gave 95 of the 100 rows it has" in missing
    assert missing.count("webinar:read:list_registrants or ") == 1
    assert re.search(r"^registrants +unknown", ran.out, re.MULTILINE)
    assert re.search(r"^no-shows +unknown", ran.out, re.MULTILINE)
    assert "--watch" in missing
    zoom.webinars[ID].instances[0].total = None
    zoom.scopes = SCOPES - {REPORT, BASIC}
    (tmp_path / "other").mkdir()
    unknown = await sync(tmp_path / "other", zoom)
    assert unknown.code == 1
    assert re.search(r"^attendance +unknown", unknown.out, re.MULTILINE)
    assert "registrants   100 approved" in unknown.out
    assert "webinar:read:list_past_participants" in unknown.out.partition("\nNot complete\n")[2]


async def test_ctrl_c_and_the_next_run_goes_on(tmp_path: Path, zoom: ZoomStandIn) -> None:
    stalled = stalls(zoom, page=3)
    async with Reconvene(tmp_path, zoom, "zoom", "sync", ID) as running:
        await asyncio.wait_for(stalled.wait(), 30)
        running.signal(signal.SIGINT)
        ran = await running.ended()
    assert (ran.code, ran.out) == (130, "")
    assert ran.err.splitlines()[-1].startswith(
        f"reconvene: stopped; the next reconvene zoom sync {ID} goes on"
    )
    assert "Traceback" not in ran.err
    ran = await sync(tmp_path, zoom)
    assert ran.code == 0
    assert "goes on after 60 rows" in ran.err
    assert first_pages(zoom) == 1


async def test_killed_and_the_next_run_goes_on(tmp_path: Path, zoom: ZoomStandIn) -> None:
    stalled = stalls(zoom, page=3)
    async with Reconvene(tmp_path, zoom, "zoom", "sync", ID) as running:
        await asyncio.wait_for(stalled.wait(), 30)
        running.signal(signal.SIGKILL)
        assert (await running.ended()).code == -signal.SIGKILL
    with closing(sqlite3.connect(tmp_path / "reconvene.db")) as database, database:
        # As some seconds later.
        database.execute("UPDATE import_walks SET lease_until = 0")
    ran = await sync(tmp_path, zoom)
    assert ran.code == 0
    assert "95 of 95" in ran.out
    assert first_pages(zoom) == 1


async def test_a_daily_limit_is_told_with_its_end(tmp_path: Path, zoom: ZoomStandIn) -> None:
    until = zoom.clock.now() + 3600
    zoom.faults.on(lambda asked: len(zoom.asked_for("report participants")) == 3, faults.daily_limit(until))
    ran = await sync(tmp_path, zoom)
    assert ran.code == 1
    told = iso(until)[:16].replace("T", " ")
    assert "daily limit" in ran.out
    assert f"Run it again after {told} UTC" in ran.out
    assert "left after 60 of 95" in ran.out


async def test_a_watched_one_says_when_it_looks_again(tmp_path: Path, zoom: ZoomStandIn) -> None:
    async with Reconvene(tmp_path, zoom, "zoom", "sync", ID, "--watch") as running:
        await running.complains("asks again in ")
        running.signal(signal.SIGTERM)
        ran = await running.ended()
    assert ran.code == 143
    assert "is read once more" in ran.err
    assert ran.err.splitlines()[-1].startswith("reconvene: stopped")


async def test_what_zoom_refuses_is_one_line(tmp_path: Path, zoom: ZoomStandIn) -> None:
    secret, number = await asyncio.gather(
        sync(tmp_path, zoom, "--json", ZOOM_CLIENT_SECRET="another"),
        run(tmp_path, zoom, "zoom", "sync", "81234567890"),
    )
    assert "ZOOM_CLIENT_SECRET" in refused(secret)
    assert "81234567890" in refused(number)


async def test_what_cannot_be_asked_is_one_line(tmp_path: Path) -> None:
    asked = {
        "https://us02web.zoom.us/webinar/register/WN_AbC": "registration link",
        ID: "ZOOM_ACCOUNT_ID",
    }
    ran = await asyncio.gather(*(run(tmp_path, None, "zoom", "sync", each) for each in asked))
    for said, one in zip(asked.values(), ran, strict=True):
        assert said in refused(one)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, zoom: ZoomStandIn) -> None:
    for library in ("aiolimiter", "httpx", "tenacity"):
        (tmp_path / f"{library}.py").write_text(
            f"raise ModuleNotFoundError('no {library}', name='{library}')"
        )
    ran, shown = await asyncio.gather(
        sync(tmp_path, zoom, PYTHONPATH=str(tmp_path)),
        run(tmp_path, None, "zoom", "status", PYTHONPATH=str(tmp_path)),
    )
    assert "pip install '.[zoom]'" in refused(ran)
    assert "there is no record" in refused(shown)


async def test_a_store_that_cannot_be_used_is_one_line(tmp_path: Path, zoom: ZoomStandIn) -> None:
    line = refused(await sync(tmp_path, zoom, "--store", f"sqlite:///{tmp_path}"))
    assert "RECONVENE_STORE" in line
    assert zoom.requests == []


async def test_beside_a_server(tmp_path: Path, zoom: ZoomStandIn) -> None:
    key = "an-admin-key-of-some-length"
    async with ServerProcess(tmp_path, RECONVENE_ADMIN_KEY=key) as server:
        assert (await sync(tmp_path, zoom)).code == 0
        async with httpx.AsyncClient(base_url=server.url) as http:
            answer = await http.get(
                f"/api/meetings/{ROOM}/attendance", headers={"Authorization": f"Bearer {key}"}
            )
    assert answer.json()["source"]["totals"]["people"] == 95


# On a terminal


async def on_a_terminal(directory: Path, zoom: ZoomStandIn, *arguments: str, columns: int) -> tuple[int, str]:
    """Exit code, and all that the terminal was sent."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = settings(directory, zoom)
    del environ["COLUMNS"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "reconvene.cli.main", *arguments),
        cwd=ROOT,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    sent = b""
    # Reading fails once nobody has the other side any more.
    with contextlib.suppress(OSError):
        while more := await asyncio.to_thread(os.read, ours, 65536):
            sent += more
    os.close(ours)
    return await asyncio.wait_for(process.wait(), 30), sent.decode()


@pytest.mark.parametrize("columns", [80, 40])
async def test_a_live_display_that_the_log_does_not_tear(
    tmp_path: Path, zoom: ZoomStandIn, columns: int
) -> None:
    zoom.scopes = SCOPES - {REPORT}
    code, sent = await on_a_terminal(tmp_path, zoom, "zoom", "sync", ID, columns=columns)
    assert code == 0
    # It was drawn, wiped, and the cursor is there again.
    assert "reading" in sent
    assert sent.rindex("\x1b[?25h") > sent.rindex("\x1b[?25l")
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", sent)
    lines = re.split(r"[\r\n]+", text)
    assert max(len(line) for line in lines) <= columns
    assert FALLBACK in " ".join(" ".join(lines).split())
    assert f"See who was there: reconvene attendance {ROOM}" in " ".join(" ".join(lines).split())
