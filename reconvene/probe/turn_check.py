"""The check of TURN: asks each server that browsers are given for a relay, with the doctor's code."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from reconvene.probe.context import Visit
from reconvene.probe.steps import Failed, Seen
from server.doctor import ice
from server.doctor.checks import Finding, Level
from server.identity.turn_credentials import LASTING

SKEW = 300.0
"""Seconds by which two clocks may differ before a warning."""

_MADE = re.compile(r"(\d{9,11}):")
"""A user name made with RECONVENE_TURN_SECRET begins with the time when it expires."""


async def turn(visit: Visit, within: float) -> Seen:
    if not visit.turn_only:
        return Seen("only asked with --turn-only", skipped=True)
    offered = list(relays(await visit.api.ice_servers(visit.tokens[0])))
    if not offered:
        raise Failed(
            "the server offers no TURN server",
            "Set RECONVENE_TURN_URLS and RECONVENE_TURN_SECRET for it, or probe without --turn-only",
        )
    found = await asyncio.gather(*(ice.check(server, within * 0.8) for server in offered))
    details = {
        "servers": [
            {
                "url": server.shown,
                "ok": not _failures(findings),
                "found": [finding.found for finding in findings],
            }
            for server, findings in zip(offered, found, strict=True)
        ]
    }
    working = [server for server, findings in zip(offered, found, strict=True) if not _failures(findings)]
    failures = [failure for findings in found for failure in _failures(findings)]
    if not working:
        more = f" (and so for {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise Failed(f"{failures[0].found}{more}{_clocks(offered)}", failures[0].advice, details)
    if working[0] is not offered[0]:
        # Browsers try all servers, bots the first.
        visit.servers = [_as_entry(server) for server in working]
    warnings = [finding.found for findings in found for finding in findings if finding.level is Level.WARNING]
    return Seen(
        f"{working[0].shown} gives a relay", details, [*(failure.found for failure in failures), *warnings]
    )


def relays(servers: Sequence[dict[str, Any]]) -> Iterator[ice.Server]:
    """The TURN servers among `RTCIceServer` dictionaries, URL by URL."""
    for entry in servers:
        urls = entry.get("urls", [])
        username, credential = str(entry.get("username", "")), str(entry.get("credential", ""))
        setting = "RECONVENE_TURN_URLS" if _MADE.match(username) else "RECONVENE_ICE_SERVERS"
        for url in [urls] if isinstance(urls, str) else urls:
            if str(url).startswith("turn"):
                yield ice.Server(str(url), setting, username, credential)


def _as_entry(server: ice.Server) -> dict[str, Any]:
    return {"urls": [server.url], "username": server.username, "credential": server.credential}


def _failures(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is Level.FAILURE]


def _clocks(servers: Sequence[ice.Server]) -> str:
    """Compare the clocks: the credentials say when they expire by the server's clock."""
    for server in servers:
        made = _MADE.match(server.username)
        ahead = int(made[1]) - LASTING - time.time() if made else 0.0
        if abs(ahead) > SKEW:
            minutes = f"{abs(ahead) / 60:.0f} min {'ahead of' if ahead > 0 else 'behind'}"
            return f"; the server's clock is {minutes} the one here"
    return ""
