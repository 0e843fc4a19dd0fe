"""Pages that lose their socket and come back by `resume`, over real sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.process import ServerProcess
from tests.server.client import Client, Play, playing
from tests.server.raw import Raw, frame, join

pytestmark = pytest.mark.early


def place(session: str) -> dict[str, Any]:
    """What a session token says, but for the date."""
    claims: dict[str, Any] = jwt.decode(session, options={"verify_signature": False})
    return {name: value for name, value in claims.items() if name != "exp"}


async def come_back(play: Play, page: Client) -> Client:
    client = await play.client()
    await client.resume(page)
    return client


async def test_what_was_missed_comes_in_order_and_nobody_saw_anything(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    bob.drop()
    await ann.status(hand=True)
    await ann.signal(bob, {"n": 1})
    back = await play.client()
    resumed = await back.resume(bob)
    assert (resumed["replayed"], resumed["epoch"]) == (2, bob.epoch)
    assert "snapshot" not in resumed
    missed = [await back.next(), await back.next()]
    assert [event["type"] for event in missed] == ["participant_updated", "signal"]
    assert missed[1]["data"] == {"n": 1}
    assert resumed["seq"] == missed[1]["seq"]
    await back.nothing()
    await ann.nothing()


async def test_what_was_missed_comes_in_one_frame_to_who_takes_batches(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    bob.drop()
    raised, lowered = await ann.status(hand=True), await ann.status(hand=False)
    await ann.signal(bob, {"n": 1})
    back = await play.client()
    resumed = await back.resume(bob, features=["batch"])
    batch = await back.expect("batch", first=raised["seq"], seq=resumed["seq"])
    assert batch["events"][:2] == [raised, lowered]
    assert batch["events"][2] == {"type": "signal", "seq": batch["seq"], "from": ann.id, "data": {"n": 1}}
    await back.nothing()
    # Not again, and from here on one by one as they happen.
    again = await play.client()
    back.seq = batch["seq"]
    assert (await again.resume(back, features=["batch"]))["replayed"] == 0
    await ann.status(hand=True)
    await again.expect("participant_updated")


async def test_a_page_that_missed_nothing_is_told_so(play: Play, room: str) -> None:
    _, bob = await play.pair(room)
    bob.drop()
    back = await play.client()
    resumed = await back.resume(bob)
    assert (resumed["replayed"], resumed["seq"]) == (0, bob.seq)
    assert "snapshot" not in resumed
    assert resumed["ice_servers"] == bob.joined["ice_servers"]


async def test_a_place_the_log_does_not_know_is_answered_with_the_whole_room(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    bob.drop()
    for place in ({"epoch": "e_other"}, {"seq": 9999}):
        back = await play.client()
        resumed = await back.resume(bob, **place)
        assert resumed["replayed"] == 0
        snapshot = resumed["snapshot"]
        assert snapshot["meeting"] == {"id": room, "title": "", "host": False, "created": False}
        assert [person["id"] for person in snapshot["participants"]] == [ann.id, bob.id]
        await back.nothing()


async def test_the_newer_socket_of_a_page_takes_over_from_one_that_looks_alive(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    back = await come_back(play, bob)
    assert (await bob.closed())[0] == 4001
    await back.status(hand=True)
    await ann.expect("participant_updated")
    await ann.nothing()


async def test_a_page_does_not_rob_the_one_that_was_opened_after_it(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    bob.drop()
    newer = await play.joined(room, "Bob", token=bob.token)
    late = await play.client()
    await late.send("resume", session=bob.session, epoch=bob.epoch, seq=bob.seq)
    assert await late.closed() == (4001, [])
    await newer.nothing()
    await ann.expect("participant_rejoined")
    await ann.nothing()


async def test_commands_take_effect_once(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await bob.status(hand=True)
    await bob.signal(ann, "once")
    bob.drop()
    back = await come_back(play, bob)
    await ann.expect("participant_updated")
    await ann.expect("signal", data="once")
    status, signal = bob._number - 1, bob._number
    await back.send("status", id=status, hand=True)
    await back.expect("ack", id=status)
    await back.send("signal", id=signal, to=ann.id, data="once")
    await back.expect("ack", id=signal)
    await ann.nothing()
    # One that was lost on the way has a lower id than the resume, and still takes effect.
    lost = signal + 1
    await back.send("status", id=lost, hand=False)
    await ann.expect("participant_updated")


async def test_the_first_join_of_a_page_may_be_asked_again(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    token = await play.identity()
    place = {"token": token, "on_duplicate": "reject", "page": "the-page"}
    first = await play.client()
    joined = await first.join(room, "Bob", attempt=1, **place)
    second = await play.client()
    again = await second.join(room, "Bob", attempt=2, **place)
    assert (again["you"]["id"], again["rejoined"]) == (joined["you"]["id"], True)
    assert (await first.closed())[0] == 4001
    instances = [answer["you"]["instance"].partition(".") for answer in (joined, again)]
    assert [page for page, _, _ in instances] == ["the-page", "the-page"]
    assert instances[0] != instances[1]
    await ann.expect("participant_joined")
    await ann.expect("participant_rejoined")

    stale = await play.client()
    await stale.send("join", meeting=room, name="Bob", attempt=1, **place)
    assert (await stale.closed())[0] == 4001
    await second.nothing()
    other = await play.client()
    await other.send("join", meeting=room, name="Bob", **place | {"page": "another"})
    await other.error("duplicate")


@pytest.mark.parametrize("place", [{"session": "forged"}, {"session": ""}])
async def test_a_forged_session_resumes_nothing(play: Play, room: str, place: dict[str, str]) -> None:
    _, bob = await play.pair(room)
    forger = await play.client()
    await forger.send("resume", **{"session": "", "epoch": bob.epoch, "seq": 0} | place)
    code, (error,) = await forger.closed()
    assert (code, error["code"]) == (4004, "bad_token")
    await bob.nothing()


async def test_the_identity_token_is_no_session(play: Play, room: str) -> None:
    _, bob = await play.pair(room)
    forger = await play.client()
    await forger.send("resume", session=bob.token, epoch=bob.epoch, seq=0)
    assert (await forger.closed())[0] == 4004


async def test_a_second_page_that_is_gone_before_it_is_in_takes_nothing_over(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        _, bob = await play.pair("ABC123")
        async with await Raw.open(server.port) as second:
            await second.upgraded()
            # In one write, so that the page is gone while its join is at the store.
            asked = frame(1, join("ABC123", name="Bob", token=bob.token, page="second").encode())
            await second.send(asked + frame(8, (1000).to_bytes(2, "big")))
            assert await second.closed() == 1000
        # Joins are recorded in order: once this one is answered, the one before it is dealt with.
        await play.joined("ABC123", "Cat")
        await bob.expect("participant_joined")
        await bob.nothing()
        await play.recorded()
        await server.kill()
    async with server, playing(server) as play:
        # The record knows bob's page as the one that is in.
        back = await play.client()
        await back.resume(bob)


async def test_a_reload_that_is_gone_before_it_is_in_leaves_no_stay_open(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann, bob = await play.pair("ABC123")
        await server.kill()
    async with server, playing(server) as play:
        ann_again = await play.client()
        await ann_again.resume(ann)
        async with await Raw.open(server.port) as reload:
            await reload.upgraded()
            asked = frame(1, join("ABC123", name="Bob", token=bob.token, session=bob.session).encode())
            await reload.send(asked + frame(8, (1001).to_bytes(2, "big")))
            assert await reload.closed() == 1001
        # Joins are recorded in order, and his place is given up sooner than grace ends.
        await play.joined("ABC123", "Cat")
        assert (await play.http.post("/api/goodbye", json={"session": bob.session})).status_code == 204
        await ann_again.until("participant_left", reason="left")
        await play.recorded()
        _, row, _ = await play.attendance("ABC123", ann.token)
        assert [stay["left_at"] is not None for stay in row["sessions"]] == [True]


async def test_a_meeting_that_ended_meanwhile_is_over(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    bob.drop()
    await play.http.post(f"/api/meetings/{room}/end", headers={"Authorization": f"Bearer {ann.token}"})
    back = await play.client()
    await back.send("resume", session=bob.session, epoch=bob.epoch, seq=bob.seq)
    code, (error,) = await back.closed()
    assert (code, error["code"]) == (4003, "meeting_ended")


@pytest.mark.parametrize(
    "fields", [{"seq": -1}, {"seq": "1"}, {"epoch": None}, {"session": 3}, {"attempt": -1}]
)
async def test_a_resume_that_cannot_be_understood_is_answered(
    play: Play, room: str, fields: dict[str, object]
) -> None:
    _, bob = await play.pair(room)
    back = await play.client()
    place = {"session": bob.session, "epoch": bob.epoch, "seq": 0}
    number = await back.send_wrong("resume", **place | fields)
    await back.error("bad_message", id=number)
    await back.resume(bob)


async def test_a_socket_that_is_in_a_meeting_resumes_nothing(play: Play, room: str) -> None:
    _, bob = await play.pair(room)
    number = await bob.ask_to_resume()
    await bob.error("already_joined", id=number)


async def test_a_closed_tab_leaves_and_a_lost_socket_does_not(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    cat = await play.joined(room, "Cat")
    await ann.expect("participant_joined")
    await bob.expect("participant_joined")
    cat.drop()
    await bob.ws.close(1000)
    left, before = await ann.until("participant_left")
    assert (left["participant"], left["reason"]) == ({"id": bob.id}, "left")
    assert [(event["participant"]["id"], event["participant"]["state"]) for event in before] == [
        (cat.id, "reconnecting")
    ]
    rows = {row["name"]: row for row in await play.attendance(room, ann.token)}
    assert [stay["reason"] for stay in rows["Bob"]["sessions"]] == ["left"]
    assert [stay["reason"] for stay in rows["Cat"]["sessions"]] == [None]


async def test_a_browser_that_goes_away_by_itself_is_lost_not_left(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await bob.ws.close(1001)
    shown = await ann.expect("participant_updated")
    assert shown["participant"]["state"] == "reconnecting"
    await come_back(play, bob)


async def test_a_reload_after_a_goodbye_keeps_the_stay(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await bob.ws.close(1000)
    back = await play.client()
    joined = await back.join(room, "Bob", token=bob.token, session=bob.session, on_duplicate="reject")
    assert joined["you"]["joined_at"] == bob.joined["you"]["joined_at"]
    await ann.expect("participant_rejoined")
    await ann.nothing()


async def test_after_the_grace_time_a_resume_is_answered_as_a_join(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_GRACE="1") as server, playing(server) as play:
        ann, bob = await play.pair("ABC123")
        bob.drop()
        await ann.until("participant_left", reason="lost")
        back = await play.client()
        number = await back.send("resume", session=bob.session, epoch=bob.epoch, seq=bob.seq)
        joined = await back.expect("joined", id=number)
        assert (joined["you"]["id"], joined["you"]["name"], joined["rejoined"]) == (bob.id, "Bob", True)
        assert joined["you"]["instance"] != bob.joined["you"]["instance"]
        assert joined["session"] != bob.session
        await ann.expect("participant_rejoined")
        (_, row) = await play.attendance("ABC123", ann.token)
        assert row["session_count"] == 2

        # The old credential is still the page's, should this answer have been lost.
        again = await play.client()
        number = await again.send("resume", session=bob.session, epoch=bob.epoch, seq=bob.seq)
        missed = await again.expect("joined", id=number)
        assert missed["you"] == joined["you"]
        assert place(missed["session"]) == place(joined["session"])
        await ann.nothing()
