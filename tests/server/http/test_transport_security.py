"""HSTS: browsers that came by TLS, as a trusted proxy says, are told to use nothing else."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.process import ServerProcess

MEET = "meet.example.org"


async def told(server: ServerProcess, path: str = "/", scheme: str = "https", host: str = MEET) -> str | None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        answer = await web.get(path, headers={"X-Forwarded-Proto": scheme, "Host": host})
    found: str | None = answer.headers.get("Strict-Transport-Security")
    return found


@pytest.mark.parametrize("path", ["/", "/api/echo", "/nowhere", "/static/icon.svg"])
async def test_every_answer_by_tls_says_so(server: ServerProcess, path: str) -> None:
    assert await told(server, path) == "max-age=31536000"
    assert await told(server, path, scheme="http") is None


@pytest.mark.parametrize("host", ["localhost:3443", "a.localhost", "127.0.0.1", "[::1]"])
async def test_it_is_not_said_of_a_machine_that_others_serve_too(server: ServerProcess, host: str) -> None:
    assert await told(server, host=host) is None


@pytest.mark.parametrize("settings", [{"RECONVENE_HSTS": "0"}, {"RECONVENE_TRUSTED_PROXIES": "none"}])
async def test_it_can_be_left_to_the_proxy_and_nobody_else_brings_it_about(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    async with ServerProcess(tmp_path, **settings) as server:
        assert await told(server) is None
