"""Imports over HTTP: who may read them, beside live meetings, their pages and tables, who registered."""

from __future__ import annotations

import time
from typing import Any

import pytest

from storage.import_store import StoreWithImports
from tests.server import webinars
from tests.server.client import Play, bearer
from tests.server.http.imports.reading import CROWD, KEY, read, table, told
from tests.server.webinars import CROWDED, ON_AIR, SHORT, START, UNTOLD, WEEKLY

# Who may


@pytest.mark.parametrize(
    "path", ["", "/attendance", "/attendance?format=csv&rows=registrants", "/registrants"]
)
async def test_only_the_admin_key_reads_an_import_and_nobody_else_can_tell_that_there_is_one(
    play: Play, path: str
) -> None:
    token = await play.identity()
    stranger, unknown = [await read(play, f"/{room}{path}", token) for room in (WEEKLY, "ZOOM-99999999999")]
    assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown_meeting")
    assert (stranger.content, list(stranger.headers)) == (unknown.content, list(unknown.headers))
    nobody = await play.http.get(f"/api/meetings/{WEEKLY}{path}")
    assert nobody.status_code == (404 if path == "" else 401)
    assert (await read(play, f"/{WEEKLY.lower()}{path}")).status_code == 200


async def test_nobody_joins_or_makes_an_import(play: Play) -> None:
    client = await play.client()
    for create, code in ((True, "bad_message"), (False, "unknown_meeting")):
        told = []
        for room in (WEEKLY, "ZOOM-99999999999"):
            await client.send("join", meeting=room, name="Ann", create=create)
            told.append((await client.error(code))["message"])
        assert told[0] == told[1]
    wish = {"meeting": "ZOOM-99999999999"}
    answer = await play.http.post("/api/meetings", json=wish, headers=bearer(await play.identity()))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")


async def test_an_identity_lists_no_imports(play: Play) -> None:
    token = await play.identity()
    made = await play.http.post("/api/meetings", json={"title": "Mine"}, headers=bearer(token))
    listed = (await read(play, "", token)).json()["meetings"]
    assert [each["id"] for each in listed] == [made.json()["id"]]


# The list


async def test_imports_are_listed_beside_live_meetings(play: Play) -> None:
    token = await play.identity()
    made = await play.http.post("/api/meetings", headers=bearer(token))
    listed = {each["id"]: each for each in (await told(play, ""))["meetings"]}
    assert [each["created_at"] for each in listed.values()] == sorted(
        (each["created_at"] for each in listed.values()), reverse=True
    )
    live = listed[made.json()["id"]]
    assert (live["imported"], live["source"], live["attended"]) == (None, None, 0)
    weekly, short, untold = listed[WEEKLY], listed[SHORT], listed[UNTOLD]
    assert (weekly["imported"], weekly["attended"], weekly["title"]) == ("webinar", 4, "Weekly questions")
    assert weekly["source"] == {
        "kind": "webinar",
        "external_id": "88988872033",
        "state": "complete",
        "reason": "",
    }
    assert (weekly["created_at"], weekly["ended_at"]) == (
        "2026-03-02T09:00:00.000Z",
        "2026-03-09T10:00:00.000Z",
    )
    assert (short["source"]["state"], short["source"]["reason"]) == ("partial", webinars.TOLD_30)
    assert (untold["source"]["state"], untold["attended"]) == ("unknown", None)


# The report


async def test_an_import_is_told_as_a_meeting_with_where_it_came_from(play: Play) -> None:
    report = await told(play, f"/{WEEKLY}/attendance")
    people = {person["id"]: person for person in report["participants"]}
    ada = people["p_Ada Lovelace"]
    assert (ada["name"], ada["email"], ada["registration"]) == ("Ada Lovelace", "ada@example.org", "approved")
    assert [session["instance"] for session in ada["sessions"]] == ["/abc//d==", "4AAA=="]
    assert (ada["total_duration"], ada["guest"], ada["session_count"]) == (5400, False, 2)
    guests = [person for person in people.values() if person["guest"]]
    assert [(guest["name"], guest["name_match"]) for guest in guests] == [("bob", "p_Bob"), ("iPhone", None)]
    assert [guest["estimated"] for guest in guests] == [False, True]
    source = report["source"]
    assert (source["state"], source["due_at"]) == ("complete", None)
    assert source["totals"] == {
        "registrants": {"approved": 3, "pending": 1, "denied": 0},
        "people": 4,
        "guests": 2,
        "stays": 5,
        "guessed": 0,
        "uncounted": 1,
        "no_shows": 1,
        "total_duration": 5400 + 600 + 600 + 600,
    }
    assert [part["part"] for part in source["parts"]] == [
        "registrants/approved",
        "registrants/pending",
        webinars.FIRST,
        webinars.SECOND,
    ]
    first = source["parts"][2]
    assert (first["source"], first["why"], first["rows"], first["total"]) == ("basic", webinars.REFUSED, 5, 5)
    assert report["totals"]["participants"] == 4


async def test_attendance_that_is_not_known_is_null(play: Play) -> None:
    source = (await told(play, f"/{UNTOLD}/attendance"))["source"]
    assert (source["state"], source["totals"]["people"], source["totals"]["no_shows"]) == (
        "unknown",
        None,
        None,
    )
    assert source["totals"]["registrants"]["approved"] == 2


async def test_the_pages_of_an_import_tell_what_one_does(play: Play) -> None:
    whole = await told(play, f"/{CROWDED}/attendance", limit=1000)
    assert len(whole["participants"]) == 1000
    rest = await told(play, f"/{CROWDED}/attendance", after=whole["next"])
    assert (len(rest["participants"]), rest["next"]) == (CROWD - 1000, None)
    assert not {"source", "totals", "presence"} & rest.keys()
    assert {"email", "guest", "name_match"} <= rest["participants"][0].keys()
    ids = {person["id"] for page in (whole, rest) for person in page["participants"]}
    assert len(ids) == CROWD


async def test_a_live_webinar_has_not_ended_until_it_has(play: Play, store: StoreWithImports) -> None:
    live = await webinars.on_air(store, time.time())
    report = await told(play, f"/{ON_AIR}/attendance")
    assert (report["meeting"]["ended_at"], report["totals"]["present"]) == (None, 1)
    assert (report["source"]["state"], report["source"]["parts"][0]["state"]) == ("live", "live")
    listed = {each["id"]: each for each in (await told(play, ""))["meetings"]}[ON_AIR]
    assert (listed["ended_at"], listed["present"], listed["source"]["state"]) == (None, 1, "live")
    ended = time.time() + 1
    await live.end(ended=ended, due=ended + 1800)
    report = await told(play, f"/{ON_AIR}/attendance")
    assert report["meeting"]["ended_at"] is not None
    assert (report["totals"]["present"], report["source"]["due_at"] is not None) == (0, True)


async def test_deleting_an_import_leaves_nothing(play: Play, store: StoreWithImports) -> None:
    room = "ZOOM-85234567890"
    script = webinars.script(store, room, "To be deleted")
    await script.read(webinars.FIRST, starts=START)
    assert (await read(play, f"/{room}/attendance")).status_code == 200
    stranger = await play.http.delete(f"/api/meetings/{room}", headers=bearer(await play.identity()))
    assert stranger.status_code == 404
    ended = await play.http.post(f"/api/meetings/{room}/end", headers=bearer(await play.identity()))
    assert ended.status_code == 404
    deleted = await play.http.delete(f"/api/meetings/{room}", headers=bearer(KEY))
    assert deleted.status_code == 204
    assert (await read(play, f"/{room}/attendance")).status_code == 404
    assert await store.imported(room) is None


# Who registered


async def test_registrants_are_listed_with_whether_they_came(play: Play) -> None:
    everyone = await told(play, f"/{WEEKLY}/registrants")
    told_ = [(person["name"], person["status"], person["came"]) for person in everyone["registrants"]]
    assert told_ == [
        ("Ada Lovelace", "approved", True),
        ("Bob", "approved", True),
        ("Cléo", "approved", False),
        ("Dora", "pending", False),
    ]
    assert everyone["registrants"][0]["total_duration"] == 5400
    for came, count in (("yes", 2), ("no", 2)):
        some = await told(play, f"/{WEEKLY}/registrants", came=came)
        assert [person["came"] for person in some["registrants"]] == [came == "yes"] * count
    unknown = await told(play, f"/{UNTOLD}/registrants")
    assert [person["came"] for person in unknown["registrants"]] == [None, None]


async def test_registrants_come_in_pages(play: Play) -> None:
    found: list[str] = []
    after: dict[str, str] = {}
    for _ in range(4):
        page = await told(play, f"/{CROWDED}/registrants", limit=500, **after)
        found += [person["id"] for person in page["registrants"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert (len(found), len(set(found))) == (CROWD * 3 // 2, CROWD * 3 // 2)


@pytest.mark.parametrize("parameters", [{"came": "maybe"}, {"limit": 0}, {"after": "p_nobody"}])
async def test_what_cannot_be_asked_for_is_400(play: Play, parameters: dict[str, Any]) -> None:
    answer = await read(play, f"/{WEEKLY}/registrants", **parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")
    assert list(parameters)[-1] in answer.json()["detail"]


# The tables


async def test_the_tables_of_an_import(play: Play) -> None:
    stays = await table(play, WEEKLY, "stays")
    assert len(stays) == 5
    assert {row["instance"] for row in stays} == {"/abc//d==", "4AAA=="}
    people = {row["participant_id"]: row for row in await table(play, WEEKLY, "people")}
    assert people["p_Bob"]["email"] == "bob@example.org"
    matches = [(row["guest"], row["possible_match"]) for row in people.values() if row["name"] == "bob"]
    assert matches == [("yes", "p_Bob")]
    registrants = await table(play, WEEKLY, "registrants")
    assert [(row["name"], row["came"]) for row in registrants] == [
        ("Ada Lovelace", "yes"),
        ("Bob", "yes"),
        ("Cléo", "no"),
        ("Dora", "no"),
    ]
    answer = await read(play, f"/{WEEKLY}/attendance", format="csv", rows="registrants")
    assert answer.headers["content-disposition"] == f'attachment; filename="{WEEKLY}-registrants.csv"'


@pytest.mark.parametrize("number", ["88988872033", "889 8887 2033", "889.8887.2033", "zoom-88988872033"])
async def test_the_admin_key_finds_an_import_by_its_number_in_zoom(play: Play, number: str) -> None:
    assert (await told(play, f"/{number}/attendance"))["meeting"]["id"] == WEEKLY
    token = await play.identity()
    assert (await read(play, f"/{number}/attendance", token)).status_code == 404
