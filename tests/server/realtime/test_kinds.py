"""Programs that take part: they are marked wherever people are listed, and never counted as people."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from tests.process import ServerProcess
from tests.server.client import Message, Play, bearer, playing

ROOM = "ABC123"


def kinds(participants: list[Message]) -> dict[str, tuple[object, object]]:
    """By name, what a list of who is there says of each."""
    return {each["name"]: (each.get("kind"), each.get("recording")) for each in participants}


PEOPLE_AND_PROGRAMS = {
    "Ann": (None, None),
    "Echo": ("bot", None),
    "Scribe": ("bot", True),
}


async def identity(play: Play, **body: Any) -> str:
    answer = await play.http.post("/api/identity", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


async def test_programs_are_marked_in_the_room_and_on_record_and_not_counted(play: Play, room: str) -> None:
    scribe = await play.joined(room, "Scribe", create=True, kind="recorder")
    ann = await play.joined(room, "Ann", token=await identity(play, name="Ann"))
    echo = await play.joined(room, "Echo", token=await identity(play, kind="bot"))
    arrived = await ann.expect("participant_joined")
    assert kinds([arrived["participant"]]) == {"Echo": ("bot", None)}
    assert kinds(echo.joined["participants"]) == PEOPLE_AND_PROGRAMS
    assert kinds([scribe.joined["you"]]) == {"Scribe": ("bot", True)}
    await echo.leave()
    await ann.expect("participant_left")

    # What somebody is goes with the identity, not with the page.
    again = await play.joined(room, "Echo", token=echo.token, kind="recorder")
    assert kinds([again.joined["you"]]) == {"Echo": ("bot", None)}
    await ann.expect("participant_rejoined")
    ann_again = await play.joined(room, "Ann", session=ann.session, kind="bot")
    assert kinds(ann_again.joined["participants"]) == PEOPLE_AND_PROGRAMS
    await play.recorded()

    report = f"/api/meetings/{room}/attendance"
    told = (await play.http.get(report, headers=bearer(scribe.token))).json()
    shown = {each["name"]: (each.get("kind"), each["session_count"]) for each in told["participants"]}
    assert shown == {"Ann": (None, 1), "Echo": ("bot", 2), "Scribe": ("bot", 1)}
    totals = told["totals"]
    assert [totals[name] for name in ("participants", "present", "sessions", "peak")] == [1, 1, 1, 1]
    joined_at = ann.joined["you"]["joined_at"]
    assert totals["first_joined_at"] == totals["peak_at"] == joined_at
    assert told["presence"] == [[joined_at, 1]]
    for rows in ("stays", "people"):
        answer = await play.http.get(f"{report}?format=csv&rows={rows}", headers=bearer(scribe.token))
        table = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), strict=True)
        assert {row["name"]: row["kind"] for row in table} == {"Ann": "", "Echo": "bot", "Scribe": "bot"}
    (listed,) = (await play.http.get("/api/meetings", headers=bearer(scribe.token))).json()["meetings"]
    assert (listed["attended"], listed["present"]) == (1, 1)


async def test_no_other_kind_is_taken(play: Play, room: str) -> None:
    client = await play.client()
    await client.send_wrong("join", meeting=room, name="Echo", create=True, kind="robot")
    assert "kind" in (await client.error("bad_message", id=1))["message"]
    for kind in ("robot", "", 1, ["bot"]):
        answer = await play.http.post("/api/identity", json={"kind": kind})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")
        assert "kind" in answer.json()["detail"]
    await identity(play, kind=None)


async def test_after_a_restart_everyone_is_what_they_were(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann = await play.joined(ROOM, "Ann", create=True)
        pages = [ann, await play.joined(ROOM, "Echo", kind="bot")]
        pages.append(await play.joined(ROOM, "Scribe", kind="recorder"))
        await play.recorded()
        await server.kill()
    async with server, playing(server) as play:
        for page in pages:
            client = await play.client()
            snapshot = (await client.resume(page))["snapshot"]
            assert kinds(snapshot["participants"]) == PEOPLE_AND_PROGRAMS
        told = (await play.http.get(f"/api/meetings/{ROOM}/attendance", headers=bearer(ann.token))).json()
        assert kinds(told["participants"]) == {
            "Ann": (None, None),
            "Echo": ("bot", None),
            "Scribe": ("bot", None),
        }
        assert told["totals"]["present"] == 1
