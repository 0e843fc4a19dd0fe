"""Finds the client's address of a request, behind trusted proxies.

Each proxy appends the address of its peer (X-Forwarded-For, or Forwarded, RFC 7239), so the list is read from its end.
An entry that a trusted proxy appended is true; the entries before an untrusted address can be forged.
"""

from __future__ import annotations

import functools
import ipaddress
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from signalling.protocol.ip_addresses import (
    GROUPS,
    LOOPBACK,
    PRIVATE,
    Address,
    Network,
    is_in,
    networks_of,
    parsed,
)

Header = Callable[[str], Sequence[str]]
"""All values of a request's header, by its name."""

FORWARDED_FOR, FORWARDED = "x-forwarded-for", "forwarded"

BEHIND = LOOPBACK + PRIVATE

MOST_HOPS = 16
"""Proxies in a row. Further entries of a list are not read."""

_FOR = re.compile(r"""(?:^|;)\s*for\s*=\s*"?([^";]*)""", re.IGNORECASE)


class Client(NamedTuple):
    address: str
    """As it is logged."""
    network: str
    """What limits count as one client: an IPv4 address, or the /64 of an IPv6 address, which is one household's."""
    hidden: bool = False
    """The address is that of an untrusted proxy in a private network: all clients behind it share the address."""


UNKNOWN = Client("", "")
"""The client when the address is not known."""

LONGEST = 64
"""Characters of an address, with brackets, zone and port."""
REMEMBERED = 4096
"""Addresses whose parse is cached: parsing takes longer than everything else here."""


class _Sender(NamedTuple):
    """A parsed address."""

    client: Client
    is_trusted: bool
    is_private: bool


class Proxies:
    """The proxies that are trusted to name the client."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)
        self._sender = functools.lru_cache(REMEMBERED)(self._judged)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proxies) and self._trusted == other._trusted

    __hash__ = None  # type: ignore[assignment] # compared by value, never a key

    @classmethod
    def parse(cls, text: str) -> Proxies:
        """Raises `ValueError`."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        named = itertools.chain.from_iterable(GROUPS.get(part, (part,)) for part in parts)
        return cls(networks_of(*named))

    def trusts(self, remote: str) -> bool:
        """Whether this address is a trusted proxy's."""
        sender = self._sender(remote[:LONGEST])
        return sender is not None and sender.is_trusted

    def client(self, remote: str, header: Header) -> Client:
        """The client of a request that came from the address `remote`."""
        sender = self._sender(remote[:LONGEST])
        if sender is None:
            return Client(remote, remote)
        if not sender.is_trusted:
            hides = sender.is_private and bool(header(FORWARDED_FOR) or header(FORWARDED))
            return sender.client._replace(hidden=True) if hides else sender.client
        for hop in itertools.islice(_hops(header), MOST_HOPS):
            before = self._sender(hop.strip()) if len(hop) <= LONGEST else None
            if before is None:
                break
            sender = before
            if not sender.is_trusted:
                break
        return sender.client

    def _judged(self, text: str) -> _Sender | None:
        address = parsed(text)
        if address is None:
            return None
        return _Sender(_client(address), is_in(address, self._trusted), is_in(address, BEHIND))


def _hops(header: Header) -> Iterator[str]:
    """The peer of each proxy, nearest proxy first. X-Forwarded-For wins: most proxies pass Forwarded on unread."""
    lists = header(FORWARDED_FOR)
    told = lists or header(FORWARDED)
    # Cut at every comma, quoted or not: a quote that a client opens must not swallow what a proxy appends.
    for hop in reversed(",".join(told).split(",")):
        if lists:
            yield hop
        else:
            named = _FOR.search(hop)
            yield named[1] if named else ""


def _client(address: Address) -> Client:
    text = str(address)
    if isinstance(address, ipaddress.IPv4Address):
        return Client(text, text)
    return Client(text, str(ipaddress.ip_network((address, 64), strict=False)))
