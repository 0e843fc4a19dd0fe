"""A server with imports of every kind, who has its admin key, and what they see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from storage.import_store import StoreWithImports
from tests.e2e.person import Person
from tests.process import ServerProcess
from tests.server import webinars
from tests.zoom.stand_in import ZoomStandIn

KEY = "an admin key of some length"
CROWD = 2000


@dataclass(frozen=True, slots=True)
class Office:
    """A server with imports of every kind, a live meeting, and a Zoom to ask; `token` is its host's."""

    server: ServerProcess
    store: StoreWithImports
    zoom: ZoomStandIn
    token: str


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[Office]:
    async with ZoomStandIn() as zoom:
        settings = {"RECONVENE_ADMIN_KEY": KEY, **zoom.environ}
        async with (
            ServerProcess(directory, **settings) as server,
            httpx.AsyncClient(base_url=server.url) as http,
        ):
            token = (await http.post("/api/identity")).json()["token"]
            wish = {"meeting": "STAND-UP", "title": "Stand-up"}
            bearer = {"Authorization": f"Bearer {token}"}
            (await http.post("/api/meetings", json=wish, headers=bearer)).raise_for_status()
            async with webinars.kept(server.database, CROWD) as store:
                yield Office(server, store, zoom, token)


async def with_key(person: Person) -> None:
    await person.before(f"sessionStorage.setItem('reconvene.admin-key', '{KEY}')")


def forgive(person: Person, status: int) -> None:
    """The browser writes a line of its own for every refusal."""
    person.complaints = [text for text in person.complaints if f"status of {status}" not in text]
