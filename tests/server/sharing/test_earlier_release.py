"""From one server of the release before to several nodes of this one, while people talk; and back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.databases.postgres import PostgresServer
from tests.engines.servers import EngineServer, redis_program
from tests.server.pages import Page, together
from tests.server.proxy import Proxy
from tests.server.sharing.earlier import EarlierServer
from tests.server.sharing.nodes import Nodes
from tests.server.sharing.test_drain import Talk
from tests.storage.previous_release import unpack

ROOM = "UPGRADED"
DATABASE = "upgraded"
STAYS = """
SELECT participants.name AS name, left_at, estimated FROM reconvene.participant_sessions
JOIN reconvene.participants ON id = participant_id ORDER BY participants.name
"""
SETTINGS = {
    "RECONVENE_MESSAGE_RATE": "0",
    # A busy machine is no reason to lose anybody.
    "RECONVENE_GRACE": "60",
}


async def test_a_server_of_the_release_before_gives_way_to_nodes_of_this_one(tmp_path: Path) -> None:
    """The first brings the record up to date while it goes on. Its people come there, and their stays go on. There is
    no way back with that record."""
    release = unpack(tmp_path / "release")
    async with EngineServer(redis_program()) as engine, PostgresServer() as postgres:
        store = await postgres.make_database(DATABASE)
        async with Nodes(tmp_path, engine, store) as nodes:
            earlier = EarlierServer(release, tmp_path, **nodes.settings, **SETTINGS)
            await earlier.start()
            async with Proxy(earlier.port) as way, Proxy(earlier.port) as other_way:
                pages = [
                    Page(f"ws://127.0.0.1:{each.port}/ws", ROOM, f"Ann {n}")
                    for n, each in enumerate((way, other_way))
                ]
                async with together([pages[0]], 1), together(pages[1:], 2):
                    async with Talk(pages).going_on():
                        (one,) = await nodes.start(1, **SETTINGS)
                    way.target = other_way.target = one.port
                    assert await earlier.stop() == 0
                    await asyncio.gather(*(page.hears("resumed") for page in pages))
                    (other,) = await nodes.start(1, **SETTINGS)
                    other_way.target = other.port
                    other_way.cut()
                    ann, bob = pages
                    await bob.hears("resumed", 2)
                    ann.signal(bob.id, "after")
                    await bob.sees(lambda: bob.signals()[-1:] == ["after"])
                    assert not [each for page in pages for each in page.unsettling()]
                    stays = await postgres.fetch(STAYS, database=DATABASE)
                    assert [tuple(stay) for stay in stays] == [("Ann 0", None, False), ("Ann 1", None, False)]
            # It does not know all settings.
            assert not [line for line in earlier.loud if line["event"] != "there is no such setting"]
            assert not one.loud + other.loud
            with pytest.raises(AssertionError, match="run the newer Reconvene that migrated it") as back:
                await earlier.start()
            assert "Traceback" not in str(back.value)
            assert await earlier.ended() == 2
