"""Moderation over real sockets, a real store and a process that is really killed: removed means removed, locked means
locked, and a role is a role."""

from __future__ import annotations

import asyncio

import pytest

from server.network.limits import LIMITS
from signalling.protocol.errors import CloseCode
from tests.process import ServerProcess
from tests.server.client import Client, Message, Play


async def refused(client: Client, meeting: str, token: str, **fields: object) -> tuple[str, int | None]:
    """What a join is answered with, and the code of the close, if there is one."""
    number = await client.send("join", meeting=meeting, name="Somebody", token=token, **fields)
    answer = await client.expect("error", id=number)
    try:
        async with asyncio.timeout(0.5):
            code, _ = await client.closed()
    except TimeoutError:
        return answer["code"], None
    return answer["code"], code


async def knocks(play: Play, meeting: str, name: str, **fields: object) -> tuple[Client, Message]:
    client = await play.client()
    number = await client.send("join", meeting=meeting, name=name, **fields)
    return client, await client.expect("waiting", id=number)


async def test_removed_means_removed_in_every_tab_by_every_way(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await ann.order("remove", participant=bob.id)
    code, told = await bob.closed()
    assert (code, told) == (CloseCode.REMOVED, [])
    # A resume, a reload, and a second device.
    back = await play.client()
    back.session, back.epoch, back.seq = bob.session, bob.epoch, bob.seq
    number = await back.ask_to_resume()
    await back.error("removed", id=number)
    assert (await back.closed())[0] == CloseCode.REMOVED
    for session in (bob.session, None):
        again = await play.client()
        assert await refused(again, room, bob.token, session=session) == ("removed", CloseCode.REMOVED)
    await ann.order("readmit", participant=bob.id)
    home = await play.joined(room, "Bob", token=bob.token)
    assert home.id == bob.id


@pytest.mark.parametrize("acknowledged", [True, False])
async def test_a_removal_outlives_a_killed_server(
    stage: Play, mortal: ServerProcess, acknowledged: bool
) -> None:
    ann, bob = await stage.pair("ABC123")
    fields = {"participant": bob.id, "key": "one"}
    number = await ann.send("remove", **fields)
    if acknowledged:
        await ann.until("ack", id=number)
    await mortal.kill()
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    host = await stage.client()
    await host.resume(ann)
    if not acknowledged:
        # Whether it was recorded nobody knows, so it is asked for again.
        await host.until("ack", id=await host.send("remove", **fields, again=True))
    gone = await stage.client()
    assert await refused(gone, "ABC123", bob.token) == ("removed", CloseCode.REMOVED)
    rows = await stage.attendance("ABC123", ann.token)
    assert [row["sessions"][-1]["reason"] for row in rows if row["id"] == bob.id] == ["removed"]


async def test_a_role_and_rights_outlive_reload_and_restart(stage: Play, mortal: ServerProcess) -> None:
    ann, bob = await stage.pair("ABC123")
    cat = await stage.joined("ABC123", "Cat")
    await ann.order("set_role", participant=bob.id, role="cohost")
    await ann.order("allow", participants=[cat.id], may={"audio": False})
    await mortal.kill()
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    again = await stage.joined("ABC123", "Bob", token=bob.token)
    assert again.joined["you"]["role"] == "cohost"
    muted = await stage.joined("ABC123", "Cat", token=cat.token, media={"audio": True})
    assert muted.joined["you"]["media"]["audio"] is False
    assert muted.joined["you"]["may"] == {"audio": False}
    assert muted.joined["muted"] == {"audio": False}
    number = await muted.send("status", media={"audio": True})
    await muted.error("forbidden", id=number)


async def test_locked_means_locked_for_newcomers_alone(stage: Play, mortal: ServerProcess) -> None:
    ann, bob = await stage.pair("ABC123")
    await ann.order("settings", settings={"locked": True})
    new = await stage.client()
    token = await stage.identity()
    assert await refused(new, "ABC123", token) == ("meeting_locked", None)
    await bob.leave()
    again = await stage.joined("ABC123", "Bob", token=bob.token)
    assert again.joined["meeting"]["settings"] == {"locked": True}
    await mortal.kill()
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    assert await refused(await stage.client(), "ABC123", token) == ("meeting_locked", None)
    await stage.joined("ABC123", "Bob", token=bob.token)


async def test_the_lobby_from_both_sides(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    await ann.order("settings", settings={"lobby": "everyone", "message": "Soon"})
    eve, waiting = await knocks(play, room, "Eve")
    assert (waiting["position"], waiting["message"]) == (1, "Soon")
    knock = (await ann.expect("knock"))["knock"]
    assert knock["name"] == "Eve"
    dan, second = await knocks(play, room, "Dan")
    assert second["position"] == 2
    other = (await ann.expect("knock"))["knock"]
    # Who lost the connection comes back to the same position, as the same person.
    eve.drop()
    eve, again = await knocks(play, room, "Eve", token=waiting["token"], knock=waiting["knock"])
    assert again["position"] == 1
    await ann.order("admit", knocks=[knock["id"]])
    joined = await eve.expect("joined")
    assert joined["you"]["name"] == "Eve"
    await ann.expect("participant_joined")
    await dan.expect("waiting", position=1)
    await ann.order("deny", knocks=[other["id"]])
    await dan.error("denied")
    assert (await dan.closed())[0] == CloseCode.DENIED
    # Who was admitted is in for this sitting.
    await eve.send("leave")
    back = await play.joined(room, "Eve", token=waiting["token"])
    assert back.id == joined["you"]["id"]


async def test_who_waits_asks_for_no_other_seat(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    bob = await play.joined(f"{room}-2", "Bob", create=True)
    for host in (ann, bob):
        await host.order("settings", settings={"lobby": "everyone"})
    eve, _ = await knocks(play, room, "Eve")
    knock = (await ann.expect("knock"))["knock"]
    number = await eve.send("join", meeting=f"{room}-2", name="Eve")
    await eve.error("bad_message", id=number)
    await bob.nothing()
    await ann.order("deny", knocks=[knock["id"]])
    await eve.error("denied")


async def test_the_lobby_over_a_restart(stage: Play, mortal: ServerProcess) -> None:
    ann = await stage.joined("ABC123", "Ann", create=True)
    await ann.order("settings", settings={"lobby": "everyone"})
    people = {name: await knocks(stage, "ABC123", name) for name in ("Eve", "Dan")}
    await mortal.kill()
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    host = await stage.client()
    await host.resume(ann)
    positions = []
    for name in ("Dan", "Eve"):
        _, waiting = people[name]
        client, again = await knocks(stage, "ABC123", name, token=waiting["token"], knock=waiting["knock"])
        people[name] = client, again
        positions.append(again["position"])
    assert positions == [1, 1], "Eve knocked first"
    await people["Dan"][0].expect("waiting", position=2)
    told = [(await host.expect("knock"))["knock"]["id"] for _ in people]
    await host.order("admit", knocks=told)
    for client, _ in people.values():
        await client.until("joined")


async def test_a_password_says_that_one_was_invited(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    await ann.order("settings", settings={"password": "open sesame", "lobby": "everyone"})
    assert ann.raw.find("open sesame") < 0
    token = await play.identity()
    client = await play.client()
    assert await refused(client, room, token) == ("password_required", None)
    assert await refused(client, room, token, password="open says me") == ("wrong_password", None)
    number = await client.send("join", meeting=room, name="Bob", token=token, password="open sesame")
    await client.expect("waiting", id=number)
    await client.close()
    await ann.order("settings", settings={"password_skips_lobby": True})
    bob = await play.joined(room, "Bob", token=token, password="open sesame")
    assert bob.joined["meeting"]["settings"]["password"] is True
    assert "scrypt" not in bob.raw


async def test_nobody_comes_before_the_host_if_they_are_not_to(play: Play, room: str) -> None:
    ann = await play.joined(room, "Ann", create=True)
    await ann.order("settings", settings={"join_before_host": False})
    await ann.leave()
    bob, _ = await knocks(play, room, "Bob")
    back = await play.joined(room, "Ann", token=ann.token)
    assert [knock["name"] for knock in back.joined["knocks"]] == ["Bob"]
    await bob.until("joined")


async def test_whoever_is_in_charge_gets_in_though_it_is_locked(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await ann.order("set_role", participant=bob.id, role="host")
    await ann.order("settings", settings={"locked": True})
    await ann.leave()
    await bob.leave()
    assert (await play.joined(room, "Ann", token=ann.token)).joined["you"]["role"] == "cohost"
    assert (await play.joined(room, "Bob", token=bob.token)).joined["you"]["role"] == "host"


async def test_the_host_ends_the_meeting_for_all_by_the_socket(play: Play, room: str) -> None:
    ann, bob = await play.pair(room)
    await ann.order("settings", settings={"lobby": "everyone"})
    eve, _ = await knocks(play, room, "Eve")
    await ann.until("knock")
    number = await ann.send("end")
    await ann.expect("ack", id=number)
    await ann.expect("meeting_ended")
    for client in (ann, bob, eve):
        assert (await client.closed())[0] == CloseCode.MEETING_ENDED


async def test_who_knocks_too_often_from_one_address_is_told_to_wait(stage: Play) -> None:
    ann = await stage.joined("ABC123", "Ann", create=True)
    await ann.order("settings", settings={"lobby": "everyone"})
    for number in range(LIMITS["waiting"].most):
        await knocks(stage, "ABC123", f"Eve {number}")
    one_more = await stage.client()
    number = await one_more.send("join", meeting="ABC123", name="Eve")
    await one_more.error("rate_limited", id=number)


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"remove","id":3,"participant":"p_x"}',
        '{"type":"remove","id":3,"key":"k","participant":"p_x","back":"later"}',
        '{"type":"admit","id":3,"key":"","knocks":["k_x"]}',
        '{"type":"allow","id":3,"key":"k","participants":[],"may":{}}',
        '{"type":"settings","id":3,"key":"k","settings":{"lobby":"maybe"}}',
        '{"type":"settings","id":3,"key":"k","settings":{"message":"%s"}}' % ("x" * 201),
        '{"type":"settings","id":3,"key":"k","settings":{"locked":true},"if":-1}',
        '{"type":"set_role","id":3,"key":"k","participant":"p_x","role":"admin"}',
    ],
)
async def test_commands_that_are_none_are_answered_and_change_nothing(
    play: Play, room: str, message: str
) -> None:
    ann = await play.joined(room, "Ann", create=True)
    await ann.send_text(message)
    await ann.error("bad_message", id=3)
    await ann.nothing()
