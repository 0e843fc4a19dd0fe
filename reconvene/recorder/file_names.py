"""What folders and files are called: so that people find their way, and every file system takes it."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

LONGEST = 60
"""Bytes of a person's name in that of a file."""


def slug(name: str) -> str:
    """`Ann O'Neil` becomes `ann-o-neil`: letters and digits of any script, and hyphens. May be empty."""
    even = unicodedata.normalize("NFKC", name).casefold()
    # Marks belong to the letter before them: vowels of many scripts are some.
    words = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in even).split()
    # Cut at a character: one of several bytes that is cut in two is none.
    return "-".join(words).encode()[:LONGEST].decode(errors="ignore").strip("-")


def plain(server_id: str) -> str:
    """An id as it is, unless it is none of ours: what a server says must not lead out of the folder."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", server_id)[:64]


def file_name(name: str, participant: str, number: int, *, screen: bool, form: str) -> str:
    """`number` tells the files of a participant apart."""
    parts = [slug(name), plain(participant), str(number), "screen" if screen else ""]
    return "-".join(part for part in parts if part) + f".{form}"


def new_folder(out: Path, meeting: str, started: float) -> Path:
    """`ABC123-20261121T101530Z`, made in `out`. With a number behind where there is one already. Raises OSError."""
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
