"""The visible part of a text. Invisible characters are removed, so that texts that look the same are the same.

Invisible are the characters that Unicode calls default ignorable (DerivedCoreProperties.txt). Some are kept, as they
change the look: joiners in scripts whose letters join and in emoji, variation selectors after characters that have
variants, tags in flags.
"""

from __future__ import annotations

import re
import unicodedata

_BLANKS = "\u115f\u1160\u2800\u3164\uffa0\U00013441\U00013442\U0001d159"
"""They look like a space, but Unicode has them as none: Hangul fillers, the empty Braille cell, blanks between
hieroglyphs, the null notehead."""

_JOINERS = "\u200c\u200d"
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
"""The flag of a region: a black flag, followed by tags (UTS 51, emoji tag sequences)."""

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
"""They are no characters, and never will be."""

_UNSEEN = re.compile(
    f"[{_NONCHARACTERS}\u00ad\u034f\u061c\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u206f\ufeff\ufff0-\ufffc"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]+"
)
_IN_CONTEXT = re.compile(f"[{_JOINERS}{_SELECTORS}]")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They reverse the text around them (Unicode bidirectional formatting)."""

_AROUND_HIEROGLYPHS = re.compile("[\U00013430-\U00013440\U00013447-\U00013455]")
"""Marks and controls that are newer than some Python."""

_CONTROLS = dict.fromkeys((*range(32), 127))

_BLANK_ONE = re.compile(rf"[\s{_BLANKS}]")
_BLANK = re.compile(rf"[\s{_BLANKS}]+")

_JOINING = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc\U00010d00-\U00011fff]"
)
"""Letters and vowel signs that join or stack: Arabic and related scripts, Indic, Burmese, Khmer, Mongolian."""


def shown(text: str) -> str:
    """The text without invisible characters, with single spaces, trimmed and composed (NFC)."""
    if text.isascii():
        return " ".join(text.split())
    return unicodedata.normalize("NFC", _BLANK.sub(" ", _shown_in_line(text)).strip())


def _shown_in_line(text: str) -> str:
    parts, at = [], 0
    for flag in _FLAG.finditer(text):
        parts += [_without_unseen(text[at : flag.start()]), flag.group()]
        at = flag.end()
    parts.append(_without_unseen(text[at:]))
    return "".join(parts)


def lines(text: str) -> str:
    """The text without invisible characters, line by line: blanks and lines within it stay, those around it go. Marks
    that reverse what is around them, and control characters, go as well."""
    found = []
    for line in text.replace("\r\n", "\n").replace("\t", "    ").strip("\r\n").split("\n"):
        if line.isascii():
            kept = line.translate(_CONTROLS)
        else:
            kept = "".join(
                each for each in line if unicodedata.category(each) not in {"Cc", "Cs"} and each not in _BIDI
            )
            kept = unicodedata.normalize("NFC", _BLANK_ONE.sub(" ", _shown_in_line(kept)))
        found.append(kept.rstrip())
    return "\n".join(found).strip("\n")


def is_seen(text: str) -> bool:
    """Whether anything is visible: more than blanks, and marks without a base character."""
    return any(map(_is_seen, shown(text)))


def _is_seen(character: str) -> bool:
    if _AROUND_HIEROGLYPHS.match(character):
        return False
    # Emoji newer than this Python are not assigned yet (Cn); logos are private use (Co).
    category = unicodedata.category(character)
    return category[0] in "LNPS" or category in {"Cn", "Co"}


def _without_unseen(text: str) -> str:
    text = _UNSEEN.sub("", text)
    if not _IN_CONTEXT.search(text):
        return text
    kept: list[str] = []
    for place, character in enumerate(text):
        if _IN_CONTEXT.match(character):
            before = kept[-1] if kept else " "
            if character in _JOINERS:
                wanted = _joins(before) and _joins(text[place + 1 : place + 2])
            else:
                wanted = _has_variants(before)
            if not wanted:
                continue
        kept.append(character)
    return "".join(kept)


def _joins(character: str) -> bool:
    if _JOINING.match(character):
        return True
    return character != "" and (_is_symbol(character) or "\ufe00" <= character <= "\ufe0f")


def _has_variants(character: str) -> bool:
    """Whether it may have variants: emoji and other symbols, digits of keycaps, East Asian letters."""
    category = unicodedata.category(character)
    return (
        _is_symbol(character)
        or category == "Nd"
        or character in "#*"
        or (category == "Lo" and character >= "\u1000")
    )


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) in {"So", "Sk", "Sm", "Po", "Pd", "Me"} and not character.isascii()
