"""Checks the host names in requests against those the server answers to, and which origins' pages may connect.

A site can make its name resolve to this machine (DNS rebinding). Its page then has this server's origin, for the
browser and for any comparison of Origin with Host. Only a list of names can tell it apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from server.network.client_address import Header
from signalling.protocol.ip_addresses import parsed

FORWARDED_HOST = "x-forwarded-host"

DEFAULT_PORTS = {"http": ":80", "https": ":443"}

_NETLOC = re.compile(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
"""Host and port in an origin. Browsers write names beyond ASCII as `xn--…`."""

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def asked_by(header: Header, *, trusted: bool) -> list[str]:
    """The host names of a request, the decisive one last: from Host, then from a trusted proxy."""
    names = list(header("host"))
    if trusted:
        # As in the other forwarding headers, the last entry is what the nearest proxy saw itself.
        told = ",".join(header(FORWARDED_HOST)).rpartition(",")[2].strip()
        # Ignore the same name without its port: proxies often drop the port.
        if told and (not names or told.lower() != _name(names[-1])):
            names.append(told)
    return names


class Hosts:
    """Names that the server answers to; all, if none are given.

    Addresses and localhost are always served: no other site can have them as its name.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hosts) and self._names == other._names

    __hash__ = None  # type: ignore[assignment] # compared by value, never a key

    @classmethod
    def parse(cls, text: str) -> Hosts:
        """Raises `ValueError`."""
        names = [part.strip().lower() for part in text.split(",") if part.strip()]
        for name in names:
            if name != "*" and not _NAME.fullmatch(name.removeprefix("*.")):
                raise ValueError
        return cls(() if "*" in names else names)

    def refusal(self, asked_by: Sequence[str]) -> str | None:
        """The error for a request by a name that is not served; None: all are served."""
        for host in asked_by:
            if not self._serves(host):
                return "The server does not answer to this name; see RECONVENE_HOSTS."
        return None

    def _serves(self, host: str) -> bool:
        if not self._names or is_local(host):
            return True
        name = _name(host)
        return name in self._names or f"*.{name.partition('.')[2]}" in self._names


ANY_HOST = Hosts(())


def is_local(host: str) -> bool:
    """Whether a host is an IP address or a localhost name (RFC 6761, section 6.3)."""
    return parsed(host) is not None or _name(host) == "localhost" or _name(host).endswith(".localhost")


def origin(text: str) -> str:
    """An origin as browsers write it: in lower case, without the scheme's default port (RFC 6454).

    Raises `ValueError` if the text is no origin.
    """
    parts = urlsplit(text.strip().rstrip("/").lower())
    if parts.scheme not in DEFAULT_PORTS or parts.path or parts.query or parts.fragment:
        raise ValueError
    if not _NETLOC.fullmatch(parts.netloc):
        # Whatever else stands there would stand in the policy of every page, too.
        raise ValueError
    return f"{parts.scheme}://{_without_port(parts.scheme, parts.netloc)}"


def origin_of(url: str) -> str | None:
    """The origin of an address, as `origin` writes it; None if it has none, or names a user."""
    try:
        parts = urlsplit(url)
        return None if "@" in parts.netloc else origin(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        return None


def is_allowed_origin(text: str, host: str | None, allowed: Sequence[str]) -> bool:
    """Whether a page of this origin may connect: the origin is that of `host`, or on the list."""
    if "*" in allowed:
        return True
    try:
        found = origin(text)
    except ValueError:  # such as null, or http://[
        return False
    scheme, _, own = found.partition("://")
    return found in allowed or (host is not None and own == _without_port(scheme, host.lower()))


def _without_port(scheme: str, host: str) -> str:
    """`host` without the scheme's default port. A Host header has no scheme, so the scheme is the page's."""
    return host.removesuffix(DEFAULT_PORTS[scheme])


def _name(host: str) -> str:
    return host.partition(":")[0].lower().removesuffix(".")
