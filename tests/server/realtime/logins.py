"""A server that takes an application's tokens, and who has logged in there."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.identity.outside_user import LEEWAY
from tests.issuer import KeyServer, Signer
from tests.process import ServerProcess
from tests.server.client import Client, Message, Play, playing

ADMIN_KEY = "the key of an administrator"


@dataclass
class Login:
    """The application, its keys, the server behind it, and clients of that."""

    keys: KeyServer
    signer: Signer
    server: ServerProcess
    play: Play

    def token(self, sub: str = "ann", **claims: Any) -> str:
        """As the application makes it."""
        return self.signer.token(sub=sub, **claims)

    def about_to_end(self, sub: str = "ann", seconds: float = 1.0, **claims: Any) -> str:
        """A token that is taken for so many seconds more."""
        return self.token(sub, iat=int(time.time()) - 600, lasts=seconds - LEEWAY, **claims)

    async def joined(self, meeting: str, sub: str = "ann", **fields: Any) -> Client:
        fields.setdefault("token", self.token(sub, name=sub.capitalize()))
        client = await self.play.client()
        await client.join(meeting, sub.capitalize(), create=True, **fields)
        return client

    async def refused(self, code: str, closes: int | None = None, **join: Any) -> Message:
        """A join that is refused so; `closes`: what with."""
        client = await self.play.client()
        number = await client.send("join", **({"name": "Ann"} | join))
        told = await client.error(code, id=number)
        if closes is None:
            await client.nothing()
        else:
            assert (await client.closed())[0] == closes
        return told


@contextlib.asynccontextmanager
async def logging_in(directory: Path, **settings: str) -> AsyncIterator[Login]:
    """`JWT_…`, and other settings without their prefix."""
    async with KeyServer() as keys:
        signer = Signer("ES256")
        keys.publish(signer)
        ours = {f"RECONVENE_{name}": value for name, value in ({"ADMIN_KEY": ADMIN_KEY} | settings).items()}
        async with (
            ServerProcess(directory, **(keys.settings() | ours)) as server,
            playing(server) as play,
        ):
            yield Login(keys, signer, server, play)
