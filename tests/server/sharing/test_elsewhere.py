"""HTTP at a node that does not own the meeting: it is answered as if it did."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
import redis.asyncio

from server.cluster.redis import keys
from server.identity.jws import claims_unverified
from signalling.protocol.errors import CloseCode
from tests.process import ServerProcess
from tests.server.client import Client, Play, bearer, playing
from tests.server.sharing.started import nodes_in

ADMIN_KEY = "the-admin-key-of-these-tests"

ZOOM = dict.fromkeys(("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"), "nobody")
ZOOM |= dict.fromkeys(("ZOOM_API_URL", "ZOOM_TOKEN_URL"), "http://127.0.0.1:9")


@pytest.fixture(scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sequence[ServerProcess]]:
    async with nodes_in(tmp_path_factory.mktemp("nodes")) as nodes:
        yield await nodes.start(
            2,
            RECONVENE_ADMIN_KEY=ADMIN_KEY,
            RECONVENE_LIMITS="1",
            RECONVENE_TRUSTED_PROXIES="loopback",
            RECONVENE_ECHO="1",
            **ZOOM,
        )


@pytest.fixture
async def plays(both: Sequence[ServerProcess]) -> AsyncIterator[tuple[Play, Play]]:
    """At the node that will own the meeting, and at another."""
    async with playing(both[0]) as one, playing(both[1]) as other:
        yield one, other


async def asked(play: Play, method: str, path: str, token: str, **how: Any) -> httpx.Response:
    headers = bearer(token) | how.pop("headers", {})
    return await play.http.request(method, f"/api/meetings/{path}", headers=headers, **how)


async def told(client: Client, kind: str) -> dict[str, Any]:
    return (await client.until(kind))[0]


@pytest.mark.parametrize("at_theirs", [True, False], ids=["at their node", "at another"])
async def test_a_person_is_erased_from_any_node(plays: tuple[Play, Play], room: str, at_theirs: bool) -> None:
    """They are in a meeting that another node owns: put out first, then erased, in one answer or the second."""
    owner, other = plays
    ann = await owner.joined(room, "Ann", create=True)
    bob = await other.joined(room, "Bob")
    await bob.order("chat", text="Good evening")
    user = str(claims_unverified(bob.token)["sub"])
    answers: list[int] = []
    while not answers or answers[-1] == 409:
        assert len(answers) < 3, answers
        if answers:
            # As the answer says: by then all nodes know.
            await bob.closed()
        asks = other if at_theirs else owner
        path = f"/api/people/{user}"
        answers.append((await asks.http.delete(path, headers=bearer(ADMIN_KEY))).status_code)
    assert answers[-1] == 200
    assert (await ann.until("participant_left", participant={"id": bob.id}))[0]["reason"] == "removed"
    known = (await owner.http.get(f"/api/people/{user}", headers=bearer(ADMIN_KEY))).json()
    assert not [kind for kind in known if kind not in {"user_id", "revoked_before"} and known[kind]]
    people = await owner.attendance(room, ann.token)
    assert sorted(person["name"] for person in people) == ["Ann", "erased"]
    assert "Good evening" not in (await asked(other, "GET", f"{room}/chat", ann.token)).text
    number = await (client := await other.client()).send("join", meeting=room, name="Bob", token=bob.token)
    await client.error("revoked", id=number)


async def test_those_in_charge_are_heard_at_any_node(plays: tuple[Play, Play], room: str) -> None:
    owner, other = plays
    ann = await owner.joined(room, "Ann", create=True)
    bob = await other.joined(room, "Bob")
    answer = await asked(other, "PATCH", room, ann.token, json={"locked": True}, headers={"If-Match": '"0"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    for client in (ann, bob):
        assert (await told(client, "meeting_updated"))["meeting"]["settings"] == {"locked": True}
    seen = {"If-Match": '"0"'}
    answer = await asked(other, "PATCH", room, ann.token, json={"lobby": "everyone"}, headers=seen)
    assert (answer.status_code, answer.json()["code"]) == (412, "changed")
    assert (await asked(other, "GET", f"{room}/settings", ann.token)).json()["revision"] == 1
    assert (await asked(other, "GET", f"{room}/settings", bob.token)).status_code == 403
    assert (await asked(other, "PATCH", room, ann.token, content=b"{")).status_code == 400
    assert (await asked(other, "PATCH", "NOWHERE-1", ann.token, json={})).json()["code"] == "unknown_meeting"
    path = f"{room}/participants/{bob.id}"
    answer = await asked(other, "POST", f"{path}/mute", ADMIN_KEY, json={"audio": False})
    assert answer.status_code == 204
    assert (await asked(other, "POST", f"{path}/ask", ann.token, json={"video": True})).status_code == 204
    assert (await told(bob, "ask"))["from"] == ann.id
    await bob.send("status", hand=True)
    while not (await told(ann, "participant_updated"))["participant"].get("hand"):
        pass
    assert (await asked(other, "POST", f"{path}/lower_hand", ann.token)).status_code == 204
    assert (await told(ann, "participant_updated"))["participant"]["hand"] is False
    answer = await asked(other, "PUT", f"{room}/spotlight", ann.token, json={"participants": [bob.id]})
    assert answer.status_code == 204
    assert (await told(ann, "meeting_updated"))["meeting"]["settings"]["spotlight"] == [bob.id]
    answer = await asked(other, "POST", f"{path}/remove", ADMIN_KEY, json={"back": "knock"})
    assert answer.status_code == 204
    assert (await bob.closed())[0] == CloseCode.REMOVED
    assert (await asked(other, "GET", f"{room}/removed", ann.token)).json()["removed"][0]["id"] == bob.id


async def test_who_knocks_is_listed_and_let_in_at_any_node(plays: tuple[Play, Play], room: str) -> None:
    owner, other = plays
    ann = await owner.joined(room, "Ann", create=True)
    await asked(other, "PATCH", room, ann.token, json={"lobby": "everyone"})
    bob = await other.client()
    await bob.send("join", meeting=room, name="Bob")
    knock = (await told(ann, "knock"))["knock"]["id"]
    answer = await asked(other, "GET", f"{room}/knocks", ann.token)
    assert [each["id"] for each in answer.json()["knocks"]] == [knock]
    assert (await asked(other, "POST", f"{room}/knocks/k_other/admit", ann.token)).status_code == 404
    assert (await asked(other, "POST", f"{room}/knocks/{knock}/admit", ann.token)).status_code == 204
    await told(bob, "joined")


async def test_how_many_are_in_a_meeting_is_known_at_any_node(plays: tuple[Play, Play], room: str) -> None:
    owner, other = plays
    ann = await owner.joined(room, "Ann", create=True)
    await other.joined(room, "Bob")
    for play in plays:
        assert (await asked(play, "GET", room, ann.token)).json()["participants"] == 2
        answer = await play.http.post("/api/meetings", json={"meeting": room}, headers=bearer(ann.token))
        assert answer.json()["participants"] == 2


@pytest.mark.parametrize("method", ["DELETE", "POST"])
async def test_a_meeting_is_ended_and_deleted_at_any_node(
    plays: tuple[Play, Play], room: str, method: str
) -> None:
    """Its ID is free then, and what is told there of the one before is not told to the next."""
    owner, other = plays
    ann = await owner.joined(room, "Ann", create=True)
    bob = await other.joined(room, "Bob")
    path = f"{room}/end" if method == "POST" else room
    answer = await asked(other, method, path, ann.token)
    assert answer.status_code == (200 if method == "POST" else 204)
    for client in (ann, bob):
        await told(client, "meeting_ended")
    if method == "DELETE":
        again = await other.joined(room, "Cat", create=True)
        assert len(again.joined["participants"]) == 1
        await again.nothing()


async def test_a_page_says_goodbye_at_any_node(plays: tuple[Play, Play], room: str) -> None:
    owner, other = plays
    ann = await owner.joined(room, "Ann", create=True)
    bob = await owner.joined(room, "Bob")
    await ann.expect("participant_joined")
    answer = await other.http.post("/api/goodbye", json={"session": bob.session, "back_in": 3})
    assert answer.status_code == 204
    bob.drop()
    gone = await told(ann, "participant_left")
    assert gone["participant"]["id"] == bob.id


async def test_what_is_changed_where_nobody_is_holds_for_who_comes_elsewhere(
    plays: tuple[Play, Play], room: str
) -> None:
    """Whoever changes it owns it first: else it would write behind somebody who comes to own it meanwhile."""
    owner, other = plays
    token = await owner.identity()
    await owner.http.post("/api/meetings", json={"meeting": room}, headers=bearer(token))
    answer = await asked(other, "PATCH", room, token, json={"locked": True})
    assert answer.status_code == 200
    async with redis.asyncio.from_url(other.server.settings["RECONVENE_ENGINE"]) as engine:
        node = other.server.lines("listening")[0]["node"]
        assert await engine.hget(keys.own(room), "n") == node.encode()
    bob = await owner.client()
    await bob.send("join", meeting=room, name="Bob")
    await bob.error("meeting_locked")


async def test_a_key_that_is_guessed_is_counted_by_all(plays: tuple[Play, Play]) -> None:
    """Ten a minute, wherever they are tried."""
    one, other = plays

    async def status(play: Play, key: str) -> int:
        headers = {"X-Forwarded-For": "192.0.2.7"}
        return (await asked(play, "GET", "ABC-DEF", key, headers=headers)).status_code

    for number in range(10):
        assert await status(one, f"no-key-{number}") == 401
    while await status(other, ADMIN_KEY) != 429:
        pass


async def test_echoes_and_imports_are_the_same_wherever_they_are_asked_for(
    both: Sequence[ServerProcess], plays: tuple[Play, Play]
) -> None:
    """One node has them all, so that there are no more than one may have."""
    token, jobs = await plays[0].identity(), []
    # On a busy machine two may take themselves for it, for a moment.
    while len({await echo_of(token, play) for play in plays}) > 1:
        pass
    for play in plays:
        for _ in range(2):
            answer = await play.http.post(
                "/api/zoom/sync", json={"id": "85012345678"}, headers=bearer(ADMIN_KEY)
            )
            jobs.append(answer.json()["id"])
    for play in plays:
        answer = await play.http.get(f"/api/zoom/sync/{jobs[0]}", headers=bearer(ADMIN_KEY))
        assert answer.json()["external_id"] == "85012345678"
    assert len(set(jobs)) == 1


async def echo_of(token: str, play: Play) -> str:
    while True:
        answer = await play.http.post("/api/echo", headers=bearer(token), timeout=60)
        # On a busy machine it begins later than an answer is waited for.
        if answer.status_code != 503:
            return str(answer.json()["meeting"])


async def test_an_owner_that_does_not_answer_is_not_waited_for(
    both: Sequence[ServerProcess], room: str
) -> None:
    """What was asked of it may be done, and is not done by another: it is asked again, with the same key."""
    async with playing(both[0]) as owner, playing(both[1]) as other:
        ann = await owner.joined(room, "Ann", create=True)
        bob = await other.joined(room, "Bob")
        both[0].signal(signal.SIGSTOP)
        try:
            key = {"Idempotency-Key": "once"}
            answer = await asked(
                other, "PATCH", room, ann.token, json={"locked": True}, headers=key, timeout=20
            )
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            while answer.status_code == 503:
                answer = await asked(
                    other, "PATCH", room, ann.token, json={"locked": True}, headers=key, timeout=20
                )
            assert (answer.status_code, answer.json()["revision"]) == (200, 1)
            assert (await told(bob, "meeting_updated"))["meeting"]["revision"] == 1
        finally:
            both[0].signal(signal.SIGCONT)
