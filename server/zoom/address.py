"""The webinar or meeting that a text names: a number as Zoom shows it, or a link that contains it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from signalling.protocol import identifiers
from signalling.protocol.pasted import without_wrapping

NUMBER = re.compile(r"[0-9]{9,12}")
"""Zoom's numbers of webinars and meetings."""
_SEPARATORS = re.compile(r"[\s.·\-\u2010-\u2015\u2212\uff0e]+")
"""Between the groups of digits: spaces, dots and dashes of all kinds."""
_GROUPS = re.compile(rf"[0-9]{{3,12}}(?:{_SEPARATORS.pattern}[0-9]{{3,12}}){{0,2}}")
"""More or shorter groups are something else: 192.168.10.200, or a number followed by a count."""
_LABEL = re.compile(r"[^0-9/]*:\s+")
"""As in `Webinar ID: 889 8887 2033`."""
_IN_INVITATION = (
    # Up to the third group: a time, or a number of people, may follow.
    re.compile(
        r"\bID\s?:\s*([0-9]{3}[ .\u00a0-]?[0-9]{3,4}[ .\u00a0-]?[0-9]{3,4}|[0-9]{9,12})(?!\.?[0-9])",
        re.IGNORECASE,
    ),
    re.compile(r",,([0-9]{9,12})#"),  # for telephones: +13462487799,,88988872033#,,,,*123456#
    re.compile(r"\b([0-9]{9,12})(?:\.[0-9]+)?@zoomcrc\.com\b", re.IGNORECASE),  # for rooms with SIP
)
"""Lines of an invitation that contain the number and more."""
_HOSTS = ("zoom.us", "zoom.com", "zoomgov.com")
_LONGEST = 2000
"""Most characters of a link, which in a mail may have words around it. Searching more would block the server."""
_EXAMPLE = "such as 88988872033 or https://zoom.us/w/88988872033"


def external_id(text: str) -> str:
    """The number of a webinar or meeting, such as `88988872033`. `text` may be `889 8887 2033`, `889.8887.2033`, the id
    used here (`ZOOM-88988872033`), a line of an invitation, or a link such as
    `https://us02web.zoom.us/j/88988872033?pwd=…`.

    Raises `ValueError`, whose text is one line that says what is wrong.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"{_shortened(text)!r} is too long for a Zoom id or a link, {_EXAMPLE}")
    line = without_wrapping(text)
    text = _LABEL.sub("", line)
    digits = text.upper().removeprefix(identifiers.IMPORTED)
    if _GROUPS.fullmatch(digits) and NUMBER.fullmatch(number := _SEPARATORS.sub("", digits)):
        return number
    for shape in _IN_INVITATION:
        found = shape.search(line)
        if found and NUMBER.fullmatch(number := _SEPARATORS.sub("", found[1])):
            return number
    if "/" in text:
        return _in_link(text)
    raise ValueError(
        f"{_shortened(text)!r} is no Zoom id: it has 9 to 12 digits in up to three groups, {_EXAMPLE}"
    )


def _in_link(text: str) -> str:
    try:
        link = urlsplit(text if "://" in text else f"https://{text}")
        host = (link.hostname or "").lower()
    except ValueError:
        raise ValueError(f"{_shortened(text)!r} is no link") from None
    if not any(host == known or host.endswith(f".{known}") for known in _HOSTS):
        raise ValueError(f"{_shortened(text)!r} is no link to Zoom, {_EXAMPLE}")
    parts = link.path.split("/")
    if "register" in parts:
        # The number in some of these links is another one.
        raise ValueError(
            "a registration link does not tell which webinar it is for: take the number shown in its place on "
            "Zoom's pages, as Webinar ID or Meeting ID, or the link people join with"
        )
    # zoommtg://zoom.us/join?confno=…
    for part in (*parts, *parse_qs(link.query).get("confno", ())):
        if NUMBER.fullmatch(part):
            return str(part)
    raise ValueError(f"{_shortened(text)!r} has no webinar's or meeting's number in it, {_EXAMPLE}")


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
