"""What operators see: health, metrics, logs; and what connections are held to: heartbeats and reading along."""

from __future__ import annotations

import json
from pathlib import Path

from tests.process import ServerProcess
from tests.server.client import Client, Message, Play, bearer, playing
from tests.server.raw import TEXT, Raw, frame

SDP = "v=0 o=- 4611731400430051336 2 IN IP4 127.0.0.1"


async def test_health_and_readiness(play: Play) -> None:
    assert (await play.http.get("/healthz")).json() == {"status": "ok"}
    assert (await play.http.get("/readyz")).json() == {"status": "ready"}


async def test_metrics_move(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await ann.status(hand=True)
    await bob.expect("participant_updated")
    page = (await play.http.get("/metrics")).text
    samples = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    assert float(samples["reconvene_connections"]) >= 2
    assert float(samples["reconvene_rooms"]) >= 1
    assert float(samples['reconvene_messages_received_total{type="status"}']) >= 1
    assert float(samples['reconvene_joins_total{result="joined"}']) >= 2
    assert float(samples["reconvene_frames_sent_total"]) >= 5
    assert float(samples["reconvene_join_seconds_count"]) >= 2


async def test_lines_name_their_meeting_and_tell_no_secrets(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_LOG_LEVEL="debug") as server, playing(server) as play:
        token = await play.identity()
        ann = await play.joined("ABC123", "Ann", create=True, token=token)
        bob = await play.joined("ABC123", "Bob")
        await ann.expect("participant_joined")
        await ann.signal(bob, {"description": {"type": "offer", "sdp": SDP}})
        await bob.leave()
        await ann.expect("participant_left")
        joined = await server.logged("participant joined", participant=bob.id)
        assert joined["meeting"] == "ABC123"
        assert isinstance(joined["connection"], int)
        await server.logged("meeting created", meeting="ABC123")
        await server.logged("participant left", participant=bob.id, reason="left")
        secrets = [token, ann.session, bob.session, bob.token, SDP]
    assert not any(secret in line for line in server.output for secret in secrets)


async def test_turn_credentials_come_with_joining_and_over_http(tmp_path: Path) -> None:
    settings = {"RECONVENE_TURN_URLS": "turn:t.example", "RECONVENE_TURN_SECRET": "north"}
    async with ServerProcess(tmp_path, **settings) as server, playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        (given,) = ann.joined["ice_servers"]
        answer = await play.http.get("/api/ice-servers", headers=bearer(ann.token))
        (asked,) = answer.json()["ice_servers"]
        assert given.keys() == asked.keys() == {"urls", "username", "credential"}
        assert given["username"].partition(":")[2] == asked["username"].partition(":")[2] != ""
        assert (await play.http.get("/api/ice-servers")).status_code == 401


async def test_pages_on_the_list_may_connect(tmp_path: Path) -> None:
    settings = {"RECONVENE_ALLOWED_ORIGINS": "https://meet.example"}
    async with ServerProcess(tmp_path, **settings) as server, playing(server) as play:
        ann = await play.client(origin="https://meet.example")
        await ann.join("ABC123", "Ann", create=True)
        answer = await play.http.options(
            "/api/meetings",
            headers={"Origin": "https://meet.example", "Access-Control-Request-Method": "POST"},
        )
        assert answer.headers["access-control-allow-origin"] == "https://meet.example"
        async with await Raw.open(server.port) as raw:
            assert (await raw.handshake(Origin="https://other.example")).status == 403


async def test_an_admin_key_may_do_what_a_host_may(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_ADMIN_KEY="k" * 20) as server, playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        assert len(await play.attendance("ABC123", "k" * 20)) == 1
        table = await play.http.get("/api/meetings/ABC123/attendance?format=csv", headers=bearer("k" * 20))
        assert '"Ann","host",' in table.text
        ended = await play.http.post("/api/meetings/ABC123/end", headers=bearer("k" * 20))
        assert ended.json()["ended"] is True
        assert (await ann.closed())[0] == 4003


async def test_who_answers_no_ping_is_dropped_and_who_does_stays(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_HEARTBEAT="0.5") as server, playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        async with await Raw.open(server.port) as raw:
            await raw.joined("ABC123")
            await ann.expect("participant_joined")
            assert await raw.closed() == 4102
        await ann.until("participant_updated")
        await ann.nothing()


async def test_who_does_not_read_is_closed_and_the_others_go_on(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_MESSAGE_RATE="0") as server, playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        async with await Raw.open(server.port, receive_buffer=4096) as raw:
            await raw.joined("ABC123")
            await ann.expect("participant_joined")
            large = frame(TEXT, json.dumps({"type": "ping", "t": "x" * 60_000}))
            while not any(line.get("event") == "connection reads too slowly" for line in server.logs):
                await raw.send(large)
                await ann.nothing()
            assert (await raw.close_frame()).code == 4100
        bob = await play.joined("ABC123", "Bob")
        await bob.nothing()


async def test_nobody_has_another_closed_who_reads_slowly(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_MESSAGE_RATE="0") as server, playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        async with await Raw.open(server.port, receive_buffer=4096) as raw:
            you = (await raw.joined("ABC123"))["you"]["id"]
            await ann.expect("participant_joined")
            sent = 0
            while (answer := await _signal(ann, you, sent))["type"] == "ack":
                sent += 1
            assert (answer["code"], answer["retry_after"]) == ("busy", 1.0)
            # Nobody else has to wait.
            bob = await play.joined("ABC123", "Bob")
            await ann.expect("participant_joined")
            assert (await _signal(ann, bob.id, 0))["type"] == "ack"
            for number in range(sent):
                assert (await raw.message("signal"))["data"][0] == number
            await raw.message("participant_joined")
            assert (await _signal(ann, you, sent))["type"] == "ack"
            assert (await raw.message("signal"))["data"][0] == sent


async def test_one_member_sends_a_mebibyte_and_is_told_to_wait(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, playing(server) as play:
        ann, bob = await play.pair("ABC123")
        sent = 0
        while (answer := await _signal(ann, bob.id, sent))["type"] == "ack":
            assert (await bob.expect("signal"))["data"][0] == sent
            sent += 1
        assert answer["code"] == "busy"
        assert sent >= 1024 * 1024 // 60_000
        assert 0 < answer["retry_after"] <= 1
        await ann.nothing()
        await bob.nothing()


async def _signal(sender: Client, to: str, number: int) -> Message:
    """60 kB; answers what the sender is told."""
    await sender.send("signal", to=to, data=[number, "x" * 60_000])
    return await sender.next()


async def test_bytes_that_are_no_http_are_answered_and_let_go(play: Play) -> None:
    async with await Raw.open(play.server.port) as raw:
        await raw.send(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
        assert (await raw.response()).status == 400
    async with await Raw.open(play.server.port) as raw:
        await raw.send(frame(TEXT, json.dumps({"type": "ping"})))
        assert b"400" in await raw.rest()
    assert (await play.http.get("/healthz")).status_code == 200
