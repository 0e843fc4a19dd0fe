"""Which addresses other participants may make a bot contact: ICE tries every candidate that it is given.

Otherwise a stranger could name addresses of this machine or its network, and the bot would send packets there.
"""

from __future__ import annotations

import re
from enum import StrEnum

from signalling.protocol.ip_addresses import LOOPBACK, PRIVATE, is_in, networks_of, parsed

TUNNELS = networks_of("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
"""IPv6 networks whose addresses contain an IPv4 address (RFC 6052, RFC 8215, RFC 4380, RFC 3056)."""

_CANDIDATE = re.compile(r"^a=candidate:.*(?:\r?\n|$)", re.MULTILINE)


class Reach(StrEnum):
    PUBLIC = "public"
    """Addresses of the Internet only."""
    PRIVATE = "private"
    """Also those of private networks, and names resolved in the local network (mDNS)."""
    ANY = "any"
    """All addresses, this machine's too."""

    @classmethod
    def of(cls, address: str, *, hidden: bool = False) -> Reach:
        """The reach of whoever asks, by address. `hidden`: an untrusted proxy hides the address, so PUBLIC."""
        ip = parsed(address)
        if ip is None or hidden:
            return cls.PUBLIC
        if is_in(ip, LOOPBACK):
            return cls.ANY
        return cls.PRIVATE if is_in(ip, PRIVATE) else cls.PUBLIC

    def allows(self, host: str) -> bool:
        """Whether a candidate may have this address or name."""
        if self is Reach.ANY:
            return True
        address = parsed(host)
        if address is None:
            # Other names are not resolved.
            return self is Reach.PRIVATE and host.endswith(".local")
        if address.is_multicast or is_in(address, TUNNELS):
            return False
        return address.is_global or (self is Reach.PRIVATE and is_in(address, PRIVATE))

    def without_others(self, sdp: str) -> str:
        """A description without the candidates that are not allowed (RFC 8839 section 5.1: the fifth field)."""

        def kept(line: re.Match[str]) -> str:
            fields = line[0].split()
            return line[0] if len(fields) > 4 and self.allows(fields[4]) else ""

        return sdp if self is Reach.ANY else _CANDIDATE.sub(kept, sdp)


def of_setting(text: str) -> Reach | None:
    """The configured reach; None for `client`: that of whoever asks. Raises `ValueError`."""
    return None if text == "client" else Reach(text)
