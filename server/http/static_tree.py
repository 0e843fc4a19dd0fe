"""The static files as they are right now: their contents, and one hash of them all.

The hash is part of the files' addresses (`/static/<hash>/js/main.js`). So whatever a browser has cached under one stays
right for ever, and a reload requests only the page. Relative imports stay under the hash of the page that began them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

FOR_EVER = "public, max-age=31536000, immutable"
HASH_SIZE = 16
"""Hexadecimal digits."""

_HASHED = re.compile(rf"(?P<hash>[0-9a-f]{{{HASH_SIZE}}})/(?P<path>.+)", re.DOTALL)


class Snapshot(NamedTuple):
    """`files`: contents by path relative to the folder, with slashes."""

    hash: str
    files: Mapping[str, bytes]


class StaticTree:
    """Reads `folder` when something in it has changed: an edited file is served at the next load.

    A snapshot has the contents, not only their hash: the files served under a hash are those that were hashed, even if
    one is edited meanwhile. Several threads may use it; in the worst case each of them reads the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: tuple[object, Snapshot] | None = None

    def snapshot(self) -> Snapshot:
        """Raises `OSError` when the folder cannot be read."""
        entries = sorted(_entries(self._folder))
        # Taken before the contents: a later change shows in the next signature.
        signature = [(path, stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in entries]
        if self._read is None or self._read[0] != signature:
            self._read = signature, self._snapshot([path for path, _stat in entries])
        return self._read[1]

    def _snapshot(self, paths: list[str]) -> Snapshot:
        files = {}
        for path in paths:
            with contextlib.suppress(FileNotFoundError):  # removed since: the next signature differs
                files[path] = (self._folder / path).read_bytes()
        return Snapshot(hash_of(*(part for path in files for part in (path.encode(), files[path]))), files)


def hash_of(*parts: bytes) -> str:
    """One hash of all parts, the same on every machine. It depends on where one part ends and the next begins."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:HASH_SIZE]


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the browser has this version, by the weak comparison of RFC 9110, section 13.1.2."""
    return etag in {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}


def split(path: str) -> tuple[str, str] | None:
    """The hash and the rest of a path that has one; None for any other path."""
    match = _HASHED.fullmatch(path)
    return (match["hash"], match["path"]) if match else None


def _entries(folder: Path, below: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Regular files. Hidden ones, such as an editor's, do not belong to the page."""
    with os.scandir(folder) as found:
        for entry in found:
            path = below + entry.name
            if entry.name.startswith("."):
                continue
            with contextlib.suppress(FileNotFoundError):  # removed since it was listed
                if entry.is_dir(follow_symlinks=False):
                    yield from _entries(Path(entry.path), f"{path}/")
                elif entry.is_file(follow_symlinks=False):
                    yield path, entry.stat(follow_symlinks=False)
