"""What nodes tell each other by the record."""

from __future__ import annotations

from tests.storage.script import Script


async def test_a_node_hears_whether_others_see_the_engine(script: Script) -> None:
    store = script.store
    await store.heartbeat("n_alone", 1000.0)
    await store.heartbeat("n_1", 1000.0, 999.0)
    assert not await store.others_see_engine("n_1", 990.0)
    assert await store.others_see_engine("n_2", 990.0)
    assert not await store.others_see_engine("n_2", 999.0)
    await store.heartbeat("n_1", 1005.0, 999.0)
    assert not await store.others_see_engine("n_2", 999.0)
    await store.heartbeat("n_1", 1010.0, 1009.5)
    assert await store.others_see_engine("n_2", 999.0)
    # It is one of several no more.
    await store.heartbeat("n_1", 1015.0)
    assert not await store.others_see_engine("n_2", 999.0)
