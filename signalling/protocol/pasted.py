"""Pasted links and ids, cleaned of what a mail or a chat puts around them. The page's links.js does the same."""

from __future__ import annotations

import re
import unicodedata

_LINK = re.compile(r"[a-z]+://\S+", re.IGNORECASE)
_BEFORE = "<({\"'“‘„«"
_AFTER = ">)}\"'”’“»,.;!"


def without_wrapping(text: str) -> str:
    """The link or id without words before a link, brackets, quotes, punctuation after it, and invisible marks."""
    text = "".join(character for character in text if unicodedata.category(character) != "Cf").strip()
    link = _LINK.search(text)
    if link and link.start():
        text = link[0]
    # A closing bracket belongs to the link only after an opening one, as in [::1].
    after = _AFTER if "[" in text else f"{_AFTER}]"
    return text.lstrip(_BEFORE).rstrip(after).strip()
