"""Networks that eat packets: a database that says nothing any more, and answers that are lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from storage.errors import StoreUnavailable
from tests.server.proxy import Proxy
from tests.storage.backends import BACKENDS, Servers
from tests.storage.crowd import LONGEST, works_again
from tests.storage.locks import committed, holding, waiting
from tests.storage.place import Place
from tests.storage.script import Script


async def test_a_silent_database_makes_the_store_unavailable_and_is_never_waited_for(
    servers: Servers, tmp_path: Path
) -> None:
    """At once, as it takes as long as time-outs take."""
    places = [await BACKENDS[backend](servers, tmp_path) for backend in ("postgres", "supabase")]
    await asyncio.gather(*map(fall_silent, places))


async def fall_silent(place: Place) -> None:
    async with Proxy(port_of(place)) as proxy:
        store, late, leaving = (by_way_of(proxy, place).store() for _ in range(3))
        await store.open()
        await leaving.open()
        script = Script(store)
        known = await script.join("ann")

        proxy.stall()
        async with asyncio.timeout(LONGEST):
            joining, opening, _ = await asyncio.gather(
                script.join("bob"), late.open(), leaving.close(), return_exceptions=True
            )
        assert isinstance(joining, StoreUnavailable)
        assert not joining.certain, "it may be carried out yet"
        assert isinstance(opening, StoreUnavailable)

        proxy.release()
        await works_again(store)
        assert (await script.join("ann")).stay.session_id == known.stay.session_id
        assert (await script.join("bob")).participant.session_count == 1
        await store.close()


@pytest.mark.parametrize("backend", ["postgres", "supabase"])
async def test_a_call_whose_answer_is_lost_is_sent_again_and_counts_once(
    place: Place, servers: Servers, backend: str
) -> None:
    postgres = await servers.postgres()
    database = {"postgres": "contract", "supabase": "project"}[backend]
    async with Proxy(port_of(place)) as proxy:
        store = by_way_of(proxy, place).store()
        await store.open()
        async with holding(postgres, database, "LOCK TABLE reconvene.meetings IN SHARE MODE") as other:
            joining = asyncio.create_task(Script(store).join("ann"))
            # It has got there, and cannot be answered yet.
            await waiting(postgres, other)
            proxy.stall()
        await committed(postgres, database, "SELECT FROM reconvene.participants")
        proxy.cut()
        proxy.release()
        joined = await joining
        await store.close()
    assert (joined.created, joined.rejoined, joined.continued) == (True, False, False)
    assert joined.stay.connections == 1


def port_of(place: Place) -> int:
    port = urlsplit(place.supabase_url or place.url).port
    assert port
    return port


def by_way_of(proxy: Proxy, place: Place) -> Place:
    def moved(url: str) -> str:
        return url.replace(f":{proxy.target}", f":{proxy.port}")

    return replace(place, url=moved(place.url), supabase_url=moved(place.supabase_url))
