"""IP addresses, and the networks that have a name here."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

GROUPS = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
    "*": ("0.0.0.0/0", "::/0"),
    "none": (),
}
"""Named groups of networks."""


def networks_of(*texts: str) -> tuple[Network, ...]:
    """Raises `ValueError`."""
    return tuple(ipaddress.ip_network(text) for text in texts)


LOOPBACK, PRIVATE = (networks_of(*GROUPS[name]) for name in ("loopback", "private"))


def parsed(text: str) -> Address | None:
    """An address, with or without brackets, port and zone. An IPv4-mapped IPv6 address becomes an IPv4 address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
