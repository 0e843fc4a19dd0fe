"""Commands of those in charge that meet something else: joins on their way, somebody who is away, one another, and a
process that is really killed."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from signalling.protocol.errors import CloseCode
from tests.process import ServerProcess
from tests.server.client import Client, Message, Play, playing
from tests.server.patient_store import PatientServer
from tests.server.realtime.test_drain import asked, locked
from tests.server.realtime.test_moderation import knocks, refused


async def restarted(server: ServerProcess) -> None:
    await server.kill()
    await server.start(RECONVENE_PORT=str(server.port))


async def returns(play: Play, page: Client) -> tuple[Client, Message]:
    """The page is back by another socket; answers what it was told."""
    client = await play.client()
    return client, await client.resume(page)


async def test_joins_and_resumes_on_their_way_end_as_a_removal_does(tmp_path: Path) -> None:
    async with PatientServer(tmp_path) as server, playing(server) as play:
        ann, bob = await play.pair("ABC123")
        late = [await play.client() for _ in range(3)]
        back = late.pop()
        back.session, back.epoch, back.seq = bob.session, bob.epoch, bob.seq
        with locked(server.database):
            # The store has none of it yet: two joins, then the removal, then the page whose link died before it heard.
            for client, how in zip(late, ({}, {"session": bob.session}), strict=True):
                await client.send(
                    "join", meeting="ABC123", name="Bob", token=bob.token, on_duplicate="replace", **how
                )
            await asked(play, "join", 4)
            bob.drop()
            number = await ann.send("remove", participant=bob.id, back="never", key="one")
            await ann.until("participant_left", reason="removed")
            await back.ask_to_resume()
            await asked(play, "resume", 1)
        for client in (*late, back):
            code, told = await client.closed()
            assert (code, [each["type"] for each in told]) == (CloseCode.REMOVED, ["error"])
        await ann.expect("ack", id=number)
        await ann.nothing()
        (row,) = [row for row in await play.attendance("ABC123", ann.token) if row["id"] == bob.id]
        assert {stay["reason"] for stay in row["sessions"]} == {"removed"}


async def test_a_lock_keeps_out_nobody_who_was_lost_before_it(stage: Play, mortal: ServerProcess) -> None:
    ann, bob = await stage.pair("ABC123")
    cat = await stage.joined("ABC123", "Cat")
    for page in (bob, cat):
        page.drop()
    await ann.order("settings", settings={"locked": True})
    bob, _ = await returns(stage, bob)
    await restarted(mortal)
    # One comes back to the place that the dead process kept, and one reloads.
    _, resumed = await returns(stage, cat)
    assert resumed["snapshot"]["meeting"]["settings"] == {"locked": True}
    again = await stage.joined("ABC123", "Bob", token=bob.token, session=bob.session)
    assert again.id == bob.id
    assert await refused(await stage.client(), "ABC123", await stage.identity()) == ("meeting_locked", None)


async def colleagues(play: Play, room: str) -> tuple[Client, Client, Client]:
    """The host and two co-hosts, with nothing left to be told."""
    ann, bob = await play.pair(room)
    cat = await play.joined(room, "Cat")
    for page in (bob, cat):
        await ann.order("set_role", participant=page.id, role="cohost")
    for page in (bob, cat):
        await page.until("participant_updated", participant={"id": cat.id, "role": "cohost"})
    return ann, bob, cat


async def remove_each_other(one: Client, other: Client) -> tuple[int, int]:
    """The ids of the two commands."""
    first, second = await asyncio.gather(
        *(
            page.send("remove", participant=whom.id, back="never", key="one")
            for page, whom in ((one, other), (other, one))
        )
    )
    return first, second


async def test_of_two_who_remove_each_other_the_host_prevails_whoever_is_first(play: Play, room: str) -> None:
    ann, bob, cat = await colleagues(play, room)
    removed_by, _ = await remove_each_other(ann, bob)
    _, told = await ann.until("ack", id=removed_by)
    assert [(each["type"], each["participant"]["id"]) for each in told] == [("participant_left", bob.id)]
    code, told = await bob.closed()
    assert (code, [each["code"] for each in told]) in (
        (CloseCode.REMOVED, []),
        (CloseCode.REMOVED, ["forbidden"]),
    )
    await cat.expect("participant_left", participant={"id": bob.id}, reason="removed", by=ann.id)
    await cat.nothing()
    assert await refused(await play.client(), room, bob.token) == ("removed", CloseCode.REMOVED)


async def test_of_two_co_hosts_who_remove_each_other_both_stay_and_are_told_so(play: Play, room: str) -> None:
    ann, bob, cat = await colleagues(play, room)
    for page, number in zip((bob, cat), await remove_each_other(bob, cat), strict=True):
        await page.error("forbidden", id=number)
        await page.nothing()
    await ann.nothing()


async def test_a_removal_among_joins_and_a_resume_holds_over_a_kill_before_it_was_recorded(
    tmp_path: Path,
) -> None:
    """Nobody was told that it is done: who commanded it says so again, and from then on all are out."""
    async with PatientServer(tmp_path) as server, playing(server) as play:
        ann, bob = await play.pair("ABC123")
        with locked(server.database):
            again, other = await play.client(), await play.client()
            for client, how in ((again, {"session": bob.session}), (other, {})):
                fields = {"name": "Bob", "token": bob.token, "on_duplicate": "replace", **how}
                await client.send("join", meeting="ABC123", **fields)
            await asked(play, "join", 4)
            bob.drop()
            await ann.send("remove", participant=bob.id, back="never", key="one")
            await ann.until("participant_left", reason="removed")
            await server.kill()
        await server.start(RECONVENE_PORT=str(server.port))
        ann, _ = await returns(play, ann)
        number = await ann.send("remove", participant=bob.id, back="never", key="one", again=True)
        await ann.until("ack", id=number)
        page = await play.client()
        page.session, page.epoch, page.seq = bob.session, bob.epoch, bob.seq
        await page.ask_to_resume()
        assert (await page.closed())[0] == CloseCode.REMOVED
        for how in ({"session": bob.session}, {}):
            assert await refused(await play.client(), "ABC123", bob.token, **how) == (
                "removed",
                CloseCode.REMOVED,
            )
        (row,) = [row for row in await play.attendance("ABC123", ann.token) if row["id"] == bob.id]
        assert all(stay["left_at"] for stay in row["sessions"])


async def test_of_two_who_remove_each_other_the_host_prevails_over_a_kill(tmp_path: Path) -> None:
    async with PatientServer(tmp_path) as server, playing(server) as play:
        ann, bob, _ = await colleagues(play, "ABC123")
        with locked(server.database):
            await remove_each_other(ann, bob)
            await ann.until("participant_left", participant={"id": bob.id}, reason="removed")
            await server.kill()
        await server.start(RECONVENE_PORT=str(server.port))
        # Of neither it is known whether it was done, so both say it again.
        (bob, _), (ann, _) = await returns(play, bob), await returns(play, ann)
        number = await bob.send("remove", participant=ann.id, back="never", key="one", again=True)
        await bob.until("error", id=number, code="forbidden")
        await ann.until(
            "ack", id=await ann.send("remove", participant=bob.id, back="never", key="one", again=True)
        )
        assert (await bob.closed())[0] == CloseCode.REMOVED
        assert await refused(await play.client(), "ABC123", bob.token) == ("removed", CloseCode.REMOVED)


async def test_who_is_promoted_while_away_is_in_charge_when_back(stage: Play, mortal: ServerProcess) -> None:
    ann, bob = await stage.pair("ABC123")
    await ann.order("settings", settings={"lobby": "everyone"})
    await bob.until("meeting_updated")
    bob.drop()
    await ann.order("set_role", participant=bob.id, role="cohost")
    eve, waiting = await knocks(stage, "ABC123", "Eve")
    bob, resumed = await returns(stage, bob)
    assert resumed["replayed"] >= 2
    told = [await bob.next() for _ in range(resumed["replayed"])]
    assert {"participant_updated", "knock"} <= {each["type"] for each in told}
    # And over a killed process: who it was that knocks comes again, and is let in by the one promoted.
    bob.drop()
    await restarted(mortal)
    bob, resumed = await returns(stage, bob)
    assert {each["id"]: each["role"] for each in resumed["snapshot"]["participants"]}[bob.id] == "cohost"
    eve, _ = await knocks(stage, "ABC123", "Eve", token=waiting["token"], knock=waiting["knock"])
    knock, _ = await bob.until("knock")
    await bob.order("admit", knocks=[knock["knock"]["id"]])
    await eve.until("joined")


async def test_a_command_that_comes_again_after_a_kill_undoes_nothing_done_since(
    stage: Play, mortal: ServerProcess
) -> None:
    ann, bob = await stage.pair("ABC123")
    await ann.order("set_role", participant=bob.id, role="cohost")
    cat = await stage.joined("ABC123", "Cat")
    allow = {"participants": [cat.id], "key": "one"}
    await ann.until("ack", id=await ann.send("allow", **allow, may={"audio": False}))
    await restarted(mortal)
    bob, _ = await returns(stage, bob)
    await bob.order("allow", participants=[cat.id], may={"audio": None})
    cat, _ = await returns(stage, cat)
    # The page that never heard that it was done says it again, and then something that was never done.
    ann, _ = await returns(stage, ann)
    ack, told = await ann.until("ack", id=await ann.send("allow", **allow, may={"audio": False}, again=True))
    assert ack["again"] is True
    assert [each["type"] for each in told if each["type"] != "participant_updated"] == []
    locked_by = await ann.send("settings", settings={"locked": True}, key="two", again=True)
    ack, _ = await ann.until("ack", id=locked_by)
    assert "again" not in ack
    told = (await cat.until("meeting_updated"))[1]
    assert not [each for each in told if "may" in each.get("participant", {})]
    await cat.status(media={"audio": True})


async def test_what_the_store_refuses_for_good_is_taken_back(stage: Play, mortal: ServerProcess) -> None:
    ann, bob = await stage.pair("ABC123")
    await ann.order("settings", settings={"message": "Soon"})
    await bob.expect("meeting_updated")
    with closing(sqlite3.connect(mortal.database)) as database:
        database.execute(
            "CREATE TRIGGER damaged BEFORE INSERT ON changes BEGIN SELECT RAISE(ABORT, 'damaged'); END"
        )
        database.commit()
    number = await ann.send("settings", settings={"locked": True}, key="one")
    await ann.until("error", id=number, code="unavailable")
    number = await ann.send("set_role", participant=bob.id, role="cohost", key="two")
    await ann.until("error", id=number, code="unavailable")
    await bob.expect(
        "meeting_updated", meeting={"settings": {"message": "Soon", "locked": True}, "revision": 2}
    )
    await bob.until("meeting_updated", meeting={"settings": {"message": "Soon"}, "revision": 1})
    await bob.until("participant_updated", participant={"id": bob.id, "role": "participant"})
    await bob.error("forbidden", id=await bob.send("settings", settings={"locked": True}, key="three"))
    # The log comes a little later.
    await mortal.logged("change could not be recorded", past=1)
    assert len(mortal.lines("change could not be recorded")) == 2


async def test_who_has_a_place_is_no_newcomer_by_a_second_device(stage: Play, mortal: ServerProcess) -> None:
    ann, bob = await stage.pair("ABC123")
    await ann.order("settings", settings={"locked": True})
    with closing(sqlite3.connect(mortal.database)) as database, database:
        # The record may have another sitting than the one in which they came.
        database.execute("UPDATE meetings SET sitting = sitting + 1")
    assert (await refused(await stage.client(), "ABC123", await stage.identity()))[0] == "meeting_locked"
    assert (await stage.joined("ABC123", "Bob", token=bob.token)).id == bob.id
