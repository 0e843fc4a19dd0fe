"""The contract, importing: the same rows come to the same in any order, in every store, by the plainest reckoning."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from storage.import_store import StoreWithImports
from storage.imports import Registrant, Row
from tests.storage.agreement import answer_alike, answer_at_once, one_of_each, opened
from tests.storage.backends import BACKENDS, Servers
from tests.storage.histories import plain
from tests.storage.import_histories import INSTANCES, LISTS, ROOMS, ImportHistory, Rows
from tests.storage.import_model import Model, answers
from tests.storage.import_script import ImportScript
from tests.storage.place import Place

CALLS = 140


@pytest.mark.parametrize("seed", range(2))
async def test_any_order_pages_and_walks_of_the_same_rows_come_to_the_same(
    store: StoreWithImports, other: StoreWithImports, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - the same each time
    rows = Rows(draw, 90)
    lists = {part: [rows.of(part, number) for number in range(20)] for part in LISTS + INSTANCES}
    # Some that have the same id and differ, some that are told twice, and some that were seen in a former walk only.
    for part in INSTANCES:
        twins = [each for each in lists[part] if isinstance(each, Row)][:3]
        lists[part] += [replace(each, digest=each.digest + number) for each in twins for number in (1, 2, 2)]
    gone = [rows.of(INSTANCES[0], number) for number in range(30, 33)]

    model = Model([each.keys for each in gone])
    for part, of_part in lists.items():
        model.seen += [each.keys for each in of_part]
        model.shown[part] = named(of_part)
    expected = model.answers()
    assert len(expected["people"]) > 12, "enough to compare"

    for number, limit in enumerate((None, 3)):
        scripts = ImportScript(store, f"ZOOM-{number}"), ImportScript(other, f"ZOOM-{number}")
        await scripts[0].read(INSTANCES[0], *gone, state="partial", reason="cut short")
        parts = draw.sample(list(lists), len(lists))
        await asyncio.gather(*(read_somehow(scripts, part, lists[part], draw) for part in parts))
        assert await answers(store, scripts[0].room, limit) == expected
    # Once more, the same.
    part = parts[0]
    assert (await scripts[1].read(part, *reversed(lists[part]), total=len(lists[part]))).agreed == 1
    assert await answers(other, scripts[1].room, 7) == expected


def named(rows: list[Row | Registrant]) -> dict[str, Row | Registrant]:
    """By the ids they are kept under."""
    groups: dict[str, dict[int, Row | Registrant]] = {}
    for each in rows:
        name = each.registrant_id if isinstance(each, Registrant) else each.session_id
        groups.setdefault(name, {})[each.digest] = each
    return {
        name if number == 1 else f"{name}#{number}": each
        for name, group in groups.items()
        for number, each in enumerate(sorted(group.values(), key=_place), 1)
    }


def _place(row: Row | Registrant) -> tuple[float, float, int]:
    if isinstance(row, Registrant):
        return 0.0, 0.0, row.digest
    return row.joined_at, inf if row.left_at is None else row.left_at, row.digest


async def read_somehow(
    scripts: tuple[ImportScript, ImportScript], part: str, rows: list[Row | Registrant], draw: random.Random
) -> None:
    """In pages of any size, some of them sent twice, by two who take the walk over from each other."""
    rows = draw.sample(rows, len(rows))
    given_up = await scripts[0].begin(part)
    given_up = await scripts[0].save(given_up, *rows[:5])
    await scripts[0].store.drop_walk(given_up.walk_id, given_up.owner)
    walk = await scripts[0].begin(part)
    while rows:
        script = draw.choice(scripts)
        size = draw.randrange(1, 9)
        page = script.page(walk, *rows[:size], cursor="more", total=None)
        rows = rows[size:]
        walk = await script.store.save_page(page)
        if draw.random() < 0.3:
            again = await draw.choice(scripts).store.save_page(page)
            assert (again.pages, again.rows) == (walk.pages, walk.rows)
        if draw.random() < 0.3:
            await script.store.release_walk(walk.walk_id, walk.owner, walk.touched_at)
            taken = await draw.choice(scripts).store.take_walk(
                walk.walk_id, f"{walk.owner}'", walk.touched_at, 15.0
            )
            assert taken is not None
            walk = taken
    await scripts[0].finish(walk)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_every_store_tells_the_same_of_imports(
    servers: Servers, tmp_path: Path, seed: int
) -> None:
    history = ImportHistory(seed)
    async with one_of_each(servers, tmp_path) as stores:
        await answer_alike(stores, history, CALLS)
        records = [[plain(await store.imported(room)) for room in ROOMS] for store in stores]
        for name, record in zip(BACKENDS, records, strict=True):
            for one, other in zip(record, records[0], strict=True):
                assert one == other, name
        assert any(records[0]), "something was left to compare"


async def test_whatever_happens_at_once_is_as_if_one_thing_came_after_the_other(place: Place) -> None:
    history = ImportHistory(5)
    async with opened([place.store() for _ in range(3)]) as stores:
        await answer_at_once(stores, history, callers=6, calls=12)
