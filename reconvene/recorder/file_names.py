"""Names of folders and files: readable for people, and valid on every file system."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

LONGEST = 60
"""Most bytes of a participant's name in a file name."""


def slug(name: str) -> str:
    """`Ann O'Neil` becomes `ann-o-neil`: letters and digits of any script, and hyphens. May be empty."""
    even = unicodedata.normalize("NFKC", name).casefold()
    # Marks belong to the letter before them; vowels of many scripts are marks.
    words = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in even).split()
    # Drop a character that was cut between its bytes.
    return "-".join(words).encode()[:LONGEST].decode(errors="ignore").strip("-")


def plain(server_id: str) -> str:
    """An id with other characters than ours replaced: a server's text must not lead out of the folder."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", server_id)[:64]


def file_name(name: str, participant: str, number: int, *, screen: bool, form: str) -> str:
    """`number` tells the files of a participant apart."""
    parts = [slug(name), plain(participant), str(number), "screen" if screen else ""]
    return "-".join(part for part in parts if part) + f".{form}"


def new_folder(out: Path, meeting: str, started: float) -> Path:
    """Make `ABC123-20261121T101530Z` in `out`; a number is appended if it exists already. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    moment = datetime.fromtimestamp(started, UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(1, 1000):
        folder = out / "-".join([plain(meeting), moment, *([str(number)] if number > 1 else [])])
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(f"{meeting}-{moment} and 998 more are there already")
