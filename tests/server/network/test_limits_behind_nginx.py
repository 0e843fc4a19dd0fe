"""Behind a real nginx, set up as the documentation has it, nobody gets past a limit by naming other addresses."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import httpx
from websockets.exceptions import ConnectionClosed

from tests.process import ServerProcess
from tests.server.client import Client
from tests.server.nginx import PASSING, Nginx

LOOKUPS = 5


def documented() -> str:
    """The line by which nginx tells who the client is, the same in each of its configurations."""
    operations = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    (line,) = set(re.findall(r"proxy_set_header X-Forwarded-For .*?(?=;)", operations))
    return str(line)


async def test_who_names_other_addresses_is_the_same_stranger(tmp_path: Path) -> None:
    settings = {"RECONVENE_LIMITS": f"lookups={LOOKUPS},new_sockets={LOOKUPS}"}
    async with (
        ServerProcess(tmp_path, **settings) as server,
        Nginx(server.port, (*PASSING, documented())) as nginx,
        httpx.AsyncClient(base_url=nginx.url) as http,
    ):
        refused = 0
        for number in range(10 * LOOKUPS):
            headers = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
            answer = await http.get(f"/api/meetings/GUESS-{number}", headers=headers)
            refused += answer.status_code == 429
        assert refused
        await server.logged("an address is over a limit", limit="lookups", remote="127.0.0.1")

        address = nginx.url.replace("http", "ws") + "/ws"
        for number in range(10 * LOOKUPS):
            client = await Client.open(address, address=f"203.0.113.{number}")
            with contextlib.suppress(ConnectionClosed):
                await client.send("ping")
            answered = await client.next()
            await client.close()
            if answered.get("code") == "rate_limited":
                break
        await server.logged("an address is over a limit", limit="new_sockets", remote="127.0.0.1")
