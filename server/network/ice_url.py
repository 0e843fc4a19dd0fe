"""Parses STUN and TURN URLs as browsers do (RFC 7064, RFC 7065)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_URL = re.compile(
    r"(stuns?|turns?):(\[[0-9a-fA-F:.]+\]|[^\s:/?@\[\]]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A parsed URL. `transport` is udp, tcp, tls or dtls (which few browsers support)."""

    scheme: str
    host: str
    port: int
    transport: str


def place(url: str) -> Place | None:
    """None if it is no valid STUN or TURN URL: with a single invalid URL, a browser makes no connection at all."""
    match = _URL.fullmatch(url)
    if match is None:
        return None
    scheme, host, port, transport = match.groups()
    if scheme.startswith("stun") and transport:
        return None
    secure = scheme.endswith("s")
    number = int(port) if port else (5349 if secure else 3478)
    if not 0 < number < 65536:
        return None
    if secure:
        transport = "dtls" if transport == "udp" else "tls"
    return Place(scheme, host.strip("[]"), number, transport or "udp")
