"""Whatever a client sends: it is answered as the protocol says, and the others in the room notice nothing."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus

from tests.server.client import Play, bearer

BAD = {
    "not JSON": ("{", None),
    "a list": ("[]", None),
    "no type": ('{"id":7}', 7),
    "unknown type": ('{"type":"dance","id":7}', 7),
    "wrong type of a field": ('{"type":"status","id":7,"hand":"up"}', 7),
    "missing field": ('{"type":"signal","id":7,"to":"p_x"}', 7),
    "huge id": ('{"type":"status","id":99999999999999999999999}', None),
    "deeply nested": ('{"type":"signal","to":"x","data":' + "[" * 20_000 + "]" * 20_000 + "}", None),
}


@pytest.mark.parametrize("bad", BAD)
async def test_what_is_no_message_is_answered_and_breaks_nothing(play: Play, room: str, bad: str) -> None:
    ann, bob = await play.pair(room)
    text, number = BAD[bad]
    await bob.send_text(text)
    assert (await bob.error("bad_message")).get("id") == number
    await bob.nothing()
    await ann.nothing()


@pytest.mark.parametrize("name", ["", "   ", "x" * 10_000, "a\x00b", "a\u202eb", "\ud800"])
async def test_names_that_are_none_are_refused_and_the_socket_stays(play: Play, room: str, name: str) -> None:
    client = await play.client()
    await client.send_wrong("join", meeting=room, name=name, create=True)
    await client.error("bad_message")
    await client.join(room, "Ann", create=True)


async def test_the_first_message_must_be_join(play: Play) -> None:
    client = await play.client()
    await client.send("status", hand=True)
    await client.error("not_joined", id=1)
    assert await client.closed() == (4000, [])


async def test_a_second_join_is_refused_and_the_socket_stays(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await bob.send("join", meeting=room, name="Again")
    await bob.error("already_joined")
    await bob.nothing()
    await ann.nothing()


async def test_an_unknown_meeting_is_not_made_by_joining_it(play: Play, room: str) -> None:
    client = await play.client()
    await client.send("join", meeting=room, name="Ann")
    await client.error("unknown_meeting", id=1)
    assert (await play.http.get(f"/api/meetings/{room}")).status_code == 404


async def test_a_session_token_is_no_identity(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    for token in (ann.session, ann.token[:-4] + "AAAA", "x.y.z"):
        client = await play.client()
        await client.send("join", meeting=room, name="Eve", token=token)
        await client.error("bad_token", id=1)
        assert await client.closed() == (4004, [])
    await ann.nothing()


async def test_a_megabyte_and_binary_close_their_sender_only(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await bob.send_text(json.dumps({"type": "ping", "t": "x" * 2**20}))
    assert (await bob.closed())[0] == 1009
    await ann.nothing()
    await ann.ws.send(b"\x00")
    assert (await ann.closed())[0] == 1003


async def test_a_flood_is_closed_and_told_when_to_come_back(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    for _ in range(600):
        await bob.send_text('{"type":"status"}')
    code, messages = await bob.closed()
    assert code == 4103
    assert (messages[-1]["code"], messages[-1]["retry_after"]) == ("rate_limited", 1.0)
    await ann.nothing()


async def test_a_command_about_many_people_counts_for_several(play: Play, room: str) -> None:
    """Each is work for the store, and for everyone in the room."""
    ann, bob = await play.pair(room)
    many = {"participants": [f"p_{number}" for number in range(1000)], "may": {"chat": False}}
    for number in range(4):
        await ann.send("allow", key=f"{number}", **many)
        await ann.error("unknown_participant")
    for number in range(3):
        await ann.send("allow", key=f"again {number}".replace(" ", "-"), **many)
    code, messages = await ann.closed()
    assert (code, messages[-1]["code"]) == (4103, "rate_limited")
    await bob.nothing()


async def test_pages_of_other_origins_may_not_connect(play: Play) -> None:
    await (await play.client(origin=play.server.url)).nothing()
    for origin, status in (("https://evil.example", 403), ("null", 403), ("http://[", 400)):
        with pytest.raises(InvalidStatus) as refused:
            await play.client(origin=origin)
        assert refused.value.response.status_code == status


async def test_http_refusals_are_problem_documents(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    attendance = f"/api/meetings/{room}/attendance"
    post, get, auth = play.http.post, play.http.get, bearer(ann.token)
    answers = [
        (await post("/api/meetings", json={"meeting": room}), 401, "bad_token"),
        (await get(attendance, headers=bearer("x.y.z")), 401, "bad_token"),
        (await get(attendance, headers=bearer(ann.session)), 401, "bad_token"),
        (await get(attendance, headers=bearer(bob.token)), 403, "forbidden"),
        (await get("/api/meetings/NOT-THERE"), 404, "unknown_meeting"),
        (await post("/api/meetings", json={"meeting": "a/b"}, headers=auth), 400, "bad_message"),
        (await post("/api/meetings", json={"meeting": 5}, headers=auth), 400, "bad_message"),
        (await post("/api/meetings", content=b"{", headers=auth), 400, "bad_message"),
        (await post("/api/meetings", content=b"x" * 70_000, headers=auth), 413, None),
    ]
    for answer, status, code in answers:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json().get("code") == code
        assert "Traceback" not in answer.text
    await ann.nothing()
