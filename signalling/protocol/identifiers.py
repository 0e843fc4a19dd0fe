"""Meeting ids, and the names and titles people type."""

from __future__ import annotations

import re
import unicodedata

from signalling.protocol import visible

MEETING_ID = re.compile(r"[A-Za-z0-9-]{3,64}")
PAGE = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAME_LENGTH = 80
TITLE_LENGTH = 200

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""For generated ids: without 0/O, 1/I/L, which people confuse when they read an id aloud."""

IMPORTED = "ZOOM-"
"""Prefix of the ids of meetings held in Zoom: they are imported, and cannot be created here."""

ECHO = "ECHO-"
"""Prefix of the ids of echo meetings, in which the server sends a call back. It creates each for a minute."""

RESERVED = {
    IMPORTED: f"Meeting IDs that begin with {IMPORTED} are those of meetings imported from Zoom.",
    ECHO: f"Meeting IDs that begin with {ECHO} are those in which the server tests a call.",
}

_ECHO_LENGTH = 26
_ECHO_ID = re.compile(rf"{ECHO}[{ALPHABET}]{{{_ECHO_LENGTH}}}")

# Controls, lone surrogates, and the marks that reverse the text around them (Unicode bidirectional overrides).
_UNSEEN = {"Cc", "Cs"}
_BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e")
_BIDI = _BIDI_OVERRIDES | frozenset("\u2066\u2067\u2068\u2069")
"""With isolates. A name copied from a page may contain isolates: it is accepted without them."""


def meeting_id(text: str) -> str:
    """The id as it is kept and shown: upper case.

    Raises `ValueError`, with a text that says what an id may be.
    """
    text = text.strip()
    # Matched before it is made upper case: some letters beyond ASCII have an ASCII upper case.
    if not MEETING_ID.fullmatch(text):
        raise ValueError("A meeting ID is 3 to 64 letters (A-Z), digits and hyphens.")
    return text.upper()


def new_meeting_id(text: str) -> str:
    """As `meeting_id`, for a meeting to be created: raises `ValueError` for `reserved` ids too."""
    room = meeting_id(text)
    if (reason := reserved(room)) is not None:
        raise ValueError(reason)
    return room


def reserved(room: str) -> str | None:
    """Why no meeting may be created with this id, or None."""
    return next((reason for prefix, reason in RESERVED.items() if room.startswith(prefix)), None)


def generated_meeting_id(random: bytes) -> str:
    """An id such as `K7P-2MX-9QD` from at least 12 random bytes."""
    text = _letters(random, 9)
    return f"{text[:3]}-{text[3:6]}-{text[6:]}"


def echo_id(random: bytes) -> str:
    """An id that nobody can guess, from at least 20 random bytes: whoever knows it may join."""
    return ECHO + _letters(random, _ECHO_LENGTH)


def is_echo(room: str) -> bool:
    """Whether `echo_id` makes ids of this form. Other ids with the same prefix may be older than echo meetings."""
    return _ECHO_ID.fullmatch(room) is not None


def _letters(random: bytes, count: int) -> str:
    number = int.from_bytes(random, "big")
    letters = []
    for _ in range(count):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)


def page(text: str) -> str:
    """The random name that a page gives itself, unchanged. Raises `ValueError` that says what it may be."""
    if not PAGE.fullmatch(text):
        raise ValueError("A page is named by 1 to 64 letters (A-Z), digits, hyphens and underscores.")
    return text


def instance(page: str, number: str) -> str:
    """The name of one join by a page: `number` differs between joins."""
    return f"{page}.{number}"


def page_of(instance: str) -> str:
    """The page that made this join."""
    return instance.partition(".")[0]


def person_name(text: str) -> str:
    """A name of 1 to 80 characters, as `visible.shown` returns it. Raises `ValueError` that says what is wrong."""
    name = _seen(text, "A name", NAME_LENGTH)
    if text.strip() and not visible.is_seen(name):
        raise ValueError("A name needs something that can be seen.")
    if not 1 <= len(name) <= NAME_LENGTH:
        raise ValueError(f"A name has 1 to {NAME_LENGTH} characters.")
    return name


def meeting_title(text: str) -> str:
    """A title of at most 200 characters; "" if none is visible. Raises `ValueError` that says what is wrong."""
    title = _seen(text, "A title", TITLE_LENGTH)
    if len(title) > TITLE_LENGTH:
        raise ValueError(f"A title has at most {TITLE_LENGTH} characters.")
    return title if visible.is_seen(title) else ""


def is_text(character: str) -> bool:
    """Whether a text may keep this character: it is no control, lone surrogate or bidirectional mark."""
    return unicodedata.category(character) not in _UNSEEN and character not in _BIDI


def _seen(text: str, what: str, most: int) -> str:
    if len(text) > 16 * most:
        # Nobody types that many invisible characters: the visible ones are too many as well.
        raise ValueError(f"{what} has at most {most} characters.")
    text = text.strip()
    if text.isascii():
        if not text.isprintable():
            raise ValueError(f"{what} has no control characters.")
    elif any(unicodedata.category(each) in _UNSEEN or each in _BIDI_OVERRIDES for each in text):
        raise ValueError(f"{what} has no control characters.")
    return visible.shown(text)
