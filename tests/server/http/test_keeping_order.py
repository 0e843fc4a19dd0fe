"""Keeping order over HTTP: by the host, co-hosts and the admin key, whether or not anybody is in the meeting."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from signalling.protocol.errors import CloseCode
from tests.process import ServerProcess
from tests.server.client import Client, Play, bearer, playing
from tests.server.realtime.test_moderation import knocks

ADMIN_KEY = "the-admin-key-of-these-tests"


@pytest.fixture(scope="module")
async def keyed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path_factory.mktemp("order"), RECONVENE_ADMIN_KEY=ADMIN_KEY) as server:
        yield server


@pytest.fixture
async def play(keyed: ServerProcess) -> AsyncIterator[Play]:
    async with playing(keyed) as play:
        yield play


async def asked(play: Play, method: str, path: str, token: str, **how: Any) -> httpx.Response:
    headers = bearer(token) | how.pop("headers", {})
    return await play.http.request(method, f"/api/meetings/{path}", headers=headers, **how)


async def empty(play: Play, room: str) -> tuple[Client, Client, Client]:
    """A meeting that nobody is in any more: its host, a co-host, and a participant."""
    ann, bob = await play.pair(room)
    cat = await play.joined(room, "Cat")
    await ann.order("set_role", participant=bob.id, role="cohost")
    for client in (cat, bob, ann):
        await client.leave()
    return ann, bob, cat


async def test_everyone_is_told_at_once_of_what_is_changed_over_http(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    answer = await asked(play, "PATCH", room, ann.token, json={"locked": True, "may": {"screen": False}})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    told = {"settings": {"locked": True, "may": {"screen": False}}, "revision": 1}
    assert answer.json() == told
    for client in (ann, bob):
        assert (await client.expect("meeting_updated"))["meeting"] == told
    assert (await asked(play, "GET", f"{room}/settings", ann.token)).json() == told
    assert (await asked(play, "GET", f"{room}/settings", bob.token)).status_code == 403
    await asked(play, "POST", f"{room}/participants/{bob.id}/rights", ann.token, json={"audio": False})
    event = await bob.expect("participant_updated", by=ann.id)
    assert event["participant"]["may"] == {"audio": False}
    answer = await asked(
        play, "POST", f"{room}/participants/{bob.id}/remove", ann.token, json={"back": "knock"}
    )
    assert answer.status_code == 204
    assert (await bob.closed())[0] == CloseCode.REMOVED


async def test_settings_are_not_changed_over_somebodys_head(play: Play, room: str) -> None:
    ann, _, _ = await empty(play, room)
    seen = {"If-Match": '"0"'}
    assert (
        await asked(play, "PATCH", room, ann.token, json={"locked": True}, headers=seen)
    ).status_code == 200
    for how in ({"headers": seen, "json": {"lobby": "everyone"}}, {"json": {"lobby": "everyone", "if": 0}}):
        answer = await asked(play, "PATCH", room, ann.token, **how)
        assert (answer.status_code, answer.json()["code"]) == (412, "changed")
    assert (await asked(play, "GET", f"{room}/settings", ann.token)).json()["settings"] == {"locked": True}


async def test_what_is_changed_while_nobody_is_there_is_so_when_somebody_comes(play: Play, room: str) -> None:
    ann, bob, cat = await empty(play, room)
    for token in (ann.token, bob.token, ADMIN_KEY):
        path = f"{room}/participants/{cat.id}"
        assert (await asked(play, "POST", f"{path}/remove", token)).status_code == 204
        assert (await asked(play, "GET", path, token)).json()["removed"] == "never"
        client = await play.client()
        number = await client.send("join", meeting=room, name="Cat", token=cat.token)
        await client.error("removed", id=number)
        assert (await asked(play, "POST", f"{path}/readmit", token)).status_code == 204
        assert (await asked(play, "GET", path, token)).json()["removed"] is None
    await asked(play, "PATCH", room, ann.token, json={"message": "Soon", "password": "open sesame"})
    again = await play.joined(room, "Ann", token=ann.token)
    assert again.joined["meeting"]["settings"] == {"message": "Soon", "password": True}


async def test_who_was_removed_is_listed_for_those_in_charge(play: Play, room: str) -> None:
    """The latest first, until they may come back; not who may come freely."""
    ann, bob, cat = await empty(play, room)
    dan, eve = await play.joined(room, "Dan"), await play.joined(room, "Eve")
    for person, back in ((cat, "never"), (dan, "knock"), (eve, "freely")):
        path = f"{room}/participants/{person.id}/remove"
        assert (await asked(play, "POST", path, ann.token, json={"back": back})).status_code == 204
    told = {}
    for token in (ann.token, bob.token, ADMIN_KEY):
        answer = await asked(play, "GET", f"{room}/removed", token)
        told = answer.json()
        assert answer.headers["Cache-Control"] == "no-store"
        assert [(each["id"], each["name"], each["back"]) for each in told["removed"]] == [
            (dan.id, "Dan", "knock"),
            (cat.id, "Cat", "never"),
        ]
        assert cat.joined["you"]["joined_at"] < told["removed"][1]["at"] <= told["removed"][0]["at"]
    assert (await asked(play, "GET", f"{room}/removed", eve.token)).status_code == 403
    await asked(play, "POST", f"{room}/participants/{dan.id}/readmit", bob.token)
    assert (await asked(play, "GET", f"{room}/removed", ann.token)).json() == {"removed": told["removed"][1:]}


async def test_a_change_with_a_key_is_made_once(play: Play, room: str) -> None:
    ann, _, cat = await empty(play, room)
    path, key = f"{room}/participants/{cat.id}", {"Idempotency-Key": "one"}
    assert (await asked(play, "POST", f"{path}/remove", ann.token, headers=key)).status_code == 204
    assert (await asked(play, "POST", f"{path}/readmit", ann.token)).status_code == 204
    assert (await asked(play, "POST", f"{path}/remove", ann.token, headers=key)).status_code == 204
    assert (await asked(play, "GET", path, ann.token)).json()["removed"] is None


@pytest.mark.parametrize("somebody", [False, True])
async def test_a_change_that_comes_again_is_answered_as_before_and_one_that_is_refused_as_without_a_key(
    play: Play, room: str, somebody: bool
) -> None:
    ann, bob, _ = await empty(play, room)
    if somebody:
        await play.joined(room, "Bob", token=bob.token)
    seen = {"If-Match": '"0"', "Idempotency-Key": "one"}
    for _ in range(2):
        answer = await asked(play, "PATCH", room, ann.token, json={"locked": True}, headers=seen)
        assert answer.status_code == 200
    for number, (path, code) in enumerate(
        {"p_nobody/remove": "unknown_participant", f"{ann.id}/remove": "forbidden"}.items()
    ):
        key = {"Idempotency-Key": f"refused {number}".replace(" ", "-")}
        answer = await asked(play, "POST", f"{room}/participants/{path}", bob.token, headers=key)
        assert answer.json()["code"] == code


async def test_who_waits_is_seen_and_answered(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    await asked(play, "PATCH", room, ann.token, json={"lobby": "everyone"})
    await ann.leave()
    waiting = {}
    for name in ("Eve", "Dan"):
        waiting[name] = await play.client()
        await waiting[name].send("join", meeting=room, name=name)
        await waiting[name].expect("waiting")
    knocks = (await asked(play, "GET", f"{room}/knocks", ann.token)).json()["knocks"]
    assert [knock["name"] for knock in knocks] == ["Eve", "Dan"]
    path = f"{room}/knocks/{knocks[0]['id']}"
    assert (await asked(play, "POST", f"{path}/admit", ann.token)).status_code == 204
    await waiting["Eve"].until("joined")
    assert (await asked(play, "POST", f"{path}/admit", ann.token)).status_code == 404
    await asked(play, "POST", f"{room}/knocks/{knocks[1]['id']}/deny", ann.token)
    assert (await waiting["Dan"].closed())[0] == CloseCode.DENIED
    assert (await asked(play, "GET", f"{room}/knocks", ann.token)).json() == {"knocks": []}


async def test_mute_is_for_those_who_are_there(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    bob = await play.joined(room, "Bob", media={"audio": True})
    path = f"{room}/participants/{bob.id}/mute"
    assert (await asked(play, "POST", path, ann.token)).status_code == 204
    event = await bob.expect("participant_updated", by=ann.id)
    assert event["participant"]["media"]["audio"] is False
    await bob.leave()
    assert (await asked(play, "POST", path, ann.token)).status_code == 404


async def test_what_is_named_alone_is_turned_off_or_asked_for(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    bob = await play.joined(room, "Bob", media={"audio": True, "video": True, "screen": True})
    cat = await play.joined(room, "Cat")
    path = f"{room}/participants/{bob.id}"

    async def turned_off(body: dict[str, Any]) -> dict[str, bool]:
        assert (await asked(play, "POST", f"{path}/mute", ann.token, json=body)).status_code == 204
        media: dict[str, bool] = (await cat.expect("participant_updated", by=ann.id))["participant"]["media"]
        return media

    assert await turned_off({"screen": False}) == {"audio": True, "video": True, "screen": False}
    assert await turned_off({"audio": None, "video": False}) == {
        "audio": True,
        "video": False,
        "screen": False,
    }
    assert await turned_off({}) == {"audio": False, "video": False, "screen": False}

    for body, media in (({"video": True}, {"video": True}), ({}, {"audio": True}), (None, {"audio": True})):
        assert (await asked(play, "POST", f"{path}/ask", ann.token, json=body)).status_code == 204
        told, _ = await bob.until("ask")
        assert {name: on for name, on in told["media"].items() if on is not None} == media
        assert told["from"] == ann.id
    await cat.nothing()


async def test_hands_and_the_spotlight_are_told_to_everyone(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    bob = await play.joined(room, "Bob")
    await bob.status(hand=True)
    await ann.until("participant_updated")
    await asked(play, "POST", f"{room}/participants/{bob.id}/lower_hand", ann.token)
    told, _ = await ann.until("participant_updated")
    assert (told["participant"]["hand"], told["by"]) == (False, ann.id)
    await asked(play, "PUT", f"{room}/spotlight", ADMIN_KEY, json={"participants": [bob.id]})
    told, _ = await ann.until("meeting_updated")
    assert told["meeting"]["settings"]["spotlight"] == [bob.id]
    assert "by" not in told
    await asked(play, "PUT", f"{room}/spotlight", ann.token, json={"participants": []})
    assert "spotlight" not in (await ann.until("meeting_updated"))[0]["meeting"]["settings"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"lobby": "maybe"}),
        ("", {"opens_at": "soon"}),
        ("", {"opens_at": "2026-11-29T12:00:00Z", "ends_at": "2026-11-29T11:00:00Z"}),
        ("", {"message": "a\u0000b"}),
        ("", {"password": ""}),
        ("", {"if": -1}),
        ("/participants/p_x/remove", {"back": "later"}),
        ("/participants/p_x/role", {"role": "admin"}),
        ("/participants/p%00x/remove", {}),
        ("/invites", {"uses": 0}),
        ("/invites", {"expires_at": "2026-11-29T12:00:00"}),
        ("/invites", {"rol": "cohost"}),
        ("", {"locked": "yes"}),
        ("", {"lock": True}),
        ("", {"may": {"audoi": False}}),
        ("", {}),
        ("", {"if": 0}),
    ],
)
async def test_what_is_not_understood_changes_nothing(
    play: Play, room: str, path: str, body: dict[str, Any]
) -> None:
    ann = await play.joined(room, "Ann", create=True)
    method = "POST" if path else "PATCH"
    answer = await asked(play, method, f"{room}{path}", ann.token, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")
    await ann.nothing()


async def test_nobody_is_nobody_and_a_meeting_that_has_ended_is_not_changed(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    answer = await asked(play, "POST", f"{room}/participants/p_nobody/remove", ann.token)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_participant")
    assert (await asked(play, "PATCH", f"{room}-X", ann.token, json={})).status_code == 404
    await asked(play, "POST", f"{room}/end", ann.token)
    answer = await asked(play, "PATCH", room, ann.token, json={"locked": True})
    assert (answer.status_code, answer.json()["code"]) == (410, "meeting_ended")


async def test_who_was_answered_at_the_door_and_never_came_in_is_told_by_the_name_they_gave(
    play: Play, room: str
) -> None:
    ann = await play.joined(room, "Ann", create=True)
    await ann.order("settings", settings={"lobby": "everyone"})
    for name, answer in (("Eve", "deny"), ("Dan", "admit")):
        waiting, _ = await knocks(play, room, name)
        knock = (await ann.until("knock"))[0]["knock"]["id"]
        await ann.order(answer, knocks=[knock])
        await waiting.until("error" if answer == "deny" else "joined")
    audit = await asked(play, "GET", f"{room}/audit", ann.token)
    whom = {entry["action"]: entry["whom"] for entry in audit.json()["audit"]}
    assert whom["deny"] == [{"id": None, "name": "Eve"}]
    assert [each["name"] for each in whom["admit"]] == ["Dan"]
    assert "u_" not in audit.text
    table = await asked(play, "GET", f"{room}/attendance?format=csv&rows=audit", ann.token)
    assert "Eve" in table.text


async def test_who_did_what_is_told_by_names_to_those_who_may_see_the_report(play: Play, room: str) -> None:
    ann, bob, cat = await empty(play, room)
    await asked(play, "PATCH", room, bob.token, json={"password": "open sesame"})
    await asked(play, "POST", f"{room}/participants/{cat.id}/remove", ADMIN_KEY, json={"back": "knock"})
    await asked(play, "POST", f"{room}/end", ann.token)
    answer = await asked(play, "GET", f"{room}/attendance", ann.token)
    entries = answer.json()["audit"]
    who = {
        name: {"id": client.id, "name": name} for name, client in (("Ann", ann), ("Bob", bob), ("Cat", cat))
    }
    assert [{key: value for key, value in entry.items() if key != "at"} for entry in entries] == [
        {"by": who["Ann"], "action": "set_role", "whom": [who["Bob"]], "role": "cohost"},
        {"by": who["Bob"], "action": "settings", "whom": [], "settings": {"password": True}},
        {"by": None, "action": "remove", "whom": [who["Cat"]], "back": "knock"},
        {"by": who["Ann"], "action": "end", "whom": []},
    ]
    pages = await asked(play, "GET", f"{room}/audit?limit=3", ann.token)
    assert pages.json()["audit"] == entries[:0:-1]
    rest = await asked(play, "GET", f"{room}/audit?before={pages.json()['next']}", ADMIN_KEY)
    assert rest.json() == {"audit": entries[:1], "next": None}
    for each in (answer, pages, rest):
        assert "u_" not in each.text
        assert each.headers["cache-control"] == "no-store"
    assert (await asked(play, "GET", f"{room}/audit", bob.token)).status_code == 403
    later = await asked(play, "GET", f"{room}/attendance?after={ann.id}", ann.token)
    assert "audit" not in later.json()
    table = await asked(play, "GET", f"{room}/attendance?format=csv", ann.token)
    assert "set_role" not in table.text
    deeds = await asked(play, "GET", f"{room}/attendance?format=csv&rows=audit", ann.token)
    assert deeds.headers["content-type"] == "text/csv; charset=utf-8"
    head, *rows = csv.reader(io.StringIO(deeds.content.decode("utf-8-sig")))
    assert head[:5] == ["at (UTC)", "by", "action", "whom", "detail"]
    assert [row[1:] for row in rows] == [
        ["Ann", "set_role", "Bob", '{"role":"cohost"}', ann.id, bob.id],
        ["Bob", "settings", "", '{"settings":{"password":true}}', bob.id, ""],
        ["", "remove", "Cat", '{"back":"knock"}', "", cat.id],
        ["Ann", "end", "", "", ann.id, ""],
    ]
