"""Participants who do not come back are lost: found by grace, by heartbeats, and after a restart."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.process import ServerProcess
from tests.server.pages import Page
from tests.server.proxy import HOST, Proxy
from tests.server.realtime.test_reconnect_restart import hurry, record, start_again, url_of

pytestmark = pytest.mark.early


def a_minute_passes(server: ServerProcess, absent: Page) -> float:
    """Since the process that is dead wrote its last heartbeat; answers when that was. The absent had come a minute
    before. Nodes are taken for dead after 20 seconds, which need not be waited for."""
    with closing(sqlite3.connect(server.database)) as database, database:
        database.execute(
            "UPDATE participant_sessions SET joined_at = joined_at - 120 WHERE participant_id = ?",
            (absent.id,),
        )
        ((heartbeat,),) = database.execute(
            "UPDATE nodes SET heartbeat_at = heartbeat_at - 60 "
            "WHERE id = (SELECT node_id FROM participant_sessions WHERE participant_id = ?) RETURNING heartbeat_at",
            (absent.id,),
        )
    return float(heartbeat)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_who_does_not_come_back_is_lost(tmp_path: Path, end: signal.Signals) -> None:
    """The record has them until the last heartbeat of the process that was killed, or, exactly, until it stopped."""
    server = await ServerProcess(tmp_path, RECONVENE_GRACE="4").start()
    try:
        async with Page(url_of(server), "ROOM", "Ann") as ann:
            await ann.joined()
            async with Page(url_of(server), "ROOM", "Bob") as bob:
                await bob.joined()
                await ann.sees(lambda: bob.id in ann.roster)
                ended_after = time.time()
                server.signal(end)
                await server.wait()
                stopped_before = time.time()
            await start_again(server)
            hurry([ann])
            await ann.sees(lambda: bob.id not in ann.roster)
            # If a slow machine lets him leave before she is back, she is not told that he left.
            assert [event["reason"] for event in ann.events("participant_left")] in ([], ["lost"])
            if end == signal.SIGKILL:
                heartbeat = a_minute_passes(server, bob)
                await server.logged("closed stays that a dead node left open", stays=1)
            ann.leave()
        await server.stop()
        (of_bob,) = record(server)[bob.id]
        if end == signal.SIGKILL:
            # To the digit: the heartbeat is all that is known.
            assert of_bob[1:] == (heartbeat, "lost", 1)
        else:
            assert of_bob.left_at is not None
            assert ended_after <= of_bob.left_at <= stopped_before
            assert of_bob[2:] == ("lost", 0)
        (of_ann,) = record(server)[ann.id]
        assert of_ann.reason == "left"
    finally:
        await server.stop()


async def test_a_half_open_connection_is_found_by_the_server(tmp_path: Path) -> None:
    async with (
        ServerProcess(tmp_path, RECONVENE_HEARTBEAT="0.5") as server,
        Proxy(server.port) as proxy,
        Page(url_of(server), "ROOM", "Ann") as ann,
        Page(f"ws://{HOST}:{proxy.port}/ws", "ROOM", "Bob") as bob,
    ):
        await asyncio.gather(ann.knows(2), bob.knows(2))
        proxy.refusing = True
        (wire,) = proxy.wires
        wire.half_open(cut="client")
        # Nobody tells the server; it asks.
        await ann.sees(lambda: ann.roster[bob.id]["state"] == "reconnecting")
        await server.logged("connection does not answer", participant=bob.id)
        proxy.refusing = False
        bob.hurry()
        await bob.hears("resumed")
        await ann.settles(lambda person: True)
        assert ann.unsettling() == bob.unsettling() == []
