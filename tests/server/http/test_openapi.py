"""The OpenAPI document says what the server does, and a generator of requests that reads it finds nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import httpx
import pytest

from tests.process import ServerProcess
from tests.server.client import bearer, playing

pytestmark = pytest.mark.early

ADMIN_KEY = "the-admin-key-of-these-tests"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
REFUSES = """
# Zoom is not configured here, and says so.
[[operations]]
include-name = "POST /api/zoom/sync"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 501]
"""
EXAMPLES = 2
"""Made up at random for each operation, beside those that cover its parameters one by one."""


async def test_what_is_not_understood_is_told_as_400_everywhere(server: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        document = (await web.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            assert "422" not in answers, (method, path)
            if "requestBody" in operation or "parameters" in operation:
                assert "application/problem+json" in answers["400"]["content"], (method, path)
            if "security" in operation:
                assert {"401", "403"} <= answers.keys(), (method, path)
    assert {"HTTPValidationError", "ValidationError"}.isdisjoint(document["components"]["schemas"])


@pytest.mark.parametrize("caller", ["identity", "admin"])
async def test_generated_requests_are_answered_as_documented(tmp_path: Path, caller: str) -> None:
    """Strangers' requests are among them: some are sent without the token."""
    async with (
        ServerProcess(
            tmp_path,
            RECONVENE_ADMIN_KEY=ADMIN_KEY,
            ZOOM_WEBHOOK_SECRET="s",
            # However much is asked at once, and however busy the machine.
            RECONVENE_LIMITS="0",
            RECONVENE_OVERLOAD="0",
        ) as server,
        playing(server) as play,
    ):
        # Of another host: what the requests make up may be to delete each meeting of their own.
        token, host = await play.identity(), await play.identity()
        ann = await play.joined("ABC123", "Ann", create=True, token=host)
        settings = tmp_path / "settings.toml"
        # Most ids that are made up are of no meeting: with the admin key all requests are about one that exists.
        meeting = '[parameters]\n"path.meeting" = "ABC123"\n' if caller == "admin" else ""
        settings.write_text(meeting + REFUSES)
        if caller == "admin":
            await _passes(server.url, ADMIN_KEY, settings, "--exclude-method", "DELETE")
        else:
            await _passes(server.url, token, settings)
        attendance = await play.http.get("/api/meetings/ABC123/attendance", headers=bearer(host))
        assert attendance.status_code == 200
        await ann.close()
    assert [line for line in server.logs if line["level"] == "error"] == []


async def _passes(url: str, token: str, settings: Path, *options: str) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(settings), "run", f"{url}/openapi.json"),
        *("--header", f"Authorization: Bearer {token}", *options),
        *("--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS)),
        *("--seed", "1", "--max-examples", str(EXAMPLES), "--warnings", "off", "--no-color"),
    ]
    # Without a terminal its output is one report, which also says how to send a request again.
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=settings.parent,
        env={**os.environ, "NO_PROXY": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 100)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, output.decode()
