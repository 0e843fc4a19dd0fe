"""The names of hosts, as requests have them."""

from __future__ import annotations

from server.client_address import parsed


def is_local(host: str) -> bool:
    """Whether a host is an address, or a name of this machine for itself (RFC 6761, section 6.3)."""
    return parsed(host) is not None or _name(host) == "localhost" or _name(host).endswith(".localhost")


def _name(host: str) -> str:
    return host.partition(":")[0].lower().removesuffix(".")
