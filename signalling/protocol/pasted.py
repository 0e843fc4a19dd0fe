"""What people paste, without what stuck to it on the way out of a mail or a chat. The page's links.js does the same."""

from __future__ import annotations

import re
import unicodedata

_LINK = re.compile(r"[a-z]+://\S+", re.IGNORECASE)
_BEFORE = "<({\"'“‘„«"
_AFTER = ">)}\"'”’“»,.;!"


def without_wrapping(text: str) -> str:
    """A link or an id: no words before a link, no brackets, quotes, punctuation after it, no marks nobody sees."""
    text = "".join(character for character in text if unicodedata.category(character) != "Cf").strip()
    link = _LINK.search(text)
    if link and link.start():
        text = link[0]
    # Where none opens, as it does in [::1], it closes something else.
    after = _AFTER if "[" in text else f"{_AFTER}]"
    return text.lstrip(_BEFORE).rstrip(after).strip()
