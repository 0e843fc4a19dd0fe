"""`reconvene attendance`: reads the record, beside a running server too, and changes nothing."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from reconvene import terminal
from storage import open_store
from storage.store import Store
from tests.forking import begin
from tests.process import ServerProcess, environment
from tests.server.client import bearer, playing
from tests.storage.script import Script

NINE = 1_795_251_600.0
"""2026-11-21 09:00:00 UTC."""

DAY = 86_400.0


async def attendance(directory: Path, *arguments: str, **settings: str) -> str:
    """What it prints; it has to succeed."""
    code, printed, complaints = await run(directory, *arguments, **settings)
    assert (code, complaints) == (0, "")
    return printed


async def refusal(directory: Path, *arguments: str, **settings: str) -> str:
    """The one line it says why it cannot."""
    code, printed, complaints = await run(directory, *arguments, **settings)
    assert (code, printed) == (2, "")
    (line,) = complaints.splitlines()
    assert line.startswith("reconvene: ")
    return line


async def run(directory: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Exit code, and what went to standard output and standard error, which are no terminals."""
    environ = environment(directory, {"TZ": "UTC", "COLUMNS": "40", "TERM": "xterm", **settings})
    process = await begin("reconvene.cli.main", ["attendance", *arguments], environ, printing=True)
    printed, complaints = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, printed.decode(), complaints.decode()


def rows(printed: str) -> list[list[str]]:
    """The cells of the table's lines, which are set apart by two spaces or more."""
    lines = printed.splitlines()
    (rule,) = [number for number, line in enumerate(lines) if line.strip() and not line.strip(" ─")]
    table = lines[rule + 1 :]
    end = next(number for number, line in enumerate(table) if not line.strip())
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in table[:end]]


def table(printed: str) -> list[dict[str, str]]:
    assert printed.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(printed.removeprefix("\ufeff"), newline=""), strict=True))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(environment(tmp_path, {})["RECONVENE_STORE"])
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def meeting(store: Store) -> None:
    """Ann for an hour, Bob twice, with a return, then cut off; nine to ten."""
    script = Script(store, "ABC123")
    ann = await script.join("ann", at=NINE)
    bob = await script.join("bob", at=NINE + 60)
    await script.leave(bob, at=NINE + 120)
    again = await script.join("bob", at=NINE + 600, node="n_dead")
    await script.join("bob", at=NINE + 660, node="n_dead", previous=again)
    await store.heartbeat("n_dead", NINE + 900)
    await store.close_dead_nodes(NINE + 901)
    await script.leave(ann, at=NINE + 3600)


async def test_a_running_server_is_not_disturbed(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, playing(server) as play:
        ann, bob = await play.pair("ABC123")
        await bob.leave()
        await ann.expect("participant_left")
        await play.recorded()
        printed = await attendance(tmp_path, "abc123")
        of_ann, of_bob = rows(printed)
        assert of_ann[:4] == ["Ann", "host", "1", "0"]
        assert "now" in of_ann
        assert of_bob[:3] == ["Bob", "1", "0"]
        assert "now" not in of_bob
        assert "2 people; 1 in it now; at most 2 at once" in printed
        await ann.nothing()
        await play.joined("ABC123", "Scribe", kind="recorder")
        await play.recorded()
        printed = await attendance(tmp_path, "abc123")
        assert rows(printed)[2][:3] == ["Scribe", "bot", "1"]
        assert "2 people, and 1 bot that counts nowhere; 1 in it now; at most 2 at once" in printed
        await play.joined("ABC123", "Cat")
        await play.http.post("/api/meetings/ABC123/end", headers=bearer(ann.token))
        for kind in ("stays", "people"):
            over_http = await play.http.get(
                f"/api/meetings/ABC123/attendance?format=csv&rows={kind}", headers=bearer(ann.token)
            )
            assert await attendance(tmp_path, "ABC123", "--csv", "--rows", kind) == over_http.content.decode()


@pytest.mark.usefixtures("meeting")
async def test_a_row_for_each_person_and_what_it_comes_to(tmp_path: Path) -> None:
    printed = await attendance(tmp_path, "ABC123")
    assert rows(printed) == [
        ["Ann", "host", "1", "0", "09:00:00", "10:00:00", "1:00:00"],
        ["Bob", "2", "1", "09:01:00", "09:15:00", "~0:06:00"],
    ]
    assert printed.splitlines()[0] == "ABC123"
    assert "Created Saturday 2026-11-21 09:00. Times are UTC." in printed
    assert "2 people; at most 2 at once, at 09:01:00; 1:06:00 together, 0:33:00 on average." in printed
    assert "~ an end is estimated" in printed


@pytest.mark.usefixtures("meeting")
async def test_a_row_for_each_stay(tmp_path: Path) -> None:
    assert rows(await attendance(tmp_path, "ABC123", "--rows", "stays")) == [
        ["Ann", "host", "09:00:00", "10:00:00", "1:00:00", "0", "left"],
        ["Bob", "09:01:00", "09:02:00", "0:01:00", "0", "left"],
        ["Bob", "09:10:00", "09:15:00", "~0:05:00", "1", "lost"],
    ]


@pytest.mark.usefixtures("meeting")
async def test_csv_is_of_stays_unless_people_are_asked_for(tmp_path: Path) -> None:
    stays = table(await attendance(tmp_path, "ABC123", "--csv"))
    people = table(await attendance(tmp_path, "ABC123", "--csv", "--rows", "people"))
    assert [row["name"] for row in stays] == ["Ann", "Bob", "Bob"]
    assert [(row["name"], row["duration"]) for row in people] == [("Ann", "1:00:00"), ("Bob", "0:06:00")]


@pytest.mark.usefixtures("meeting")
async def test_times_are_those_of_the_clocks_here_and_the_zone_is_named(tmp_path: Path) -> None:
    printed = await attendance(tmp_path, "ABC123", TZ="CET-1")
    assert "Created Saturday 2026-11-21 10:00. Times are CET (UTC+01:00)." in printed
    assert rows(printed)[0][4:6] == ["10:00:00", "11:00:00"]
    row, *_ = table(await attendance(tmp_path, "ABC123", "--csv", TZ="CET-1"))
    assert row["joined_at (UTC)"] == "2026-11-21 09:00:00"


async def test_days_are_told_where_there_are_several(tmp_path: Path, store: Store) -> None:
    script = Script(store, "ABC123")
    await script.leave(await script.join("ann", at=NINE), at=NINE + 60)
    await script.leave(await script.join("ann", at=NINE + DAY), at=NINE + DAY + 60)
    ((_, _, _, _, first, last, _),) = rows(await attendance(tmp_path, "ABC123"))
    assert (first, last) == ("2026-11-21 09:00:00", "2026-11-22 09:01:00")


async def test_what_is_piped_has_no_colours_and_nothing_is_cut(tmp_path: Path, store: Store) -> None:
    script = Script(store, "ABC123")
    names = ["W" * 80, "李" * 80, "[red]Ann[/red]", "=1+1"]
    for number, name in enumerate(names):
        await script.join(f"u{number}", at=NINE + number, name=name)
    printed = await attendance(tmp_path, "ABC123")
    assert "\x1b" not in printed
    assert [row[0] for row in rows(printed)] == names


async def test_on_a_narrow_terminal_names_are_folded_and_not_cut(tmp_path: Path, store: Store) -> None:
    await Script(store, "ABC123").join("ann", at=NINE, name="Wednesday Addams of the Hill")
    printed = await attendance(tmp_path, "ABC123", FORCE_COLOR="1", COLUMNS="80")
    assert "\x1b[1mABC123" in printed
    assert "…" not in printed
    assert all(word in printed for word in ["Wednesday", "Addams", "Hill"])


async def test_a_name_gives_no_orders_to_the_terminal(tmp_path: Path, store: Store) -> None:
    await Script(store, "ABC123").join("ann", at=NINE, name="\x1b[31mred\x07")
    printed = await attendance(tmp_path, "ABC123")
    assert rows(printed)[0][0] == "\ufffd[31mred\ufffd"


def test_a_name_does_not_turn_what_follows_it_in_the_line() -> None:
    assert terminal.harmless("\u202eevil\u202c \u2067x\u2069") == "\ufffdevil\ufffd \ufffdx\ufffd"
    assert terminal.harmless("أبجد\u200f שלום, 👩\u200d💻") == "أبجد\u200f שלום, 👩\u200d💻"


async def test_a_terminal_without_the_letters_of_a_name_shows_the_rest(tmp_path: Path, store: Store) -> None:
    await Script(store).join("ann", NINE, name="Zoë")
    printed = await attendance(tmp_path, "ROOM-1", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert "Zo?" in printed
    table = await attendance(tmp_path, "ROOM-1", "--csv", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert "Zoë" in table


async def test_three_hundred_people_have_a_row_each(tmp_path: Path, store: Store) -> None:
    script = Script(store, "ABC123")
    await asyncio.gather(*(script.join(f"u{n}", at=NINE + n, name=f"Guest {n}") for n in range(300)))
    printed = await attendance(tmp_path, "ABC123")
    assert [row[0] for row in rows(printed)] == [f"Guest {n}" for n in range(300)]
    assert "300 people; 300 in it now; at most 300 at once" in printed


async def test_a_meeting_that_nobody_joined(tmp_path: Path, store: Store) -> None:
    await store.create_meeting("ABC123", "u_ann", "Stand-up", NINE)
    await store.end_meeting("ABC123", NINE + DAY)
    printed = await attendance(tmp_path, "ABC123")
    assert printed.splitlines() == [
        "ABC123  Stand-up",
        "Created Saturday 2026-11-21 09:00, ended Sunday 2026-11-22 09:00. Times are UTC.",
        "Nobody was in it.",
    ]


@pytest.mark.usefixtures("store")
async def test_a_meeting_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "no meeting NOT-THERE at sqlite:///" in await refusal(tmp_path, "not-there")
    assert "3 to 64 letters" in await refusal(tmp_path, "a b")


async def test_a_store_that_is_not_there_is_said_and_not_made(tmp_path: Path) -> None:
    line = await refusal(tmp_path / "elsewhere", "ABC123")
    assert "RECONVENE_STORE" in line
    assert "elsewhere" in line
    missing = f"sqlite:///{tmp_path}/missing.db"
    assert "missing.db" in await refusal(tmp_path, "ABC123", "--store", missing)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_a_store_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert "RECONVENE_STORE" in await refusal(tmp_path, "ABC123", RECONVENE_STORE=f"sqlite:///{tmp_path}")
    (tmp_path / "text.db").write_text("this is no database at all, but long enough to be looked at" * 20)
    text = f"sqlite:///{tmp_path}/text.db"
    assert "RECONVENE_STORE" in await refusal(tmp_path, "ABC123", "--store", text)
    told = await refusal(tmp_path, "ABC123", RECONVENE_STORE="mysql://user:geheim@host/db")
    assert "RECONVENE_STORE" in told
    assert "geheim" not in told


@pytest.mark.parametrize(("version", "advice"), [(1, "reconvene migrate"), (99, "newer")])
async def test_the_record_of_another_version_is_left_alone(
    tmp_path: Path, store: Store, version: int, advice: str
) -> None:
    await store.close()
    database = tmp_path / "reconvene.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {version}")
    before = database.read_bytes()
    assert advice in await refusal(tmp_path, "ABC123")
    assert database.read_bytes() == before
