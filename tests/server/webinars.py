"""Webinars as the record may have them: read to the end, in part or not at all, and while they go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.factory import open_store
from storage.import_store import StoreWithImports
from storage.imports import INSTANCE, Registrant, RegistrantStatus, Subject
from tests.storage.import_script import APPROVED, PENDING, ImportScript, heard, registrant, row

START = 1_772_442_000.0
"""2026-03-02 09:00:00 UTC, which is 10:00 in Berlin."""
WEEK = 7 * 86_400.0
FIRST, SECOND = INSTANCE + "/abc//d==", INSTANCE + "4AAA=="

WEEKLY = "ZOOM-88988872033"
SHORT = "ZOOM-81234567890"
UNTOLD = "ZOOM-82234567890"
ON_AIR = "ZOOM-83234567890"
CROWDED = "ZOOM-84234567890"

REFUSED = "report refused: the app lacks the scope report:read:list_webinar_participants:admin"
TOLD_30 = "Zoom gave 30 of the 41 rows it has"


def script(store: StoreWithImports, room: str, title: str) -> ImportScript:
    made = ImportScript(store, room)
    made.subject = Subject(room, "webinar", room.removeprefix("ZOOM-"), title, "zoom")
    return made


@asynccontextmanager
async def kept(database: Path, crowd: int) -> AsyncIterator[StoreWithImports]:
    """A server's store beside it, with those that are over, one of them with so many people."""
    store = open_store(f"sqlite:///{database}")
    await store.open()
    try:
        await weekly(store)
        await cut_short(store)
        await untold(store)
        await crowded(store, crowd)
        yield store
    finally:
        await store.close()


async def weekly(store: StoreWithImports) -> None:
    """Two instances, complete. Ada and Bob came, Ada to both of them; a guest called Bob came, and one with a guess
    for an end; Cleo did not come, nor did Dora, who waits for approval."""
    script_ = script(store, WEEKLY, "Weekly questions")
    ada, bob = registrants("Ada Lovelace", "Bob")
    (cleo,) = registrants("Cléo")
    (dora,) = registrants("Dora", status="pending")
    await script_.read(APPROVED, ada, bob, cleo, source="registrants", total=3)
    await script_.read(PENDING, dora, source="registrants", total=1)
    await script_.read(
        FIRST,
        row("s1", *ada.keys, at=START, until=START + 1800, name="Ada Lovelace", email=ada.email),
        row("s2", *bob.keys, at=START + 60, until=START + 660, name="Bob", email=bob.email),
        row("s3", at=START + 120, until=START + 720, name="bob"),
        row("s4", at=START + 130, until=START + 730, name="iPhone", left_told=False),
        row("s5", *bob.keys, at=START, until=START + 60, name="Bob", counted=False),
        starts=START,
        source="basic",
        why=REFUSED,
        total=5,
    )
    await script_.read(
        SECOND,
        row("s6", *ada.keys, at=START + WEEK, until=START + WEEK + 3600, name="Ada Lovelace"),
        starts=START + WEEK,
        total=1,
    )


async def cut_short(store: StoreWithImports) -> None:
    """Zoom gave 30 of 41 rows."""
    rows = [row(f"s{n}", f"p_{n:02}", at=START + n, until=START + 600, name=f"Person {n}") for n in range(30)]
    short = script(store, SHORT, "Cut short")
    await short.read(FIRST, *rows, state="partial", reason=TOLD_30, starts=START, total=41)


async def untold(store: StoreWithImports) -> None:
    """Two registered; nothing tells whether they came."""
    none = script(store, UNTOLD, "Onboarding")
    await none.read(APPROVED, *registrants("Ada Lovelace", "Bob"), source="registrants", total=2)
    await none.read(
        FIRST,
        state="unknown",
        reason="attendance unknown: the app lacks all scopes",
        starts=START,
        source="registrants",
        why=REFUSED,
    )


async def on_air(store: StoreWithImports, at: float) -> ImportScript:
    """Ada has been in it for a minute; Bob has left."""
    live = script(store, ON_AIR, "Town hall")
    await live.hear(heard("s1", "p_ada", joined=at - 60, name="Ada", at=at, starts=at - 60))
    await live.hear(heard("s2", "p_bob", joined=at - 50, left=at - 20, name="Bob", at=at, starts=at - 60))
    return live


async def crowded(store: StoreWithImports, people: int) -> None:
    """So many came, a fifth of them twice, a tenth as guests, and half as many registered and did not."""
    crowd = script(store, CROWDED, "All the world")
    names = [f"Person {n}" for n in range(people * 3 // 2)]
    await crowd.read(APPROVED, *registrants(*names), source="registrants", total=len(names))
    rows = []
    for n in range(people):
        keys = () if n % 10 == 0 else (f"p_Person {n}",)
        stays = 2 if n % 5 == 1 else 1
        for stay in range(stays):
            begin = START + n % 600 + 1800 * stay
            rows.append(
                row(f"s{n}.{stay}", *keys, at=begin, until=begin + 1200, name=f"Person {n}", email="")
            )
    await crowd.read(FIRST, *rows, starts=START, total=len(rows))


def registrants(*names: str, status: RegistrantStatus = "approved") -> list[Registrant]:
    return [
        registrant(
            f"r_{name}",
            f"p_{name}",
            status=status,
            name=name,
            email=f"{name.split()[0].lower()}@example.org",
            at=START - 86_400,
        )
        for name in names
    ]
