"""A server's address as people write it: a URL, or the link of a meeting."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from signalling.protocol import identifiers
from signalling.protocol.pasted import without_wrapping
from signalling.protocol.path_prefix import is_prefix

DEFAULT = "http://localhost:3000"

_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_PORTS = {"http": 80, "https": 443}
_EXAMPLE = "such as http://localhost:3000 or https://meet.example.org"
_NAME = re.compile(r"[\w.-]+")


class BadAddress(ValueError):  # noqa: N818 - named for what happened
    """The text is one line: what is wrong, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Address:
    """`base` is the server's URL, such as `https://meet.example.org`, or `https://example.org/meet` with a prefix
    (no slash at the end); `meeting` is the id of the meeting, if one was given; `invite` the secret of an invite link.
    """

    base: str
    meeting: str | None = None
    invite: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str | None, meeting: str | None = None) -> Address:
        """Parse `https://host:3000`, `localhost:3000`, `https://host/prefix` or a meeting link `https://host/m/ABC123`.
        None means a server's default address. `meeting` is an id, or a link that then also gives the server.

        Without a scheme, http is meant for localhost, IP addresses and names without a dot, https for all others.
        Raises `BadAddress`.
        """
        if meeting is not None and "/" in meeting:
            link = _parsed(meeting)
            if link.meeting is None:
                raise BadAddress(f"{_shortened(meeting)!r} is no meeting's link, {_EXAMPLE}/m/ABC123")
            if text is not None and _parsed(text).base != link.base:
                raise BadAddress(
                    f"the meeting's link leads to {link.base}, which is another server than {text}"
                )
            return link
        address = _parsed(DEFAULT if text is None else text)
        if meeting is None:
            return address
        room = _room(meeting)
        if address.meeting not in {None, room}:
            raise BadAddress(f"the link is that of {address.meeting}, which is another meeting than {room}")
        return cls(address.base, room, address.invite)

    @property
    def websocket(self) -> str:
        """`wss://meet.example.org/ws`"""
        return f"ws{self.base.removeprefix('http')}/ws"

    @property
    def origin(self) -> str:
        """The origin of the server's pages (RFC 6454): the base without its prefix."""
        scheme, _, rest = self.base.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"

    @property
    def prefix(self) -> str:
        """The start of all of the server's paths; may be empty."""
        return self.base.removeprefix(self.origin)

    @property
    def host(self) -> str:
        """The host without port; an IPv6 address without brackets."""
        return urlsplit(self.base).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.base).port or _PORTS["https" if self.is_secure else "http"]

    @property
    def is_secure(self) -> bool:
        return self.base.startswith("https:")

    def url(self, path: str) -> str:
        """`path` begins with a slash."""
        return f"{self.base}{path}"

    def link(self, meeting: str) -> str:
        return self.url(f"/m/{meeting}")


def _parsed(text: str) -> Address:
    parts = _parts(without_wrapping(text))
    if "@" in parts.netloc:
        # The text is not shown: it may hold a password.
        raise BadAddress("an address of a server has neither user nor password in it")
    if parts.scheme not in _SCHEMES:
        raise BadAddress(
            f"{_shortened(text)!r} is no address of a server: it begins with http:// or https://"
        )
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadAddress(f"{_shortened(text)!r} has no port from 1 to 65535") from None
    if port == 0:
        raise BadAddress(f"{_shortened(text)!r} has no port from 1 to 65535")
    scheme = _SCHEMES[parts.scheme]
    # As in an Origin header: without the scheme's default port.
    shown = "" if port in (None, _PORTS[scheme]) else f":{port}"
    prefix, meeting = _path(parts.path, text)
    invite = _invite(parts.fragment) if meeting is not None else None
    return Address(f"{scheme}://{_host(host, text)}{shown}{prefix}", meeting, invite)


def _invite(fragment: str) -> str | None:
    """The secret in `#invite=…`."""
    named = (part.partition("=") for part in fragment.split("&"))
    return next((value for name, _, value in named if name == "invite" and value), None)


def _parts(text: str) -> SplitResult:
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        if parts.scheme:
            return parts
        return parts._replace(scheme="http" if _is_near(parts.hostname or "") else "https")
    except ValueError:
        raise BadAddress(f"{_shortened(text)!r} is no address of a server, {_EXAMPLE}") from None


def _is_near(host: str) -> bool:
    return "." not in host or host.endswith(".localhost") or _is_number(host)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _host(host: str, text: str) -> str:
    """The host in the form for DNS. Invalid names are refused here: libraries raise various errors for them."""
    if ":" in host and _is_number(host):
        return f"[{host}]"
    try:
        known = host.encode("idna").decode()
    except UnicodeError:
        known = ""
    if not known or not _NAME.fullmatch(known):
        raise BadAddress(f"{_shortened(text)!r} names no host, {_EXAMPLE}")
    return known


def _path(path: str, text: str) -> tuple[str, str | None]:
    """Split a path into the server's prefix and the meeting."""
    # Trackers append parameters to a path without a query, and mail programs escape a closing bracket.
    path = without_wrapping(unquote(path).partition("&")[0])
    parts = [part for part in path.strip("/").split("/") if part]
    match parts:
        case [*before, "m", room] | [*before, "m", room, "attendance"] if is_prefix(before):
            return _joined(before), _room(room)
        case [*before, "ws"] | before if is_prefix(before):
            return _joined(before), None
    raise BadAddress(
        f"{_shortened(text)!r} has more in it than a server's address, {_EXAMPLE}, or a meeting's link (…/m/ABC123)"
    )


def _joined(parts: list[str]) -> str:
    return "".join(f"/{part}" for part in parts)


def _room(text: str) -> str:
    try:
        return identifiers.meeting_id(without_wrapping(text))
    except ValueError as error:
        raise BadAddress(f"{_shortened(text)!r} is no meeting's id: {str(error).rstrip('.')}") from None


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
