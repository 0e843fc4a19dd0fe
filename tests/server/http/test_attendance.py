"""Attendance over HTTP: who may read it, what it says while people come and go, its pages, its tables."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.process import ServerProcess
from tests.server.client import Play, bearer, playing

ADMIN_KEY = "k" * 20


async def read(play: Play, room: str, token: str, **parameters: object) -> httpx.Response:
    query = {name: str(value) for name, value in parameters.items()}
    answer = await play.http.get(f"/api/meetings/{room}/attendance", params=query, headers=bearer(token))
    if answer.status_code == 200:
        assert answer.headers["cache-control"] == "no-store"
    return answer


async def report(play: Play, room: str, token: str, **parameters: object) -> dict[str, Any]:
    answer = await read(play, room, token, **parameters)
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert isinstance(content, dict)
    return content


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), strict=True))


def seconds(one: str, other: str) -> float:
    return (datetime.fromisoformat(other) - datetime.fromisoformat(one)).total_seconds()


# Who may


async def test_the_host_reads_it_and_nobody_else_does(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    report = f"/api/meetings/{room.lower()}/attendance"
    for url in (report, f"{report}?format=csv"):
        assert (await play.http.get(url, headers=bearer(ann.token))).status_code == 200
        stranger = await play.http.get(url, headers=bearer(bob.token))
        assert (stranger.status_code, stranger.json()["code"]) == (403, "forbidden")
        nobody = await play.http.get(url)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "bad_token")
        assert nobody.headers["www-authenticate"] == "Bearer"


async def test_the_admin_key_lists_reads_and_deletes_every_meeting(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_ADMIN_KEY=ADMIN_KEY) as server, playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        content = await report(play, "ABC123", ADMIN_KEY)
        assert [person["name"] for person in content["participants"]] == ["Ann"]
        await play.joined("DEF456", "Bob", create=True)
        listed = await play.http.get("/api/meetings", headers=bearer(ADMIN_KEY))
        meetings = [(each["id"], each["imported"], each["source"]) for each in listed.json()["meetings"]]
        assert meetings == [("DEF456", None, None), ("ABC123", None, None)]
        deleted = await play.http.delete("/api/meetings/ABC123", headers=bearer(ADMIN_KEY))
        assert deleted.status_code == 204
        assert (await ann.closed())[0] == 4003


async def test_nobody_registers_for_a_meeting_held_here(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    for path in ("registrants", "attendance?format=csv&rows=registrants"):
        url = f"/api/meetings/{room}/{path}"
        answer = await play.http.get(url, headers=bearer(ann.token))
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")
        assert "nobody registers" in answer.json()["detail"]
        assert (await play.http.get(url, headers=bearer(bob.token))).status_code == 403


async def test_ids_of_imports_are_not_given_to_meetings_held_here(play: Play) -> None:
    wish = {"meeting": "zoom-88988872033"}
    answer = await play.http.post("/api/meetings", json=wish, headers=bearer(await play.identity()))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")


@pytest.mark.parametrize("meeting", ["NOT-THERE", "a", "a%20b"])
async def test_a_meeting_that_is_not_there_is_404(play: Play, meeting: str) -> None:
    answer = await read(play, meeting, await play.identity())
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_meeting")


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": "all"},
        {"after": "p_of_somebody_else"},
        {"after": ""},
        {"after": "p_\0"},
        {"format": "xlsx"},
        {"format": "csv", "rows": "cells"},
    ],
)
async def test_what_cannot_be_asked_for_is_400(play: Play, room: str, parameters: dict[str, object]) -> None:
    ann = await play.joined(room, "Ann", create=True)
    answer = await read(play, room, ann.token, **parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")
    assert list(parameters)[-1] in answer.json()["detail"]


# What it says


async def test_while_the_meeting_runs_open_stays_count_up_to_the_moment_of_asking(
    play: Play, room: str
) -> None:
    ann, bob = await play.pair(room)
    await bob.leave()
    await play.recorded()
    content = await report(play, room, ann.token)
    (of_ann, of_bob), totals = content["participants"], content["totals"]
    assert (totals["present"], totals["participants"], totals["peak"]) == (1, 2, 2)
    assert totals["last_left_at"] is None
    assert [count for _, count in content["presence"]] == [1, 2, 1]
    assert (of_ann["state"], of_ann["last_seen_at"]) == ("connected", content["as_of"])
    assert of_ann["sessions"][0]["left_at"] is None
    lasted = seconds(ann.joined["you"]["joined_at"], content["as_of"])
    assert of_ann["total_duration"] == pytest.approx(lasted, abs=0.002)
    assert of_bob["last_seen_at"] == of_bob["sessions"][0]["left_at"]
    later = await report(play, room, ann.token)
    assert later["participants"][0]["total_duration"] > of_ann["total_duration"]
    assert later["participants"][1] == of_bob


async def test_a_reconnect_is_counted_and_begins_no_other_stay(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    bob.drop()
    page = await play.client()
    await page.resume(bob)
    await play.recorded()
    content = await report(play, room, ann.token)
    person = content["participants"][1]
    assert (person["reconnects"], person["session_count"], content["totals"]["reconnects"]) == (1, 1, 1)
    (stay,) = person["sessions"]
    assert stay["connections"] == 2
    (moment,) = stay["reconnects"]
    assert stay["joined_at"] < moment <= content["as_of"]


async def test_once_it_has_ended_it_says_so_and_changes_no_more(play: Play, room: str) -> None:
    ann, _ = await play.pair(room)
    await play.http.post(f"/api/meetings/{room}/end", headers=bearer(ann.token))
    content = await report(play, room, ann.token)
    ended = content["meeting"]["ended_at"]
    assert [person["sessions"][0]["left_at"] for person in content["participants"]] == [ended, ended]
    assert (content["totals"]["present"], content["totals"]["last_left_at"]) == (0, ended)
    assert content["presence"][-1] == [ended, 0]
    again = await report(play, room, ann.token)
    assert again | {"as_of": ""} == content | {"as_of": ""}


async def test_many_pages_tell_what_one_does(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    for number in range(6):
        await play.joined(room, f"Guest {number}")
    await play.http.post(f"/api/meetings/{room}/end", headers=bearer(ann.token))
    whole = await report(play, room, ann.token)
    assert (len(whole["participants"]), whole["next"]) == (7, None)
    for limit in (1, 3, 6, 7, 8):
        pages = [await report(play, room, ann.token, limit=limit)]
        while pages[-1]["next"] is not None:
            assert len(pages[-1]["participants"]) == limit
            pages.append(await report(play, room, ann.token, limit=limit, after=pages[-1]["next"]))
        assert len(pages) == -(-7 // limit)
        assert [person for page in pages for person in page["participants"]] == whole["participants"]
        assert (pages[0]["totals"], pages[0]["presence"]) == (whole["totals"], whole["presence"])
        assert not [page for page in pages[1:] if {"totals", "presence"} & page.keys()]


# The tables


async def test_a_table_opens_in_a_spreadsheet_whatever_people_call_themselves(play: Play, room: str) -> None:
    names = ['Zoë "Z", O\'Hara', "=1+1", "＝1+1", "李雷 🎉", "-1"]
    ann = await play.joined(room, names[0], create=True)
    for name in names[1:]:
        await play.joined(room, name)
    answer = await read(play, room, ann.token, format="csv", limit=2)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{room}-attendance.csv"'
    rows = table(answer)
    assert [row["name"] for row in rows] == [names[0], "'=1+1", "'＝1+1", "李雷 🎉", "'-1"]
    assert {row["left_at (UTC)"] for row in rows} == {""}
    assert rows[0]["joined_at (UTC)"] == ann.joined["you"]["joined_at"][:19].replace("T", " ")
    people = await read(play, room, ann.token, format="csv", rows="people")
    assert people.headers["content-disposition"] == f'attachment; filename="{room}-people.csv"'
    assert [(row["name"], row["sessions"], row["present"]) for row in table(people)] == [
        (row["name"], "1", "yes") for row in rows
    ]


async def test_a_name_cannot_begin_with_a_tab(play: Play, room: str) -> None:
    ann = await play.joined(room, "\t=1+1", create=True)
    (row,) = table(await read(play, room, ann.token, format="csv"))
    assert row["name"] == "'=1+1"


# A host's meetings


async def test_a_host_lists_the_meetings_newest_first(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await bob.leave()
    await play.recorded()
    made = await play.http.post("/api/meetings", json={"title": "Empty"}, headers=bearer(ann.token))
    listed = await play.http.get("/api/meetings", headers=bearer(ann.token))
    assert (listed.status_code, listed.headers["cache-control"]) == (200, "no-store")
    newer, older = listed.json()["meetings"]
    assert (newer["id"], newer["title"], newer["url"]) == (made.json()["id"], "Empty", made.json()["url"])
    assert (newer["attended"], newer["present"], newer["last_seen_at"]) == (0, 0, None)
    assert (older["id"], older["attended"], older["present"]) == (room, 2, 1)
    assert older["url"] == f"{play.server.url}/m/{room}"
    assert older["ended_at"] is None
    assert older["created_at"] <= older["last_seen_at"]
    ended = await play.http.post(f"/api/meetings/{room}/end", headers=bearer(ann.token))
    assert ended.status_code == 200
    older = (await play.http.get("/api/meetings", headers=bearer(ann.token))).json()["meetings"][1]
    assert (older["present"], older["ended_at"]) == (0, older["last_seen_at"])


async def test_nobody_lists_the_meetings_of_others(play: Play, room: str) -> None:
    _, bob = await play.pair(room)
    listed = await play.http.get("/api/meetings", headers=bearer(bob.token))
    assert listed.json() == {"meetings": []}
    assert (await play.http.get("/api/meetings")).status_code == 401


async def test_the_list_is_of_a_hundred_at_most(tmp_path: Path) -> None:
    async with (
        ServerProcess(tmp_path, RECONVENE_LIMITS="meetings_per_identity=0") as server,
        playing(server) as play,
    ):
        token = await play.identity()
        made = await asyncio.gather(
            *(play.http.post("/api/meetings", headers=bearer(token)) for _ in range(101))
        )
        ids = {answer.json()["id"] for answer in made}
        listed = (await play.http.get("/api/meetings", headers=bearer(token))).json()["meetings"]
    assert len(listed) == 100
    assert {meeting["id"] for meeting in listed} < ids
