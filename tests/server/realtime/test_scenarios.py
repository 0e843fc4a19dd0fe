"""What meetings are for: someone creates one, others come, leave, come back and reload."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.server.client import Client, Play, bearer


async def test_the_creator_is_host(play: Play, room: str) -> None:
    host = await play.client()
    joined = await host.join(room, "Test User", create=True)
    assert joined["meeting"] == {"id": room, "title": "", "host": True, "created": True}
    assert joined["you"]["role"] == "host"
    assert joined["you"]["name"] == "Test User"
    assert joined["participants"] == [joined["you"]]
    assert not joined["rejoined"]


async def test_the_second_joins_by_id_in_any_case_and_each_is_told_about_the_other(
    play: Play, room: str
) -> None:
    host = await play.joined(room, "Test User", create=True)
    guest = await play.client()
    joined = await guest.join(room.lower(), "Guest")
    assert joined["meeting"] == {"id": room, "title": "", "host": False, "created": False}
    assert joined["you"]["role"] == "participant"
    assert [(p["id"], p["name"]) for p in joined["participants"]] == [
        (host.id, "Test User"),
        (guest.id, "Guest"),
    ]
    told = await host.expect("participant_joined")
    assert told["participant"] == joined["you"]
    await guest.nothing()


async def test_creating_again_over_http_gives_the_meeting_there_is(play: Play, room: str) -> None:
    host = await play.joined(room, "Test User", create=True)
    again = await play.http.post(
        "/api/meetings", json={"meeting": room.lower(), "title": "Other"}, headers=bearer(host.token)
    )
    assert again.status_code == 200
    assert (again.json()["id"], again.json()["host"], again.json()["created"]) == (room, True, False)
    assert again.json()["title"] == ""
    await host.nothing()


async def test_creating_again_by_join_makes_nobody_else_host(play: Play, room: str) -> None:
    host = await play.joined(room, "Test User", create=True)
    other = await play.client()
    joined = await other.join(room, "Other", create=True, title="Mine")
    assert joined["meeting"] == {"id": room, "title": "", "host": False, "created": False}
    assert joined["you"]["role"] == "participant"
    over_http = await play.http.post("/api/meetings", json={"meeting": room}, headers=bearer(other.token))
    assert (over_http.status_code, over_http.json()["host"]) == (200, False)
    await host.expect("participant_joined")
    await host.nothing()


async def test_a_hundred_posts_at_once_create_one_meeting(play: Play, room: str) -> None:
    token = await play.identity()
    answers = await asyncio.gather(
        *(play.http.post("/api/meetings", json={"meeting": room}, headers=bearer(token)) for _ in range(100))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 99}
    assert all(answer.json()["host"] for answer in answers)
    assert sum(answer.json()["created"] for answer in answers) == 1
    assert await play.attendance(room, token) == []


async def test_a_hundred_joins_of_one_user_at_once_are_one_participant(play: Play, room: str) -> None:
    token = await play.identity()
    clients = [await play.client() for _ in range(100)]
    answers = await asyncio.gather(*(c.join(room, "Test User", create=True, token=token) for c in clients))
    assert sum(answer["meeting"]["created"] for answer in answers) == 1
    assert {answer["you"]["id"] for answer in answers} == {clients[0].id}
    assert {answer["you"]["role"] for answer in answers} == {"host"}
    (row,) = await play.attendance(room, token)
    assert (row["session_count"], row["state"]) == (1, "connected")

    async def fate(client: Client) -> int:
        number = await client.send("ping")
        answer = await client.next()
        assert (answer["type"], answer["id"]) == ("pong", number)
        return 0

    fates = await asyncio.gather(*(fate(c) for c in clients), return_exceptions=True)
    assert fates.count(0) == 1
    assert [client.ws.close_code for client in clients].count(4001) == 99


async def test_who_leaves_and_comes_back_is_the_same_participant(play: Play, room: str) -> None:
    host, guest = await play.pair(room)
    first, host_id = guest.joined["you"], host.id
    await guest.leave()
    left = await host.expect("participant_left", reason="left")
    assert left["participant"] == {"id": first["id"]}

    back = await play.client()
    joined = await back.join(room, "Bob again", token=guest.token, session=guest.session)
    assert joined["rejoined"]
    assert (joined["you"]["id"], joined["you"]["role"]) == (first["id"], "participant")
    assert joined["you"]["instance"] != first["instance"]
    told = await host.expect("participant_rejoined")
    assert told["participant"] == joined["you"]

    people = {p["id"]: p for p in await play.attendance(room, host.token)}
    assert set(people) == {host_id, first["id"]}
    guest_row = people[first["id"]]
    assert (guest_row["session_count"], guest_row["name"]) == (2, "Bob again")
    assert [s["reason"] for s in guest_row["sessions"]] == ["left", None]


async def test_a_host_who_leaves_comes_back_as_host(play: Play, room: str) -> None:
    host, guest = await play.pair(room)
    await host.leave()
    await guest.expect("participant_left")
    back = await play.client()
    joined = await back.join(room, "Ann", token=host.token)
    assert (joined["you"]["id"], joined["you"]["role"]) == (host.id, "host")
    assert joined["meeting"]["host"]
    assert joined["rejoined"]


async def test_a_reload_while_the_old_socket_is_open_takes_its_place(play: Play, room: str) -> None:
    host, guest = await play.pair(room)
    page = await play.client()
    joined = await page.join(room, "Bob", token=guest.token, session=guest.session)
    assert await guest.closed() == (4001, [])
    assert joined["rejoined"]
    told = await host.expect("participant_rejoined")
    assert told["participant"]["id"] == guest.id
    assert told["participant"]["instance"] != guest.joined["you"]["instance"]
    await host.nothing()
    (_, row) = await play.attendance(room, host.token)
    assert (row["session_count"], len(row["sessions"])) == (1, 1)
    await page.nothing()


async def test_a_reload_after_the_old_socket_closed_goes_on_with_the_stay(play: Play, room: str) -> None:
    host, guest = await play.pair(room)
    await guest.ws.close(1001)
    page = await play.client()
    joined = await page.join(room, "Bob", token=guest.token, session=guest.session)
    assert joined["rejoined"]
    assert joined["you"]["joined_at"] == guest.joined["you"]["joined_at"]
    told, before = await host.until("participant_rejoined")
    assert told["participant"]["id"] == guest.id
    assert told["participant"]["instance"] != guest.joined["you"]["instance"]
    assert not [m for m in before if m["type"] == "participant_left"]
    await host.nothing()
    (_, row) = await play.attendance(room, host.token)
    assert (row["session_count"], row["sessions"][0]["left_at"]) == (1, None)


async def test_a_reload_without_the_identity_token_is_known_by_its_session(play: Play, room: str) -> None:
    host = await play.joined(room, "Ann", create=True)
    page = await play.client()
    joined = await page.join(room, "Ann", session=host.session)
    assert joined["you"]["id"] == host.id
    assert joined["meeting"]["host"]


async def test_a_session_of_another_user_gives_nothing(play: Play, room: str) -> None:
    host, guest = await play.pair(room)
    other = await play.client()
    joined = await other.join(room, "Eve", token=guest.token, session=host.session)
    assert joined["you"]["id"] == guest.id
    assert joined["you"]["role"] == "participant"
    await host.expect("participant_rejoined")
    await host.nothing()


async def test_rooms_never_mix(play: Play, room: str) -> None:
    rooms = [f"{room}-{n}" for n in range(5)]
    pairs = [await play.pair(name) for name in rooms]
    await asyncio.gather(*(ann.status(hand=True) for ann, _ in pairs))
    for ann, bob in pairs:
        told = await bob.expect("participant_updated")
        assert (told["participant"]["id"], told["participant"]["hand"]) == (ann.id, True)
        await bob.nothing()
        await ann.nothing()
    (ann, _), (stranger, _) = pairs[0], pairs[1]
    await ann.send("signal", to=stranger.id, data="psst")
    await ann.error("unknown_participant")
    await stranger.nothing()


async def test_ending_a_meeting_sends_everyone_out_for_good(play: Play, room: str) -> None:
    host, guest = await play.pair(room)
    refused = await play.http.post(f"/api/meetings/{room}/end", headers=bearer(guest.token))
    assert refused.status_code == 403
    ended = await play.http.post(f"/api/meetings/{room}/end", headers=bearer(host.token))
    assert (ended.status_code, ended.json()["ended"]) == (200, True)
    for client in (host, guest):
        code, messages = await client.closed()
        assert code == 4003
        assert [m["type"] for m in messages] == ["meeting_ended"]
    late = await play.client()
    await late.send("join", meeting=room, name="Late", create=True)
    await late.error("meeting_ended", id=1)
    assert await late.closed() == (4003, [])
